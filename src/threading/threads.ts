/** Which threads there are. */

import { isMainThread } from 'node:worker_threads';
import { MAIN, type Place, threadTable } from '../memory/thread-table.ts';
import { currentTask } from '../tasks/current-task.ts';
import { ownIdent } from './own-ident.ts';
import { type Thread, threadAt } from './thread.ts';

/**
 * The thread that calls this. In a thread that was not started as a `Thread` (a worker of a pool, or the program's own)
 * that is one which cannot be joined and counts as a daemon; from then on it is among those that `enumerate` gives. Python's
 * `threading.current_thread()`.
 */
export function currentThread(): Thread {
  if (isMainThread) return mainThread();
  return threadAt(threadTable().find(ownIdent()) ?? enter());
}

/** The thread that the program began with. It has ended, for those who join it, once its event loop is empty. */
export function mainThread(): Thread {
  stillHere();
  return threadAt(MAIN, threadTable().entry(MAIN) ?? { name: 'MainThread' });
}

/**
 * All threads of this process that live: started as a `Thread` by whichever thread, the main thread, and those others that
 * have called `currentThread`; in the order of their start. Python's `threading.enumerate()`.
 */
export function enumerate(): Thread[] {
  stillHere();
  return threadTable()
    .list()
    .map((place) => threadAt(place));
}

/** How many `enumerate` gives. */
export function activeCount(): number {
  stillHere();
  return threadTable().list().length;
}

/** A main thread whose event loop was empty goes on if something fills it again, be it the end of a thread. */
function stillHere(): void {
  if (isMainThread) threadTable().settle(MAIN);
}

/** Makes the calling thread known, that nobody has entered. */
function enter(): Place {
  const table = threadTable();
  const name = currentTask()?.workerName ?? `Dummy-${table.nextNumber(true)}`;
  const row = table.reserve({ name, parent: 0, daemon: true, foreign: true });
  const place = { row, ident: ownIdent() };
  table.settle(place);
  process.on('exit', () => table.end(place));
  return place;
}
