// What the tests of this folder share: regions of both kinds, and somebody on the other side of them.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { createProcessRegion, type ProcessRegion } from '../../src/memory/process-region.ts';
import type { Region } from '../../src/memory/region.ts';
import { ThreadRegion } from '../../src/memory/thread-region.ts';
import type { Action, actions } from './fixtures/actions.ts';

type Name = keyof typeof actions;

/** On the other side of a region, in a thread or a process. */
export interface Other {
  /** What the action gave. */
  readonly result: Promise<unknown>;
  /** Ends it by force, whatever it does, and resolves once it has ended. */
  end(): Promise<unknown>;
}

export interface Kind {
  readonly name: string;
  make(size: number): Region;
  start(region: Region, name: Name, ...args: readonly number[]): Other;
}

export function makeProcessRegion(size: number): ProcessRegion {
  const { region, unavailable } = createProcessRegion(size);
  assert.ok(region !== undefined, unavailable);
  return region;
}

export function startThread(region: Region, name: Name, ...args: readonly number[]): Other {
  const workerData = { handle: region.handle, action: { name, args } satisfies Action };
  const worker = new Worker(new URL('./fixtures/thread.js', import.meta.url), { workerData });
  const result = once(worker, 'message').then(([value]) => value as unknown);
  // Of one that is ended by force nobody asks for the result.
  result.catch(() => {});
  return { result, end: () => worker.terminate() };
}

export function startProcess(
  region: Region,
  name: Name,
  ...args: readonly number[]
): Other & { readonly child: ChildProcess } {
  const entry = new URL('./fixtures/process.js', import.meta.url).pathname;
  const action = JSON.stringify({ name, args } satisfies Action);
  const child = spawn(process.execPath, [entry, action], {
    stdio: ['ignore', 'pipe', 'inherit', region.handle as number],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const closed = once(child, 'close');
  const result = closed.then(() => (JSON.parse(output) as { result?: unknown }).result);
  result.catch(() => {});
  const end = async (): Promise<unknown> => {
    child.kill('SIGKILL');
    return closed;
  };
  return { child, result, end };
}

export const threads: Kind = {
  name: 'threads',
  make: (size) => new ThreadRegion(size),
  start: startThread,
};
export const processes: Kind = { name: 'processes', make: makeProcessRegion, start: startProcess };
/** Threads that share what processes share. */
export const threadsOfProcesses: Kind = {
  name: 'threads, of the kind for processes',
  make: makeProcessRegion,
  start: startThread,
};

/** Resolves once so many of those on the other side have begun. */
export async function begun(region: Region, count: number): Promise<void> {
  while (Atomics.load(region.words, 1) < count) await new Promise(setImmediate);
}

export const descriptors = (): string[] => readdirSync('/proc/self/fd');
