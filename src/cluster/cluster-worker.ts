/** `ClusterWorker`: what `manyhands worker` runs, for programs. */

import { availableParallelism } from 'node:os';
import { WORKER_OPTIONS, type WorkerCoreOptions } from '../backends/cluster/options.ts';
import { type LocalExecutor, WorkerCore } from '../backends/cluster/worker-core.ts';
import { EventLoopExecutor } from '../backends/event-loop/event-loop-executor.ts';
import { ProcessPoolExecutor } from '../backends/process/process-pool-executor.ts';
import { ThreadPoolExecutor } from '../backends/thread/thread-pool-executor.ts';
import { checkChoice, checkCount, checkNames } from '../options.ts';

export interface ClusterWorkerOptions extends WorkerCoreOptions {
  /**
   * What runs the tasks: processes (default), so that a crash costs one of them; threads; or the event loop of this
   * program, for tasks that only wait.
   */
  readonly backend?: 'process' | 'thread' | 'event-loop' | undefined;
  /** Threads or processes. Default: one for each core. */
  readonly workers?: number | undefined;
  /** Tasks that each of them may run at once, for I/O. Default 1. */
  readonly concurrency?: number | undefined;
}

/**
 * Takes jobs of a `ClusterExecutor` from a queue, and runs them on a pool of its own.
 *
 * @throws RangeError or TypeError naming a wrong option.
 * @example
 * const worker = new ClusterWorker({ connection: 'redis://localhost', queue: 'images', modules: ['dist/tasks/*.js'] });
 * await worker.start();
 */
export class ClusterWorker implements AsyncDisposable {
  readonly #core: WorkerCore;

  constructor(options: ClusterWorkerOptions) {
    checkNames(options, [...WORKER_OPTIONS, 'backend', 'workers', 'concurrency'], 'ClusterWorker');
    checkChoice('backend', options.backend, ['process', 'thread', 'event-loop']);
    checkCount('workers', options.workers, 1);
    checkCount('concurrency', options.concurrency, 1);
    this.#core = new WorkerCore(options, localExecutor(options));
  }

  /** What it is called in errors and statistics. */
  get name(): string {
    return this.#core.name;
  }

  /** The modules whose exports can be called, by the names that they have in the cluster. */
  get modules(): readonly string[] {
    return this.#core.modules;
  }

  /** Connects, and begins to take jobs. Resolves when it does; rejects when the queue refuses the connection. */
  start(): Promise<void> {
    return this.#core.start();
  }

  /**
   * Takes no more jobs, lets those that run go on for `closeTimeout` ms, hands back what still runs then, and ends the
   * pool. May be called more than once.
   */
  close(): Promise<void> {
    return this.#core.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function localExecutor(options: ClusterWorkerOptions): LocalExecutor {
  const { backend = 'process', workers = availableParallelism(), concurrency = 1 } = options;
  const pool = { maxWorkers: workers, concurrency };
  if (backend === 'thread') {
    const executor = new ThreadPoolExecutor(pool);
    return { executor, kind: backend, slots: workers * concurrency, end: () => executor.terminateWorkers() };
  }
  if (backend === 'process') {
    const executor = new ProcessPoolExecutor(pool);
    return { executor, kind: backend, slots: workers * concurrency, end: () => executor.terminateWorkers() };
  }
  const executor = new EventLoopExecutor({ concurrency: workers * concurrency, isolated: false });
  return {
    executor,
    kind: backend,
    slots: workers * concurrency,
    end: () => executor.shutdown({ wait: false, cancelFutures: true }),
  };
}
