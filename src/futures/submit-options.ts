/** What `Executor.with` takes: how tasks are run, and how a map is made of them. */

import type { Transferable } from 'node:worker_threads';
import {
  checkArray,
  checkBoolean,
  checkCount,
  checkDuration,
  checkFunction,
  checkNames,
  checkNumber,
  checkSignal,
  checkString,
} from '../options.ts';

/** How one task, or each task of a map, is to be run. */
export interface SubmitOptions {
  /** Aborts this work: pending, it leaves the queue; running, its `currentTask().signal` fires. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that the task may run, counted from its start on a worker. */
  readonly timeout?: number | undefined;
  /** Milliseconds that the task may wait for a worker. */
  readonly queueTimeout?: number | undefined;
  /** Milliseconds between asking a running task to stop and stopping its worker. Default 500. */
  readonly grace?: number | undefined;
  /** Higher runs first; first in, first out within one. Default 0. */
  readonly priority?: number | undefined;
  /** How often to run the task again when its worker died; never when it threw. Default 0. */
  readonly retries?: number | undefined;
  /** Moved to the worker instead of copied. */
  readonly transfer?: readonly Transferable[] | undefined;
  /** Called with what the task says by `currentTask().report(value)`. */
  readonly onReport?: ((value: unknown) => void) | undefined;
  /** What the task is called in errors and statistics. Default: the function's name. */
  readonly name?: string | undefined;
}

export interface MapOptions extends SubmitOptions {
  /** Items per task. Default 'auto': sized from measured task time. */
  readonly chunkSize?: number | 'auto' | undefined;
  /**
   * Most results in flight: begun, and not yet taken by the consumer. Default: bounded by a few chunks per
   * worker for input whose length is not known (generators, async input), unbounded for arrays and the like.
   * For `stream`: how many values the task may be ahead of the consumer, default 16.
   */
  readonly bufferSize?: number | undefined;
  /** Results in the order of the input (default), or as they come. */
  readonly ordered?: boolean | undefined;
  /** Called after every item; `total` is absent while it is not known. */
  readonly onProgress?: ((progress: { done: number; total?: number }) => void) | undefined;
}

const MAP_OPTIONS = [
  'signal',
  'timeout',
  'queueTimeout',
  'grace',
  'priority',
  'retries',
  'transfer',
  'onReport',
  'name',
  'chunkSize',
  'bufferSize',
  'ordered',
  'onProgress',
] as const satisfies ReadonlyArray<keyof MapOptions>;

/** @throws TypeError or RangeError naming the option, the rule and the value. */
export function checkMapOptions(options: MapOptions): void {
  checkNames(options, MAP_OPTIONS, 'with');
  checkSignal('signal', options.signal);
  checkDuration('timeout', options.timeout);
  checkDuration('queueTimeout', options.queueTimeout);
  checkDuration('grace', options.grace);
  checkNumber('priority', options.priority);
  checkCount('retries', options.retries, 0, true);
  checkArray('transfer', options.transfer);
  checkFunction('onReport', options.onReport);
  checkString('name', options.name);
  if (options.chunkSize !== 'auto') checkCount('chunkSize', options.chunkSize, 1);
  checkCount('bufferSize', options.bufferSize, 1);
  checkBoolean('ordered', options.ordered);
  checkFunction('onProgress', options.onProgress);
}
