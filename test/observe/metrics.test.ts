// What Prometheus would read, read by somebody else's parser.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import parse, { type Family } from 'parse-prometheus-text-format';
import { Registry } from 'prom-client';
import { EventLoopExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/index.ts';
import { collectMetrics, metrics } from '../../src/observe/index.ts';
import { failure, Note, until, whenRunning } from '../contract/backends.ts';
import * as tasks from '../contract/fixtures/tasks.ts';

const HANGS = { timeout: 60_000 };

/** The samples of a metric whose labels include these. */
function samples(families: readonly Family[], name: string, labels: Record<string, string>) {
  const family = families.find((one) => one.name === name);
  assert.ok(family !== undefined, `${name} is missing`);
  return family.metrics.filter((sample) =>
    Object.entries(labels).every(([key, value]) => sample.labels?.[key] === value),
  );
}

const value = (families: readonly Family[], name: string, labels: Record<string, string>): number =>
  samples(families, name, labels).reduce((sum, sample) => sum + Number(sample.value), 0);

/** How much a histogram has observed. The parser drops the labels of those, so it must be of one executor. */
function observed(families: readonly Family[], name: string): number {
  const [one] = samples(families, name, {});
  return Number(one?.buckets?.['+Inf']);
}

describe('metrics', HANGS, () => {
  it('count tasks and calls by executor, backend and outcome', HANGS, async () => {
    using collected = collectMetrics();
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: 'counted' });
    await pool.submit(tasks.same, 1);
    await failure(pool.submit(tasks.fail));
    pool.submit(tasks.same, 2).cancel();
    await pool.with({ chunkSize: 5 }).map(tasks.square, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const families = parse(await collected.text());
    const of = { executor: 'counted', backend: 'thread' };
    assert.equal(value(families, 'manyhands_tasks_total', { ...of, outcome: 'succeeded' }), 3);
    assert.equal(value(families, 'manyhands_tasks_total', { ...of, outcome: 'failed' }), 1);
    assert.equal(value(families, 'manyhands_tasks_total', { ...of, outcome: 'cancelled' }), 1);
    assert.equal(value(families, 'manyhands_calls_total', { ...of, outcome: 'succeeded' }), 11);
    assert.equal(observed(families, 'manyhands_task_wait_seconds'), 4);
    assert.equal(observed(families, 'manyhands_task_run_seconds'), 4);
    assert.equal(observed(families, 'manyhands_worker_start_seconds'), 1);
    assert.equal(value(families, 'manyhands_workers_max', of), 1);
  });

  it('show what waits and what runs, of executors that were there before', HANGS, async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1, workerNamePrefix: 'levels' });
    const gate = new Note();
    try {
      const { options, running } = whenRunning();
      const blocked = pool.with(options).submit(tasks.waitFor, gate.path, 1);
      await running;
      const waiting = [pool.submit(tasks.same, 1), pool.submit(tasks.same, 2)];
      using collected = collectMetrics();
      const families = parse(await collected.text());
      const of = { executor: 'levels', backend: 'process' };
      assert.equal(value(families, 'manyhands_tasks_running', of), 1);
      assert.equal(value(families, 'manyhands_tasks_waiting', of), 2);
      assert.equal(value(families, 'manyhands_workers', { ...of, state: 'busy' }), 1);
      assert.equal(value(families, 'manyhands_workers', { ...of, state: 'idle' }), 0);
      gate.open();
      await Promise.all([blocked, ...waiting]);
    } finally {
      gate.open();
    }
  });

  it('count deaths', HANGS, async () => {
    using collected = collectMetrics();
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1, workerNamePrefix: 'mortal' });
    await failure(pool.submit(tasks.end, 'exit'));
    const deaths = async (): Promise<number> =>
      value(parse(await collected.text()), 'manyhands_worker_deaths_total', { executor: 'mortal' });
    assert.equal(await deaths(), 1);
    await pool.submit(tasks.same, 1);
    await pool.shutdown();
    assert.equal(await deaths(), 1, 'to be told to end is none');
  });

  it('have the event loop, memory and processor of the process', HANGS, async () => {
    const names = new Set(parse(await metrics()).map(({ name }) => name));
    for (const name of [
      'nodejs_eventloop_lag_p99_seconds',
      'process_resident_memory_bytes',
      'process_cpu_seconds_total',
    ]) {
      assert.ok(names.has(name), name);
    }
  });

  it('metrics() counts from its first call on', HANGS, async () => {
    await metrics();
    await using pool = new EventLoopExecutor();
    await pool.submit(tasks.same, 1);
    const name = samples(parse(await metrics()), 'manyhands_tasks_total', { backend: 'event-loop' });
    assert.deepEqual(
      name.map((sample) => sample.value),
      ['1'],
    );
  });

  it(
    'go to a registry of the program, without those of the process, until they are stopped',
    HANGS,
    async () => {
      const registry = new Registry();
      const collected = collectMetrics({ registry });
      await using pool = new EventLoopExecutor();
      await pool.submit(tasks.same, 1);
      const counted = async (): Promise<number> =>
        value(parse(await registry.metrics()), 'manyhands_tasks_total', { backend: 'event-loop' });
      await until('it is counted', () => pool.statistics().tasks.succeeded === 1);
      assert.equal(await counted(), 1);
      collected.stop();
      await pool.submit(tasks.same, 2);
      assert.equal(await counted(), 1);
      assert.equal(registry.getSingleMetric('process_cpu_seconds_total'), undefined);
      assert.match(collected.contentType, /^text\/plain; version=0\.0\.4/);
    },
  );

  it('refuse options that there are not', () => {
    assert.throws(() => collectMetrics({ registery: 1 } as never), TypeError);
    assert.throws(() => collectMetrics({ process: 1 as never }), TypeError);
  });
});
