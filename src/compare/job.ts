/**
 * What a lane is told, and what it answers. One shape for both runtimes: the Python programs read the same
 * JSON.
 */
import { availableParallelism } from 'node:os';
import { isPython } from './lanes.ts';
import type { ExperimentId, LaneId } from './report.ts';

/** How large a run the user asked for. */
export interface Settings {
  /** Tasks per experiment; `null` for each experiment's own number. */
  readonly n: number | null;
  /** Workers for CPU work. */
  readonly workers: number;
  readonly quick: boolean;
}

/** One lane's work. All sizes are in it, so that a lane decides nothing by itself. */
export interface Work {
  readonly experiment: ExperimentId;
  readonly lane: LaneId;
  /** How many tasks to run. */
  readonly tasks: number;
  /** Workers for CPU work. */
  readonly workers: number;
  /** Workers of the lane's pool: as `workers` where the tasks compute, one for each task where they wait. */
  readonly poolSize: number;
  /** Far more workers than cores, for the question what that costs. */
  readonly tooMany: number;
  readonly fib: number;
  readonly sleepMs: number;
  readonly sumTo: number;
  readonly payloadBytes: number;
  readonly roundTrips: number;
  readonly largeRoundTrips: number;
  /** Additions to a shared counter, of each worker. */
  readonly increments: number;
  /** Workers to start, one after the other, for a median. */
  readonly samples: number;
  /** Times that a token changes hands. */
  readonly handOvers: number;
}

/** One run of a lane: its work, and where to do it. */
export interface Job extends Work {
  /** Where to download from; empty for experiments that do not. */
  readonly url: string;
  /** A directory for files that shall not outlive the comparison. */
  readonly scratch: string;
  /**
   * Measure what there is to measure beside the lane itself? Once is enough where a lane is run several
   * times.
   */
  readonly more: boolean;
}

/** One task's result, with when and where it ran. */
export interface Timed<T> {
  readonly result: T;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly worker: string;
  readonly pid: number;
  /** CPU time of the worker's whole process since it started, in milliseconds. Python lanes leave it out. */
  readonly processCpuMs?: number;
}

/** What a lane answers. Whether the results are right is judged by whoever asked. */
export interface Outcome {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly startedAt: number;
  readonly calls?: readonly Timed<unknown>[];
  readonly metrics: Readonly<Record<string, number>>;
  /** The lane process's own maximum, without its children. */
  readonly maxRssMb?: number | null;
}

/**
 * The articles start one worker for each task. More than this at once would measure the machine's limits
 * instead.
 */
export const MOST_AT_ONCE = 32;

const MOST_WORKERS_TRIED = 64;

export function defaultSettings(): Settings {
  return { n: null, workers: availableParallelism(), quick: false };
}

/**
 * The sizes of one lane's work. `own` is what the experiment fixes by itself: the number of tasks, and
 * whether they wait (one worker for each) or compute (one worker for each core).
 */
export function workFor(
  experiment: ExperimentId,
  lane: LaneId,
  settings: Settings,
  own: { readonly tasks: number; readonly waits: boolean },
): Work {
  const { quick, workers } = settings;
  const python = isPython(lane);
  const tasks = settings.n ?? own.tasks;
  return {
    experiment,
    lane,
    tasks,
    workers,
    poolSize: Math.min(tasks, own.waits ? MOST_AT_ONCE : workers),
    tooMany: Math.min(4 * workers, MOST_WORKERS_TRIED),
    // What Node computes in a third of a second takes CPython six. A quick run cuts where the time goes;
    // cut on Node's side too, there would be nothing left to gain from starting a worker.
    fib: quick && python ? 29 : 35,
    sleepMs: quick ? 200 : 2000,
    sumTo: 1e7,
    payloadBytes: 2 ** 20,
    roundTrips: quick ? 500 : 3000,
    largeRoundTrips: quick ? 10 : 30,
    // Enough for each worker to be interrupted, also where there is one core for all: CPython switches its
    // threads every 5 ms, systems do at about the same rate.
    increments: python ? 600_000 : 10_000_000,
    samples: quick ? 3 : 6,
    handOvers: quick ? 4000 : 20_000,
  };
}
