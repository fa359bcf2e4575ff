/** A worker to try a function in, whatever it does: throw, end its worker, or never end. */

import { readFileSync } from 'node:fs';
import { ProcessPoolExecutor } from '../backends/process/process-pool-executor.ts';
import { ThreadPoolExecutor } from '../backends/thread/thread-pool-executor.ts';
import { NotShareableError, TimeoutError, WorkerDiedError } from '../errors.ts';
import { type MeasuredOptions, submitMeasured } from './measured.ts';
import type { CallCost } from './measured-task.ts';

export type Fn = (...args: unknown[]) => unknown;

/** How one call went. `elapsed` is for the caller: the call itself, and both ways. */
export type Outcome =
  | { readonly kind: 'returned'; readonly value: unknown; readonly cost: CallCost; readonly elapsed: number }
  | { readonly kind: 'threw'; readonly error: unknown; readonly cost: CallCost; readonly elapsed: number }
  /** Arguments or result cannot cross. */
  | { readonly kind: 'refused'; readonly error: Error }
  | { readonly kind: 'died'; readonly error: Error }
  /** Stopped when the time was over. `busy`: for so long it had computed, or stood in line to; null if nobody knows. */
  | { readonly kind: 'unfinished'; readonly ms: number; readonly busy: number | null };

/** What ends a trial, and when. */
export interface Limits {
  /** By `performance.now()`. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds between asking a call to stop and stopping its worker: nobody waits for what it still has to say. */
const GRACE = 50;
/** A call gets so long at least, though the time be over. */
const LEAST_MS = 20;

/** One worker of its own. */
export class Trial implements AsyncDisposable {
  readonly backend: 'thread' | 'process';
  /** When calls are to be stopped, by `performance.now()`. */
  deadline: number = Infinity;
  readonly #pool: ThreadPoolExecutor | ProcessPoolExecutor;
  readonly #signal: AbortSignal | undefined;

  constructor(backend: 'thread' | 'process', signal: AbortSignal | undefined) {
    this.backend = backend;
    this.#signal = signal;
    this.#pool =
      backend === 'thread'
        ? new ThreadPoolExecutor({ maxWorkers: 1 })
        : new ProcessPoolExecutor({ maxWorkers: 1 });
  }

  get #left(): number {
    return Math.max(LEAST_MS, this.deadline - performance.now());
  }

  /** Has the worker start. */
  async start(): Promise<void> {
    // No time limit: it is no fault of the function's.
    await this.#pool.with({ signal: this.#signal }).submit(() => undefined);
  }

  /** Runs any task in the worker. */
  run<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    const limited = this.#pool.with({ timeout: this.#left, grace: GRACE, signal: this.#signal });
    return Promise.resolve(limited.submit(fn, ...args));
  }

  /** A measured call, stopped when the time is over. */
  async call(fn: Fn, args: readonly unknown[], { sizes }: { readonly sizes: boolean }): Promise<Outcome> {
    const limit = this.#left;
    const options: MeasuredOptions = {
      sizes,
      timeout: limit,
      grace: GRACE,
      signal: this.#signal,
    };
    let cost: CallCost | undefined;
    const onCost = (said: CallCost): void => {
      cost = said;
    };
    const before = this.usage();
    let busy: number | null = null;
    const look = (): void => {
      const now = this.usage();
      busy = before === null || now === null ? null : now.cpu + now.inLine - before.cpu - before.inLine;
    };
    // Asked before the worker is stopped: then there would be nobody to ask.
    const watch = limit === Infinity ? undefined : setTimeout(look, limit * 0.9);
    const startedAt = performance.now();
    const elapsed = (): number => performance.now() - startedAt;
    try {
      const value = await submitMeasured(this.#pool, this.backend, fn, [...args], onCost, options);
      return { kind: 'returned', value, cost: cost as CallCost, elapsed: elapsed() };
    } catch (error) {
      this.#signal?.throwIfAborted();
      // Its own word, whatever it threw.
      if (cost?.failed) return { kind: 'threw', error, cost, elapsed: elapsed() };
      if (error instanceof TimeoutError) return { kind: 'unfinished', ms: elapsed(), busy };
      if (error instanceof WorkerDiedError) return { kind: 'died', error };
      if (error instanceof NotShareableError) return { kind: 'refused', error };
      throw error;
    } finally {
      clearTimeout(watch);
    }
  }

  /**
   * For how long the main thread of a process has computed, and stood in line for a processor, all in all, in ms; null where
   * that is not to be had: of threads, and without /proc.
   */
  usage(): { readonly cpu: number; readonly inLine: number } | null {
    const [worker] = this.backend === 'process' ? this.#pool.statistics().workers : [];
    if (worker?.id === undefined) return null;
    try {
      const [cpu, inLine] = readFileSync(`/proc/${worker.id}/schedstat`, 'latin1').split(' ');
      return { cpu: Number(cpu) / 1e6, inLine: Number(inLine) / 1e6 };
    } catch {
      return null;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whatever it still does is nothing to wait for.
    await (this.#pool instanceof ProcessPoolExecutor
      ? this.#pool.killWorkers()
      : this.#pool.terminateWorkers());
  }
}
