// What the conformance tests run in workers.
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { currentTask } from '../../../src/index.ts';

export function multiply(a: number, b: number): number {
  return a * b;
}

export function identity<T>(value: T): T {
  return value;
}

export function fail(message: string): never {
  throw new RangeError(message);
}

export function toText(...values: unknown[]): string {
  return values.join(',');
}

/** Throws for the one value, else gives it back. */
export function failOn(bad: number, value: number): number {
  if (value === bad) throw new RangeError(`${value} is bad`);
  return value;
}

export function throwTimeoutOn(bad: number, value: number): number {
  if (value === bad) throw Object.assign(new Error('from the task'), { name: 'TimeoutError' });
  return value;
}

export function throwAsIs(value: unknown): never {
  throw value;
}

/** Which worker this is. */
export function worker(): string {
  return `${process.pid}/${threadId}`;
}

export function pid(): number {
  return process.pid;
}

export function workerName(): string | undefined {
  return currentTask()?.workerName;
}

/** Leaves a line, and gives its value back once the gate is open, or gone with the test. */
export async function waitAtGate<T>(gate: string, log: string, value: T): Promise<T> {
  appendFileSync(log, `${String(value)}\n`);
  while (existsSync(log) && !existsSync(gate)) await sleep(2);
  return value;
}

/** The same, and leaves another line when it is through. */
export async function passGate(gate: string, log: string, value: string): Promise<void> {
  await waitAtGate(gate, log, `${value} started`);
  appendFileSync(log, `${value} stopped\n`);
}

export async function failAtGate(gate: string, log: string, message: string): Promise<never> {
  await waitAtGate(gate, log, message);
  throw new RangeError(message);
}

export function leaveLine(log: string, value: unknown): void {
  appendFileSync(log, `${String(value)}\n`);
}

export function exit(code: number): void {
  process.exit(code);
}

/** As a fault in native code ends a process. */
export function crash(): void {
  process.kill(process.pid, 'SIGSEGV');
  // A signal to oneself may come a moment later.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

export function crashWith(_data: string): void {
  crash();
}

export async function crashAtGate(gate: string, log: string): Promise<void> {
  await waitAtGate(gate, log, 'about to crash');
  crash();
}

// ── state that an initializer leaves in its worker ─────────────────────────────────────────────────────────────

let initial = 'uninitialized';
let calls = 0;

export function initialize(value: string): void {
  initial = value;
}

export function initialValue(): string {
  return initial;
}

export function countCalls(): number {
  calls += 1;
  return calls;
}

export function failToInitialize(): never {
  throw new RangeError('the initializer gave up');
}

/** Fails in every worker but the first. */
export function initializeOnce(log: string): void {
  appendFileSync(log, 'x\n');
}

// ── values that make trouble when they are written ─────────────────────────────────────────────────────────────

export class ErrorWhenRead {
  get value(): never {
    throw new RangeError('no value today');
  }
}

export function objectWithGetter(what: 'error' | 'exit' | 'crash' | 'function'): object {
  return Object.defineProperty({}, 'value', {
    enumerable: true,
    get() {
      if (what === 'error') throw new RangeError('no value today');
      if (what === 'exit') process.exit(7);
      if (what === 'crash') crash();
      return () => what;
    },
  });
}
