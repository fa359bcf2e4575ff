/** `ProcessPoolExecutor`: a pool of child processes. */

import { Executor } from '../../futures/executor.ts';
import { checkArray, checkNames, checkString } from '../../options.ts';
import { POOL_OPTION_NAMES, type PoolOptions, poolSettings } from '../../pool/options.ts';
import { Pool } from '../../pool/pool.ts';
import { ProcessBackend } from './process-backend.ts';

export interface ProcessPoolOptions extends PoolOptions {
  /** Environment variables of the processes. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Where the processes run. Default: where this one does. */
  readonly cwd?: string | undefined;
  /** The Node that the processes run. Default: this process's. */
  readonly execPath?: string | undefined;
  /** Node flags of the processes. Default: this process's, without those that are only about its entry. */
  readonly execArgv?: readonly string[] | undefined;
}

/**
 * Runs tasks in child processes: in parallel, each with memory of its own, so that a crash costs one worker
 * and nothing else.
 *
 * @throws RangeError or TypeError naming a wrong option.
 * @see CPython `concurrent.futures.ProcessPoolExecutor`.
 * @example
 * await using pool = new ProcessPoolExecutor();
 * const thumbnails = await pool.with({ retries: 1 }).map(resize, files);
 */
export class ProcessPoolExecutor extends Executor {
  readonly #pool: Pool;

  constructor(options: ProcessPoolOptions = {}) {
    checkNames(options, [...POOL_OPTION_NAMES, 'env', 'cwd', 'execPath', 'execArgv'], 'ProcessPoolExecutor');
    checkString('cwd', options.cwd);
    checkString('execPath', options.execPath);
    checkArray('execArgv', options.execArgv);
    const { env, cwd, execPath, execArgv } = options;
    const pool = new Pool(
      new ProcessBackend({ env, cwd, execPath, execArgv }),
      poolSettings(options, 'ProcessPoolExecutor'),
    );
    super(pool);
    this.#pool = pool;
  }

  /**
   * Takes no more work, cancels what no worker has begun, and sends SIGTERM to every worker; one that ignores
   * it is killed after 5 s. Tasks that were running fail with `WorkerDiedError`. Resolves when all have
   * ended.
   *
   * @see CPython `ProcessPoolExecutor.terminate_workers`, new in 3.14.
   */
  terminateWorkers(): Promise<void> {
    return this.#pool.end('terminate', 'it was ended by terminateWorkers()');
  }

  /** The same with SIGKILL, at once. */
  killWorkers(): Promise<void> {
    return this.#pool.end('kill', 'it was ended by killWorkers()');
  }
}
