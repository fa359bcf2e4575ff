/**
 * What can be waited for beside connections.
 *
 * `wait()` of connections takes any object with a method under this symbol. The symbol is a registered one, so that
 * neither side has to import the other.
 */
export const SENTINEL: unique symbol = Symbol.for('manyhands.sentinel') as never;

/** What `wait()` of connections takes beside connections. */
export interface Waitable {
  [SENTINEL](): Sentinel;
}

/** Becomes ready once, when its process ends, and stays so. */
export interface Sentinel extends Waitable {
  readonly ready: boolean;
  /**
   * Resolves when it is ready. Does not keep the program running by itself, as `Process.join()` does: a wait that was
   * given up could not take that back.
   */
  wait(): Promise<void>;
}
