// What the tests of shared memory share: another program, started by itself, and a look into /dev/shm.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { until } from '../conformance/futures/support.ts';
import type { actions } from './fixtures/memory-program.ts';

const PROGRAM = new URL('./fixtures/memory-program.js', import.meta.url).pathname;

type Actions = typeof actions;

/** Does what it is told with shared memory. It knows nothing of this process, nor this process of it. */
export class OtherProgram implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<unknown>;
  #stderr = '';

  constructor() {
    this.child = spawn(process.execPath, [PROGRAM, 'run'], { stdio: 'pipe', detached: true });
    this.#closed = once(this.child, 'close');
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#lines = createInterface(this.child.stdout as never)[Symbol.asyncIterator]();
  }

  async ask<A extends keyof Actions>(
    action: A,
    ...args: Parameters<Actions[A]>
  ): Promise<ReturnType<Actions[A]>> {
    this.child.stdin?.write(`${JSON.stringify([action, ...args])}\n`);
    return (await this.line()) as ReturnType<Actions[A]>;
  }

  async line(): Promise<unknown> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error(`The program has ended: ${this.#stderr}`);
    return JSON.parse(value) as unknown;
  }

  /** The tracker that it has started. */
  get tracker(): number {
    const { pid } = this.child;
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return Number(text.split(' ')[0] || NaN);
  }

  /** What it has said on stderr so far. */
  get stderr(): string {
    return this.#stderr;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#closed;
  }

  /** Lets it end by itself; gives what it said on stderr. */
  async end(): Promise<string> {
    this.child.stdin?.end();
    await this.#closed;
    return this.#stderr;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

export function isThere(name: string): boolean {
  return existsSync(`/dev/shm/${name}`);
}

export async function untilGone(name: string): Promise<void> {
  await until(() => !isThere(name));
}

/** A name that nobody else has. */
export function freeName(): string {
  return `mh-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
}
