/**
 * What can be waited for beside connections.
 *
 * `wait()` of connections takes any object with a method under this symbol. The symbol is a registered one, so that
 * neither side has to import the other.
 */

import { TimeoutError } from '../errors.ts';
import type { WaitOptions } from '../options.ts';
import { type Link, whenExited } from './process/link.ts';

export const SENTINEL: unique symbol = Symbol.for('manyhands.sentinel') as never;

/** Becomes ready once, when its process ends, and stays so. */
export interface Sentinel {
  readonly ready: boolean;
  /**
   * Resolves when it is ready. Does not keep the program running by itself, as `Process.join()` does: a wait that was
   * given up could not take that back.
   */
  wait(): Promise<void>;
  /**
   * Whether it becomes ready within `timeout` ms; 0 looks once. Keeps the program running meanwhile.
   *
   * @throws `signal.reason`.
   */
  poll(options?: WaitOptions): Promise<boolean>;
  [SENTINEL](): Sentinel;
}

/** The sentinel of a process. @param name for messages. */
export function sentinelOf(link: Link, name: string): Sentinel {
  const sentinel: Sentinel = {
    get ready() {
      return link.exit !== undefined;
    },
    wait: () => new Promise((resolve) => void link.onExit(() => resolve())),
    poll: async (options = {}) => {
      try {
        await whenExited(link, name, options);
        return true;
      } catch (error) {
        if (!(error instanceof TimeoutError) || error === options.signal?.reason) throw error;
        return false;
      }
    },
    [SENTINEL]: () => sentinel,
  };
  return sentinel;
}
