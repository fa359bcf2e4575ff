// What these tests share: words of shared memory, threads that do not outlive their test, and whole programs.
import { spawn } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ExceptHookArgs,
  setExcepthook,
  Thread,
  type ThreadOptions,
} from '../../../src/threading/index.ts';
import { say } from './tasks.ts';

/** A test that hangs says where; reached only when something is broken. */
export const limit = { timeout: 60_000 };

export function words(count = 1): Int32Array {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}

/** A gate that opens at the end of the test, so that no thread waits there for ever. */
export function gateFor(context: TestContext): Int32Array {
  const gate = words(4);
  context.after(() => say(gate, 1));
  return gate;
}

export function started<A extends readonly unknown[]>(options: ThreadOptions<A>): Thread {
  const thread = new Thread(options);
  thread.start();
  return thread;
}

/** Runs a thread to its end. */
export async function ran<A extends readonly unknown[]>(options: ThreadOptions<A>): Promise<Thread> {
  const thread = started(options);
  await thread.join();
  return thread;
}

/** The code of an error that the hook got. */
export function codeOf(heard: ExceptHookArgs | undefined): unknown {
  return (heard?.error as { code?: string } | undefined)?.code;
}

/** Polls, for what has no event. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}

/** A test that hears of the errors of its threads. */
export function testHearing(
  title: string,
  body: (heard: ExceptHookArgs[], context: TestContext) => Promise<void>,
): void {
  test(title, limit, async (context) => {
    const heard: ExceptHookArgs[] = [];
    const before = setExcepthook((args) => heard.push(args));
    try {
      await body(heard, context);
    } finally {
      setExcepthook(before);
    }
  });
}

export interface Outcome {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** Flags of Node by which no thread comes to its first line. */
export const STILLBORN: readonly string[] = [
  '--import',
  `data:text/javascript,${encodeURIComponent(
    "import { isMainThread } from 'node:worker_threads'; if (!isMainThread) throw new Error('stillborn');",
  )}`,
];

/** Runs a program that has `lib` and `tasks` to its end. */
export async function runProgram(text: string, flags: readonly string[] = []): Promise<Outcome> {
  const [lib, tasks] = ['../../../src/threading/index.js', './tasks.js'].map((path) =>
    JSON.stringify(new URL(path, import.meta.url).href),
  );
  const source = `import * as lib from ${lib}; import * as tasks from ${tasks}; ${text}`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', source], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 55_000,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.setEncoding('utf8').toArray(),
    child.stderr.setEncoding('utf8').toArray(),
    new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject)),
  ]);
  return { code, lines: stdout.join('').split('\n').slice(0, -1), stderr: stderr.join('') };
}
