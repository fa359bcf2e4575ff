/** A plan carried out, with as many calls as there is time for: is it as predicted? */

import { ProcessPoolExecutor } from '../backends/process/process-pool-executor.ts';
import { ThreadPoolExecutor } from '../backends/thread/thread-pool-executor.ts';
import { NotShareableError, TimeoutError } from '../errors.ts';
import { referenceTo } from '../tasks/reference.ts';
import type { Check } from './advice.ts';
import { runLoop } from './loop-task.ts';
import { privateBytes } from './measure-machine.ts';
import { type Model, type Prediction, predict } from './predict.ts';
import type { Fn, Limits } from './trial.ts';

/** Part of the time that is left for which calls are made: predictions may be wrong. */
const ROOM = 0.6;
/** Arguments are kept in memory, and millions of calls tell no more than these. */
const MOST_CALLS = 200_000;

/**
 * Runs the plan, from making the pool until all results are there. On the event loop the calls are made on that of a worker,
 * as the caller's would be blocked; there the loop alone is timed.
 *
 * @returns undefined if the time is over before, or the plan cannot be carried out.
 */
export async function check(
  fn: Fn,
  inputs: ReadonlyArray<readonly unknown[]>,
  model: Model,
  plan: Prediction,
  calls: number,
  limits: Limits,
): Promise<Check | undefined> {
  const left = limits.deadline - performance.now();
  const count = callsWithin(model, plan, Math.min(calls, MOST_CALLS), left * ROOM);
  if (count === 0) return undefined;
  const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(left)));
  const signal = limits.signal === undefined ? timeout : AbortSignal.any([timeout, limits.signal]);
  try {
    const run = plan.backend === 'event-loop' ? runOnLoop : runInPool;
    const { ms, memory } = await run(fn, inputs, plan, count, signal);
    return { plan, calls: count, predicted: predict(model, plan, count).ms, measured: ms, memory };
  } catch (error) {
    limits.signal?.throwIfAborted();
    if (signal.aborted || error instanceof TimeoutError || error instanceof NotShareableError)
      return undefined;
    throw error;
  }
}

/** As many calls as are predicted to take no longer than `ms`, by halves; 0 if not even one does. */
function callsWithin(model: Model, plan: Prediction, calls: number, ms: number): number {
  for (let count = calls; count >= 1; count = Math.floor(count / 2)) {
    if (predict(model, plan, count).ms <= ms) return count;
  }
  return 0;
}

/** Spread over all inputs: the first ones may be the small ones. */
function spread<T>(inputs: readonly T[], count: number): T[] {
  const step = inputs.length > count ? inputs.length / count : 1;
  return Array.from({ length: count }, (_, index) => inputs[Math.floor(index * step) % inputs.length] as T);
}

interface Run {
  readonly ms: number;
  readonly memory: number | null;
}

async function runInPool(
  fn: Fn,
  inputs: ReadonlyArray<readonly unknown[]>,
  { backend, workers, concurrency, chunkSize }: Prediction,
  count: number,
  signal: AbortSignal,
): Promise<Run> {
  const args = spread(inputs, count);
  const arity = Math.max(...args.map(({ length }) => length));
  // One list for each parameter, as map wants them; for a function without, one that it does not look at.
  const columns = Array.from({ length: Math.max(1, arity) }, (_, index) => args.map((each) => each[index]));
  const residentBefore = process.memoryUsage.rss();
  const startedAt = performance.now();
  const options = { maxWorkers: workers, concurrency };
  const pool = backend === 'thread' ? new ThreadPoolExecutor(options) : new ProcessPoolExecutor(options);
  try {
    const results = pool.with({ chunkSize, signal, grace: 0 }).map(fn, ...columns);
    for (const next = results[Symbol.asyncIterator](); ; ) {
      try {
        if ((await next.next()).done) break;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof NotShareableError) throw error;
        // The function's own: it took its time all the same.
      }
    }
    const ms = performance.now() - startedAt;
    const memory =
      backend === 'thread'
        ? Math.max(0, process.memoryUsage.rss() - residentBefore)
        : sumOf(pool.statistics().workers.map(({ id }) => (id === undefined ? undefined : privateBytes(id))));
    return { ms, memory };
  } finally {
    await pool.terminateWorkers();
  }
}

async function runOnLoop(
  fn: Fn,
  inputs: ReadonlyArray<readonly unknown[]>,
  { concurrency }: Prediction,
  calls: number,
  signal: AbortSignal,
): Promise<Run> {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  try {
    const loop = {
      reference: referenceTo(fn),
      inputs: spread(inputs, Math.min(calls, inputs.length)),
      calls,
      concurrency,
    };
    const { wall } = await pool.with({ signal, grace: 0 }).submit(runLoop, loop);
    return { ms: wall, memory: null };
  } finally {
    await pool.terminateWorkers();
  }
}

function sumOf(values: ReadonlyArray<number | undefined>): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === undefined) return null;
    sum += value;
  }
  return sum;
}
