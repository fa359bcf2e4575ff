// What the tests of this folder share: a worker to send references to, and a way to run other programs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { referenceTo } from '../../src/tasks/reference.ts';
import type { Call, Outcome } from './fixtures/worker.ts';

export class TestWorker implements AsyncDisposable {
  readonly #worker = new Worker(new URL('./fixtures/worker.js', import.meta.url));

  async send(call: Call): Promise<Outcome> {
    this.#worker.postMessage(call);
    const [outcome] = (await once(this.#worker, 'message')) as [Outcome];
    return outcome;
  }

  /** Runs the function in the worker, under the name that the parent gives it. */
  async run(fn: Function, ...args: readonly unknown[]): Promise<unknown> {
    const outcome = await this.send({ reference: referenceTo(fn), args });
    if ('error' in outcome) throw new Error(`${outcome.error.name}: ${outcome.error.message}`);
    return outcome.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

/** A file of the sources, from compiled code: `test/tasks/fixtures/...` is not copied to dist. */
export function sourceFile(path: string): URL {
  return new URL(`../../../test/tasks/${path}`, import.meta.url);
}

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node (the one that runs this) with these arguments until it ends. */
export async function runNode(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Run> {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const child = spawn(process.execPath, args, { cwd: options.cwd, env: { ...inherited, ...options.env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
