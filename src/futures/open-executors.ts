/** Which executors there are, for those who come too late to hear of their making. */

import type { ExecutorInfo } from '../events/events.ts';
import type { ExecutorStatistics } from './engine.ts';

/** An executor of this thread that has not shut down. */
export interface OpenExecutor {
  readonly info: ExecutorInfo;
  statistics(): ExecutorStatistics;
}

/** Held weakly: an executor that its program has dropped is not kept for those who might ask. */
const known = new Map<number, WeakRef<OpenExecutor>>();
let last = 0;

/** For executors: a number that no other of this thread has. */
export function nextExecutorId(): number {
  last += 1;
  return last;
}

/** For executors: from now on it is one of the {@link openExecutors}. */
export function noteOpen(executor: OpenExecutor): void {
  known.set(executor.info.id, new WeakRef(executor));
}

/** For executors: it has shut down. */
export function noteClosed({ info }: OpenExecutor): void {
  known.delete(info.id);
}

/** The executors of this thread that have not shut down, oldest first. */
export function openExecutors(): OpenExecutor[] {
  const open: OpenExecutor[] = [];
  for (const [id, reference] of known) {
    const executor = reference.deref();
    if (executor === undefined) known.delete(id);
    else open.push(executor);
  }
  return open;
}
