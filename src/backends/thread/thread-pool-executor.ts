/** `ThreadPoolExecutor`: a pool of worker threads. */

import type { ResourceLimits } from 'node:worker_threads';
import { Executor } from '../../futures/executor.ts';
import { checkArray, checkBoolean, checkNames } from '../../options.ts';
import { POOL_OPTION_NAMES, type PoolOptions, poolSettings } from '../../pool/options.ts';
import { Pool } from '../../pool/pool.ts';
import { InterpreterLock } from './interpreter-lock.ts';
import { ThreadBackend } from './thread-backend.ts';

export interface ThreadPoolOptions extends PoolOptions {
  /**
   * Limits of each thread's heap and stack; a thread that exceeds them dies alone. See `node:worker_threads`.
   */
  readonly resourceLimits?: ResourceLimits | undefined;
  /** Environment variables of the threads. Default: a copy of this thread's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Node flags of the threads. Default: this process's, without those that are only about its entry. */
  readonly execArgv?: readonly string[] | undefined;
  /**
   * Runs all threads under one lock, as under Python's GIL: only one of them executes JavaScript at a time,
   * and gives way while it awaits. For comparison and teaching.
   */
  readonly interpreterLock?: boolean | undefined;
}

/**
 * Runs tasks on worker threads: in parallel, in one process, with values copied (or moved, or shared by a
 * `SharedArrayBuffer`) between them.
 *
 * @throws RangeError or TypeError naming a wrong option.
 * @see CPython `concurrent.futures.InterpreterPoolExecutor`, whose workers are isolated in the same way.
 * @example
 * await using pool = new ThreadPoolExecutor({ maxWorkers: 4 });
 * const squares = await pool.map((x: number) => x * x, [1, 2, 3]);
 */
export class ThreadPoolExecutor extends Executor {
  readonly #pool: Pool;

  constructor(options: ThreadPoolOptions = {}) {
    checkNames(
      options,
      [...POOL_OPTION_NAMES, 'resourceLimits', 'env', 'execArgv', 'interpreterLock'],
      'ThreadPoolExecutor',
    );
    checkArray('execArgv', options.execArgv);
    checkBoolean('interpreterLock', options.interpreterLock);
    const { resourceLimits, env, execArgv, interpreterLock = false } = options;
    const lock = interpreterLock ? new InterpreterLock() : undefined;
    const backend = new ThreadBackend({ resourceLimits, env, execArgv, lock });
    const pool = new Pool(backend, poolSettings(options, 'ThreadPoolExecutor'));
    super(pool);
    this.#pool = pool;
  }

  /**
   * Takes no more work, cancels what no worker has begun, and ends every thread at once, whatever it does. Tasks that
   * were running fail with `WorkerDiedError`. Resolves when all have ended.
   */
  terminateWorkers(): Promise<void> {
    return this.#pool.end('terminate', 'it was ended by terminateWorkers()');
  }
}
