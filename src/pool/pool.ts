/** A scheduler, a channel and workers, put together into the engine of an executor. */

import type { Engine, ExecutorStatistics, StreamSource, TaskRequest } from '../futures/engine.ts';
import type { Future } from '../futures/future.ts';
import { refuseWhileLoading } from '../tasks/loading.ts';
import { referenceTo } from '../tasks/reference.ts';
import { encodeUnmoved } from '../wire/codec.ts';
import { WATCH, type WorkerSetup } from '../wire/protocol.ts';
import type { Backend, WorkerHandle } from './backend.ts';
import type { Channel } from './channel.ts';
import { hold, letGo } from './keep-alive.ts';
import { Observer } from './observer.ts';
import type { PoolSettings } from './options.ts';
import { PlainChannel } from './plain-channel.ts';
import { Scheduler } from './scheduler.ts';
import { SharedChannel } from './shared/shared-channel.ts';
import type { Sharing } from './shared/sharing.ts';
import { Workers } from './workers.ts';

/**
 * Chunks of a fixed size that a map keeps on their way per worker: enough that small ones travel together.
 */
const LOOK_AHEAD = 32;

export class Pool implements Engine {
  readonly #backend: Backend;
  readonly #settings: PoolSettings;
  readonly #channel: Channel;
  readonly #scheduler: Scheduler;
  readonly #observer: Observer;
  readonly #workers: Workers;
  readonly #initializer: () => WorkerSetup['initializer'];
  #ending: Promise<void> | undefined;
  #ended = false;

  constructor(backend: Backend, settings: PoolSettings) {
    this.#backend = backend;
    this.#settings = settings;
    this.#initializer = readInitializer(backend, settings);
    this.#channel = this.#makeChannel();
    this.#observer = new Observer(
      {
        name: settings.namePrefix,
        backend: backend.kind,
        maxWorkers: settings.maxWorkers,
        concurrency: settings.concurrency,
      },
      {
        statistics: () => this.statistics(),
        queued: () => this.#scheduler.queued,
        noteStarts: () => this.#channel.noteStarts(),
        watchLocks: (on) => this.#workers.tell([WATCH, on]),
      },
    );
    this.#scheduler = new Scheduler(backend, settings, this.#channel, this.#observer, () => this.#workers);
    this.#workers = new Workers(
      backend,
      settings,
      this.#channel,
      this.#observer,
      (name, sharing) => this.#setup(name, sharing),
      this.#scheduler,
    );
    if (settings.minWorkers > 0) {
      refuseWhileLoading('runs tasks');
      this.#workers.ensure(0);
    }
  }

  get slots(): number {
    const { maxWorkers, concurrency } = this.#settings;
    // On the event loop there is no natural number; a map must still not begin everything at once.
    return Math.min(maxWorkers * concurrency, 1024);
  }

  get lookAhead(): number {
    return Math.max(1, Math.min(LOOK_AHEAD * this.slots, this.slots + this.#settings.maxQueue));
  }

  run(request: TaskRequest): Future<unknown> {
    refuseWhileLoading('runs tasks');
    return this.#scheduler.run(request);
  }

  open(request: TaskRequest, window: number, onItem: (value: unknown) => void): StreamSource {
    refuseWhileLoading('runs tasks');
    return this.#scheduler.open(request, window, onItem);
  }

  async shutdown({ wait, cancelFutures }: { wait: boolean; cancelFutures: boolean }): Promise<void> {
    this.#scheduler.close(cancelFutures);
    this.#ending ??= this.#scheduler.whenIdle().then(() => this.#close('stop'));
    if (wait) await this.#ending;
  }

  /** Shuts down without waiting for running tasks: `reason` is what they are told. */
  async end(how: 'terminate' | 'kill', reason: string): Promise<void> {
    this.#scheduler.close(true);
    const closed = this.#close(how, reason);
    this.#ending ??= closed;
    await closed;
  }

  async #close(how: 'stop' | 'terminate' | 'kill', reason?: string): Promise<void> {
    // Ending workers hold nothing open by themselves, and somebody waits for them.
    hold();
    await this.#workers.close(how, reason);
    if (!this.#ended) {
      this.#channel.close();
      this.#observer.closed();
    }
    this.#ended = true;
    letGo();
  }

  statistics(): ExecutorStatistics {
    const { counts, state, pending, running } = this.#scheduler;
    const { maxWorkers, concurrency } = this.#settings;
    const { kind, reason } = this.#channel;
    return Object.freeze({
      backend: this.#backend.kind,
      state: this.#ended && state === 'closing' ? 'closed' : state,
      maxWorkers,
      concurrency,
      workers: Object.freeze(
        this.#workers.snapshot().map(({ name, id, state: doing, load, tasks }) =>
          Object.freeze({
            name,
            id,
            state: doing === 'serving' ? (load > 0 ? ('busy' as const) : ('idle' as const)) : doing,
            inFlight: load,
            tasks,
          }),
        ),
      ),
      channel: Object.freeze(reason === undefined ? { kind } : { kind, reason }),
      tasks: Object.freeze({ ...counts, pending, running }),
      workersStarted: this.#workers.started,
      workersDied: this.#workers.dead,
    });
  }

  #setup(name: string, sharing: Sharing | undefined): WorkerSetup {
    const { concurrency } = this.#settings;
    const initializer = this.#initializer();
    return {
      name,
      concurrency,
      ...(initializer === undefined ? {} : { initializer }),
      ...(sharing === undefined ? {} : { shared: sharing.layout }),
    };
  }

  /** Shared memory where it is wanted and can be had, else messages. */
  #makeChannel(): Channel {
    const { concurrency, maxWorkers, maxTasksPerChild, channel } = this.#settings;
    const { codec } = this.#backend;
    const common = {
      codec,
      concurrency,
      maxWorkers,
      maxTasksPerChild,
      onSpent: (worker: WorkerHandle) => this.#workers.retire(worker),
    };
    const makeRegion = this.#backend.makeRegion?.bind(this.#backend);
    if (makeRegion === undefined) return new PlainChannel({ ...common, kind: 'none' });
    if (channel === 'plain') return new PlainChannel(common);
    try {
      return new SharedChannel({
        ...common,
        makeRegion,
        outcomes: {
          succeeded: (task, value) => this.#scheduler.succeeded(task, value),
          failed: (task, error) => this.#scheduler.failed(task, error),
        },
        onWake: () => this.#scheduler.changed(),
        onCorrupted: (worker, error) => this.#workers.corrupted(worker, error),
      });
    } catch (error) {
      return new PlainChannel({ ...common, reason: (error as Error).message });
    }
  }
}

/**
 * Reads the initializer and its arguments now, so that what the caller changes later is not seen. What is
 * wrong with them is thrown when the first worker starts: a pool that cannot start workers is broken, and
 * says so to its tasks.
 */
function readInitializer(
  backend: Backend,
  { initializer, initArgs }: PoolSettings,
): () => WorkerSetup['initializer'] {
  if (initializer === undefined) return () => undefined;
  try {
    const reference = backend.reference?.(initializer) ?? referenceTo(initializer);
    // Each worker gets them, so nothing can be moved.
    const args = encodeUnmoved(backend.codec, initArgs, 'arguments', initArgs);
    return () => ({ reference, args });
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
