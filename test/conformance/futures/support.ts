// What the conformance tests share: the executors that they run on, and gates that tasks wait at.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Executor } from '../../../src/index.ts';
import { EventLoopExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from '../../../src/index.ts';

/** A test that has to poll gives up after this; reached only when something is broken. */
const PATIENCE_MS = 60_000;

export interface Kind {
  readonly name: 'event loop' | 'threads' | 'processes';
  /** `workers` tasks at a time. */
  make(workers: number): Executor;
}

const EVENT_LOOP: Kind = {
  name: 'event loop',
  make: (concurrency) => new EventLoopExecutor({ concurrency }),
};
export const THREADS: Kind = {
  name: 'threads',
  make: (maxWorkers) => new ThreadPoolExecutor({ maxWorkers }),
};
export const PROCESSES: Kind = {
  name: 'processes',
  make: (maxWorkers) => new ProcessPoolExecutor({ maxWorkers }),
};

export const ALL: readonly Kind[] = [EVENT_LOOP, THREADS, PROCESSES];
export const POOLS: readonly Kind[] = [THREADS, PROCESSES];

/** One test for each kind of executor, which is shut down afterwards. */
export function testOn(
  kinds: readonly Kind[],
  title: string,
  body: (executor: Executor, scene: Scene, kind: Kind) => Promise<void>,
  workers = 2,
): void {
  for (const kind of kinds) {
    test(`${title} [${kind.name}]`, { timeout: PATIENCE_MS * 2 }, async (context) => {
      const scene = new Scene(context);
      const executor = kind.make(workers);
      try {
        await body(executor, scene, kind);
      } finally {
        scene.open();
        await executor.shutdown();
      }
    });
  }
}

/**
 * A gate, and a log in which tasks leave a line, wherever they run. Both are files: the one thing that the
 * event loop, threads and processes share in the same way.
 */
export class Scene {
  readonly gate: string;
  readonly log: string;

  constructor(context: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), 'manyhands-conformance-'));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    this.gate = join(folder, 'gate');
    this.log = join(folder, 'log');
    writeFileSync(this.log, '');
  }

  open(): void {
    writeFileSync(this.gate, '');
  }

  note(line: string): void {
    appendFileSync(this.log, `${line}\n`);
  }

  lines(): string[] {
    return readFileSync(this.log, 'utf8').split('\n').slice(0, -1);
  }

  /** Until tasks have left so many lines. */
  async linesCome(count: number): Promise<string[]> {
    await until(() => this.lines().length >= count);
    return this.lines();
  }
}

/** Polls, for what has no event. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Still not so after ${PATIENCE_MS} ms: ${condition}`);
    await sleep(2);
  }
}

/** The task of a module that fails to load in workers, loaded here. */
export async function taskThatFailsToLoad(
  how: 'error' | 'exit' | 'crash',
): Promise<(value: number) => number> {
  Object.assign(globalThis, { conformanceParent: true });
  const module = (await import(`./load-${how}.js`)) as { task(value: number): number };
  return module.task;
}

/**
 * All that an async iterator of futures gives. TypeScript takes the variable of a `for await` for the awaited
 * value, which for a future, a thenable, is its result; the language itself awaits the step and not what is
 * in it.
 */
export async function stepThrough<T>(iterator: AsyncIterator<T>, each: (value: T) => void): Promise<void> {
  for (let step = await iterator.next(); !step.done; step = await iterator.next()) each(step.value);
}
