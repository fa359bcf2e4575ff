// Traces that go on in workers, as an exporter of the SDK sees them on both sides; and metrics, as a reader does.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { context, propagation, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { EventLoopExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/index.ts';
import { type Instrumentation, instrument } from '../../src/opentelemetry/index.ts';
import { failure } from '../contract/backends.ts';
import { runNode } from '../tasks/support.ts';
import * as tasks from './fixtures/traced-tasks.ts';

const HANGS = { timeout: 60_000 };
const { setUpTracing, spansHere } = tasks;

const one = (spans: readonly tasks.SeenSpan[], name: string): tasks.SeenSpan => {
  const found = spans.filter((span) => span.name === name);
  assert.equal(found.length, 1, `${name} among ${spans.map((span) => span.name).join(', ')}`);
  return found[0] as tasks.SeenSpan;
};

const pools = {
  thread: () => new ThreadPoolExecutor({ maxWorkers: 1, initializer: setUpTracing }),
  'thread, plain': () =>
    new ThreadPoolExecutor({ maxWorkers: 1, initializer: setUpTracing, channel: 'plain' }),
  process: () => new ProcessPoolExecutor({ maxWorkers: 1, initializer: setUpTracing }),
};

describe('traces', HANGS, () => {
  let instrumentation: Instrumentation;

  before(() => {
    setUpTracing();
    instrumentation = instrument();
  });

  after(() => {
    instrumentation.stop();
    trace.disable();
    context.disable();
    propagation.disable();
  });

  for (const [backend, make] of Object.entries(pools)) {
    it(`go from the caller through the task to what it makes itself (${backend})`, HANGS, async () => {
      await using pool = make();
      spansHere();
      const tracer = trace.getTracer('test');
      const result = await tracer.startActiveSpan('request', async (span) => {
        const value = await pool.submit(tasks.work, 1);
        span.end();
        return value;
      });
      assert.equal(result, 2);
      const here = spansHere();
      const there = await pool.submit(spansHere);
      const [request, submit] = [one(here, 'request'), one(here, 'submit work')];
      const [run, own] = [one(there, 'run work'), one(there, 'own')];
      assert.deepEqual([submit.parent, run.parent, own.parent], [request.spanId, submit.spanId, run.spanId]);
      assert.equal(new Set([request, submit, run, own].map(({ traceId }) => traceId)).size, 1);
      assert.equal(submit.attributes['manyhands.outcome'], 'succeeded');
      assert.equal(submit.attributes['manyhands.backend'], backend.split(',')[0]);
      assert.equal(run.attributes['thread.name'], submit.attributes['manyhands.worker']);
    });

    it(`say what failed, on both sides (${backend})`, HANGS, async () => {
      await using pool = make();
      spansHere();
      await failure(pool.submit(tasks.failing));
      const submit = one(spansHere(), 'submit failing');
      const run = one(await pool.submit(spansHere), 'run failing');
      assert.ok(submit.failed && run.failed);
      assert.equal(submit.attributes['error.type'], 'RangeError');
      assert.equal(run.attributes['error.type'], 'RangeError');
      assert.equal(run.parent, submit.spanId);
    });
  }

  it('have a span for each chunk of a map, all in the context of the map', HANGS, async () => {
    await using pool = pools.thread();
    spansHere();
    const tracer = trace.getTracer('test');
    await tracer.startActiveSpan('request', async (span) => {
      await pool.with({ chunkSize: 10 }).map(
        tasks.double,
        Array.from({ length: 50 }, (_, n) => n),
      );
      span.end();
    });
    const here = spansHere();
    const request = one(here, 'request');
    const submits = here.filter(({ name }) => name === 'submit double');
    assert.equal(submits.length, 5);
    assert.ok(submits.every(({ parent }) => parent === request.spanId));
    const runs = (await pool.submit(spansHere)).filter(({ name }) => name === 'run double');
    assert.deepEqual(
      runs.map(({ parent }) => parent).toSorted(),
      submits.map(({ spanId }) => spanId).toSorted(),
    );
  });

  it('are whole on the event loop as well', HANGS, async () => {
    await using pool = new EventLoopExecutor();
    spansHere();
    await Promise.all([pool.submit(tasks.work, 1), pool.submit(tasks.work, 2)]);
    const spans = spansHere();
    const [submits, runs, owns] = ['submit work', 'run work', 'own'].map((name) =>
      spans.filter((span) => span.name === name),
    );
    assert.equal(submits?.length, 2);
    assert.deepEqual(
      new Set(runs?.map(({ parent }) => parent)),
      new Set(submits.map(({ spanId }) => spanId)),
    );
    assert.deepEqual(new Set(owns?.map(({ parent }) => parent)), new Set(runs?.map(({ spanId }) => spanId)));
  });

  it('end also for tasks that never ran', HANGS, async () => {
    await using pool = pools.thread();
    spansHere();
    pool.submit(tasks.double, 1).cancel();
    const cannotCross = (() => undefined) as never;
    await failure(pool.submit(tasks.double, cannotCross));
    const [cancelled, refused] = spansHere().filter(({ name }) => name === 'submit double');
    assert.equal(cancelled?.attributes['manyhands.outcome'], 'cancelled');
    assert.equal(cancelled.failed, false);
    assert.equal(refused?.attributes['error.type'], 'NotShareableError');
  });

  it('end when nobody makes them any more', HANGS, async () => {
    using second = instrument();
    await using pool = new EventLoopExecutor();
    spansHere();
    const future = pool.submit(tasks.work, 1);
    second.stop();
    one(spansHere(), 'submit work');
    assert.equal(await future, 2);
    await pool.submit(tasks.work, 2);
    assert.deepEqual(
      spansHere().filter(({ name }) => name === 'submit work'),
      [],
    );
    instrumentation = instrument();
  });

  it('tasks run where nobody has set it up', HANGS, async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    assert.equal(await pool.submit(tasks.work, 1), 2);
  });
});

describe('instruments', HANGS, () => {
  it('count and measure, until they are stopped', HANGS, async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const instrumentation = instrument({ meterProvider });
    try {
      await using pool = new EventLoopExecutor();
      await pool.submit(tasks.double, 1);
      await failure(pool.submit(tasks.failing));
      await reader.forceFlush();
      const metrics =
        exporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
      const points = (name: string) =>
        metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
      assert.deepEqual(
        points('manyhands.tasks').map(({ value, attributes }) => [
          value,
          attributes['manyhands.outcome'],
          attributes['error.type'],
        ]),
        [
          [1, 'succeeded', undefined],
          [1, 'failed', 'RangeError'],
        ],
      );
      const [runs] = points('manyhands.task.run.duration');
      assert.equal((runs?.value as { count: number } | undefined)?.count, 2);
      assert.equal(points('manyhands.workers')[0]?.value, 1);
    } finally {
      instrumentation.stop();
      await meterProvider.shutdown();
    }
  });

  it('say what is missing where the package is', HANGS, async () => {
    const entry = JSON.stringify(new URL('../../src/opentelemetry/index.js', import.meta.url).href);
    const program = `import Module from 'node:module';
      const resolve = Module._resolveFilename;
      Module._resolveFilename = (request, ...rest) => {
        if (request === '@opentelemetry/api') throw new Error('Cannot find module');
        return resolve(request, ...rest);
      };
      const { instrument } = await import(${entry});
      try { instrument(); } catch (error) { console.log(error.message); }`;
    const { stdout, stderr } = await runNode(['--input-type=module', '-e', program]);
    assert.match(stdout, /needs the package @opentelemetry\/api.*npm install @opentelemetry\/api/, stderr);
  });

  it('refuse options that there are not', () => {
    assert.throws(() => instrument({ tracer: 1 } as never), TypeError);
  });
});
