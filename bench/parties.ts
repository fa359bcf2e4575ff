/**
 * What threads and processes do with a primitive that they share: tasks of the workloads that have rivals. Each tells
 * when it began and ended, by a clock that all processes have in common: to submit a task and to hear of its end takes
 * longer than a thousand turns at a lock.
 */
import type { PipeConnection, Value } from 'manyhands/multiprocessing';
import type { Queue } from 'manyhands/queue';
import type { Lock } from 'manyhands/threading';
import { expect } from './workload.ts';

/** What the queues of all reaches have. */
export type AnyQueue = Pick<Queue<number>, 'putSync' | 'getSync' | 'put' | 'get'>;
/** What the locks of all reaches have. */
export type AnyLock = Pick<Lock, 'acquireSync' | 'acquire'>;

/** Milliseconds of the clock that all processes of a machine share. */
export interface Span {
  readonly begun: number;
  readonly ended: number;
}

/** One side of a primitive: does as many steps as it is told. */
export type Party<T> = (shared: T, steps: number) => Span | Promise<Span>;

const now = (): number => Number(process.hrtime.bigint()) / 1e6;

export function produce(queue: AnyQueue, count: number): Span {
  const begun = now();
  for (let n = 0; n < count; n += 1) queue.putSync(n);
  return { begun, ended: now() };
}

export async function produceAsync(queue: AnyQueue, count: number): Promise<Span> {
  const begun = now();
  for (let n = 0; n < count; n += 1) await queue.put(n);
  return { begun, ended: now() };
}

export function consume(queue: AnyQueue, count: number): Span {
  const begun = now();
  let sum = 0;
  for (let n = 0; n < count; n += 1) sum += queue.getSync();
  const ended = now();
  expectAll(sum, count);
  return { begun, ended };
}

export async function consumeAsync(queue: AnyQueue, count: number): Promise<Span> {
  const begun = now();
  let sum = 0;
  for (let n = 0; n < count; n += 1) sum += await queue.get();
  const ended = now();
  expectAll(sum, count);
  return { begun, ended };
}

/** Sends back what comes. */
export function answer(end: PipeConnection, count: number): Span {
  const begun = now();
  for (let n = 0; n < count; n += 1) end.sendSync(end.recvSync());
  return { begun, ended: now() };
}

export async function answerAsync(end: PipeConnection, count: number): Promise<Span> {
  const begun = now();
  for (let n = 0; n < count; n += 1) await end.send(await end.recv());
  return { begun, ended: now() };
}

export function ask(end: PipeConnection, count: number): Span {
  const begun = now();
  for (let n = 0; n < count; n += 1) {
    end.sendSync(n);
    expectBack(end.recvSync(), n);
  }
  return { begun, ended: now() };
}

export async function askAsync(end: PipeConnection, count: number): Promise<Span> {
  const begun = now();
  for (let n = 0; n < count; n += 1) {
    await end.send(n);
    expectBack(await end.recv(), n);
  }
  return { begun, ended: now() };
}

export function increment(value: Value<'i'>, count: number): Span {
  const begun = now();
  for (let n = 0; n < count; n += 1) {
    value.withLockSync(() => {
      value.value += 1;
    });
  }
  return { begun, ended: now() };
}

export function add(value: Value<'i'>, count: number): Span {
  const begun = now();
  for (let n = 0; n < count; n += 1) value.add(1);
  return { begun, ended: now() };
}

export function takeTurns(lock: AnyLock, count: number): Span {
  const begun = now();
  for (let n = 0; n < count; n += 1) lock.acquireSync().release();
  return { begun, ended: now() };
}

export async function takeTurnsAsync(lock: AnyLock, count: number): Promise<Span> {
  const begun = now();
  for (let n = 0; n < count; n += 1) {
    const guard = await lock.acquire();
    guard.release();
  }
  return { begun, ended: now() };
}

/** The same with the release function that async-mutex gives. */
export async function takeTurnsByFunction(
  mutex: { acquire(): Promise<() => void> },
  count: number,
): Promise<Span> {
  const begun = now();
  for (let n = 0; n < count; n += 1) {
    const release = await mutex.acquire();
    release();
  }
  return { begun, ended: now() };
}

function expectAll(sum: number, count: number): void {
  expect(sum === (count * (count - 1)) / 2, `${count} items add up to ${sum}`);
}

function expectBack(received: unknown, sent: number): void {
  if (received !== sent)
    throw new Error(`Wrong result: ${String(received)} came back where ${sent} was sent`);
}
