/**
 * Where a process stands among the processes of its program: its name, its parent, and the secret that the whole
 * family shares.
 *
 *   main process        (1) manyhands/multiprocessing makes a family of one when it is loaded
 *      │ setup            (2) whoever starts a process sends along what that process is to be
 *      ▼
 *   child process       (3) keeps it
 *      │ environment data
 *      ▼
 *   its threads         (4) find it there
 *
 * It is kept as environment data of threads and not in a variable, so that all threads of a process know it, also those
 * which a program starts by itself. It never becomes an environment variable or an argument, which other users of the
 * machine could read.
 *
 * Programs that do not use `manyhands/multiprocessing` have no family, and pay nothing for it.
 */

export interface Family {
  readonly name: string;
  /** The way from the main process: `[1, 2]` is the second child of the first child. */
  readonly identity: readonly number[];
  readonly daemon: boolean;
  /** Absent in the main process. */
  readonly parent?: { readonly pid: number; readonly name: string };
  readonly authkey: Uint8Array;
  /** What its logger lets through, and whether it writes that to stderr. */
  readonly log: { readonly level: string; readonly toStderr: boolean };
}

const FAMILY = 'manyhands.family';
const CHILDREN = 'manyhands.children';

/** The family of this process; absent where it has none. */
export function familyHere(): Family | undefined {
  return read(FAMILY) as Family | undefined;
}

/** Sets it for this thread and all that it starts from now on. */
export function joinFamily(family: Family): void {
  const { setEnvironmentData } = process.getBuiltinModule('node:worker_threads');
  setEnvironmentData(FAMILY, family as never);
  // Shared, so that the children of one process have different numbers whichever of its threads makes them.
  if (read(CHILDREN) === undefined)
    setEnvironmentData(CHILDREN, new Int32Array(new SharedArrayBuffer(4)) as never);
}

/** The number of the next child of this process: 1, 2, ... */
export function nextChild(): number {
  return Atomics.add(read(CHILDREN) as Int32Array, 0, 1) + 1;
}

function read(key: string): unknown {
  return process.getBuiltinModule('node:worker_threads').getEnvironmentData(key);
}

let makeWorkersFamily: ((workerName: string) => Family) | undefined;

/** From now on, worker processes of pools belong to the family, too. */
export function adoptWorkers(make: (workerName: string) => Family): void {
  makeWorkersFamily = make;
}

/** What a worker process of this name is to be, if this program has a family. */
export function workersFamily(workerName: string): Family | undefined {
  return makeWorkersFamily?.(workerName);
}
