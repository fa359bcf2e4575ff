/**
 * A socket (Unix or TCP) as the carrier of a connection.
 *
 * A socket belongs to one process alone, so that reading ahead takes nothing from anybody: Node's stream reads up to its
 * high-water mark, and then stops until somebody takes of it. This is all that a peer can have us hold that nobody waits
 * for.
 *
 * While nobody waits for anything, the socket does not hold the process open.
 */

import type { Socket } from 'node:net';
import type { Link, LinkEnd, Sink } from './link.ts';

export class SocketLink implements Link {
  readonly readable = true;
  readonly writable = true;
  readonly #socket: Socket;
  #sink: Sink | undefined;
  /** What was taken off the stream, and not by the sink yet. */
  #rest: Uint8Array | undefined;
  #end: LinkEnd | undefined;
  #waiting = false;
  #writes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.unref();
    const arrived = (): void => {
      if (this.#waiting) this.#sink?.arrived();
    };
    const ended = (error: Error | undefined): void => {
      this.#end ??= { error };
      arrived();
    };
    socket.on('readable', arrived);
    socket.on('error', ended);
    socket.on('end', () => ended(undefined));
    socket.on('close', () => ended(undefined));
  }

  get end(): LinkEnd | undefined {
    return this.#rest === undefined ? this.#end : undefined;
  }

  attach(sink: Sink): void {
    this.#sink = sink;
  }

  pull(): void {
    const sink = this.#sink as Sink;
    this.#wait(true);
    while (sink.wanting) {
      const bytes = this.#rest ?? (this.#socket.read() as Buffer | null);
      this.#rest = undefined;
      if (bytes === null) return;
      this.#give(bytes, sink);
    }
  }

  pullNow(): void {
    this.pull();
  }

  pending(): boolean {
    return this.#rest !== undefined || this.#socket.readableLength > 0;
  }

  async settle(): Promise<void> {
    // What has come to this machine comes to the stream when the event loop looks for it: with its next turn, the end
    // of which is the second of these.
    for (let turns = 0; turns < 2; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  watch(): void {
    this.#wait(true);
    // The stream tells of what comes when it is empty and somebody has tried to read.
    this.#socket.read(0);
  }

  rest(): void {
    this.#wait(false);
  }

  write(pieces: readonly Uint8Array[]): Promise<void> {
    const socket = this.#socket;
    this.#writes += 1;
    this.#hold();
    return new Promise((resolve, reject) => {
      socket.cork();
      for (const piece of pieces.slice(0, -1)) socket.write(piece);
      socket.write(pieces.at(-1) as Uint8Array, (error) => {
        this.#writes -= 1;
        this.#hold();
        if (error) reject(error);
        else resolve();
      });
      socket.uncork();
    });
  }

  close(): void {
    this.#wait(false);
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Up to what the sink wants; the rest is kept. */
  #give(bytes: Uint8Array, sink: Sink): void {
    let at = 0;
    while (at < bytes.length && sink.wanting) {
      const { target } = sink;
      const count = Math.min(target.length, bytes.length - at);
      target.set(bytes.subarray(at, at + count));
      at += count;
      sink.fill(count);
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at);
  }

  #wait(waiting: boolean): void {
    if (this.#waiting === waiting) return;
    this.#waiting = waiting;
    this.#hold();
  }

  #hold(): void {
    if (this.#waiting || this.#writes > 0) this.#socket.ref();
    else this.#socket.unref();
  }
}
