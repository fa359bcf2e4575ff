/**
 * Where the arenas are that this thread has, or was told of at its start: what it tells those that it starts.
 *
 * Apart from the arenas themselves, so that whoever starts workers need not load them; most programs share no objects.
 */

/** Where other processes, and threads of this one, find an arena of processes. */
export interface ProcessPlace {
  readonly pid: number;
  readonly descriptor: number;
  /** Where that process has mapped it. */
  readonly address: number;
}

export type Place = SharedArrayBuffer | ProcessPlace;

/** What a worker is told. */
export interface Places {
  readonly thread?: SharedArrayBuffer | undefined;
  readonly process?: ProcessPlace | undefined;
}

/** Those of this thread; `undefined` as long as there are none. */
export const places: { thread: SharedArrayBuffer | undefined; process: ProcessPlace | undefined } = {
  thread: undefined,
  process: undefined,
};

/** What to tell a thread of this process, or another process; `undefined` if there is nothing to tell. */
export function placesFor(worker: 'thread' | 'process'): Places | undefined {
  const { thread, process } = places;
  if (worker === 'thread')
    return thread === undefined && process === undefined ? undefined : { thread, process };
  return process === undefined ? undefined : { process };
}

/** Tells this thread, at its start, of the arenas that others use. They are opened when there is need of them. */
export function learnPlaces({ thread, process }: Places): void {
  places.thread ??= thread;
  places.process ??= process;
}

const listeners: Array<() => void> = [];

/** Calls `fn` whenever a worker of this thread has ended, from now on. */
export function onWorkerEnded(fn: () => void): void {
  listeners.push(fn);
}

/** A worker of this thread has ended: what only it had can be freed. */
export function workerEnded(): void {
  for (const fn of listeners) fn();
}
