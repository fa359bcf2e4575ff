/** The options that all pools share, checked, and with their defaults. */

import { availableParallelism } from 'node:os';
import {
  checkArray,
  checkChoice,
  checkCount,
  checkDuration,
  checkFunction,
  checkString,
} from '../options.ts';

export interface PoolOptions {
  /** Workers at most. Default `os.availableParallelism()`. */
  readonly maxWorkers?: number | undefined;
  /** Workers that are started at once and kept. Default 0: they start on demand. */
  readonly minWorkers?: number | undefined;
  /** Milliseconds after which an idle worker above `minWorkers` ends. Default 30,000. */
  readonly idleTimeout?: number | undefined;
  /** Tasks that a worker may have in flight at once, for I/O. Default 1. */
  readonly concurrency?: number | undefined;
  /** Tasks that may wait because all workers are busy, before submit rejects with `QueueFullError`. */
  readonly maxQueue?: number | undefined;
  /** Replaces a worker after so many tasks; a chunk of a map is one task. */
  readonly maxTasksPerChild?: number | undefined;
  /** Runs in each worker before its first task. If it fails the pool is broken. */
  readonly initializer?: ((...args: never[]) => unknown) | undefined;
  readonly initArgs?: readonly unknown[] | undefined;
  /** Workers are called `prefix_0`, `prefix_1`... Default: the class and a number. */
  readonly threadNamePrefix?: string | undefined;
  readonly workerNamePrefix?: string | undefined;
  /**
   * 'replace' (default): a death costs the tasks of that worker. 'break': it costs the pool, as in Python.
   */
  readonly onWorkerDeath?: 'replace' | 'break' | undefined;
  /** How tasks travel: `statistics().channel` says which way it became, and why. Default 'auto'. */
  readonly channel?: 'auto' | 'shared' | 'plain' | undefined;
}

/** `PoolOptions` with everything filled in. */
export interface PoolSettings {
  readonly maxWorkers: number;
  readonly minWorkers: number;
  readonly idleTimeout: number;
  readonly concurrency: number;
  readonly maxQueue: number;
  readonly maxTasksPerChild: number;
  readonly initializer: Function | undefined;
  readonly initArgs: readonly unknown[];
  readonly namePrefix: string;
  readonly onWorkerDeath: 'replace' | 'break';
  readonly channel: 'auto' | 'shared' | 'plain';
}

/**
 * Kept long enough that a burst of requests finds its workers warm, since a start costs 15 to 45 ms and an
 * idle worker costs memory only; short enough that a pool which is made and forgotten gives its memory back.
 */
const IDLE_TIMEOUT_MS = 30_000;

export const POOL_OPTION_NAMES: ReadonlyArray<keyof PoolOptions> = [
  'maxWorkers',
  'minWorkers',
  'idleTimeout',
  'concurrency',
  'maxQueue',
  'maxTasksPerChild',
  'initializer',
  'initArgs',
  'threadNamePrefix',
  'workerNamePrefix',
  'onWorkerDeath',
  'channel',
];

const made = new Map<string, number>();

/** @throws RangeError or TypeError naming the option, the rule and the value. */
export function poolSettings(options: PoolOptions, className: string): PoolSettings {
  checkCount('maxWorkers', options.maxWorkers, 1);
  checkCount('minWorkers', options.minWorkers, 0);
  checkDuration('idleTimeout', options.idleTimeout);
  checkCount('concurrency', options.concurrency, 1, true);
  checkCount('maxQueue', options.maxQueue, 0, true);
  checkCount('maxTasksPerChild', options.maxTasksPerChild, 1, true);
  checkFunction('initializer', options.initializer);
  checkArray('initArgs', options.initArgs);
  checkString('threadNamePrefix', options.threadNamePrefix);
  checkString('workerNamePrefix', options.workerNamePrefix);
  checkChoice('onWorkerDeath', options.onWorkerDeath, ['replace', 'break']);
  checkChoice('channel', options.channel, ['auto', 'shared', 'plain']);
  const maxWorkers = options.maxWorkers ?? availableParallelism();
  const minWorkers = options.minWorkers ?? 0;
  if (minWorkers > maxWorkers) {
    throw new RangeError(`minWorkers must be <= maxWorkers (${maxWorkers}), received ${minWorkers}`);
  }
  return {
    maxWorkers,
    minWorkers,
    idleTimeout: options.idleTimeout ?? IDLE_TIMEOUT_MS,
    concurrency: options.concurrency ?? 1,
    maxQueue: options.maxQueue ?? Infinity,
    maxTasksPerChild: options.maxTasksPerChild ?? Infinity,
    initializer: options.initializer,
    initArgs: options.initArgs ?? [],
    namePrefix: options.threadNamePrefix ?? options.workerNamePrefix ?? nextName(className),
    onWorkerDeath: options.onWorkerDeath ?? 'replace',
    channel: options.channel ?? 'auto',
  };
}

function nextName(className: string): string {
  const number = made.get(className) ?? 0;
  made.set(className, number + 1);
  return `${className}-${number}`;
}
