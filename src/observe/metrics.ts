/**
 * Metrics in the text format of Prometheus, by prom-client.
 *
 *   task:settle, worker:ready, worker:exit ──▶ counters, histograms ─┐
 *   statistics() of all open executors, when somebody asks ──▶ gauges ├─▶ registry ─▶ text
 *   prom-client: event loop, memory, processor of this process ───────┘
 *
 * What counts begins to count when it is asked for. What is a level (workers, tasks that wait) is read when a scrape
 * comes, and is right also for executors that were there before.
 */

import { createRequire } from 'node:module';
import type * as PromClient from 'prom-client';
import type { Registry } from 'prom-client';
import type { ExecutorInfo, TaskSettleEvent } from '../events/events.ts';
import { subscribe } from '../events/subscribe.ts';
import { type OpenExecutor, openExecutors } from '../futures/open-executors.ts';
import { checkBoolean, checkNames } from '../options.ts';

/** In seconds. A hand-over takes a microsecond and a batch job minutes, and one set of buckets has to serve both. */
const BUCKETS = [
  0.000_01, 0.000_03, 0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300,
];

export interface MetricsOptions {
  /** Of prom-client 15: where the metrics are registered. Default: a registry of their own. */
  readonly registry?: Registry | undefined;
  /**
   * Whether prom-client's own metrics of this process (`nodejs_eventloop_lag_seconds`, `process_resident_memory_bytes`,
   * `process_cpu_seconds_total`...) are among them. Default: true without `registry`, else false, since a program that has
   * one may have them in it.
   */
  readonly process?: boolean | undefined;
}

/** What {@link collectMetrics} returns. */
export interface Metrics extends Disposable {
  readonly registry: Registry;
  /** For the header of an HTTP response. */
  readonly contentType: string;
  /** All metrics of the registry, as Prometheus reads them. */
  text(): Promise<string>;
  /** Ends counting. What was counted can still be read. */
  stop(): void;
}

/**
 * Counts tasks, workers and their times from now on, until `stop()`.
 *
 * @throws TypeError for a wrong option; Error if the registry has metrics of these names already.
 * @example collectMetrics({ registry: client.register });
 */
export function collectMetrics(options: MetricsOptions = {}): Metrics {
  checkNames(options, ['registry', 'process'], 'collectMetrics');
  checkBoolean('process', options.process);
  // It takes some 30 ms to load, which those who only subscribe to events do without.
  const client = createRequire(import.meta.url)('prom-client') as typeof PromClient;
  const registry = options.registry ?? new client.Registry();
  if (options.process ?? options.registry === undefined) client.collectDefaultMetrics({ register: registry });
  addLevels(client, registry);
  const stops = startCounting(client, registry);
  const stop = (): void => {
    for (const end of stops.splice(0)) end();
  };
  return {
    registry,
    contentType: registry.contentType,
    text: () => registry.metrics(),
    stop,
    [Symbol.dispose]: stop,
  };
}

let common: Metrics | undefined;

/**
 * The metrics of this program in the text format of Prometheus (0.0.4), for any HTTP server. Counting begins with the first
 * call, so call it once at the start.
 *
 * @example
 * http.createServer(async (request, response) => {
 *   response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8').end(await metrics());
 * });
 */
export function metrics(): Promise<string> {
  common ??= collectMetrics();
  return common.text();
}

const LABELS = ['executor', 'backend'] as const;

function labelsOf({ name, backend }: ExecutorInfo): Record<(typeof LABELS)[number], string> {
  return { executor: name, backend };
}

/** What is read when somebody asks. */
function addLevels(client: typeof PromClient, registry: Registry): void {
  type Statistics = ReturnType<OpenExecutor['statistics']>;
  const add = (name: string, help: string, read: (statistics: Statistics) => number): void => {
    const gauge = new client.Gauge({
      name,
      help,
      labelNames: LABELS,
      registers: [],
      collect() {
        this.reset();
        for (const executor of openExecutors())
          this.inc(labelsOf(executor.info), read(executor.statistics()));
      },
    });
    registry.registerMetric(gauge);
  };
  add('manyhands_tasks_waiting', 'Tasks that no worker has begun.', ({ tasks }) => tasks.pending);
  add('manyhands_tasks_running', 'Tasks that workers are at.', ({ tasks }) => tasks.running);
  add('manyhands_workers_max', 'Workers that an executor may have.', ({ maxWorkers }) => maxWorkers);
  const workers = new client.Gauge({
    name: 'manyhands_workers',
    help: 'Workers, by what they are doing.',
    labelNames: [...LABELS, 'state'],
    registers: [],
    collect() {
      this.reset();
      for (const executor of openExecutors()) {
        const labels = labelsOf(executor.info);
        const states = executor.statistics().workers.map(({ state }) => state);
        for (const state of ['starting', 'idle', 'busy', 'stopping'] as const) {
          this.inc({ ...labels, state }, states.filter((one) => one === state).length);
        }
      }
    },
  });
  registry.registerMetric(workers);
}

/** Subscribes, and returns what ends that. */
function startCounting(client: typeof PromClient, registry: Registry): Array<() => void> {
  const registers = [registry];
  const started = new client.Histogram({
    name: 'manyhands_worker_start_seconds',
    help: 'From asking for a worker until it takes tasks.',
    labelNames: LABELS,
    buckets: BUCKETS,
    registers,
  });
  const deaths = new client.Counter({
    name: 'manyhands_worker_deaths_total',
    help: 'Workers that ended without being told to, or were stopped in the middle of a task.',
    labelNames: LABELS,
    registers,
  });
  const ofTasks = tasksCounter(client, registry);
  return [
    subscribe('manyhands:task:settle', ofTasks),
    subscribe('manyhands:worker:ready', ({ executor, startMs }) => {
      started.observe(labelsOf(executor), startMs / 1000);
    }),
    subscribe('manyhands:worker:exit', ({ executor, died }) => {
      deaths.inc(labelsOf(executor), died ? 1 : 0);
    }),
  ];
}

function tasksCounter(client: typeof PromClient, registry: Registry): (message: TaskSettleEvent) => void {
  const registers = [registry];
  const tasks = new client.Counter({
    name: 'manyhands_tasks_total',
    help: 'Tasks that have settled. A chunk of a map is one task.',
    labelNames: [...LABELS, 'outcome'],
    registers,
  });
  const calls = new client.Counter({
    name: 'manyhands_calls_total',
    help: 'Calls of functions that have settled: one for each task, and one for each item of a map.',
    labelNames: [...LABELS, 'outcome'],
    registers,
  });
  const waits = new client.Histogram({
    name: 'manyhands_task_wait_seconds',
    help: 'From the submit of a task to its start on a worker.',
    labelNames: LABELS,
    buckets: BUCKETS,
    registers,
  });
  const runs = new client.Histogram({
    name: 'manyhands_task_run_seconds',
    help: 'From the start of a task to its end, as measured on its worker.',
    labelNames: LABELS,
    buckets: BUCKETS,
    registers,
  });
  return ({ executor, outcome, calls: count, failedCalls, startedAt, waitMs, runMs }) => {
    const labels = labelsOf(executor);
    tasks.inc({ ...labels, outcome });
    if (outcome === 'succeeded') {
      calls.inc({ ...labels, outcome }, count - failedCalls);
      if (failedCalls > 0) calls.inc({ ...labels, outcome: 'failed' }, failedCalls);
    } else calls.inc({ ...labels, outcome }, count);
    if (startedAt !== undefined) waits.observe(labels, waitMs / 1000);
    if (runMs !== undefined) runs.observe(labels, runMs / 1000);
  };
}
