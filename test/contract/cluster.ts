// The contract on a cluster as well: an executor and a worker for each row, on a queue of their own.
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ClusterExecutor, ClusterWorker } from '../../src/cluster/index.ts';
import type { ShutdownOptions } from '../../src/futures/engine.ts';
import { RedisServer } from '../cluster/servers.ts';
import { type BackendUnderTest, backends, backendUnderTest, register } from './backends.ts';

const redis = await RedisServer.start();
after(() => redis[Symbol.asyncDispose]());

const modules = [fileURLToPath(new URL('./fixtures/*.js', import.meta.url))];
let queues = 0;

class ExecutorWithWorker extends ClusterExecutor {
  readonly #worker: ClusterWorker;
  readonly #started: Promise<void>;

  constructor(workers: number) {
    queues += 1;
    const common = { connection: redis.url, queue: `contract-${queues}`, maxPayload: 20_000_000 };
    super({ ...common, backoff: { type: 'fixed', delay: 1 } });
    this.#worker = new ClusterWorker({ ...common, modules, backend: 'thread', workers, closeTimeout: 0 });
    // What is submitted meanwhile waits for it.
    this.#started = this.#worker.start();
  }

  override async shutdown(options?: ShutdownOptions): Promise<void> {
    const closing = super.shutdown(options);
    await this.#started;
    await closing;
    if (options?.wait === false) return;
    await this.#worker.close();
  }
}

const cluster = backendUnderTest('cluster', (workers = 2) => new ExecutorWithWorker(workers));

/** Registers part of the contract for every backend. */
export function contract(title: string, rows: (backend: BackendUnderTest) => void): void {
  for (const backend of [...backends, cluster]) register(title, backend, rows);
}
