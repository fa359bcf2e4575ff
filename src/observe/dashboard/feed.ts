/**
 * What viewers of a dashboard are told.
 *
 *   statistics() of executors ─┐
 *   /proc, event loop ─────────┼─▶ tick(), twice a second ─▶ ring of the last ticks ─▶ viewers
 *   events of tasks ───────────┘
 *     TaskTally, SpanSample, RecentErrors: only while there are viewers
 *
 * What is read of executors costs the same however many tasks they run, so it is kept up also while nobody looks: who
 * comes sees how it was. To hear of tasks has a price for each of them, and is paid only for somebody.
 */

import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import type { TaskSettleEvent, WorkerExitEvent } from '../../events/events.ts';
import { subscribe } from '../../events/subscribe.ts';
import { type OpenExecutor, openExecutors } from '../../futures/open-executors.ts';
import { HostUsage } from './host-usage.ts';
import type { ExecutorTick, Program, Tick, WorkerTick } from './messages.ts';
import { round } from './percentiles.ts';
import { ProcessUsages } from './process-usage.ts';
import { RecentErrors } from './recent-errors.ts';
import { SpanSample } from './span-sample.ts';
import { TaskTally } from './task-tally.ts';

/** Shorter looks smoother, and costs the program and its viewers more. */
const TICK_MS = 500;
/** Two minutes. A tick is at most some 30 KB, so 7 MB if the program always has many tasks. */
const HISTORY = 240;
/**
 * Tasks in a tick, 4,000 a second, beyond which the page is not told of tasks that still run, but for those that began before:
 * hearing of each begin was more than half of what a viewer costs for each task, and hardly any of them is drawn.
 */
const MOST_STARTS = 2000;
/** Names of threads and processes that one tick tells of. */
const MOST_WORKERS = 512;

/** A tick as it is sent. */
export interface Numbered {
  readonly number: number;
  readonly json: string;
}

export class Feed {
  readonly program: Program = Object.freeze({
    pid: process.pid,
    title: basename(process.argv[1] ?? 'node'),
    node: process.version,
    cores: availableParallelism(),
    startedAt: Math.round(performance.timeOrigin),
    instance: randomUUID(),
    tickMs: TICK_MS,
  });
  readonly #viewers = new Set<(tick: Numbered) => void>();
  readonly #history: Numbered[] = [];
  readonly #processes = new ProcessUsages();
  readonly #host = new HostUsage();
  readonly #timer: NodeJS.Timeout;
  #tally = new TaskTally();
  #sample = new SpanSample();
  #errors = new RecentErrors();
  /** What ends the listening to events; empty while nobody watches. */
  #stops: (() => void)[] = [];
  /** The same for the begin of tasks. */
  #stopStarts: (() => void) | undefined;
  #last = performance.now();
  #number = 0;
  /** Counts at the last tick, by executor. */
  #counts = new Map<number, Counts>();

  constructor() {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
    for (const { info, statistics } of this.#executors()) this.#counts.set(info.id, statistics.tasks);
  }

  /** Calls `listener` with each tick from now on. Returns what ends that. */
  watch(listener: (tick: Numbered) => void): () => void {
    this.#viewers.add(listener);
    this.#listen();
    return () => {
      this.#viewers.delete(listener);
      if (this.#viewers.size === 0) this.#deafen();
    };
  }

  /** The ticks after `number`, oldest first, as far as they are still known. */
  history(number = 0): readonly Numbered[] {
    return this.#history.filter((tick) => tick.number > number);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#viewers.clear();
    this.#deafen();
  }

  #listen(): void {
    if (this.#stops.length > 0) return;
    this.#host.watch(true);
    this.#tally = new TaskTally();
    this.#sample = new SpanSample();
    this.#hearStarts(true);
    this.#stops = [
      subscribe('manyhands:task:settle', (task) => this.#settled(task)),
      subscribe('manyhands:worker:exit', (exit) => this.#exited(exit)),
    ];
  }

  #hearStarts(hear: boolean): void {
    if (hear) this.#stopStarts ??= subscribe('manyhands:task:start', (task) => this.#tally.started(task));
    else {
      this.#stopStarts?.();
      this.#stopStarts = undefined;
    }
  }

  #deafen(): void {
    this.#hearStarts(false);
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#host.watch(false);
    this.#errors = new RecentErrors();
  }

  #settled(task: TaskSettleEvent): void {
    this.#tally.settled(task);
    this.#sample.settled(task);
    if (task.outcome !== 'failed' && task.failedCalls === 0) return;
    const { executor, worker = null, name } = task;
    this.#errors.add({ at: timeOfDay(task.at), source: name, executor: executor.name, worker }, task.error);
  }

  #exited({ executor, worker, at, died, reason }: WorkerExitEvent): void {
    if (!died) return;
    this.#errors.add({ at: timeOfDay(at), source: worker, executor: executor.name, worker }, reason);
  }

  #executors(): { info: OpenExecutor['info']; statistics: ReturnType<OpenExecutor['statistics']> }[] {
    return openExecutors().map((executor) => ({ info: executor.info, statistics: executor.statistics() }));
  }

  #tick(): void {
    const now = performance.now();
    const ms = now - this.#last;
    const watched = this.#stops.length > 0;
    this.#last = now;
    this.#tally.sum(now);
    const counts = new Map<number, Counts>();
    const executors = this.#executors().map(({ info, statistics }): ExecutorTick => {
      const { id, name, backend, maxWorkers, concurrency } = info;
      const { tasks } = statistics;
      const before = this.#counts.get(id) ?? { succeeded: 0, failed: 0, cancelled: 0 };
      counts.set(id, tasks);
      const failed = tasks.failed - before.failed;
      const cancelled = tasks.cancelled - before.cancelled;
      return {
        id,
        name,
        backend,
        state: statistics.state,
        maxWorkers,
        concurrency: Number.isFinite(concurrency) ? concurrency : null,
        pending: tasks.pending,
        running: tasks.running,
        settled: tasks.succeeded - before.succeeded + failed + cancelled,
        failed,
        cancelled,
        ...this.#tally.takeWaits(id),
        workers: statistics.workers.slice(0, MOST_WORKERS).map((worker): WorkerTick => {
          const isProcess = backend === 'process' && worker.id !== undefined;
          return {
            name: worker.name,
            id: worker.id ?? null,
            state: worker.state,
            inFlight: worker.inFlight,
            busy: watched ? round(this.#tally.busy(id, worker.name) / ms) : null,
            ...(isProcess ? this.#processes.of(worker.id, now) : { cpu: null, memory: null }),
          };
        }),
      };
    });
    this.#counts = counts;
    this.#processes.turn();
    const tick: Tick = {
      at: timeOfDay(now),
      ms: round(ms),
      watched,
      executors,
      ...this.#sample.take(now, this.#tally.running()),
      functions: this.#tally.turn(now, new Set(counts.keys())),
      ...this.#errors.take(),
      host: this.#host.take(ms),
    };
    if (watched) this.#hearStarts(tick.ended < MOST_STARTS);
    this.#publish(JSON.stringify(tick));
  }

  #publish(json: string): void {
    this.#number += 1;
    const tick = { number: this.#number, json };
    this.#history.push(tick);
    if (this.#history.length > HISTORY) this.#history.shift();
    for (const viewer of this.#viewers) viewer(tick);
  }
}

type Counts = Pick<ReturnType<OpenExecutor['statistics']>['tasks'], 'succeeded' | 'failed' | 'cancelled'>;

function timeOfDay(at: number): number {
  return round(performance.timeOrigin + at);
}
