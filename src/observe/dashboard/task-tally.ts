/** What tasks took since the last tick: of each executor, each worker and each function. Every task counts. */

import type { TaskSettleEvent, TaskStartEvent } from '../../events/events.ts';
import type { FunctionTick, Percentiles } from './messages.ts';
import { Durations, round } from './percentiles.ts';

/** Functions told apart in a tick; those with other names count together. */
const MOST_FUNCTIONS = 64;
const OTHER = '(other)';

/** Of one executor. Maps by what messages bring along: to make a key for each task costs more than all else here. */
class ExecutorTally {
  readonly wait: Durations = new Durations();
  readonly run: Durations = new Durations();
  /** By task: what has begun and not ended. */
  readonly running = new Map<number, TaskStartEvent>();
  /** Milliseconds of tasks since the last tick, by worker. */
  readonly busy = new Map<string, { ms: number }>();

  /** The part of a run that belongs to the tick that began at `since`. */
  addBusy(worker: string, start: number, end: number, since: number): void {
    const ms = end - Math.max(start, since);
    if (ms <= 0) return;
    const busy = this.busy.get(worker);
    if (busy === undefined) this.busy.set(worker, { ms });
    else busy.ms += ms;
  }
}

export class TaskTally {
  readonly #executors = new Map<number, ExecutorTally>();
  #functions = new Map<string, { count: number; failed: number; runMs: number }>();
  #since = performance.now();

  started(task: TaskStartEvent): void {
    this.#of(task.executor.id).running.set(task.id, task);
  }

  settled(task: TaskSettleEvent): void {
    const { startedAt, runMs, worker } = task;
    const executor = this.#of(task.executor.id);
    executor.running.delete(task.id);
    executor.wait.record(task.waitMs);
    if (startedAt === undefined || worker === undefined) return;
    if (runMs !== undefined) executor.run.record(runMs);
    executor.addBusy(worker, startedAt, task.endedAt ?? task.at, this.#since);
    this.#count(task.name, runMs ?? 0, task.failedCalls > 0 || task.outcome === 'failed');
  }

  /** What runs at this moment. */
  *running(): Iterable<TaskStartEvent> {
    for (const { running } of this.#executors.values()) yield* running.values();
  }

  /** Adds what has run until `now` without having ended. Before `busy` and after all that was heard. */
  sum(now: number): void {
    for (const executor of this.#executors.values()) {
      for (const { worker, startedAt } of executor.running.values()) {
        executor.addBusy(worker, startedAt, now, this.#since);
      }
    }
  }

  /** Milliseconds of tasks on this worker since the last tick. */
  busy(executor: number, worker: string): number {
    return this.#executors.get(executor)?.busy.get(worker)?.ms ?? 0;
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
    this.#since = now;
    for (const [id, { busy }] of this.#executors) {
      if (open.has(id)) busy.clear();
      else this.#executors.delete(id);
    }
    return functions.toSorted((a, b) => b.runMs - a.runMs);
  }

  #of(id: number): ExecutorTally {
    let executor = this.#executors.get(id);
    if (executor === undefined) {
      executor = new ExecutorTally();
      this.#executors.set(id, executor);
    }
    return executor;
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
