// test_queue.py: BaseQueueTestMixin, for the three kinds of queues, and for those who await and those who block.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidStateError, TimeoutError } from '../../../src/errors.ts';
import {
  EmptyError,
  FullError,
  LifoQueue,
  PriorityQueue,
  Queue,
  ShutDownError,
} from '../../../src/queue/index.ts';
import { limit, threads } from '../../queues/support.ts';

type Kind = typeof Queue<number> | typeof LifoQueue<number> | typeof PriorityQueue<number>;

const KINDS = [Queue, LifoQueue, PriorityQueue] as const;

function each(title: string, body: (make: (maxSize?: number) => Queue<number>) => Promise<void>): void {
  for (const Class of KINDS as readonly Kind[]) {
    test(`${title} (${Class.name})`, limit, () =>
      body((maxSize = 0) => new Class({ maxSize }) as Queue<number>),
    );
  }
}

/** Waits of both forms: one that awaits here, and one that blocks another thread. */
function waitersOf(queue: Queue<number>, what: 'get' | 'join'): Promise<unknown>[] {
  return [
    queue[what](),
    threads.start('call', queue, what).result,
    threads.start('call', queue, `${what}Sync`).result,
  ];
}

const shutDown = { name: 'ShutDownError' };

async function rejectAll(promises: readonly Promise<unknown>[]): Promise<void> {
  for (const promise of promises) await assert.rejects(promise, shutDown);
}

/** All ways to put are refused. */
async function refusesPuts(queue: Queue<number>): Promise<void> {
  await assert.rejects(queue.put(1), ShutDownError);
  await assert.rejects(queue.put(1, { timeout: 1 }), ShutDownError);
  assert.throws(() => queue.putSync(1), ShutDownError);
  assert.throws(() => queue.tryPut(1), ShutDownError);
  assert.throws(() => queue.putNowait(1), ShutDownError);
}

async function refusesGets(queue: Queue<number>): Promise<void> {
  await assert.rejects(queue.get(), ShutDownError);
  await assert.rejects(queue.get({ timeout: 1 }), ShutDownError);
  assert.throws(() => queue.getSync(), ShutDownError);
  assert.throws(() => queue.tryGet(), ShutDownError);
  assert.throws(() => queue.getNowait(), ShutDownError);
}

each('BaseQueueTestMixin.test_queue_task_done: nothing can be done that was not put', async (make) => {
  assert.throws(() => make().taskDone(), InvalidStateError);
});

each('BaseQueueTestMixin.test_queue_join: waits until all is done, again and again', async (make) => {
  const queue = make();
  const workers = [threads.start('empty', queue, 'Sync'), threads.start('empty', queue, 'async')];
  for (let round = 0; round < 2; round += 1) {
    for (let n = 0; n < 100; n += 1) await queue.put(n);
    await Promise.all(waitersOf(queue, 'join'));
    assert.equal(queue.unfinishedTasks, 0);
  }
  queue.shutdown();
  const got = (await Promise.all(workers.map(({ result }) => result))).flat();
  assert.equal(got.length, 200);
  assert.throws(() => queue.taskDone(), InvalidStateError);
});

each(
  'BaseQueueTestMixin.test_negative_timeout_raises_exception: also where there is no need to wait',
  async (make) => {
    for (const queue of [make(1), make()]) {
      for (const timeout of [-1, Number.NaN]) {
        await assert.rejects(queue.put(1, { timeout }), RangeError);
        assert.throws(() => queue.putSync(1, { timeout }), RangeError);
        await assert.rejects(queue.get({ timeout }), RangeError);
        assert.throws(() => queue.getSync({ timeout }), RangeError);
        await assert.rejects(queue.join({ timeout }), RangeError);
        assert.throws(() => queue.joinSync({ timeout }), RangeError);
      }
      assert.equal(queue.size, 0);
    }
  },
);

each('BaseQueueTestMixin.test_nowait: fills it up, and empties it', async (make) => {
  const queue = make(3);
  for (let n = 0; n < 3; n += 1) queue.putNowait(n);
  assert.ok(queue.full());
  assert.throws(() => queue.putNowait(3), FullError);
  assert.equal(queue.tryPut(3), false);
  await assert.rejects(queue.put(3, { timeout: 0 }), FullError);
  assert.throws(
    () => queue.putSync(3, { timeout: 1 }),
    (error) => error instanceof FullError && error instanceof TimeoutError,
  );
  for (let n = 0; n < 3; n += 1) queue.getNowait();
  assert.ok(queue.empty());
  assert.throws(() => queue.getNowait(), EmptyError);
  assert.equal(queue.tryGet(), null);
  await assert.rejects(queue.get({ timeout: 0 }), EmptyError);
  assert.throws(
    () => queue.getSync({ timeout: 1 }),
    (error) => error instanceof EmptyError && error instanceof TimeoutError,
  );
});

each('BaseQueueTestMixin.test_shrinking_queue: what is there stays', async (make) => {
  const queue = make(3);
  for (let n = 0; n < 3; n += 1) queue.putNowait(n);
  queue.maxSize = 2;
  assert.equal(queue.maxSize, 2);
  assert.throws(() => queue.putNowait(4), FullError);
  assert.equal(queue.size, 3);
  queue.getNowait();
  assert.throws(() => queue.putNowait(4), FullError);
  queue.getNowait();
  queue.putNowait(4);
  // And one that grows lets those in who wait.
  const waiting = queue.put(5);
  queue.maxSize = Infinity;
  await waiting;
  assert.equal(queue.maxSize, Infinity);
  assert.equal(queue.size, 3);
});

each('BaseQueueTestMixin.test_shutdown_empty: nothing can be put or got', async (make) => {
  const queue = make();
  queue.shutdown();
  await refusesPuts(queue);
  await refusesGets(queue);
});

each('BaseQueueTestMixin.test_shutdown_nonempty: what is there can be got', async (make) => {
  const queue = make();
  await queue.put(1);
  queue.shutdown();
  assert.equal(await queue.get(), 1);
  await refusesGets(queue);
});

each('BaseQueueTestMixin.test_shutdown_immediate: what is there is gone', async (make) => {
  const queue = make();
  await queue.put(1);
  queue.shutdown({ immediate: true });
  assert.equal(queue.size, 0);
  await refusesGets(queue);
});

each('BaseQueueTestMixin.test_shutdown_allowed_transitions: in any order, and never back', async (make) => {
  const queue = make();
  assert.equal(queue.isShutdown, false);
  await queue.put(1);
  queue.shutdown();
  assert.equal(queue.isShutdown, true);
  assert.equal(queue.size, 1);
  queue.shutdown({ immediate: true });
  assert.equal(queue.size, 0);
  queue.shutdown();
  assert.equal(queue.isShutdown, true);
  await refusesGets(queue);
});

each(
  'BaseQueueTestMixin.test_shutdown_all_methods_in_one_thread: gets drain it, and tasks can be done',
  async (make) => {
    const queue = make(2);
    await queue.put(1);
    await queue.put(2);
    queue.shutdown();
    await refusesPuts(queue);
    assert.deepEqual([await queue.get(), queue.getNowait()].toSorted(), [1, 2]);
    queue.taskDone();
    queue.taskDone();
    assert.throws(() => queue.taskDone(), InvalidStateError);
    await queue.join();
    await refusesGets(queue);
  },
);

each(
  'BaseQueueTestMixin.test_shutdown_immediate_all_methods_in_one_thread: nothing is left to be done',
  async (make) => {
    const queue = make(2);
    await queue.put(1);
    await queue.put(2);
    queue.shutdown({ immediate: true });
    await refusesPuts(queue);
    await refusesGets(queue);
    assert.throws(() => queue.taskDone(), InvalidStateError);
    await queue.join();
    queue.joinSync({ timeout: 0 });
  },
);

/** Producers and consumers of both forms, and joiners. */
async function manyThreads(
  queue: Queue<number>,
  immediate: boolean,
): Promise<{ put: number; got: number[] }> {
  const producers = [threads.start('fill', queue, 'Sync'), threads.start('fill', queue, 'async')];
  const consumers = [
    threads.start('empty', queue, 'Sync'),
    threads.start('empty', queue, 'async'),
    threads.start('empty', queue, 'Sync'),
  ];
  for (let n = 0; n < 1000; n += 1) {
    await queue.get();
    queue.taskDone();
  }
  const joiners = immediate ? waitersOf(queue, 'join') : [];
  queue.shutdown({ immediate });
  const put = (await Promise.all(producers.map(({ result }) => result))).reduce((sum, count) => sum + count);
  const got = (await Promise.all(consumers.map(({ result }) => result))).flat();
  await Promise.all(joiners);
  return { put, got };
}

each(
  'BaseQueueTestMixin.test_shutdown_all_methods_in_many_threads: all end, and all that was put was got',
  async (make) => {
    const queue = make(100);
    const { put, got } = await manyThreads(queue, false);
    assert.equal(got.length + 1000, put);
    assert.equal(queue.size, 0);
    await queue.join({ timeout: 10_000 });
  },
);

each(
  'BaseQueueTestMixin.test_shutdown_immediate_all_methods_in_many_threads: all end, also those who join',
  async (make) => {
    const queue = make(100);
    const { put, got } = await manyThreads(queue, true);
    assert.ok(got.length + 1000 <= put);
    assert.equal(queue.size, 0);
    assert.ok(queue.empty());
  },
);

each('BaseQueueTestMixin.test_shutdown_immediate_get: those who wait, and those who come', async (make) => {
  const queue = make();
  const waiting = waitersOf(queue, 'get');
  queue.shutdown({ immediate: true });
  await rejectAll(waiting);
  const other = make();
  for (let n = 0; n < 3; n += 1) await other.put(n);
  other.shutdown({ immediate: true });
  await rejectAll(waitersOf(other, 'get'));
});

/** Puts of both forms to a queue that is full. */
function puttersOf(queue: Queue<number>): Promise<unknown>[] {
  const put = (form: 'async' | 'Sync'): Promise<unknown> =>
    threads.start('produce', queue as never, 1, 1, form).result;
  return [queue.put(2), put('async'), put('Sync')];
}

async function shutdownOfFull(queue: Queue<number>, immediate: boolean): Promise<void> {
  await queue.put(1);
  const waiting = puttersOf(queue);
  queue.shutdown({ immediate });
  await rejectAll(waiting);
  assert.equal(queue.size, immediate ? 0 : 1);
}

for (const Class of [Queue, LifoQueue]) {
  test(`BaseQueueTestMixin.test_shutdown_put: all who wait for a place (${Class.name})`, limit, () =>
    shutdownOfFull(new Class({ maxSize: 1 }), false),
  );

  test(
    `BaseQueueTestMixin.test_shutdown_immediate_put: though there are places now (${Class.name})`,
    limit,
    () => shutdownOfFull(new Class({ maxSize: 1 }), true),
  );
}

each('BaseQueueTestMixin.test_shutdown_immediate_join: what is discarded need not be done', async (make) => {
  const queue = make();
  await queue.put(1);
  await queue.put(2);
  await queue.get();
  const joined = waitersOf(queue, 'join');
  queue.shutdown({ immediate: true });
  // What was got has still to be done.
  assert.equal(queue.unfinishedTasks, 1);
  await assert.rejects(queue.join({ timeout: 20 }), TimeoutError);
  queue.taskDone();
  await Promise.all(joined);
});

each('BaseQueueTestMixin.test_shutdown_join: what is there has to be got and done', async (make) => {
  const queue = make();
  await queue.put(1);
  await queue.put(2);
  const joined = waitersOf(queue, 'join');
  queue.shutdown();
  await queue.get();
  await queue.get();
  queue.taskDone();
  await assert.rejects(queue.join({ timeout: 20 }), TimeoutError);
  queue.taskDone();
  await Promise.all(joined);
});

each('BaseQueueTestMixin.test_shutdown_put_join: joins wait, puts do not', async (make) => {
  const queue = make(2);
  await queue.put(1);
  await queue.put(2);
  const joined = waitersOf(queue, 'join');
  const late = queue.put(3);
  assert.ok([1, 2].includes(await queue.get()));
  await late;
  queue.taskDone();
  queue.shutdown();
  await refusesPuts(queue);
  for (let n = 0; n < 2; n += 1) {
    await queue.get();
    queue.taskDone();
  }
  await Promise.all(joined);
});

each('BaseQueueTestMixin.test_shutdown_get_task_done_join: in a race with those who get', async (make) => {
  const queue = make(2);
  const workers = [threads.start('empty', queue, 'Sync'), threads.start('empty', queue, 'async')];
  await queue.put(1);
  await queue.put(2);
  const joined = waitersOf(queue, 'join');
  queue.shutdown();
  await Promise.all(joined);
  const got = (await Promise.all(workers.map(({ result }) => result))).flat();
  assert.deepEqual(got.toSorted(), [1, 2]);
});

each('BaseQueueTestMixin.test_shutdown_pending_get: one that waits already', async (make) => {
  const queue = make();
  const ready = make();
  const blocked = threads.start('getAndGet', ready as never, queue as never, 'Sync');
  const waiting = queue.get();
  await ready.put(1);
  while (!ready.empty()) await new Promise(setImmediate);
  queue.shutdown();
  await rejectAll([waiting, blocked.result]);
  const rest: number[] = [];
  for await (const item of queue) rest.push(item);
  assert.deepEqual(rest, []);
});
