/** What tasks took since the last tick: of each executor, each worker and each function. Every task counts. */

import type { TaskSettleEvent, TaskStartEvent } from '../../events/events.ts';
import type { FunctionTick, Percentiles } from './messages.ts';
import { Durations, round } from './percentiles.ts';
import { rowOf } from './span-sample.ts';

/** Functions told apart in a tick; those with other names count together. */
const MOST_FUNCTIONS = 64;
const OTHER = '(other)';

interface Waits {
  readonly wait: Durations;
  readonly run: Durations;
}

export class TaskTally {
  readonly #executors = new Map<number, Waits>();
  /** By executor and task: what has begun and not ended. */
  readonly #running = new Map<number, Map<number, TaskStartEvent>>();
  /** Milliseconds of tasks since the last tick, by row. */
  #busy = new Map<string, number>();
  #functions = new Map<string, { count: number; failed: number; runMs: number }>();
  #since = performance.now();

  started(task: TaskStartEvent): void {
    let running = this.#running.get(task.executor.id);
    if (running === undefined) {
      running = new Map();
      this.#running.set(task.executor.id, running);
    }
    running.set(task.id, task);
  }

  settled(task: TaskSettleEvent): void {
    const { executor, startedAt, runMs, worker } = task;
    this.#running.get(executor.id)?.delete(task.id);
    const { wait, run } = this.#waitsOf(executor.id);
    wait.record(task.waitMs);
    if (startedAt === undefined || worker === undefined) return;
    if (runMs !== undefined) run.record(runMs);
    this.#addBusy(executor.id, worker, startedAt, task.endedAt ?? task.at);
    this.#count(task.name, runMs ?? 0, task.failedCalls > 0 || task.outcome === 'failed');
  }

  /** What runs at this moment. */
  *running(): Iterable<TaskStartEvent> {
    for (const tasks of this.#running.values()) yield* tasks.values();
  }

  /** Adds what has run until `now` without having ended. Before `busy` and after all that was heard. */
  sum(now: number): void {
    for (const { executor, worker, startedAt } of this.running()) {
      this.#addBusy(executor.id, worker, startedAt, now);
    }
  }

  /** Milliseconds of tasks on this worker since the last tick. */
  busy(executor: number, worker: string): number {
    return this.#busy.get(rowOf(executor, worker)) ?? 0;
  }

  /** Percentiles of one executor since the last tick. */
  takeWaits(executor: number): { wait: Percentiles | null; run: Percentiles | null } {
    const waits = this.#executors.get(executor);
    return { wait: waits?.wait.take() ?? null, run: waits?.run.take() ?? null };
  }

  /** Functions by the time they took, and a new tick begins at `now`. Executors that are not in `open` are forgotten. */
  turn(now: number, open: ReadonlySet<number>): FunctionTick[] {
    const functions = [...this.#functions].map(([name, { count, failed, runMs }]) => ({
      name,
      count,
      failed,
      runMs: round(runMs),
    }));
    this.#functions = new Map();
    this.#busy = new Map();
    this.#since = now;
    for (const known of [this.#executors, this.#running]) {
      for (const id of known.keys()) if (!open.has(id)) known.delete(id);
    }
    return functions.toSorted((a, b) => b.runMs - a.runMs);
  }

  #waitsOf(executor: number): Waits {
    let waits = this.#executors.get(executor);
    if (waits === undefined) {
      waits = { wait: new Durations(), run: new Durations() };
      this.#executors.set(executor, waits);
    }
    return waits;
  }

  /** The part of a run that belongs to this tick. */
  #addBusy(executor: number, worker: string, start: number, end: number): void {
    const ms = end - Math.max(start, this.#since);
    if (ms <= 0) return;
    const row = rowOf(executor, worker);
    this.#busy.set(row, (this.#busy.get(row) ?? 0) + ms);
  }

  #count(name: string, runMs: number, failed: boolean): void {
    let entry = this.#functions.get(name);
    if (entry === undefined) {
      if (this.#functions.size >= MOST_FUNCTIONS && name !== OTHER) return this.#count(OTHER, runMs, failed);
      entry = { count: 0, failed: 0, runMs: 0 };
      this.#functions.set(name, entry);
    }
    entry.count += 1;
    entry.runMs += runMs;
    if (failed) entry.failed += 1;
  }
}
