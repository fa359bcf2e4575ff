/**
 * What a connection needs of that which carries its bytes. There are two: sockets (`socket-link.ts`) and anonymous
 * pipes (`pipe-link.ts`).
 *
 * Reading is driven by the {@link Sink}, which is the inbox of the connection: nothing is read that nobody waits for, or
 * no more than a bounded amount of it.
 */

/** Where the bytes go that a link reads. */
export interface Sink {
  /** Whether somebody waits for a message. */
  readonly wanting: boolean;
  /** Where the next bytes are to be put. */
  readonly target: Uint8Array;
  /** So many were put there. */
  fill(count: number): void;
  /** After `pull` or `watch`: something has come, or ended. */
  arrived(): void;
}

/** How a link ended, for reading: `undefined` for a clean end of the bytes. */
export interface LinkEnd {
  readonly error: Error | undefined;
}

export interface Link {
  readonly readable: boolean;
  readonly writable: boolean;
  /** Set when all that came before the end has been given to the sink. */
  readonly end: LinkEnd | undefined;
  /** Called once, before all others. */
  attach(sink: Sink): void;
  /** Gives the sink what is there, while it is wanting; has it told when there is more. Holds the process open. */
  pull(): void;
  /** Like `pull`, but of what is there already. */
  pullNow(): void;
  /** Whether there are bytes to read, or the end of them, without taking any. */
  pending(): boolean;
  /** Resolves when `pending` knows of all that has come to this process by now; `undefined` where it always does. */
  settle(): Promise<void> | undefined;
  /** Has the sink told once when `pending` becomes true. Holds the process open. */
  watch(): void;
  /** Nobody waits any more. */
  rest(): void;
  /** Writes these pieces, in order; `undefined` when the system has taken all of them at once. */
  write(pieces: readonly Uint8Array[]): Promise<void> | undefined;
  /** Closes it, after what is being written. */
  close(): void;
  /** Closes it at once. */
  destroy(): void;
}
