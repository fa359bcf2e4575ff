/** `ClusterExecutor`: workers on other machines, behind the same API. */

import { Executor } from '../../futures/executor.ts';
import type { Future } from '../../futures/future.ts';
import { ClusterEngine } from './cluster-engine.ts';
import { type ClusterExecutorOptions, checkExecutorOptions } from './options.ts';

/**
 * Runs tasks on the workers of a cluster (`manyhands worker`), which take them from a queue of BullMQ in Redis or
 * PostgreSQL.
 *
 * Functions go by name, so they must be exported from modules that the workers were started with. Each task runs at least
 * once: when a worker is lost in the middle, another one runs it again; so tasks should do no harm when repeated. See
 * docs/cluster.md for what differs from executors on one machine.
 *
 * An executor keeps its connections, and with them the program, until `shutdown()`.
 *
 * @throws RangeError or TypeError naming a wrong option.
 * @example
 * await using cluster = new ClusterExecutor({ connection: 'redis://localhost', queue: 'images' });
 * const thumbnails = await cluster.map(resize, files);
 */
export class ClusterExecutor extends Executor {
  readonly #engine: ClusterEngine;

  constructor(options: ClusterExecutorOptions) {
    checkExecutorOptions(options);
    const engine = new ClusterEngine(options);
    super(engine);
    this.#engine = engine;
  }

  /**
   * The id of the job behind a future of this executor, for `attach()` in another program; `undefined` for a future that
   * is not this executor's, or whose task could not be sent.
   */
  idOf(future: Future<unknown>): string | undefined {
    return this.#engine.idOf(future);
  }

  /**
   * A future for a task that was submitted elsewhere, by a program that has ended perhaps. It fails if the queue does not
   * know the job, or no longer: results are kept for a while, see `keep`. It cannot be cancelled.
   *
   * @typeParam R what the task returns
   */
  attach<R = unknown>(id: string): Future<R> {
    return this.#engine.attach(id) as Future<R>;
  }
}
