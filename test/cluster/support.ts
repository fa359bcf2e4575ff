// A cluster of a test's own: a queue that nobody else has, with workers of this process, or of processes of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import {
  ClusterExecutor,
  type ClusterExecutorOptions,
  ClusterWorker,
  type ClusterWorkerOptions,
} from 'manyhands/cluster';

/** No test takes so long, however busy the machine; one that does hangs, and should say where. */
export const HANGS_MS = 60_000;

export const MODULES: string = fileURLToPath(new URL('./fixtures/tasks.js', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'manyhands-cluster-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const paths: string[] = [];

/** The path of a file that is not there yet: a gate that a test opens, or a log that tasks write. */
export function newPath(): string {
  files += 1;
  const path = join(folder, String(files));
  paths.push(path);
  return path;
}

export function open(gate: string): void {
  writeFileSync(gate, '');
}

export function linesOf(log: string): string[] {
  try {
    return readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + HANGS_MS / 2;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It did not come about that ${what}`);
    await delay(10);
  }
}

export async function failure(promise: PromiseLike<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('It should have failed');
}

let queues = 0;

/** What ends with a test, in the order of its beginning from the last to the first. */
export class Cluster implements AsyncDisposable {
  readonly #stack: Array<() => Promise<unknown>> = [];
  readonly connection: string;
  readonly queue: string;

  constructor(connection: string, queue?: string) {
    this.connection = connection;
    queues += 1;
    this.queue = queue ?? `test-${process.pid}-${queues}`;
  }

  executor(options: Partial<ClusterExecutorOptions> = {}): ClusterExecutor {
    const { connection, queue } = this;
    const executor = new ClusterExecutor({ connection, queue, ...options });
    this.#stack.push(() => executor.shutdown({ cancelFutures: true }));
    return executor;
  }

  /** A worker of this process, with the event loop as its pool unless told otherwise: it costs nothing to start. */
  async worker(options: Partial<ClusterWorkerOptions> = {}): Promise<ClusterWorker> {
    const { connection, queue } = this;
    const worker = new ClusterWorker({
      connection,
      queue,
      modules: [MODULES],
      backend: 'event-loop',
      workers: 2,
      closeTimeout: 0,
      ...options,
    });
    this.#stack.push(() => worker.close());
    await worker.start();
    return worker;
  }

  /** A worker in a process of its own: `manyhands worker`. Resolves when it takes tasks. */
  async workerProcess(...options: string[]): Promise<WorkerProcess> {
    const where = this.connection.startsWith('redis') ? '--redis' : '--postgres';
    const child = spawn(
      process.execPath,
      [COMMAND, 'worker', '--queue', this.queue, where, this.connection, '--modules', MODULES, ...options],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const worker = new WorkerProcess(child);
    this.#stack.push(() => worker.end('SIGKILL'));
    await until('the worker takes tasks', () => /takes tasks/.test(worker.said) || worker.hasEnded);
    if (worker.hasEnded) throw new Error(worker.said);
    return worker;
  }

  /** Jobs that no worker has taken yet. In Redis. */
  async countOfWaiting(): Promise<number> {
    const queue = new Queue(this.queue, { connection: { url: this.connection } });
    try {
      return await queue.getJobCountByTypes('waiting', 'prioritized', 'delayed');
    } finally {
      await queue.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A test that has failed waits for its tasks, and they for a gate: lets them go on.
    for (const path of paths.splice(0)) if (!existsSync(path)) open(path);
    for (const end of this.#stack.toReversed()) await end();
  }
}

export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  said = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.said += text;
    });
    this.#ended = new Promise((resolve) => child.once('exit', resolve));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Sends it a signal; resolves with its exit code when it has ended. */
  end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.#ended;
  }
}
