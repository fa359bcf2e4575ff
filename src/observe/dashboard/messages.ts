/**
 * What a dashboard tells its viewers: a `Program` when they come, and a `Tick` twice a second. Both travel as JSON, so
 * that whoever reads them needs nothing of this library. Times of day are milliseconds since 1970, durations are in
 * milliseconds, memory is in bytes.
 */

export interface Program {
  readonly pid: number;
  /** The script, without its folders. */
  readonly title: string;
  readonly node: string;
  readonly cores: number;
  readonly startedAt: number;
  /** One for each dashboard that is opened: whoever sees another than before has lost what was. */
  readonly instance: string;
  readonly tickMs: number;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface WorkerTick {
  readonly name: string;
  readonly id: number | null;
  readonly state: 'starting' | 'idle' | 'busy' | 'stopping';
  readonly inFlight: number;
  /** How many of its tasks ran at one time, on average; null while nobody watches. */
  readonly busy: number | null;
  /** Cores that a process used; null of threads, which share those of the program. */
  readonly cpu: number | null;
  readonly memory: number | null;
}

export interface ExecutorTick {
  readonly id: number;
  readonly name: string;
  readonly backend: string;
  readonly state: string;
  readonly maxWorkers: number;
  /** Tasks at one time on each worker; null: as many as there are. */
  readonly concurrency: number | null;
  readonly pending: number;
  readonly running: number;
  /** Tasks that settled since the last tick, all of them; and of these, those that did not succeed. */
  readonly settled: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Of all tasks that settled since the last tick; null if none did, and while nobody watches. */
  readonly wait: Percentiles | null;
  readonly run: Percentiles | null;
  readonly workers: readonly WorkerTick[];
}

/** 0: succeeded; 1: failed; 2: cancelled. */
export type Outcome = 0 | 1 | 2;

/**
 * What ran where: indices into `rows` and `names` of its tick; begin and end, counted from `at` of its tick, so below 0
 * as a rule; and how it ended.
 */
export type Span = readonly [row: number, name: number, start: number, end: number, outcome: Outcome];

/** What runs: row, name and begin. */
export type OpenSpan = readonly [row: number, name: number, start: number];

export interface FunctionTick {
  readonly name: string;
  readonly count: number;
  readonly failed: number;
  readonly runMs: number;
}

export interface ErrorTick {
  readonly at: number;
  /** The task, or the worker that died. */
  readonly source: string;
  readonly executor: string;
  readonly worker: string | null;
  readonly message: string;
  /** With what caused it; empty if it has none. */
  readonly stack: string;
}

/** The part of a tick that is drawn. */
export interface SpansTick {
  /** `<executor id>/<worker>`. */
  readonly rows: readonly string[];
  readonly names: readonly string[];
  readonly spans: readonly Span[];
  readonly running: readonly OpenSpan[];
  /** Of tasks that are neither long nor failed, one of so many is among the spans. */
  readonly oneOf: number;
  /** Tasks that ran and have ended, among the spans or not. */
  readonly ended: number;
}

export interface Tick extends SpansTick {
  readonly at: number;
  /** Since the last one. */
  readonly ms: number;
  /** Whether anybody watched tasks in that time. If not there are no spans, percentiles and errors. */
  readonly watched: boolean;
  readonly executors: readonly ExecutorTick[];
  readonly functions: readonly FunctionTick[];
  readonly errors: readonly ErrorTick[];
  /** Errors that were too many for `errors`. */
  readonly moreErrors: number;
  readonly host: {
    /** Cores in use by the program, its threads included. */
    readonly cpu: number;
    readonly memory: number;
    readonly heap: number;
    /** Part of the time that the event loop was busy, 0 to 1. */
    readonly loopBusy: number;
    /** By how much timers were late; null while nobody watches. */
    readonly loopDelay: Percentiles | null;
  };
}
