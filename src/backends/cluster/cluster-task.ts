/**
 * What runs in the threads or processes of a cluster's worker: the only task that its pool is given, which finds the
 * function of a job, decodes its arguments and encodes what comes of it.
 *
 * So arguments and results cross the program that talks to the queue as text, which it never looks into: it has nothing
 * to do but to carry it, whatever is in it. And errors are packed where their classes are known.
 */

import { TaskNotFoundError } from '../../errors.ts';
import { learnErrorClasses } from '../../pool/known-errors.ts';
import { runChunk } from '../../pool/run-chunk.ts';
import { type CurrentTask, currentTask, runAs } from '../../tasks/current-task.ts';
import { defineTasks } from '../../tasks/registry.ts';
import { resolveTask } from '../../tasks/resolve.ts';
import { summaryOf } from './failure-text.ts';
import type { ChunkError } from './job.ts';
import { type Limits, moduleReference, packFailure, packResults, packValue, unpackValue } from './values.ts';

/** Where the function is: here, and under which name everywhere. */
export interface Target {
  readonly url: string;
  readonly module: string;
  readonly export: string;
}

export type Outcome =
  | readonly [is: 'value', value: string, ms: number, errors?: readonly ChunkError[]]
  | readonly [is: 'error', error: string, ms: number, summary: string];

/** Stands before the failure of a stream, where a value would begin with 'j' or 'b'. */
export const FAILURE_MARK = '!';

/** Calls the function, once or, where there is an `arity`, once for each item of a chunk. Never rejects. */
export async function runCall(
  target: Target,
  args: string,
  arity: number,
  attempt: number,
  limits: Limits,
): Promise<Outcome> {
  let startedAt = performance.now();
  try {
    const fn = await functionOf(target);
    const values = listOf(unpackValue(args, 'arguments', limits));
    startedAt = performance.now();
    const task = asAttempt(attempt);
    if (arity === 0) {
      const value: unknown = await runAs(task, fn, values);
      const ms = performance.now() - startedAt;
      return ['value', packValue(value, 'result', limits), ms];
    }
    const chunk = await runAs(task, runChunk, [fn, values, arity]);
    const ms = performance.now() - startedAt;
    const errors = chunk.errors.map(([index, error]): ChunkError => [index, packFailure(error, target)]);
    return ['value', packEach(chunk.values, errors, target, limits), ms, errors];
  } catch (error) {
    return ['error', packFailure(error, target), performance.now() - startedAt, summaryOf(error)];
  }
}

/** Calls a generator function and gives what it yields, packed; last, if it fails, its failure. */
export async function* runStream(target: Target, args: string, limits: Limits): AsyncGenerator<string> {
  try {
    const fn = await functionOf(target);
    const iterable = await fn(...listOf(unpackValue(args, 'arguments', limits)));
    for await (const item of iterableOf(iterable)) yield packValue(item, 'item', limits);
  } catch (error) {
    yield FAILURE_MARK + packFailure(error, target);
  }
}

/** All values at once, or if one of them cannot cross, each for itself: the others are none the worse for it. */
function packEach(values: unknown[], errors: ChunkError[], target: Target, limits: Limits): string {
  try {
    return packResults(values, limits);
  } catch {
    const kept = values.map((value, index) => {
      try {
        packValue(value, 'result', limits);
        return value;
      } catch (error) {
        errors.push([index, packFailure(error, target)]);
        return undefined;
      }
    });
    return packResults(kept, limits);
  }
}

async function functionOf({ url, export: name }: Target): Promise<(...args: unknown[]) => unknown> {
  const reference = moduleReference(url, name);
  const fn = (await resolveTask(reference)) as (...args: unknown[]) => unknown;
  await learnErrorClasses(reference);
  return fn;
}

/** The task as this pool knows it, but for the number of the attempt: the queue counts those. */
function asAttempt(attempt: number): CurrentTask {
  const task = currentTask();
  if (task === undefined) throw new TaskNotFoundError('runCall() is for the pool of a cluster worker alone');
  return {
    name: task.name,
    attempt,
    workerName: task.workerName,
    get signal() {
      return task.signal;
    },
    report: (value) => task.report(value),
  };
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('arguments: this is no list');
}

function iterableOf(value: unknown): Iterable<unknown> | AsyncIterable<unknown> {
  if (
    typeof value === 'object' &&
    value !== null &&
    (Symbol.asyncIterator in value || Symbol.iterator in value)
  ) {
    return value as Iterable<unknown>;
  }
  throw new TypeError(
    `stream() needs a generator function, or one that returns an iterable; it returned ${String(value)}`,
  );
}

/** Where a worker of the pool imports this module from. Its name is the same in the bundle. */
defineTasks(new URL('./cluster-task.js', import.meta.url).href, { runCall, runStream });
