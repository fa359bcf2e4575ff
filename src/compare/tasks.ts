/**
 * What the lanes run. Every function is exported, so that a worker finds it by module and name, and says when
 * and where it ran.
 *
 * Every worker loads this module before its first task, and what it imports counts as the cost of a worker.
 * So it does not come in by the front door, which would load all executors into each of them, and tasks that
 * need more than most load it themselves.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { currentTask } from '../tasks/current-task.ts';
import { defineTasks } from '../tasks/registry.ts';
import { checkOf, type DocumentCheck } from './document.ts';
import type { Timed } from './job.ts';
import { now, ownCpuMs } from './measure.ts';

async function timed<T>(work: () => T | Promise<T>): Promise<Timed<T>> {
  const startedAt = now();
  const result = await work();
  const endedAt = now();
  const worker = currentTask()?.workerName ?? 'main';
  return { result, startedAt, endedAt, worker, pid: process.pid, processCpuMs: ownCpuMs() };
}

/**
 * Waiting for the network: one document over HTTP.
 *
 * Not by `fetch`: its first call in a worker takes some 80 ms of CPU time, four times what the worker itself
 * takes to start, and with a worker for each download that would be all there is to see.
 */
export function download(url: string): Promise<Timed<DocumentCheck>> {
  return timed(async () => {
    const { get } = await import('node:http');
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, resolve).once('error', reject);
    });
    const body = Buffer.concat(await response.toArray());
    if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}.`);
    return checkOf(body);
  });
}

/** Computing: the slow way to a Fibonacci number. */
export function fibonacci(n: number): Promise<Timed<number>> {
  return timed(() => fib(n));
}

function fib(n: number): number {
  return n <= 2 ? 1 : fib(n - 1) + fib(n - 2);
}

/** Waiting for the clock. The result is how long it was, in milliseconds. */
export function pause(milliseconds: number): Promise<Timed<number>> {
  return timed(async () => {
    const startedAt = now();
    await sleep(milliseconds);
    return now() - startedAt;
  });
}

/** Computing: the sum of all numbers below a limit. */
export function addUp(limit: number): Promise<Timed<number>> {
  return timed(() => {
    let total = 0;
    for (let i = 0; i < limit; i++) total += i;
    return total;
  });
}

export function nothing(): void {}

export function echo<T>(value: T): T {
  return value;
}

/** Says that it runs, and stays for a while. */
export async function linger(milliseconds: number): Promise<void> {
  currentTask()?.report('running');
  await sleep(milliseconds);
}

export interface Counter {
  value: number;
}

/** Adds one to an ordinary object, `times` times, and returns what it then holds here. */
export function countInObject(counter: Counter, times: number): number {
  for (let i = 0; i < times; i++) counter.value++;
  return counter.value;
}

/** What counters share: the counter in cell 0, and in cell 1 how many workers have come to count. */
export const COUNTER_BYTES = 8;

/** The same in shared memory, without any care: between the read and the write another may have written. */
export function countUnguarded(shared: SharedArrayBuffer, times: number, workers: number): void {
  const cells = new Int32Array(shared);
  meet(cells, workers);
  for (let i = 0; i < times; i++) cells[0]!++;
}

/** The same with an atomic addition, which nobody can come between. */
export function countGuarded(shared: SharedArrayBuffer, times: number, workers: number): void {
  const cells = new Int32Array(shared);
  meet(cells, workers);
  for (let i = 0; i < times; i++) Atomics.add(cells, 0, 1);
}

/**
 * Waits until all workers have come: the count takes milliseconds, and one could be done before the next
 * begins.
 */
function meet(cells: Int32Array, workers: number): void {
  Atomics.add(cells, 1, 1);
  Atomics.notify(cells, 1);
  for (let here = Atomics.load(cells, 1); here < workers; here = Atomics.load(cells, 1)) {
    // Who does not come is not waited for long: the count is right without them, only less of a race.
    if (Atomics.wait(cells, 1, here, 1000) === 'timed-out') return;
  }
}

/**
 * Passes a token back and forth through shared memory, asleep while the other side has it. The token is in
 * cell 0: a side waits until it holds the side's own number, and passes on by writing the other's. Returns
 * the milliseconds that each batch of rounds took.
 */
export function passTokenBlocking(
  shared: SharedArrayBuffer,
  side: 0 | 1,
  batches: number,
  rounds: number,
): number[] {
  const cells = new Int32Array(shared);
  const pass = (): void => {
    while (Atomics.load(cells, 0) !== side) Atomics.wait(cells, 0, 1 - side);
    Atomics.store(cells, 0, 1 - side);
    Atomics.notify(cells, 0);
  };
  // The first time waits for the other worker to start, which is not what is asked here.
  pass();
  const times: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const startedAt = now();
    for (let round = 0; round < rounds; round++) pass();
    times.push(now() - startedAt);
  }
  return times;
}

/** Passes a token over a local socket: the side that listens. `report`s when the other side may connect. */
export async function passTokenListening(path: string, batches: number, rounds: number): Promise<number[]> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  currentTask()?.report('listening');
  const socket = await new Promise<Socket>((resolve) => {
    server.once('connection', resolve);
  });
  server.close();
  const pass = (): Promise<void> => {
    socket.write('t');
    return nextByte(socket);
  };
  await pass();
  const times: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const startedAt = now();
    for (let round = 0; round < rounds; round++) await pass();
    times.push(now() - startedAt);
  }
  socket.destroy();
  return times;
}

/** Passes a token over a local socket: the side that connects, and sends back whatever comes. */
export async function passTokenConnecting(path: string): Promise<void> {
  const { createConnection } = await import('node:net');
  const socket = createConnection(path);
  socket.setNoDelay();
  socket.on('data', (bytes) => socket.write(bytes));
  await new Promise((resolve) => {
    socket.once('close', resolve);
    socket.on('error', resolve);
  });
}

function nextByte(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('data', () => resolve());
    socket.once('error', reject);
  });
}

/**
 * Where the tasks of a crash meet: each leaves a file when it runs, and one file tells the survivors to end.
 */
const RELEASE = 'release';
const MEETING_POLL_MS = 10;

/** Says that it runs, and works until `release` is called. */
export async function workUntilReleased(meeting: string, name: string): Promise<void> {
  writeFileSync(join(meeting, name), '');
  while (!existsSync(join(meeting, RELEASE))) await sleep(MEETING_POLL_MS);
}

export function release(meeting: string): void {
  writeFileSync(join(meeting, RELEASE), '');
}

/**
 * Waits until all others run, and ends badly, in one of two ways: by an error that nobody catches, or by the
 * end of the process it runs in. A fault in native code ends a process by a signal; SIGKILL stands for it
 * here, since it leaves no core dump.
 */
export async function die(meeting: string, others: number, death: 'error' | 'fault'): Promise<void> {
  while (readdirSync(meeting).length < others) await sleep(MEETING_POLL_MS);
  if (death === 'fault') process.kill(process.pid, 'SIGKILL');
  setImmediate(() => {
    throw new Error('nobody catches this');
  });
  await sleep(60_000);
}

// Registered, though workers would find them by name as well: asking the inspector where a function was
// defined takes tens of milliseconds, once in each process, and here every lane is a process that does little
// else.
defineTasks(import.meta.url, {
  download,
  fibonacci,
  pause,
  addUp,
  nothing,
  echo,
  linger,
  countInObject,
  countUnguarded,
  countGuarded,
  passTokenBlocking,
  passTokenListening,
  passTokenConnecting,
  workUntilReleased,
  die,
});
