/** The options of a cluster's two sides, checked, and with their defaults. */

import { checkCount, checkDuration, checkFunction, checkNames, checkString } from '../../options.ts';
import type { ClusterConnection } from './connection.ts';
import type { Limits } from './values.ts';

/** What producers and workers of a cluster have to agree on. */
export interface QueueOptions {
  /** Where the queue is: a URL, or what ioredis or pg takes. TLS and credentials are given here. */
  readonly connection: ClusterConnection;
  /** The name of the queue. No colons. */
  readonly queue: string;
  /**
   * A secret that all programs of the cluster have. With it jobs and messages are signed, and what is not, or was changed,
   * is refused. At least 16 characters.
   */
  readonly key?: string | undefined;
  /** Most characters of text that the arguments or the result of one job may become. Default 1,000,000. */
  readonly maxPayload?: number | undefined;
  /** How deep objects in arguments and results may be nested. Default 100. */
  readonly maxDepth?: number | undefined;
  /** Told of what goes wrong beside any task, such as a lost connection. Default: process warnings, now and then. */
  readonly onError?: ((error: Error) => void) | undefined;
}

export interface ClusterExecutorOptions extends QueueOptions {
  /**
   * How long and how many results and failures are kept in the queue, for `attach` and for producers that were away:
   * `age` in milliseconds, default an hour; `count`, default 10,000.
   */
  readonly keep?: { readonly age?: number | undefined; readonly count?: number | undefined } | undefined;
  /**
   * What a task waits before it is run again (`retries`): `delay` in milliseconds, the same each time or, 'exponential',
   * twice as long each time. Default: exponential from 500.
   */
  readonly backoff?: { readonly type: 'fixed' | 'exponential'; readonly delay: number } | undefined;
}

export interface WorkerCoreOptions extends QueueOptions {
  /** Files that hold the tasks, as paths or patterns (`dist/tasks/*.js`). Nothing else can be called. */
  readonly modules: readonly string[];
  /** What `modules` are relative to. Default: where the program runs. */
  readonly cwd?: string | undefined;
  /** What the worker is called in errors and statistics. Default: host and process. */
  readonly name?: string | undefined;
  /**
   * Milliseconds after which a worker that gives no sign counts as dead, and its jobs are run by others. Default 30,000.
   * Shorter ones are renewed more often, and a worker that cannot reach the queue for so long loses its jobs to others
   * while it still runs them.
   */
  readonly lockDuration?: number | undefined;
  /** Milliseconds between two looks for jobs of the dead. Default 5,000. */
  readonly stalledInterval?: number | undefined;
  /** How often a job may take its worker down before it is given up. Default 3. */
  readonly maxLost?: number | undefined;
  /** Milliseconds that `close()` lets running jobs go on before it hands them back. Default 10,000. */
  readonly closeTimeout?: number | undefined;
}

const QUEUE_OPTIONS = ['connection', 'queue', 'key', 'maxPayload', 'maxDepth', 'onError'] as const;

export const WORKER_OPTIONS: readonly string[] = [
  ...QUEUE_OPTIONS,
  'modules',
  'cwd',
  'name',
  'lockDuration',
  'stalledInterval',
  'maxLost',
  'closeTimeout',
] as const;

const LEAST_KEY = 16;

/** @throws TypeError or RangeError */
export function checkQueueOptions(options: QueueOptions): void {
  checkString('queue', options.queue);
  if (options.queue === undefined || options.queue === '' || options.queue.includes(':')) {
    throw new TypeError(`queue must be a name without colons, received '${String(options.queue)}'`);
  }
  checkString('key', options.key);
  if (options.key !== undefined && options.key.length < LEAST_KEY) {
    // Not the value, which is a secret.
    throw new RangeError(`key must have at least ${LEAST_KEY} characters, received ${options.key.length}`);
  }
  checkCount('maxPayload', options.maxPayload, 1, true);
  checkCount('maxDepth', options.maxDepth, 1, true);
  checkFunction('onError', options.onError);
}

/** @throws TypeError or RangeError */
export function checkExecutorOptions(options: ClusterExecutorOptions): void {
  checkNames(options, [...QUEUE_OPTIONS, 'keep', 'backoff'], 'ClusterExecutor');
  checkQueueOptions(options);
  const { keep, backoff } = options;
  if (keep !== undefined) {
    checkNames(keep, ['age', 'count'], 'keep');
    checkDuration('keep.age', keep.age);
    checkCount('keep.count', keep.count, 1);
  }
  if (backoff !== undefined) {
    checkNames(backoff, ['type', 'delay'], 'backoff');
    checkDuration('backoff.delay', backoff.delay);
  }
}

/** @throws TypeError or RangeError */
export function checkWorkerOptions(options: WorkerCoreOptions): void {
  checkQueueOptions(options);
  if (!Array.isArray(options.modules) || options.modules.length === 0) {
    throw new TypeError('modules must name the files that hold the tasks, such as dist/tasks/*.js');
  }
  for (const pattern of options.modules) checkString('modules', pattern);
  checkString('cwd', options.cwd);
  checkString('name', options.name);
  checkCount('lockDuration', options.lockDuration, 100);
  checkCount('stalledInterval', options.stalledInterval, 50);
  checkCount('maxLost', options.maxLost, 0);
  checkDuration('closeTimeout', options.closeTimeout);
}

export function limitsOf({ maxPayload = 1_000_000, maxDepth = 100 }: QueueOptions): Limits {
  return { size: maxPayload, depth: maxDepth };
}
