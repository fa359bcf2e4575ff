/**
 * What a backend must bring to stand behind an `Executor`: the few calls that all of its methods are made of.
 */

import type { Captured } from '../context.ts';
import type { Future } from './future.ts';
import type { SubmitOptions } from './submit-options.ts';

/** One thing to run. */
export interface TaskRequest {
  readonly fn: Function;
  readonly args: readonly unknown[];
  /**
   * Present for a chunk: one task that calls the function many times, with so many arguments each. `args`
   * holds them one call after the other, since a flat list of numbers is cheaper to send than a list of
   * tuples.
   */
  readonly arity?: number;
  /**
   * What was there to carry when its map began, or when it was submitted to one who held it back. Absent: what is there now,
   * but for a chunk.
   */
  readonly context?: Captured | undefined;
  readonly options: SubmitOptions;
  /** Has the worker measure the call, and hears of it: once when it first awaits something, and when it is over. */
  readonly onMeasured?: ((measurement: Measurement) => void) | undefined;
  /** Where it was submitted, as V8 notes a stack, if that was elsewhere. */
  readonly submitted?: { readonly stack?: string } | undefined;
}

/** How a call, or all calls of a chunk together, spent their time on a worker. In milliseconds. */
export interface Measurement {
  /** It returned a promise. */
  readonly asynchronous: boolean;
  /** Until it returned, with a promise or without: for so long nothing else could run. */
  readonly blocked: number;
  /**
   * For how long it kept its event loop busy in all. Where several tasks await at the same time on one worker they are
   * taken to have an equal part in it.
   */
  readonly busy: number;
  /** From beginning to end; undefined while it goes on. */
  readonly wall: number | undefined;
}

/** What a chunk's future resolves to. The value of an item that threw is `undefined` in `values`. */
export interface ChunkResult {
  readonly values: unknown[];
  readonly errors: ReadonlyMap<number, unknown>;
  /** Milliseconds the worker spent on it. */
  readonly ms: number;
}

/** The consumer's end of a generator task. */
export interface StreamSource {
  /** Lets the task run: nothing is produced before. The future settles when the generator has ended. */
  start(): Future<unknown>;
  /** Allows `credits` more values. */
  grant(credits: number): void;
  /** Ends the generator as `return()` does. */
  close(): void;
}

/** What runs tasks. Every method but `shutdown` is synchronous; failures travel in the futures. */
export interface Engine {
  /** Tasks that can run at one time. */
  readonly slots: number;
  /** Tasks that `map` should have on their way at most; more would only wait, or overflow `maxQueue`. */
  readonly lookAhead: number;
  run(request: TaskRequest): Future<unknown>;
  open(request: TaskRequest, window: number, onItem: (value: unknown) => void): StreamSource;
  shutdown(options: Required<{ [K in keyof ShutdownOptions]: boolean }>): Promise<void>;
  statistics(): ExecutorStatistics;
}

export interface ShutdownOptions {
  /** Resolve only when all work is done and all workers have ended (default), or at once. */
  readonly wait?: boolean | undefined;
  /** Cancel what no worker has begun. Default false: pending work is done first. */
  readonly cancelFutures?: boolean | undefined;
}

export interface WorkerStatistics {
  readonly name: string;
  /** Thread id or process id; absent on the event loop. */
  readonly id: number | undefined;
  readonly state: 'starting' | 'idle' | 'busy' | 'stopping';
  /** Tasks in its hands, running ones and those lined up behind them. */
  readonly inFlight: number;
  /** Tasks that it has been given so far. */
  readonly tasks: number;
}

/** An immutable snapshot. Counts are since the executor was made. */
export interface ExecutorStatistics {
  readonly backend: 'event-loop' | 'thread' | 'process' | 'cluster' | 'auto';
  readonly state: 'open' | 'closing' | 'closed' | 'broken';
  readonly maxWorkers: number;
  readonly concurrency: number;
  readonly workers: readonly WorkerStatistics[];
  readonly channel: { readonly kind: 'plain' | 'shared' | 'none'; readonly reason?: string };
  readonly tasks: {
    readonly submitted: number;
    readonly pending: number;
    readonly running: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly retried: number;
  };
  readonly workersStarted: number;
  readonly workersDied: number;
}
