// test_queue.py: BaseSimpleQueueTest.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmptyError, SimpleQueue } from '../../../src/queue/index.ts';
import { limit, threads } from '../../queues/support.ts';

const COUNT = 100;

test('BaseSimpleQueueTest.test_basic: all ways to put and to get', limit, async () => {
  const queue = new SimpleQueue<number>();
  assert.ok(queue.empty());
  await queue.put(1);
  queue.putSync(2);
  queue.putNowait(3);
  assert.equal(queue.tryPut(4), true);
  assert.equal(queue.size, 4);
  assert.equal(queue.full(), false);
  assert.equal(await queue.get(), 1);
  assert.equal(queue.getSync(), 2);
  assert.equal(queue.getNowait(), 3);
  assert.equal(await queue.get({ timeout: 10 }), 4);
  assert.ok(queue.empty());
  assert.equal(queue.size, 0);
  await assert.rejects(queue.get({ timeout: 0 }), EmptyError);
  await assert.rejects(queue.get({ timeout: 1 }), EmptyError);
  assert.throws(() => queue.getSync({ timeout: 1 }), EmptyError);
  assert.throws(() => queue.getNowait(), EmptyError);
  assert.ok(queue.empty());
});

test('BaseSimpleQueueTest.test_negative_timeout_raises_exception: to get', limit, async () => {
  const queue = new SimpleQueue<number>();
  await queue.put(1);
  await assert.rejects(queue.get({ timeout: -1 }), RangeError);
  assert.throws(() => queue.getSync({ timeout: -1 }), RangeError);
  assert.equal(queue.size, 1);
});

test('BaseSimpleQueueTest.test_order: of one producer, to one consumer', limit, async () => {
  const queue = new SimpleQueue<number>();
  const consumer = threads.start('poll', queue, 'timeout', COUNT - 1);
  for (let n = 0; n < COUNT; n += 1) await queue.put(n);
  assert.deepEqual(
    await consumer.result,
    Array.from({ length: COUNT }, (_, n) => n),
  );
});

/** Two who put and two who get. Each of those who get ends with a number of its own. */
async function manyThreads(how: 'nonblock' | 'timeout'): Promise<void> {
  const queue = new SimpleQueue<number>();
  const producers = [0, 1].map((who) => threads.start('produce', queue as never, who, COUNT, 'Sync'));
  await Promise.all(producers.map(({ result }) => result));
  // Numbered items, as plain numbers: one list for both.
  const items: number[] = [];
  for (let got = queue.tryGet(); got !== null; got = queue.tryGet()) {
    const [who, number] = got.value as unknown as readonly [number, number];
    items.push(who * COUNT + number);
  }
  assert.deepEqual(
    items.toSorted((a, b) => a - b),
    Array.from({ length: 2 * COUNT }, (_, n) => n),
  );
  const consumers = [0, 1].map(() => threads.start('poll', queue, how, -1));
  for (const item of items) await queue.put(item);
  await queue.put(-1);
  await queue.put(-1);
  const got = (await Promise.all(consumers.map(({ result }) => result))).flat().filter((n) => n >= 0);
  assert.deepEqual(
    got.toSorted((a, b) => a - b),
    Array.from({ length: 2 * COUNT }, (_, n) => n),
  );
}

test('BaseSimpleQueueTest.test_many_threads_nonblock: without waiting', limit, () => manyThreads('nonblock'));

test('BaseSimpleQueueTest.test_many_threads_timeout: in short waits', limit, () => manyThreads('timeout'));
