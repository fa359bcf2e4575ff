// What is published of executors, workers and tasks: each submit has its settle, and what they say is true.
import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { describe, it } from 'node:test';
import { CancelledError, TimeoutError, WorkerDiedError } from '../../src/errors.ts';
import { EventLoopExecutor } from '../../src/index.ts';
import { type ExecutorEvent, openExecutors } from '../../src/observe/index.ts';
import { backends, failure, Note, until, whenRunning } from '../contract/backends.ts';
import * as tasks from '../contract/fixtures/tasks.ts';
import { Recording } from './recording.ts';

/** An AutoExecutor says nothing of its own: its pools do, and which of them has a task is its business. */
const speaking = backends.filter(({ name }) => name !== 'auto');
for (const { name, kind, make, row } of speaking) {
  describe(`events (${name})`, () => {
    row('tell the life of an executor, its worker and a task', async () => {
      const recording = new Recording();
      const before = performance.now();
      const pool = make(1);
      assert.equal(await pool.with({ name: 'adding' }).submit(tasks.add, 1, 2), 3);
      await pool.shutdown();
      const after = performance.now();
      recording.stop();

      const [opened] = recording.of('manyhands:executor:open');
      assert.ok(opened !== undefined);
      assert.equal(opened.executor.backend, kind);
      for (const [, message] of recording.events) {
        assert.equal((message as ExecutorEvent).executor, opened.executor);
      }
      assert.deepEqual(recording.names.toSorted(), [
        'executor:close',
        'executor:open',
        'task:settle',
        'task:start',
        'task:submit',
        'worker:exit',
        'worker:ready',
        'worker:start',
      ]);
      assert.equal(recording.names[0], 'executor:open');
      assert.equal(recording.names.at(-1), 'executor:close');

      const [submit] = recording.of('manyhands:task:submit');
      const [start] = recording.of('manyhands:task:start');
      const [settle] = recording.of('manyhands:task:settle');
      const [ready] = recording.of('manyhands:worker:ready');
      const [exit] = recording.of('manyhands:worker:exit');
      for (const message of [submit, start, settle]) {
        assert.equal(message?.id, submit?.id);
        assert.equal(message?.name, 'adding');
        assert.equal(message?.kind, 'call');
        assert.equal(message?.calls, 1);
      }
      assert.equal(start?.worker, ready?.worker);
      assert.equal(settle?.worker, ready?.worker);
      assert.ok(ready?.worker.startsWith(opened.executor.name));
      assert.equal(typeof ready?.workerId, kind === 'event-loop' ? 'undefined' : 'number');
      assert.ok((ready?.startMs ?? -1) >= 0);
      assert.equal(exit?.died, false);
      assert.equal(settle?.outcome, 'succeeded');
      assert.equal(settle?.error, undefined);

      // What each clock says, in the order in which it was.
      const { submittedAt = 0, startedAt = 0, endedAt = 0, at = 0, waitMs = 0, runMs = 0 } = settle ?? {};
      const times = [before, submittedAt, startedAt, endedAt, at, after];
      // The clocks of two threads or processes are compared to within a fraction of that.
      for (let n = 1; n < times.length; n += 1) {
        assert.ok((times[n] as number) >= (times[n - 1] as number) - 1, times.join(' '));
      }
      assert.equal(waitMs, startedAt - submittedAt);
      assert.ok(Math.abs(runMs - (endedAt - startedAt)) < 1e-3);
      assert.equal(start?.startedAt, startedAt);
    });

    row('say that a task has begun while it runs', async () => {
      using recording = new Recording();
      await using pool = make(1);
      const gate = new Note();
      const task = kind === 'event-loop' ? tasks.waitFor : tasks.blockOn;
      const future = pool.submit(task, gate.path, 'done');
      await until('its start is known', () => recording.of('manyhands:task:start').length === 1);
      assert.deepEqual(recording.of('manyhands:task:settle'), []);
      gate.open();
      assert.equal(await future, 'done');
      const [start] = recording.of('manyhands:task:start');
      const [settle] = recording.of('manyhands:task:settle');
      assert.equal(settle?.startedAt, start?.startedAt);
      assert.equal(recording.of('manyhands:task:start').length, 1);
    });

    row('tell a queue from a run', async () => {
      using recording = new Recording();
      await using pool = make(1);
      const gate = new Note();
      const first = pool.submit(tasks.waitFor, gate.path, 1);
      await until('the first runs', () => recording.of('manyhands:task:start').length === 1);
      const second = pool.submit(tasks.same, 2);
      await until(
        'time has passed',
        () => performance.now() - (recording.of('manyhands:task:submit')[1]?.at ?? 0) > 5,
      );
      assert.equal(recording.of('manyhands:task:start').length, 1);
      gate.open();
      await Promise.all([first, second]);
      // An answer in a message may be read after a later one in shared memory.
      const [one, two] = recording.of('manyhands:task:settle').toSorted((a, b) => a.id - b.id);
      assert.ok((two?.waitMs ?? 0) > 5);
      assert.ok((one?.runMs ?? 0) > 5);
      assert.ok((two?.startedAt ?? 0) >= (one?.endedAt ?? Infinity) - 1);
      // Nobody was free to take the second.
      assert.ok((recording.of('manyhands:task:start')[0]?.queued ?? -1) >= 0);
    });

    row('say how tasks end: thrown, cancelled, late, refused', async () => {
      using recording = new Recording(['manyhands:task:submit', 'manyhands:task:settle']);
      const pool = make(1);
      const thrown = await failure(pool.submit(tasks.fail));
      const { options, running } = whenRunning();
      const gate = new Note();
      const blocking = pool.with(options).submit(tasks.waitFor, gate.path, 1);
      await running;
      const cancelled = pool.submit(tasks.same, 1);
      assert.equal(cancelled.cancel(), true);
      const late = pool.with({ queueTimeout: 1 }).submit(tasks.same, 2);
      assert.ok((await failure(late)) instanceof TimeoutError);
      gate.open();
      await blocking;
      await pool.shutdown();
      await failure(pool.submit(tasks.same, 3));

      const outcomes = recording.of('manyhands:task:settle');
      const ids = recording.of('manyhands:task:submit').map(({ id }) => id);
      assert.deepEqual(
        outcomes.map(({ id }) => id).toSorted((a, b) => a - b),
        ids,
      );
      const [first, , third, fourth, fifth] = ids.map((id) => outcomes.find((outcome) => outcome.id === id));
      assert.equal(first?.outcome, 'failed');
      assert.equal(first?.error, thrown);
      assert.equal(first?.failedCalls, 1);
      assert.equal(third?.outcome, 'cancelled');
      assert.ok(third?.error instanceof CancelledError);
      assert.equal(third.worker, undefined);
      assert.equal(third.runMs, undefined);
      assert.equal(fourth?.outcome, 'failed');
      assert.ok(fourth?.error instanceof TimeoutError);
      assert.equal(fourth.endedAt, undefined);
      assert.equal(fifth?.outcome, 'failed');
    });

    row('count the calls of a map, and those that threw', async () => {
      using recording = new Recording(['manyhands:task:settle']);
      await using pool = make(1);
      const results = pool.with({ chunkSize: 4 }).map(tasks.functionForThree, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
      let failures = 0;
      const iterator = results[Symbol.asyncIterator]();
      for (let left = 9; left > 0; left -= 1) await iterator.next().catch(() => (failures += 1));
      const settled = recording.of('manyhands:task:settle');
      assert.deepEqual(
        settled.map(({ calls }) => calls).toSorted((a, b) => b - a),
        [4, 4, 1],
      );
      assert.ok(settled.every(({ kind: what, outcome }) => what === 'chunk' && outcome === 'succeeded'));
      assert.equal(
        settled.reduce((sum, { failedCalls }) => sum + failedCalls, 0),
        failures,
      );
      assert.equal(settled.filter(({ error }) => error !== undefined).length, failures);
    });

    row('have a stream as one task', async () => {
      using recording = new Recording(['manyhands:task:start', 'manyhands:task:settle']);
      await using pool = make(1);
      const values: number[] = [];
      for await (const value of pool.stream(tasks.upTo, 5)) values.push(value);
      assert.deepEqual(values, [0, 1, 2, 3, 4]);
      assert.deepEqual(recording.names, ['task:start', 'task:settle']);
      assert.equal(recording.of('manyhands:task:settle')[0]?.kind, 'stream');
    });

    row('tell of deaths, and start a task again that is retried', ['mortal workers'], async () => {
      using recording = new Recording();
      await using pool = make(1);
      const log = new Note();
      assert.equal(
        await pool.with({ retries: 1 }).submit(tasks.endOnce, 'exit', log.path, 'second'),
        'second',
      );
      const starts = recording.of('manyhands:task:start');
      assert.deepEqual(starts.at(-1)?.attempt, 2);
      const [exit] = recording.of('manyhands:worker:exit');
      assert.equal(exit?.died, true);
      assert.equal(exit.exitCode, 7);
      assert.match(exit.reason, /7/);
      const [settle] = recording.of('manyhands:task:settle');
      assert.equal(settle?.attempt, 2);
      assert.equal(settle.outcome, 'succeeded');
      assert.ok((await failure(pool.submit(tasks.end, 'exit'))) instanceof WorkerDiedError);
      assert.ok(recording.of('manyhands:task:settle')[1]?.error instanceof WorkerDiedError);
    });

    row('say nothing of what was submitted while nobody listened', async () => {
      await using pool = make(1);
      const gate = new Note();
      const { options, running } = whenRunning();
      const first = pool.with(options).submit(tasks.waitFor, gate.path, 1);
      await running;
      using recording = new Recording([
        'manyhands:task:submit',
        'manyhands:task:start',
        'manyhands:task:settle',
      ]);
      const second = pool.submit(tasks.same, 2);
      gate.open();
      await Promise.all([first, second]);
      assert.deepEqual(recording.names, ['task:submit', 'task:start', 'task:settle']);
      recording.stop();
      await pool.submit(tasks.same, 3);
      assert.equal(recording.events.length, 3);
    });

    row('know large and moved arguments as well', ['moving'], async () => {
      using recording = new Recording(['manyhands:task:start', 'manyhands:task:settle']);
      await using pool = make(1);
      const bytes = new Uint8Array(100).fill(1);
      assert.equal(await pool.with({ transfer: [bytes.buffer] }).submit(tasks.sum, bytes), 100);
      const texts = await pool.submit(tasks.texts, 100);
      assert.equal(texts.length, 100);
      assert.deepEqual(recording.names, ['task:start', 'task:settle', 'task:start', 'task:settle']);
      for (const { startedAt = 0, submittedAt, runMs = -1, at } of recording.of('manyhands:task:settle')) {
        assert.ok(startedAt >= submittedAt && startedAt <= at && runMs >= 0);
      }
    });
  });
}

describe('open executors', () => {
  it('are those that have not shut down, with their statistics', async () => {
    const before = openExecutors().length;
    const first = new EventLoopExecutor();
    await using second = new EventLoopExecutor();
    assert.equal(openExecutors().length, before + 2);
    await first.shutdown();
    assert.equal(openExecutors().length, before + 1);
    const last = openExecutors().at(-1);
    assert.equal(last?.info.backend, 'event-loop');
    assert.deepEqual(last?.statistics(), second.statistics());
  });
});

describe('channels', () => {
  it('are those of node:diagnostics_channel', async () => {
    const heard: unknown[] = [];
    const hear = (message: unknown): void => void heard.push(message);
    const settles = channel('manyhands:task:settle');
    settles.subscribe(hear);
    try {
      await using pool = new EventLoopExecutor();
      await pool.submit(tasks.same, 1);
    } finally {
      settles.unsubscribe(hear);
    }
    assert.equal(heard.length, 1);
  });
});
