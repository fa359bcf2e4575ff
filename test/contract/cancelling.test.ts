// Cancelling climbs a ladder: off the queue, then the task's signal, then its worker. And shutting down.
import assert from 'node:assert/strict';
import {
  BrokenExecutorError,
  CancelledError,
  TimeoutError,
  transfer,
  WorkerDiedError,
} from '../../src/index.ts';
import { failure, Note, until, whenRunning } from './backends.ts';
import { contract } from './cluster.ts';
import * as tasks from './fixtures/tasks.ts';

contract('the ladder', ({ make, row }) => {
  row('a signal that fired before: nothing runs', async () => {
    await using pool = make();
    const log = new Note();
    const signal = AbortSignal.abort('never');
    assert.equal(await failure(pool.with({ signal }).submit(tasks.note, log.path, 'ran')), 'never');
    assert.equal(await failure(pool.with({ signal }).map(tasks.note, [log.path], ['ran'])), 'never');
    assert.equal(await failure(pool.with({ signal }).stream(tasks.endless, log.path).next()), 'never');
    await pool.submit(tasks.same, 1);
    assert.deepEqual(log.lines, []);
  });

  row('pending: taken off the queue at once', async () => {
    await using pool = make(1);
    const gate = new Note();
    const log = new Note();
    const first = whenRunning();
    const busy = pool.with(first.options).submit(tasks.waitFor, gate.path, 1);
    await first.running;
    const controller = new AbortController();
    const future = pool.with({ signal: controller.signal }).submit(tasks.note, log.path, 'ran');
    controller.abort('enough');
    assert.equal(future.done(), true, 'at once');
    assert.equal(await failure(future), 'enough');
    gate.open();
    await busy;
    await pool.submit(tasks.same, 1);
    assert.deepEqual(log.lines, []);
  });

  row('what is aborted behind others costs nobody anything', async () => {
    await using pool = make(1);
    const gate = new Note();
    const log = new Note();
    // Quick tasks first: they make a pool of processes send several at a time.
    for (let n = 0; n < 100; n += 1) await pool.submit(tasks.same, n);
    const busy = pool.submit(tasks.waitFor, gate.path, 'innocent');
    const controller = new AbortController();
    const aborted = pool.with({ signal: controller.signal, grace: 1 });
    const future = aborted.submit(tasks.note, log.path, 'ran');
    const waited = pool.with({ queueTimeout: 10, grace: 1 }).submit(tasks.note, log.path, 'ran late');
    const behind = pool.submit(tasks.add, 1, 1);
    controller.abort('enough');
    assert.equal(await failure(future), 'enough');
    assert.ok((await failure(waited)) instanceof TimeoutError);
    await new Promise((resolve) => setTimeout(resolve, 20)); // Longer than the grace of both.
    gate.open();
    assert.equal(await busy, 'innocent');
    assert.equal(await behind, 2);
    assert.deepEqual(log.lines, []);
    assert.equal(pool.statistics().workersDied, 0);
  });

  row('running, and deaf to its signal: its worker alone is stopped', ['own workers', 'force'], async () => {
    await using pool = make(2);
    const gate = new Note();
    const never = new Note();
    const other = pool.submit(tasks.waitFor, gate.path, 'other');
    const { options, running } = whenRunning();
    const controller = new AbortController();
    const stuck = pool.with({ ...options, signal: controller.signal, grace: 10 });
    const future = stuck.submit(tasks.blockOn, never.path, 'never');
    await running;
    controller.abort('enough');
    assert.equal(future.done(), true, 'the caller does not wait for the worker');
    assert.equal(await failure(future), 'enough');
    await until('the worker has been ended', () => pool.statistics().workersDied === 1);
    gate.open();
    assert.equal(await other, 'other');
    assert.deepEqual(await pool.map(tasks.square, [1, 2, 3]), [1, 4, 9]);
  });

  row(
    'taken by a worker that has no arguments yet: it does not begin, or hears of it',
    ['mortal workers'],
    async () => {
      await using pool = make(1);
      await pool.submit(tasks.same, 1);
      const log = new Note();
      const controller = new AbortController();
      const bytes = new Uint8Array(10);
      const future = pool
        .with({ signal: controller.signal, grace: 10_000 })
        .submit(tasks.keepUntilAborted, transfer(bytes, [bytes.buffer]), log.path);
      await new Promise((resolve) => process.nextTick(() => process.nextTick(resolve)));
      // The worker takes it while this thread hears nothing of what it asks for.
      tasks.compute(50, 0);
      controller.abort(new Error('enough'));
      assert.match(String(await failure(future)), /enough/);
      assert.equal(await pool.submit(tasks.same, 2), 2);
      assert.equal(pool.statistics().workersDied, 0);
      for (const line of log.lines) assert.equal(line, 'aborted: enough');
    },
  );

  row('the same by a timeout, for a task that computes without end', ['own workers', 'force'], async () => {
    await using pool = make(1);
    const never = new Note();
    const slow = pool.with({ timeout: 20, grace: 0, retries: 5 }).submit(tasks.blockOn, never.path, 1);
    assert.ok((await failure(slow)) instanceof TimeoutError);
    assert.equal(await pool.submit(tasks.add, 1, 1), 2);
    const { workersDied, tasks: counts } = pool.statistics();
    assert.equal(workersDied, 1);
    assert.equal(counts.retried, 0, 'the pool itself ended it; nobody wants its outcome');
  });

  row('a task that goes on without its worker being stopped frees its place', async () => {
    await using pool = make(1);
    const gate = new Note();
    const slow = pool.with({ timeout: 10, grace: 10 }).submit(tasks.waitFor, gate.path, 'late');
    assert.ok((await failure(slow)) instanceof TimeoutError);
    assert.equal(await pool.submit(tasks.add, 1, 1), 2);
    gate.open();
    assert.equal(await pool.submit(tasks.add, 1, 2), 3);
  });

  row('many tasks under one signal, without a warning', async () => {
    await using pool = make(2);
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listen);
    const controller = new AbortController();
    const one = pool.with({ signal: controller.signal });
    await Promise.all(Array.from({ length: 50 }, (_, n) => one.submit(tasks.same, n)));
    const results = one.with({ chunkSize: 1 }).map(
      tasks.same,
      Array.from({ length: 50 }, (_, n) => n),
    );
    await results;
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    assert.deepEqual(warnings, []);
  });
});

contract('shutdown', ({ make, row }) => {
  row('waits for what was submitted, running and pending', async () => {
    const pool = make(1);
    const gate = new Note();
    const futures = [1, 2, 3].map((n) => pool.submit(tasks.waitFor, gate.path, n));
    const ended = pool.shutdown();
    assert.equal(pool.statistics().state, 'closing');
    gate.open();
    await ended;
    assert.ok(futures.every((future) => future.done()));
    assert.deepEqual(await Promise.all(futures), [1, 2, 3]);
    assert.deepEqual(pool.statistics().workers, []);
  });

  row('wait: false returns before, and the work is done all the same', async () => {
    const pool = make(1);
    const gate = new Note();
    const futures = [1, 2].map((n) => pool.submit(tasks.waitFor, gate.path, n));
    await pool.shutdown({ wait: false });
    assert.ok(futures.every((future) => !future.done()));
    gate.open();
    assert.deepEqual(await Promise.all(futures), [1, 2]);
    await pool.shutdown();
  });

  row('cancelFutures: what no worker has begun is cancelled, what runs is finished', async () => {
    const pool = make(1);
    const gate = new Note();
    const { options, running } = whenRunning();
    const busy = pool.with(options).submit(tasks.waitFor, gate.path, 1);
    await running;
    const pending = [2, 3, 4].map((n) => pool.submit(tasks.same, n));
    const ended = pool.shutdown({ cancelFutures: true });
    for (const future of pending) assert.ok((await failure(future)) instanceof CancelledError);
    assert.equal(busy.done(), false);
    gate.open();
    await ended;
    assert.equal(await busy, 1);
  });

  row('may be called again and again, before and after any work', async () => {
    const pool = make(1);
    await Promise.all([pool.shutdown(), pool.shutdown({ cancelFutures: true })]);
    await pool.shutdown();
    await pool[Symbol.asyncDispose]();
    assert.equal(pool.statistics().state, 'closed');
  });

  row('await using waits, also when the block throws', async () => {
    const gate = new Note();
    const futures: Array<{ done(): boolean }> = [];
    const block = async (): Promise<void> => {
      await using pool = make(1);
      futures.push(pool.submit(tasks.waitFor, gate.path, 1), pool.submit(tasks.same, 2));
      gate.open();
      throw new Error('in the block');
    };
    assert.equal(((await failure(block())) as Error).message, 'in the block');
    assert.ok(futures.every((future) => future.done()));
  });

  row('while a worker starts: nothing hangs', async () => {
    for (const cancelFutures of [false, true]) {
      const pool = make(2);
      const future = pool.submit(tasks.same, 1);
      await pool.shutdown({ cancelFutures });
      if (!cancelFutures) assert.equal(await future, 1);
      else assert.ok(future.done());
      await future.catch((error: unknown) => assert.ok(error instanceof CancelledError));
    }
  });

  row('while a worker dies: nothing hangs', ['mortal workers'], async () => {
    const pool = make(1);
    const dying = pool.submit(tasks.end, 'exit');
    const next = pool.submit(tasks.same, 1);
    const ended = pool.shutdown();
    assert.ok((await failure(dying)) instanceof WorkerDiedError);
    assert.equal(await next, 1);
    await ended;
  });

  row('of a broken pool: nothing hangs', ['pool options'], async () => {
    const pool = make(2, { initializer: tasks.prepareOrFail });
    const future = pool.submit(tasks.same, 1);
    await pool.shutdown();
    assert.ok((await failure(future)) instanceof BrokenExecutorError);
  });
});
