/** What those hear who want to know who waits for what; see `manyhands:lock:wait` of `events/events.ts`. */

import { type LockEvent, lockResume, lockWait } from '../events/events.ts';
import { ownerWord, threadNumber } from '../memory/owner.ts';

/** What is waited for. */
export interface Awaited {
  readonly kind: LockEvent['kind'];
  /** The number of the thread that has it, where a thread can. */
  readonly holder?: number | undefined;
}

let last = 0;

export function areWaitsWatched(): boolean {
  return lockWait.hasSubscribers || lockResume.hasSubscribers;
}

/** Says that somebody begins to wait. Returns what says that it is over. */
export function beginWait({ kind, holder }: Awaited, lock: string, blocking: boolean): () => void {
  last += 1;
  const thread = threadNumber(ownerWord());
  const event: LockEvent = { kind, lock, wait: last, thread, blocking, holder, at: performance.now() };
  if (lockWait.hasSubscribers) lockWait.publish(event);
  return () => {
    if (!lockResume.hasSubscribers) return;
    const at = performance.now();
    lockResume.publish({ ...event, at, waitMs: at - event.at });
  };
}
