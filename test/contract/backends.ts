// The executors that the suite runs on, and the one table of what holds on some of them only.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { AutoExecutor } from '../../src/choose/index.ts';
import type { SubmitOptions } from '../../src/futures/submit-options.ts';
import {
  EventLoopExecutor,
  type Executor,
  type PoolOptions,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
} from '../../src/index.ts';

/** What a row may need of a backend that not all of them have. */
export type Need =
  /** A worker may end, and the program goes on. */
  | 'mortal workers'
  /** A task that ignores its signal can be ended. */
  | 'force'
  /** A task that blocks, blocks nobody else. */
  | 'parallelism'
  /** Functions are found again in the worker, by name. */
  | 'loading'
  /** Options of a pool: maxWorkers, maxQueue, initializer... */
  | 'pool options'
  /** Memory and ports can be moved to the task. */
  | 'moving'
  /** A call that awaits keeps others waiting, where there is but one worker. */
  | 'one line'
  /** What waits in a worker's hands can be taken back. */
  | 'taking back'
  /** Values travel as bytes, which are written and read. */
  | 'bytes'
  /** Messages travel through pipes. */
  | 'pipes'
  /** Workers are the executor's: it counts them, and knows of their ends. */
  | 'own workers'
  /** Whatever a function is said to be found in is looked for by the worker. */
  | 'any module';

const unmoved =
  'memory cannot be moved to another process: it is copied, and emptied here; ports are refused';

/** Where a row cannot hold, and why. */
const lacking: Readonly<Record<string, Readonly<Partial<Record<Need, string>>>>> = {
  'event-loop': {
    'mortal workers': 'the worker is the program: process.exit, a signal or a full heap end it',
    force: 'JavaScript on its own event loop cannot be interrupted; a task that goes on is given up instead',
    parallelism: 'there is one thread: a task that blocks, blocks the program',
    loading: 'the function itself is at hand; no module has to be loaded to find it again',
    'pool options': 'there is no pool: one worker, which is this thread',
  },
  thread: { pipes: 'there is no pipe to write to' },
  'thread, plain': {
    bytes: 'a port clones values; there is nothing to decode',
    pipes: 'there is no pipe to write to',
  },
  process: { moving: unmoved },
  auto: {
    'pool options': 'it has pools of several kinds, whose options are its own business',
    'one line': 'calls that await run beside others, and trivial ones here, once they are known',
    pipes: 'what it has not seen crash it runs on threads, and there is no pipe to write to',
    bytes: 'what is known to be trivial runs here, and there is nothing to decode',
  },
  'process, plain': {
    moving: unmoved,
    'taking back': 'what was written to a pipe cannot be taken back; a few ms of work count as begun',
  },
  cluster: {
    'pool options': 'workers are started for themselves, with options of their own',
    'own workers': 'workers are counted when they say that they are there, every few seconds',
    'any module': 'a module that cannot be read has no version, so its tasks are not sent',
    moving: 'memory cannot be moved to another machine: it is copied, and emptied here; ports are refused',
    'taking back': 'a job that is still on its way to the server overtakes nothing there',
  },
};

/** Backends of one machine. */
type LocalName = 'event-loop' | 'thread' | 'thread, plain' | 'process' | 'process, plain' | 'auto';

export interface BackendUnderTest<Name extends LocalName | 'cluster' = LocalName | 'cluster'> {
  readonly name: Name;
  readonly kind: 'event-loop' | 'thread' | 'process' | 'auto' | 'cluster';
  /** An executor; `workers` is how many tasks it can run at once. */
  make(workers?: number, options?: PoolOptions): Executor;
  /** One that is made once for a group of rows, for those that leave it as good as new: workers are slow to start. */
  common(workers?: number): Executor;
  /** Shuts the common ones down. */
  endCommon(): Promise<void>;
  /** Why it has not what a row needs; undefined: it has. */
  lack(need: Need): string | undefined;
  /** A test of the contract, on this backend. */
  row(name: string, run: () => Promise<void> | void): void;
  /** A row that needs something; where the backend lacks it the row is skipped, with the reason. */
  row(name: string, needs: readonly Need[], run: () => Promise<void> | void): void;
}

/** What a crash by a full heap needs to be quick. Processes crash by a signal. */
const smallHeap = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 };

function onThreads(maxWorkers = 2, options: PoolOptions = {}): Executor {
  return new ThreadPoolExecutor({ maxWorkers, resourceLimits: smallHeap, ...options });
}

function onProcesses(maxWorkers = 2, options: PoolOptions = {}): Executor {
  return new ProcessPoolExecutor({ maxWorkers, ...options });
}

const factories: Readonly<Record<LocalName, BackendUnderTest['make']>> = {
  'event-loop': (workers = 2) => new EventLoopExecutor({ concurrency: workers }),
  thread: onThreads,
  'thread, plain': (workers, options) => onThreads(workers, { channel: 'plain', ...options }),
  process: onProcesses,
  'process, plain': (workers, options) => onProcesses(workers, { channel: 'plain', ...options }),
  auto: (maxWorkers = 2) => new AutoExecutor({ maxWorkers, resourceLimits: smallHeap }),
};

/** No row takes so long, however busy the machine; one that does hangs, and should say where. */
const HANGS_MS = 60_000;

export function backendUnderTest<Name extends LocalName | 'cluster'>(
  name: Name,
  make: BackendUnderTest['make'],
): BackendUnderTest<Name> {
  const lack = (need: Need): string | undefined => lacking[name]?.[need];
  const common = new Map<number, Executor>();
  return {
    name,
    kind: name.split(',')[0] as BackendUnderTest['kind'],
    make,
    common(workers = 2) {
      const executor = common.get(workers) ?? make(workers);
      common.set(workers, executor);
      return executor;
    },
    async endCommon() {
      const executors = [...common.values()];
      common.clear();
      await Promise.all(executors.map((executor) => executor.shutdown()));
    },
    lack,
    row(title: string, second: readonly Need[] | (() => Promise<void> | void), third?: () => unknown) {
      const needs = typeof second === 'function' ? [] : second;
      const run = typeof second === 'function' ? second : third;
      const skip = needs.map(lack).find((reason) => reason !== undefined) ?? false;
      it(title, { skip, timeout: HANGS_MS }, async ({ signal }) => {
        // It fires when the row is over, also when its time is over.
        signal.addEventListener('abort', openAllGates);
        await run?.();
      });
    },
  };
}

export const backends: ReadonlyArray<BackendUnderTest<LocalName>> = (
  ['event-loop', 'thread', 'thread, plain', 'process', 'process, plain', 'auto'] as const
).map((name) => backendUnderTest(name, factories[name]));

/** Registers part of the contract for every backend of one machine. */
export function contract(title: string, rows: (backend: BackendUnderTest<LocalName>) => void): void {
  for (const backend of backends) register(title, backend, rows);
}

/** Registers part of the contract for one backend. */
export function register<B extends BackendUnderTest>(
  title: string,
  backend: B,
  rows: (backend: B) => void,
): void {
  describe(`${title} (${backend.name})`, () => {
    rows(backend);
    after(() => backend.endCommon());
  });
}

/** Kept until the end of the program: a task that was given up may still look for its gate. */
const folder = mkdtempSync(join(tmpdir(), 'manyhands-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let notes = 0;

/** Those of the row that runs. */
let gates: string[] = [];

/** A row that has failed waits for its tasks, and they for a gate: lets them go on. */
function openAllGates(): void {
  for (const path of gates) appendFileSync(path, '');
  gates = [];
}

/** A file of its own for a test: a gate that it opens, or a log that tasks write. */
export class Note {
  readonly path: string = join(folder, `${notes++}`);

  constructor() {
    gates.push(this.path);
  }

  open(): void {
    writeFileSync(this.path, '');
  }

  get lines(): string[] {
    try {
      return readFileSync(this.path, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
    } catch {
      return [];
    }
  }
}

/** Waits until something that has no event of its own is so. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + HANGS_MS / 2;
  while (!holds()) {
    if (performance.now() > end) {
      openAllGates();
      throw new Error(`It did not come about that ${what}`);
    }
    await delay(5);
  }
}

/** An `onReport` and a promise for its first call: the task is running. */
export function whenRunning(): { options: SubmitOptions; running: Promise<void> } {
  let resolve: () => void = () => undefined;
  const running = new Promise<void>((done) => {
    resolve = done;
  });
  return { options: { onReport: () => resolve() }, running };
}

/** What a promise rejects with; fails when it does not. */
export async function failure(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`It should have failed, and gave ${String(value)}`);
}
