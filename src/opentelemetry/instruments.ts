/** What is counted and measured, as instruments of OpenTelemetry. Their names are those of the metrics for Prometheus. */

import type { Meter, ObservableResult } from '@opentelemetry/api';
import type { TaskSettleEvent } from '../events/events.ts';
import { subscribe } from '../events/subscribe.ts';
import { type OpenExecutor, openExecutors } from '../futures/open-executors.ts';
import { errorType } from './carrier.ts';

/** In seconds; see `observe/metrics.ts`. */
const BUCKETS = [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];

export function attributesOf({
  name,
  backend,
}: {
  readonly name: string;
  readonly backend: string;
}): Record<string, string> {
  return { 'manyhands.executor': name, 'manyhands.backend': backend };
}

/** Counts from now on. Returns what ends that. */
export function countWith(meter: Meter): Array<() => void> {
  const deaths = meter.createCounter('manyhands.worker.deaths', {
    description: 'Workers that ended without being told to, or were stopped in the middle of a task',
    unit: '{worker}',
  });
  return [
    subscribe('manyhands:task:settle', taskCounter(meter)),
    subscribe('manyhands:worker:exit', ({ executor, died }) => {
      if (died) deaths.add(1, attributesOf(executor));
    }),
    observe(
      meter,
      'manyhands.tasks.waiting',
      'Tasks that no worker has begun',
      '{task}',
      ({ tasks }) => tasks.pending,
    ),
    observe(
      meter,
      'manyhands.tasks.running',
      'Tasks that workers are at',
      '{task}',
      ({ tasks }) => tasks.running,
    ),
    observe(meter, 'manyhands.workers', 'Workers', '{worker}', ({ workers }) => workers.length),
  ];
}

function taskCounter(meter: Meter): (message: TaskSettleEvent) => void {
  const tasks = meter.createCounter('manyhands.tasks', {
    description: 'Tasks that have settled; a chunk of a map is one',
    unit: '{task}',
  });
  const calls = meter.createCounter('manyhands.calls', {
    description: 'Calls of functions that have settled',
    unit: '{call}',
  });
  const waits = meter.createHistogram('manyhands.task.wait.duration', {
    description: 'From the submit of a task to its start on a worker',
    unit: 's',
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  const runs = meter.createHistogram('manyhands.task.run.duration', {
    description: 'From the start of a task to its end, as measured on its worker',
    unit: 's',
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  return ({ executor, outcome, error, calls: count, startedAt, waitMs, runMs }) => {
    const attributes = attributesOf(executor);
    const settled = { ...attributes, 'manyhands.outcome': outcome };
    const failure = outcome === 'failed' ? { 'error.type': errorType(error) } : {};
    tasks.add(1, { ...settled, ...failure });
    calls.add(count, { ...settled, ...failure });
    if (startedAt !== undefined) waits.record(waitMs / 1000, attributes);
    if (runMs !== undefined) runs.record(runMs / 1000, attributes);
  };
}

type Statistics = ReturnType<OpenExecutor['statistics']>;

function observe(
  meter: Meter,
  name: string,
  description: string,
  unit: string,
  read: (statistics: Statistics) => number,
): () => void {
  const counter = meter.createObservableUpDownCounter(name, { description, unit });
  const look = (result: ObservableResult): void => {
    for (const executor of openExecutors()) {
      result.observe(read(executor.statistics()), attributesOf(executor.info));
    }
  };
  counter.addCallback(look);
  return () => counter.removeCallback(look);
}
