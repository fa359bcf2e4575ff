// _test_multiprocessing.py: _TestQueue and TestSimpleQueue, with processes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmptyError, FullError, InvalidStateError, NotShareableError } from '../../../src/errors.ts';
import { JoinableQueue, Queue, SimpleQueue } from '../../../src/multiprocessing/queues.ts';
import type { AnyQueue } from '../../queues/fixtures/actor.ts';
import { limit, processes } from '../../queues/support.ts';

/** The actions of others say which queue they want; that which they get has all that they use. */
const asAny = <T>(queue: Queue<T> | SimpleQueue<T>): AnyQueue<never> => queue as never;

test('_TestQueue.test_put: in all ways, until it is full; and a child empties it', limit, async () => {
  const queue = new JoinableQueue<number>({ maxSize: 6 });
  assert.ok(queue.empty());
  await queue.put(1);
  await queue.put(2, { timeout: 1000 });
  queue.putSync(3);
  queue.putSync(4, { timeout: 1000 });
  assert.ok(queue.tryPut(5));
  queue.putNowait(6);
  assert.ok(queue.full());
  await assert.rejects(queue.put(7, { timeout: 0 }), FullError);
  await assert.rejects(queue.put(7, { timeout: 5 }), FullError);
  assert.throws(() => queue.putSync(7, { timeout: 5 }), FullError);
  assert.throws(() => queue.putNowait(7), FullError);
  assert.equal(queue.tryPut(7), false);
  const child = processes.start('empty', queue, 'Sync');
  await queue.join();
  assert.ok(queue.empty());
  assert.ok(!queue.full());
  queue.shutdown();
  assert.deepEqual(await child.result, [1, 2, 3, 4, 5, 6]);
});

test('_TestQueue.test_get: in all ways, in order, until it is empty', limit, async () => {
  const queue = new Queue<number>();
  for (let n = 0; n < 6; n += 1) await processes.start('put', asAny(queue), n).result;
  const got = [
    await queue.get(),
    await queue.get({ timeout: 1000 }),
    queue.getSync(),
    queue.getSync({ timeout: 1000 }),
    queue.tryGet()?.value,
    queue.getNowait(),
  ];
  assert.deepEqual(got, [0, 1, 2, 3, 4, 5]);
  assert.ok(queue.empty());
  await assert.rejects(queue.get({ timeout: 0 }), EmptyError);
  await assert.rejects(queue.get({ timeout: 5 }), EmptyError);
  assert.throws(() => queue.getSync({ timeout: 5 }), EmptyError);
  assert.throws(() => queue.getNowait(), EmptyError);
});

test('_TestQueue.test_fork: a child adds to what its parent has put, and leaves at once', limit, async () => {
  const queue = new Queue<number>();
  for (let n = 0; n < 10; n += 1) await queue.put(n);
  const more = Array.from({ length: 10 }, (_, n) => n + 10);
  await assert.rejects(processes.start('putAndExit', asAny(queue), more).result, /ended without an answer/);
  const got = Array.from({ length: 20 }, () => queue.getSync());
  assert.deepEqual(got, [...Array.from({ length: 10 }, (_, n) => n), ...more]);
  assert.throws(() => queue.getNowait(), EmptyError);
});

test('_TestQueue.test_qsize: follows each put and get', limit, async () => {
  const queue = new Queue<number>();
  assert.equal(queue.size, 0);
  await queue.put(1);
  assert.equal(queue.size, 1);
  await processes.start('put', asAny(queue), 5).result;
  assert.equal(queue.size, 2);
  await queue.get();
  assert.equal(queue.size, 1);
  await queue.get();
  assert.equal(queue.size, 0);
});

test('_TestQueue.test_task_done: join waits for four processes', limit, async () => {
  const queue = new JoinableQueue<number>();
  const workers = Array.from({ length: 4 }, (_, n) =>
    processes.start('empty', queue, n % 2 === 0 ? 'Sync' : 'async'),
  );
  for (let n = 0; n < 10; n += 1) await queue.put(n);
  await queue.join();
  assert.equal(queue.unfinishedTasks, 0);
  assert.throws(() => queue.taskDone(), InvalidStateError);
  queue.shutdown();
  const got = (await Promise.all(workers.map(({ result }) => result))).flat();
  assert.deepEqual(
    got.toSorted((a, b) => a - b),
    Array.from({ length: 10 }, (_, n) => n),
  );
});

test('_TestQueue.test_timeout: ends when its time is over, and says which', limit, async () => {
  const queue = new Queue<number>();
  const late = { name: 'EmptyError', message: 'Nothing was put on the queue within 100 ms' };
  await assert.rejects(queue.get({ timeout: 100 }), late);
  assert.throws(() => queue.getSync({ timeout: 100 }), late);
});

test(
  '_TestQueue.test_queue_feeder_on_queue_feeder_error: put itself says so, and the queue goes on',
  limit,
  async () => {
    const queue = new Queue<unknown>({ maxSize: 1 });
    await assert.rejects(queue.put({ item: () => 1 }), NotShareableError);
    await queue.put('more', { timeout: 0 });
    assert.equal(await queue.get(), 'more');
  },
);

test(
  '_TestQueue.test_closed_queue_empty_exceptions: a queue that was closed here is of no use here',
  limit,
  async () => {
    for (const isUsed of [false, true]) {
      const queue = new Queue<number>();
      if (isUsed) await queue.put(1);
      await assert.rejects(queue.joinThread(), InvalidStateError);
      queue.close();
      assert.throws(() => queue.empty(), InvalidStateError);
      await queue.joinThread();
      queue.cancelJoinThread();
    }
  },
);

test('_TestQueue.test_closed_queue_put_get_exceptions: in all ways', limit, async () => {
  for (const queue of [new Queue<number>(), new JoinableQueue<number>()]) {
    queue.close();
    await assert.rejects(queue.put(1), { name: 'InvalidStateError', message: /closed/ });
    await assert.rejects(queue.get(), InvalidStateError);
    assert.throws(() => queue.putSync(1), InvalidStateError);
    assert.throws(() => queue.getSync(), InvalidStateError);
    assert.throws(() => queue.tryPut(1), InvalidStateError);
    assert.throws(() => queue.tryGet(), InvalidStateError);
  }
});

test('TestSimpleQueue.test_empty_exceptions: a queue that was closed here is of no use here', limit, () => {
  const queue = new SimpleQueue<number>();
  assert.ok(queue.empty());
  queue.close();
  assert.throws(() => queue.empty(), InvalidStateError);
});

test('TestSimpleQueue.test_empty: sees what a child puts', limit, async () => {
  const queue = new SimpleQueue<boolean>();
  assert.ok(queue.empty());
  await processes.start('put', asAny(queue), true).result;
  assert.ok(!queue.empty());
  assert.equal(await queue.get(), true);
  assert.ok(queue.empty());
});

test('TestSimpleQueue.test_close: may be closed twice, and others keep it', limit, async () => {
  const queue = new SimpleQueue<number>();
  await queue.put(7);
  const back = new SimpleQueue<number>();
  const child = processes.start('echo', asAny(queue), asAny(back), 1);
  await child.result;
  queue.close();
  queue.close();
  assert.equal(await back.get(), 7);
});
