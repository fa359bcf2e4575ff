// How long objects live, and what becomes of what a client held that was killed.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  BrokenBarrierError,
  BrokenConnectionError,
  InvalidStateError,
  OwnerDiedError,
  RemoteError,
  WorkerDiedError,
} from '../../src/errors.ts';
import { ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/index.ts';
import { activeChildren, Manager, type ManagerOptions, Process } from '../../src/multiprocessing/index.ts';
import { until } from '../conformance/futures/support.ts';
import * as tasks from './manager-tasks.ts';

const LIMIT = { timeout: 60_000 };

/** A test on a manager of its own. */
function managed(
  title: string,
  body: (manager: tasks.OwnManager) => Promise<void>,
  options: ManagerOptions = {},
): void {
  test(title, LIMIT, async () => {
    const manager = await new tasks.OwnManager(options).start();
    try {
      await body(manager);
    } finally {
      await manager.shutdown();
      for (const child of activeChildren()) child.kill();
    }
  });
}

function started<A extends readonly unknown[]>(target: (...args: A) => unknown, ...args: A): Process {
  const child = new Process({ target: target as never, args });
  child.start();
  return child;
}

async function run<A extends readonly unknown[]>(target: (...args: A) => unknown, ...args: A): Promise<void> {
  assert.deepEqual(await started(target, ...args).join(), { exitCode: 0, signal: null });
}

async function untilCount(
  manager: tasks.OwnManager,
  count: number,
  meanwhile = (): unknown => undefined,
): Promise<void> {
  for (;;) {
    await meanwhile();
    if ((await manager.numberOfObjects()) === count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

managed('1,000 objects come and go', async (manager) => {
  for (let round = 0; round < 10; round += 1) {
    const lists = await Promise.all(Array.from({ length: 100 }, (_, n) => manager.list([n])));
    assert.equal(await manager.numberOfObjects(), 100);
    for (const list of lists) list[Symbol.dispose]();
    assert.equal(await manager.numberOfObjects(), 0);
  }
});

managed('what nobody here refers to is collected here, and then there', async (manager) => {
  await Promise.all(Array.from({ length: 100 }, () => manager.list()));
  await untilCount(manager, 0, tasks.collectGarbage);
});

managed('what is in a container lives as long as that, also where it contains itself', async (manager) => {
  const worker = await manager.create(tasks.WorkerId);
  const outer = await manager.list<unknown>();
  const inner = await manager.list<unknown>(['inner']);
  await outer.push(inner);
  await inner.push(outer);
  inner[Symbol.dispose]();
  const again = (await outer.at(0)) as typeof inner;
  assert.notEqual(again, inner);
  assert.equal(await again.at(0), 'inner');
  assert.equal(await again.at(1), outer);
  assert.equal(await manager.numberOfObjects(), 3);
  again[Symbol.dispose]();
  outer[Symbol.dispose]();
  await untilCount(manager, 1, () => worker.collectGarbage());
});

managed('the objects of a client that is killed are freed', async (manager) => {
  const made = await manager.Queue<string>();
  const { address } = manager;
  const child = started(tasks.makeMany, address as string, 500, made);
  assert.equal(await made.get(), 'made 500');
  assert.equal(await manager.numberOfObjects(), 501);
  child.kill();
  await untilCount(manager, 1);
});

managed('a proxy that was passed on is kept while it is on its way', async (manager) => {
  const list = await manager.list<unknown>();
  const item = await manager.list(['kept']);
  const child = started(tasks.pushTo, list, item);
  item[Symbol.dispose]();
  assert.deepEqual(await child.join(), { exitCode: 0, signal: null });
  const [passed] = (await list.snapshot()) as [typeof item];
  assert.deepEqual(await passed.snapshot(), ['kept']);
});

managed(
  'and no longer',
  async (manager) => {
    const list = await manager.list<unknown>();
    const item = await manager.list(['late']);
    const child = new Process({ target: tasks.pushTooLate, args: [list, item] });
    child.start();
    item[Symbol.dispose]();
    // 0: nothing is kept for those who have not got it yet.
    assert.equal((await child.join()).exitCode, 7);
    assert.equal(await manager.numberOfObjects(), 1);
  },
  { transferTimeout: 0 },
);

managed('proxies pass through tasks, queues and containers, and are the same object', async (manager) => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const list = await manager.list<number>();
  assert.equal(await pool.submit(tasks.appendInTask, list, 5), list);
  assert.deepEqual(await list.snapshot(), [5]);
  const queue = await manager.Queue<unknown>();
  await queue.put({ deep: [list] });
  assert.deepEqual(await queue.get(), { deep: [list] });
  const texts = await manager.list<string>();
  await run(tasks.useFromMap, await manager.dict({ list: texts }));
  assert.deepEqual(await texts.snapshot(), ['from another process']);
});

managed('objects use each other by their proxies', async (manager) => {
  const worker = await manager.create(tasks.WorkerId);
  const [queue, list] = [await manager.Queue<number>(), await manager.list<number>()];
  for (const item of [1, 2, 3]) await queue.put(item);
  assert.equal(await worker.drain(queue, list), 3);
  assert.deepEqual(await list.snapshot(), [1, 2, 3]);
});

managed('an object of another manager is the same everywhere', async (manager) => {
  await using other = await Manager();
  const list = await other.list(['elsewhere']);
  const holder = await manager.dict({ list });
  assert.equal(await holder.get('list'), list);
  await run(tasks.useFromMap, holder as never);
  assert.deepEqual(await list.snapshot(), ['elsewhere', 'from another process']);
});

for (const kind of ['Lock', 'RLock', 'Semaphore', 'Condition'] as const) {
  managed(`a client that is killed with a ${kind} does not lock the others out`, async (manager) => {
    const lock = await manager[kind]();
    const held = await manager.Queue<string>();
    for (const isWaitedFor of [true, false]) {
      const child = started(tasks.hold, lock, held);
      assert.equal(await held.get(), 'held');
      assert.equal(await lock.tryAcquire(), null);
      if (isWaitedFor) {
        const [first, second] = [lock.acquire(), lock.acquire()];
        // Both requests are there when the one that follows is answered.
        await manager.numberOfObjects();
        child.kill();
        await assert.rejects(first, OwnerDiedError);
        await (await second).release();
      } else {
        child.kill();
        await child.join();
        await assert.rejects(lock.acquire(), OwnerDiedError);
      }
      await (await lock.acquire({ timeout: 30_000 })).release();
    }
  });
}

managed('a client that is killed while it waits takes nothing along', async (manager) => {
  const [queue, ready] = [await manager.Queue<string>(), await manager.Queue<string>()];
  const child = started(tasks.waitFor, queue, ready);
  await ready.get();
  const barrier = await manager.Barrier(2);
  const party = started(tasks.waitAt, barrier);
  while ((await barrier.waiting()) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const objects = await manager.numberOfObjects();
  party.kill();
  await party.join();
  await until(() => barrier.broken() as never);
  await assert.rejects(barrier.wait(), BrokenBarrierError);
  child.kill();
  await child.join();
  await untilCount(manager, objects);
  await queue.put('for the living');
  assert.equal(await queue.get(), 'for the living');
});

managed('calls that wait hold up no others, and are given up by their limits', async (manager) => {
  const queue = await manager.Queue<number>();
  const waiting = Array.from({ length: 20 }, () => queue.get());
  assert.equal(await queue.size(), 0);
  const reason = new Error('no more');
  const controller = new AbortController();
  const given = assert.rejects(queue.get({ signal: controller.signal }), (error) => error === reason);
  controller.abort(reason);
  await given;
  await assert.rejects(queue.get({ signal: AbortSignal.abort(reason) }), (error) => error === reason);
  for (let item = 0; item < 20; item += 1) await queue.put(item);
  assert.deepEqual(
    await Promise.all(waiting),
    Array.from({ length: 20 }, (_, item) => item),
  );
  await assert.rejects(queue.get({ timeout: -1 }), RangeError);
  assert.equal(await queue.size(), 0);
});

managed('calls begin in their order, without waiting for each other', async (manager) => {
  const list = await manager.list<number>();
  void Array.from({ length: 500 }, (_, n) => list.push(n));
  assert.deepEqual(
    await list.snapshot(),
    Array.from({ length: 500 }, (_, n) => n),
  );
});

managed('a barrier calls its action in the manager, and breaks if that throws', async (manager) => {
  const worker = await manager.create(tasks.WorkerId);
  const barrier = await manager.Barrier(2, { action: tasks.markRound });
  assert.deepEqual((await Promise.all([barrier.wait(), barrier.wait()])).toSorted(), [0, 1]);
  assert.equal(await worker.initialised(), 'by a barrier');

  const failing = await manager.Barrier(2, { action: tasks.failToInitialise });
  const [first, last] = await Promise.allSettled([failing.wait(), failing.wait()]);
  assert.ok(first.status === 'rejected' && first.reason instanceof BrokenBarrierError);
  assert.ok(last.status === 'rejected' && last.reason instanceof RangeError);
  await failing.reset();
  assert.equal(await failing.broken(), false);

  const late = await manager.Barrier(2, { timeout: 1 });
  await assert.rejects(late.wait(), { name: 'TimeoutError' });
  assert.equal(await late.broken(), true);
});

managed('proxies pass to threads, which have connections of their own', async (manager) => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const list = await manager.list<number>();
  assert.equal(await pool.submit(tasks.appendInTask, list, 6), list);
  assert.deepEqual(await list.snapshot(), [6]);
});

managed('a condition wakes those who wait, who have the lock again', async (manager) => {
  const lock = await manager.Lock();
  const condition = await manager.Condition(lock);
  const queue = await manager.list<number>();
  const consumer = condition.withLock(async () => {
    await condition.waitFor(async () => (await queue.length()) > 0);
    assert.equal(await lock.locked(), true);
    return await queue.pop();
  });
  await condition.withLock(async () => {
    await queue.push(7);
    await condition.notifyAll();
  });
  assert.equal(await consumer, 7);
  assert.equal(await lock.locked(), false);
  await assert.rejects(manager.Condition(queue as never), TypeError);
});

managed('the server is killed: calls reject, those that wait and those to come', async (manager) => {
  const queue = await manager.Queue();
  const worker = await manager.create(tasks.WorkerId);
  const waits = Promise.all(
    [queue.get(), queue.get(), worker.killItself()].map((call) =>
      assert.rejects(call, BrokenConnectionError),
    ),
  );
  await waits;
  await assert.rejects(queue.size(), BrokenConnectionError);
  await assert.rejects(manager.list(), BrokenConnectionError);
  assert.deepEqual(await manager.join(), { exitCode: -9, signal: 'SIGKILL' });
});

test('a manager starts where one was killed, and its objects are others', LIMIT, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'manyhands-manager-'));
  const address = join(folder, 'manager');
  try {
    const killed = await new tasks.OwnManager({ address }).start();
    const list = await killed.list();
    await assert.rejects((await killed.create(tasks.WorkerId)).killItself());
    await killed.join();
    await using manager = await new tasks.OwnManager({ address }).start();
    await manager.list();
    await assert.rejects(list.length(), BrokenConnectionError);
    await assert.rejects(new tasks.OwnManager({ address }).start(), { code: 'EADDRINUSE' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a server that hangs is killed in the end', LIMIT, async () => {
  const manager = await new tasks.OwnManager({ shutdownTimeout: 50 }).start();
  const failing = await manager.create(tasks.FailingId);
  const spins = assert.rejects(failing.spin(), BrokenConnectionError);
  await manager.shutdown();
  await spins;
  assert.notEqual((await manager.join()).exitCode, 0);
  await manager.shutdown();
  await assert.rejects(manager.list(), InvalidStateError);
});

test('Ctrl-C is not for the server', LIMIT, async () => {
  const manager = await new tasks.OwnManager({ shutdownTimeout: 30_000 }).start();
  const worker = await manager.create(tasks.WorkerId);
  process.kill(await worker.pid(), 'SIGINT');
  assert.equal(typeof (await worker.pid()), 'number');
  await manager.shutdown();
  assert.equal((await manager.join()).exitCode, 0);
});

test('the initializer runs first, and its error is that of start()', LIMIT, async () => {
  await using manager = await new tasks.OwnManager().start({
    initializer: tasks.initialise,
    initArgs: [{ deep: [1] }],
  });
  const worker = await manager.create(tasks.WorkerId);
  assert.deepEqual(await worker.initialised(), { deep: [1] });
  const failing = new tasks.OwnManager();
  await assert.rejects(failing.start({ initializer: tasks.failToInitialise }), RangeError);
  await assert.rejects(failing.list(), InvalidStateError);
  const dying = new tasks.OwnManager();
  await assert.rejects(dying.start({ initializer: tasks.leave }), WorkerDiedError);
});

test('a server can run in this process', LIMIT, async () => {
  await using server = await new tasks.OwnManager({ family: 'tcp', authkey: 'k' }).getServer();
  const served = server.serveForever();
  const client = await new tasks.OwnManager({ address: server.address, authkey: 'k' }).connect();
  const list = await client.list([1]);
  assert.equal(server.numberOfObjects(), 1);
  assert.deepEqual(server.debugInfo(), [{ object: 1, typeid: 'list', leases: 1 }]);
  await list.push(list as never);
  assert.equal(await list.at(1), list);
  await assert.rejects(client.shutdown(), InvalidStateError);
  server.close();
  await served;
  await assert.rejects(list.length(), BrokenConnectionError);
});

managed('an object that was freed is said to be gone', async (manager) => {
  const list = await manager.list();
  list[Symbol.dispose]();
  list[Symbol.dispose]();
  await assert.rejects(list.length(), InvalidStateError);
  assert.throws(() => structuredClone(list), { name: 'DataCloneError' });
  await assert.rejects(manager.create('nothing'), RemoteError);
});
