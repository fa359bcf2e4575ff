/** `EventLoopExecutor`: no worker at all, behind the same API. */

import { Executor } from '../../futures/executor.ts';
import { checkBoolean, checkCount, checkNames } from '../../options.ts';
import { poolSettings } from '../../pool/options.ts';
import { Pool } from '../../pool/pool.ts';
import { EventLoopBackend } from './event-loop-backend.ts';

export interface EventLoopOptions {
  /** Tasks that may be under way at once. Default: no limit. */
  readonly concurrency?: number | undefined;
  /**
   * Whether functions and values are treated as if they crossed to a thread (default): values are copied,
   * functions that capture variables are refused, and a task behaves the same wherever it runs. `false`:
   * nothing is copied, and closures may be submitted; such a program cannot be moved to threads as it is.
   */
  readonly isolated?: boolean | undefined;
}

/**
 * Runs tasks on the event loop of this thread. Right for I/O; CPU-bound tasks block each other and the
 * program.
 *
 * A task cannot be ended by force here: one that ignores its signal beyond `grace` is given up and its slot
 * is freed, but it goes on. `process.exit()` in a task ends the program.
 *
 * @throws RangeError or TypeError naming a wrong option.
 */
export class EventLoopExecutor extends Executor {
  constructor(options: EventLoopOptions = {}) {
    checkNames(options, ['concurrency', 'isolated'], 'EventLoopExecutor');
    checkCount('concurrency', options.concurrency, 1, true);
    checkBoolean('isolated', options.isolated);
    const { concurrency = Infinity, isolated = true } = options;
    const settings = poolSettings({ maxWorkers: 1, concurrency, idleTimeout: Infinity }, 'EventLoopExecutor');
    super(new Pool(new EventLoopBackend(isolated), settings));
  }
}
