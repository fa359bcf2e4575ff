/** Waiting for several connections, listeners and processes at once. */

import { TimeoutError } from '../errors.ts';
import { waitWithin } from '../futures/waiting.ts';
import { checkWait, type WaitOptions } from '../options.ts';

/** What says when it is ready: connections and listeners do. */
export interface Pollable {
  /**
   * Resolves to `true` when it is ready, to `false` when `timeout` milliseconds are over (0: looks once); rejects with
   * `signal.reason`. Takes nothing: it is ready until somebody takes what there is.
   */
  poll(options: WaitOptions): Promise<boolean>;
}

/** Something to wait for, or what has such a thing for a sentinel, as processes do. */
export type Waitable = Pollable | { readonly sentinel: Pollable };

/**
 * Those of `objects` that are ready, as soon as one is: connections with something to receive (the end counts),
 * listeners with somebody to accept, processes that have ended. In the order given; none when the time is over.
 *
 * Nothing is taken of what is ready.
 *
 * @throws `signal.reason`; InvalidStateError for a closed connection; TypeError for what cannot be waited for.
 * @see CPython `multiprocessing.connection.wait`.
 */
export async function wait<T extends Waitable>(
  objects: Iterable<T>,
  options: WaitOptions = {},
): Promise<T[]> {
  checkWait(options);
  const all = [...objects];
  const sentinels = all.map(sentinelOf);
  const { timeout, signal } = options;
  signal?.throwIfAborted();
  const lookAtAll = async (): Promise<T[]> => {
    const ready = await Promise.all(sentinels.map((sentinel) => sentinel.poll({ timeout: 0 })));
    return all.filter((_, at) => ready[at]);
  };
  const ready = await lookAtAll();
  if (ready.length > 0 || timeout === 0) return ready;
  const others = new AbortController();
  try {
    await waitWithin<void>(
      { timeout, signal },
      () => 'Nothing was ready',
      (resolve, reject) => {
        for (const sentinel of sentinels) {
          sentinel.poll({ timeout: Infinity, signal: others.signal }).then(() => resolve(), reject);
        }
        return () => undefined;
      },
    );
  } catch (error) {
    if (!(error instanceof TimeoutError) || error === signal?.reason) throw error;
  } finally {
    others.abort();
  }
  return lookAtAll();
}

function sentinelOf(object: Waitable | null | undefined): Pollable {
  if (typeof object === 'object' && object !== null) {
    const sentinel = 'sentinel' in object ? object.sentinel : object;
    if (typeof (sentinel as Partial<Pollable> | undefined)?.poll === 'function') return sentinel;
  }
  throw new TypeError(`wait() takes connections, listeners and processes, received ${String(object)}`);
}
