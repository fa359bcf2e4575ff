// What the tests of this folder share: a worker to send references to, and a way to run other programs.
import { fork, spawn } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import vm from 'node:vm';
import { Worker } from 'node:worker_threads';
import { referenceTo } from '../../src/tasks/reference.ts';
import { processFlags, threadFlagsOrInherit } from '../../src/tasks/worker-flags.ts';
import type { Call, Outcome } from './fixtures/worker.ts';

const entry = new URL('./fixtures/worker.js', import.meta.url);

/** What a thread and a child process have in common, for these tests. */
interface Channel {
  send(call: Call): void;
  stop(): unknown;
  readonly emitter: EventEmitter;
}

function startThread(): Channel {
  const execArgv = threadFlagsOrInherit();
  const worker = new Worker(entry, execArgv && { execArgv });
  return { send: (call) => worker.postMessage(call), stop: () => worker.terminate(), emitter: worker };
}

function startProcess(): Channel {
  const child = fork(entry, { execArgv: processFlags() });
  return { send: (call) => void child.send(call), stop: () => child.kill(), emitter: child };
}

export class TestWorker implements AsyncDisposable {
  readonly #channel: Channel;

  constructor(kind: 'thread' | 'process' = 'thread') {
    this.#channel = kind === 'thread' ? startThread() : startProcess();
  }

  async send(call: Call): Promise<Outcome> {
    this.#channel.send(call);
    const [outcome] = (await once(this.#channel.emitter, 'message')) as [Outcome];
    return outcome;
  }

  /** Runs the function in the worker, under the name that the parent gives it. */
  async run(fn: Function, ...args: readonly unknown[]): Promise<unknown> {
    const outcome = await this.send({ reference: referenceTo(fn), args });
    if ('error' in outcome) throw new Error(`${outcome.error.name}: ${outcome.error.message}`);
    return outcome.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel.stop();
  }
}

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that takes longer hangs. Left alone it would keep the test's process from ending as well. */
const HANGS_MS = 100_000;

/** Runs Node (the one that runs this) with these arguments until it ends; `code` is null if it had to be killed. */
export async function runNode(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Run> {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: options.cwd,
    env: { ...inherited, ...options.env },
    timeout: HANGS_MS,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** Evaluates to what `source` says, in this thread: a way to write syntax that a formatter would change. */
export function evaluate(source: string): never {
  return vm.runInThisContext(source) as never;
}
