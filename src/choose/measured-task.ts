/**
 * One call of a user's function, measured where it runs.
 *
 *   caller   submitMeasured(executor, fn, args)                      onCost(cost)        value, or error
 *                  │                                                     ▲                    ▲
 *   worker   runMeasured(...args, reference) ─▶ resolve ─▶ fn(...args) ─▶ report(cost) ─▶ return, or throw
 *
 * The cost travels as a report of the task and not with its result. So results are what they would be: what is to be moved
 * is moved, what cannot cross is named by its own path, and an error is the task's own.
 *
 * A module of its own: workers load it and little else, as what they load shows in what is measured.
 */

import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { isThenable } from '../futures/thenable.ts';
import { learnErrorClasses } from '../pool/known-errors.ts';
import { currentTask } from '../tasks/current-task.ts';
import type { TaskReference } from '../tasks/reference.ts';
import { defineTasks } from '../tasks/registry.ts';
import { resolveTask } from '../tasks/resolve.ts';
import { type Crossing, crossingOf } from './crossing.ts';
import { queuedTime, threadClock } from './thread-cpu.ts';

/** What one call cost, in ms and bytes. Plain data. */
export interface CallCost {
  /** From the call until it had returned, or its promise was settled. */
  readonly wall: number;
  /**
   * CPU time of the thread meanwhile. That of other tasks is in it, if the worker ran several at a time; and without a clock
   * for threads (`cpuOf`), that of all threads of the process.
   */
  readonly cpu: number;
  readonly cpuOf: 'thread' | 'process';
  /** For how long its thread was ready to go on, and had no processor; absent where that was not asked for, or cannot be told. */
  readonly queued?: number;
  /** Whether it returned a promise. */
  readonly async: boolean;
  /** Until it returned its value or its promise: for so long it blocked its event loop, and nobody else did. */
  readonly sync: number;
  /**
   * For how long the event loop of its thread was blocked until it was over, by whomever: at a time, to within 5 ms, and all
   * together.
   */
  readonly blocked: { readonly longest: number; readonly total: number };
  /** By how much the heap grew, memory of buffers included; 0 also where a collection made it smaller. */
  readonly heap: number;
  /** Absent where sizes were not asked for, and where a value cannot be copied. */
  readonly arguments?: Crossing;
  readonly result?: Crossing;
  readonly failed: boolean;
  /** Whether this was the first measured call of the function in its worker, before V8 knew anything of it. */
  readonly first: boolean;
  readonly worker: string;
}

/** What travels beside the arguments: which function, and whether to measure what is not for free as well. */
export interface MeasuredCall {
  readonly reference: TaskReference | number;
  readonly sizes: boolean;
  readonly queued: boolean;
}

/** A report that is the cost of a call, and none of the function's own. */
export interface CostReport {
  readonly 'manyhands:cost': CallCost;
}

/** Milliseconds between two looks at the event loop while a promise is pending; more often would itself be noticed. */
const LOOK_MS = 5;

/** Functions on the event loop of the caller, where nothing can be loaded by name: its main module may still be running. */
const here = new Map<number, Function>();
let lastHere = 0;

/** Names a function to `runMeasured` in this very thread, until `forgetHere`. */
export function keepHere(fn: Function): number {
  lastHere += 1;
  here.set(lastHere, fn);
  return lastHere;
}

export function forgetHere(id: number): void {
  here.delete(id);
}

type Task = (...args: unknown[]) => unknown;

const found = new WeakMap<Promise<Function>, Function>();
const seen = new WeakSet<Function>();

/** The task: its last argument is a `MeasuredCall`, those before it are the function's. */
export function runMeasured(...all: unknown[]): unknown {
  const how = all.pop() as MeasuredCall;
  const { reference } = how;
  if (typeof reference === 'number') return call(here.get(reference) as Task, all, how);
  const finding = resolveTask(reference);
  const fn = found.get(finding);
  if (fn !== undefined) return call(fn as Task, all, how);
  return finding.then(async (resolved) => {
    await learnErrorClasses(reference);
    found.set(finding, resolved);
    return call(resolved as Task, all, how);
  });
}

defineTasks(import.meta.url, { runMeasured });

function call(fn: Task, args: unknown[], { sizes, queued }: MeasuredCall): unknown {
  const first = !seen.has(fn);
  seen.add(fn);
  const task = currentTask();
  const crossing = sizes ? crossingOf(args) : undefined;
  const meter = new Meter(queued);
  const report = (failed: boolean, value?: unknown): void => {
    const figures = meter.stop();
    const result = sizes && !failed ? crossingOf(value) : undefined;
    const cost: CallCost = {
      ...figures,
      ...(crossing === undefined ? {} : { arguments: crossing }),
      ...(result === undefined ? {} : { result }),
      failed,
      first,
      worker: task?.workerName ?? '',
    };
    task?.report({ 'manyhands:cost': cost } satisfies CostReport);
  };
  let outcome: unknown;
  try {
    outcome = fn(...args);
  } catch (error) {
    report(true);
    throw error;
  }
  if (!isThenable(outcome)) {
    report(false, outcome);
    return outcome;
  }
  meter.keepLooking();
  return Promise.resolve(outcome).then(
    (value) => {
      report(false, value);
      return value;
    },
    (error: unknown) => {
      report(true);
      throw error;
    },
  );
}

type Figures = Pick<CallCost, 'wall' | 'cpu' | 'cpuOf' | 'queued' | 'async' | 'sync' | 'blocked' | 'heap'>;

/** Clocks that run from the moment it is made. */
class Meter {
  readonly #clock = threadClock();
  readonly #heap = heapBytes();
  readonly #loop = performance.eventLoopUtilization();
  readonly #cpu: number;
  readonly #startedAt: number;
  #looking: NodeJS.Timeout | undefined;
  #sync = 0;
  #longest = 0;
  #lookedAt = this.#loop;
  readonly #queued: number | undefined;

  constructor(queued: boolean) {
    this.#queued = queued ? queuedTime() : undefined;
    this.#cpu = this.#clock.now();
    this.#startedAt = performance.now();
  }

  /** The function has returned a promise. */
  keepLooking(): void {
    this.#sync = performance.now() - this.#startedAt;
    this.#lookedAt = performance.eventLoopUtilization();
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** What the loop was busy with since the last look it was busy with at one time, if that was long. */
  #look(): void {
    const now = performance.eventLoopUtilization();
    this.#longest = Math.max(this.#longest, performance.eventLoopUtilization(now, this.#lookedAt).active);
    this.#lookedAt = now;
  }

  stop(): Figures {
    const wall = performance.now() - this.#startedAt;
    const cpu = Math.max(0, this.#clock.now() - this.#cpu);
    const queuedNow = this.#queued === undefined ? undefined : queuedTime();
    const common = {
      wall,
      cpu,
      cpuOf: this.#clock.of,
      ...(queuedNow === undefined ? {} : { queued: Math.max(0, queuedNow - (this.#queued ?? 0)) }),
      heap: Math.max(0, heapBytes() - this.#heap),
    };
    if (this.#looking === undefined) {
      return { ...common, async: false, sync: wall, blocked: { longest: wall, total: wall } };
    }
    clearInterval(this.#looking);
    this.#look();
    const sync = this.#sync;
    const { active } = performance.eventLoopUtilization(this.#loop);
    // Before the loop has turned for the first time nothing is known of it.
    const total = Math.min(wall, Math.max(sync, active));
    const longest = Math.min(total, Math.max(sync, this.#longest));
    return { ...common, async: true, sync, blocked: { longest, total } };
  }
}

function heapBytes(): number {
  // `process.memoryUsage()` would ask the system as well, and take a hundred times as long.
  const { used_heap_size: used, external_memory: external } = getHeapStatistics();
  return used + external;
}
