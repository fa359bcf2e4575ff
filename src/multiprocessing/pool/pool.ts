/** `Pool` and `ThreadPool`: one face over two executors. */

import { availableParallelism } from 'node:os';
import { ProcessPoolExecutor } from '../../backends/process/process-pool-executor.ts';
import { ThreadPoolExecutor } from '../../backends/thread/thread-pool-executor.ts';
import { InvalidStateError } from '../../errors.ts';
import { checkArray, checkCount, checkFunction, checkNames } from '../../options.ts';
import type { PoolOptions as ExecutorOptions } from '../../pool/options.ts';
import { executable } from '../process/executable.ts';
import { ownFamily } from '../process/family.ts';
import { BasePool } from './base-pool.ts';

export interface PoolOptions {
  /** Workers. All of them are started at once, and kept. Default `os.availableParallelism()`. */
  readonly processes?: number | undefined;
  /** Runs in each worker before its first task. If it fails the pool is broken, and says so to its tasks. */
  readonly initializer?: ((...args: never[]) => unknown) | undefined;
  readonly initArgs?: readonly unknown[] | undefined;
  /** Replaces a worker after so many tasks; a chunk of a map is one task. */
  readonly maxTasksPerChild?: number | undefined;
}

function executorOptions(options: PoolOptions, owner: string): ExecutorOptions {
  checkNames(options, ['processes', 'initializer', 'initArgs', 'maxTasksPerChild'], owner);
  const { processes = availableParallelism(), initializer, initArgs, maxTasksPerChild } = options;
  checkCount('processes', processes, 1);
  checkFunction('initializer', initializer);
  checkArray('initArgs', initArgs);
  checkCount('maxTasksPerChild', maxTasksPerChild, 1);
  return { maxWorkers: processes, minWorkers: processes, initializer, initArgs, maxTasksPerChild };
}

/**
 * Runs functions in a fixed number of processes.
 *
 * A face of `ProcessPoolExecutor` under the names of Python's pool: what it can do beyond them (time limits, priorities,
 * retries, streams) the executor offers.
 *
 * @throws RangeError or TypeError naming a wrong option. InvalidStateError in a daemon process, which may not have
 *   children.
 * @see CPython `multiprocessing.Pool`.
 * @example
 * await using pool = new Pool({ processes: 4 });
 * const thumbnails = await pool.map(resize, files);
 */
export class Pool extends BasePool {
  constructor(options: PoolOptions = {}) {
    const common = executorOptions(options, 'Pool');
    const { daemon, name } = ownFamily();
    if (daemon) {
      throw new InvalidStateError(
        `new Pool() is not allowed: ${name} is a daemon process, and those may not have children`,
      );
    }
    super(new ProcessPoolExecutor({ ...common, execPath: executable() }));
  }
}

/**
 * The same on threads of this process.
 *
 * @see CPython `multiprocessing.pool.ThreadPool`, which is `multiprocessing.dummy.Pool` as well.
 */
export class ThreadPool extends BasePool {
  constructor(options: PoolOptions = {}) {
    super(new ThreadPoolExecutor(executorOptions(options, 'ThreadPool')));
  }
}
