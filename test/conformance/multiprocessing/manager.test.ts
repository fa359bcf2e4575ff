// CPython's _test_multiprocessing.py: _TestContainers, _TestMyManager, _TestRemoteManager, _TestManagerRestart,
// TestSyncManagerTypes.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inspect } from 'node:util';
import {
  BrokenBarrierError,
  EmptyError,
  FullError,
  InvalidStateError,
  RemoteError,
} from '../../../src/errors.ts';
import {
  activeChildren,
  ManagedArray,
  ManagedIterator,
  ManagedMap,
  ManagedSet,
  Manager,
  Process,
  type SyncManager,
} from '../../../src/multiprocessing/index.ts';
import { Scene, until } from '../futures/support.ts';
import * as types from './manager-types.ts';
import { LIMIT, told } from './support.ts';

let shared: Promise<SyncManager> | undefined;
let sharedName: string | undefined;
after(async () => (await shared)?.shutdown());

/** A test with a gate and a log. Children that it left are ended, but not the manager that tests share. */
function inScene(title: string, body: (scene: Scene) => Promise<void>): void {
  test(title, LIMIT, async (context) => {
    const scene = new Scene(context);
    try {
      await body(scene);
    } finally {
      for (const child of activeChildren()) if (child.name !== sharedName) child.kill();
    }
  });
}

/** A test on one manager that all of these share. */
function managed(title: string, body: (manager: SyncManager, scene: Scene) => Promise<void>): void {
  inScene(title, async (scene) => {
    const manager = await (shared ??= Manager());
    sharedName ??= activeChildren().find(({ name }) => name.startsWith('SyncManager'))?.name;
    await body(manager, scene);
  });
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Runs `target(log, ...args)` in a process to its end. */
async function inChild<A extends readonly unknown[]>(
  scene: Scene,
  target: (log: string, ...args: A) => unknown,
  ...args: A
): Promise<unknown[]> {
  const child = new Process({ target: target as never, args: [scene.log, ...args] });
  child.start();
  assert.deepEqual(await child.join(), { exitCode: 0, signal: null });
  return told(scene);
}

managed('_TestContainers.test_list: pieces, growth, and lists in lists', async (manager) => {
  const a = await manager.list([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(await a.snapshot(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const b = await manager.list<number>();
  assert.equal(await b.push(0, 1, 2, 3, 4), 5);
  assert.equal(await b.at(2), 2);
  assert.deepEqual(await b.slice(2, 10), [2, 3, 4]);
  assert.equal(await b.repeat(2), b);
  assert.deepEqual(await b.snapshot(), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  assert.deepEqual(await b.concat([5, 6]), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(await b.concat(b), [...(await b.snapshot()), ...(await b.snapshot())]);
  assert.equal(await b.length(), 10);

  const c = await manager.list([a, b]);
  assert.equal(await c.at(0), a);
  await a.push(10);
  assert.deepEqual(await (await c.at(0))?.snapshot(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(await c.snapshot(), [a, b]);

  const d = await manager.list<unknown>([a]);
  await d.push(d);
  assert.equal(await d.at(1), d);
});

managed('_TestContainers.test_list_isinstance: has what lists have', async (manager) => {
  const list = await manager.list([3, 1, 2]);
  assert.ok(list instanceof ManagedArray);
  assert.equal(await list.unshift(0), 4);
  assert.equal(await list.shift(), 0);
  assert.equal(await list.pop(), 2);
  assert.deepEqual(await list.splice(0, 1, 7, 8), [3]);
  assert.deepEqual(await list.snapshot(), [7, 8, 1]);
  assert.equal(await list.includes(8), true);
  assert.equal(await list.indexOf(8), 1);
  assert.equal(await list.indexOf(8, 2), -1);
  assert.equal(await list.count(1), 1);
  assert.equal(await list.remove(8), true);
  assert.equal(await list.remove(8), false);
  assert.deepEqual(await (await list.sort()).snapshot(), [1, 7]);
  assert.deepEqual(await (await list.sort({ descending: true })).snapshot(), [7, 1]);
  await list.set(-1, 5);
  await assert.rejects(list.set(2, 0), RangeError);
  assert.deepEqual(await list.splice(1), [5]);
  await list.clear();
  assert.equal(await list.length(), 0);
  assert.equal(await list.pop(), undefined);

  const objects = await manager.list([{ a: [1] }, { a: [2] }]);
  assert.equal(await objects.indexOf({ a: [2] }), 1);
});

managed('_TestContainers.test_list_iter: sees what changes meanwhile', async (manager) => {
  const list = await manager.list([0, 1, 2]);
  assert.deepEqual(await all(list), [0, 1, 2]);
  const seen: number[] = [];
  for await (const item of list) {
    seen.push(item);
    if (item === 1) await list.set(2, 20);
  }
  assert.deepEqual(seen, [0, 1, 20]);
});

managed(
  '_TestContainers.test_list_proxy_in_list: a list in a list is changed through it',
  async (manager) => {
    const inner = await Promise.all([0, 1, 2].map((n) => manager.list([n])));
    const outer = await manager.list(inner);
    await (await outer.at(0))?.push(55);
    assert.deepEqual(await inner[0]?.snapshot(), [0, 55]);
    assert.equal(await outer.length(), 3);
    await (await outer.at(-1))?.clear();
    assert.equal(await (await outer.pop())?.length(), 0);
    await outer.clear();
    assert.deepEqual(await inner[1]?.snapshot(), [1]);

    // One that contains itself can be dropped; what is left of it the collector finds.
    const own = await manager.list<unknown>([1]);
    await own.push(own);
    own[Symbol.dispose]();
    await assert.rejects(own.length(), InvalidStateError);
  },
);

managed('_TestContainers.test_dict: keys, values and entries', async (manager) => {
  const map = await manager.dict<number, string>();
  for (const code of [65, 66, 67]) assert.equal(await map.set(code, String.fromCharCode(code)), map);
  assert.deepEqual(
    await map.snapshot(),
    new Map([
      [65, 'A'],
      [66, 'B'],
      [67, 'C'],
    ]),
  );
  assert.deepEqual(await map.keys(), [65, 66, 67]);
  assert.deepEqual(await map.values(), ['A', 'B', 'C']);
  assert.deepEqual(await map.entries(), [
    [65, 'A'],
    [66, 'B'],
    [67, 'C'],
  ]);
});

managed('_TestContainers.test_dict_isinstance: has what maps have', async (manager) => {
  const map = await manager.dict({ a: 1, b: 2 });
  assert.ok(map instanceof ManagedMap);
  assert.equal(await map.size(), 2);
  assert.equal(await map.get('a'), 1);
  assert.equal(await map.get('c'), undefined);
  assert.equal(await map.has('b'), true);
  assert.equal(await map.delete('b'), true);
  assert.equal(await map.delete('b'), false);
  await map.clear();
  assert.equal(await map.size(), 0);
  await assert.rejects(map.set({} as never, 1), TypeError);
});

managed('_TestContainers.test_dict_iter: entries one by one', async (manager) => {
  const map = await manager.dict({ a: 1, b: 2 });
  assert.deepEqual(await all(map), [
    ['a', 1],
    ['b', 2],
  ]);
  const seen: string[] = [];
  for await (const [key] of map) {
    seen.push(key);
    if (key === 'a') await map.set('c', 3);
  }
  assert.deepEqual(seen, ['a', 'b', 'c']);
});

managed('_TestContainers.test_nested_queue: queues in lists and maps are used', async (manager) => {
  const queues = await manager.list([await manager.Queue<string>()]);
  await (await queues.at(0))?.put('in a list');
  assert.equal(await (await queues.at(0))?.get(), 'in a list');
  const byName = await manager.dict({ a: await manager.Queue<string>() });
  await (await byName.get('a'))?.put('in a map');
  assert.equal(await (await byName.get('a'))?.get(), 'in a map');
});

managed('_TestContainers.test_namespace: names, and those that stay here', async (manager) => {
  const namespace = await manager.Namespace();
  await namespace.set('name', 'Bob');
  await namespace.set('job', 'Builder');
  await namespace.set('_hidden', 'hidden');
  assert.equal(await namespace.get('name'), 'Bob');
  assert.equal(await namespace.delete('job'), true);
  assert.equal(await namespace.has('job'), false);
  assert.equal(await namespace.get('_hidden'), 'hidden');
  assert.deepEqual(await namespace.snapshot(), { name: 'Bob' });
  await assert.rejects(namespace.callMethod('set', '_hidden', 1), TypeError);
});

async function checkMine(manager: types.MyManager): Promise<void> {
  const foo = await manager.create(types.Foo);
  const bar = await manager.create(types.Bar);
  const baz = await manager.create(types.Baz);
  assert.equal(await foo.f(), 'f()');
  await assert.rejects(foo.g(), (error) => {
    assert.ok(error instanceof types.OutOfRange);
    assert.equal(error.message, 'g() always throws');
    return true;
  });
  await assert.rejects(foo.callMethod('_h'), RemoteError);
  assert.equal(await foo.callMethod('f'), 'f()');
  assert.equal(await bar.f(), 'f()');
  assert.equal(await bar.callMethod('_h'), '_h()');
  await assert.rejects(bar.callMethod('g'), RemoteError);
  assert.deepEqual(
    Object.keys(bar).filter((key) => key === 'g' || key === 'then'),
    [],
  );
  const squares = (await baz.baz()) as unknown;
  assert.ok(squares instanceof ManagedIterator);
  assert.deepEqual(await all(squares), [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
}

inScene("_TestMyManager.test_mymanager: types of one's own", async () => {
  const manager = await new types.MyManager({ shutdownTimeout: 30_000 }).start();
  await checkMine(manager);
  const byMethod = (manager as unknown as { Foo(): Promise<{ f(): Promise<string> }> }).Foo();
  assert.equal(await (await byMethod).f(), 'f()');
  await manager.shutdown();
  assert.deepEqual(await manager.join(), { exitCode: 0, signal: null });
});

inScene('_TestMyManager.test_mymanager_context: is shut down at the end of a block', async () => {
  let ended: types.MyManager;
  {
    await using manager = await new types.MyManager({ shutdownTimeout: 30_000 }).start();
    ended = manager;
    await checkMine(manager);
  }
  assert.equal((await ended.join()).exitCode, 0);
});

inScene('_TestMyManager.test_mymanager_context_prestarted: starts once', async () => {
  const started = new types.MyManager({ shutdownTimeout: 30_000 });
  await started.start();
  {
    await using manager = started;
    await assert.rejects(manager.start(), InvalidStateError);
    await checkMine(manager);
  }
  assert.equal((await started.join()).exitCode, 0);
});

inScene('_TestRemoteManager.test_remote: processes meet at an address', async (scene) => {
  const authkey = 'a key of their own';
  class Server extends types.QueueManager {}
  Server.register('greetings', { callable: types.greetings });
  await using server = await new Server({ authkey, family: 'tcp' }).start();
  const { address } = server;
  await inChild(scene, types.putRemotely as never, address as never, authkey as never);
  const client = await new types.QueueManager({ address, authkey }).connect();
  const list = await client.create('greetings');
  assert.deepEqual(await list.callMethod('all'), [['hello world', null, true, 2.25]]);
});

inScene('_TestManagerRestart.test_rapid_restart: at the same address, at once', async (scene) => {
  const folder = mkdtempSync(join(tmpdir(), 'manyhands-manager-'));
  try {
    const authkey = 'secret';
    let port = 0;
    for (const kind of ['unix', 'tcp', 'tcp', 'unix'] as const) {
      const address = kind === 'unix' ? join(folder, 'manager') : { host: '127.0.0.1', port };
      await using manager = await Manager({ address, authkey, shutdownTimeout: 30_000 });
      if (typeof manager.address === 'object') port = (manager.address as { port: number }).port;
      const queue = await manager.Queue<string>();
      await queue.put('there');
      assert.equal(await queue.get(), 'there');
    }
    assert.ok(scene.lines().length === 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

managed('TestSyncManagerTypes.test_event: set, waited for and cleared', async (manager, scene) => {
  const event = await manager.Event();
  const child = inChild(scene, types.useEvent, event);
  await until(() => scene.lines().length > 0);
  await event.set();
  assert.deepEqual(await child, [[false], [true]]);
  assert.equal(await event.isSet(), true);
});

for (const [name, make] of [
  ['lock', (manager: SyncManager) => manager.Lock()],
  ['semaphore', (manager: SyncManager) => manager.Semaphore()],
  ['bounded_semaphore', (manager: SyncManager) => manager.BoundedSemaphore()],
] as const) {
  const titles = {
    lock: 'TestSyncManagerTypes.test_lock: acquired in one process, released in another',
    semaphore: 'TestSyncManagerTypes.test_semaphore: a permit is taken in one process, given back in another',
    bounded_semaphore: 'TestSyncManagerTypes.test_bounded_semaphore: no more permits than there were',
  };
  managed(titles[name], async (manager, scene) => {
    const [lock, event] = [await make(manager), await manager.Event()];
    const child = inChild(scene, types.holdUntil, lock, event);
    await until(() => scene.lines().length > 0);
    assert.equal(await lock.tryAcquire(), null);
    await lock.release();
    if (name === 'semaphore') await lock.release();
    else await assert.rejects(lock.release(), InvalidStateError);
    await event.set();
    await child;
    const guard = await lock.acquire();
    await guard.release();
    await assert.rejects(guard.release(), InvalidStateError);
  });
}

managed('TestSyncManagerTypes.test_rlock: a client has it as often as it likes', async (manager, scene) => {
  const lock = await manager.RLock();
  assert.deepEqual(await inChild(scene, types.acquireAndRelease, lock), [[true], [false]]);
  await assert.rejects(lock.release(), InvalidStateError);
});

managed('TestSyncManagerTypes.test_condition: acquired, released, waited for', async (manager, scene) => {
  const condition = await manager.Condition();
  assert.deepEqual(await inChild(scene, types.acquireAndRelease, condition), [[true], [false]]);
  await assert.rejects(condition.notify(), InvalidStateError);
  await assert.rejects(condition.wait(), InvalidStateError);
  await condition.withLock(async () => {
    await assert.rejects(condition.wait({ timeout: 1 }), { name: 'TimeoutError' });
    assert.equal(await condition.locked(), true);
    let looked = 0;
    assert.equal(await condition.waitFor(() => (looked += 1)), 1);
  });
});

managed('TestSyncManagerTypes.test_barrier: parties, and the end of a round', async (manager, scene) => {
  const barrier = await manager.Barrier(5);
  assert.deepEqual(await inChild(scene, types.useBarrier, barrier), [[5, 0, false]]);
  const indexes = await Promise.all(Array.from({ length: 5 }, () => barrier.wait()));
  assert.deepEqual(indexes.toSorted(), [0, 1, 2, 3, 4]);
  const waits = assert.rejects(barrier.wait(), BrokenBarrierError);
  await barrier.abort();
  await waits;
  assert.equal(await barrier.broken(), true);
});

managed('TestSyncManagerTypes.test_queue: in order, full and empty', async (manager, scene) => {
  const queue = await manager.Queue<number>({ maxSize: 2 });
  await queue.put(1);
  await queue.put(2);
  assert.equal(await queue.full(), true);
  assert.equal(await queue.tryPut(3), false);
  await assert.rejects(queue.put(3, { timeout: 1 }), FullError);
  assert.deepEqual(await inChild(scene, types.useQueue, queue), [[1, 2, true]]);
  assert.equal(await queue.get(), 10);
  assert.deepEqual(await queue.tryGet(), { value: 11 });
  assert.equal(await queue.tryGet(), null);
  await assert.rejects(queue.get({ timeout: 1 }), EmptyError);
});

managed('TestSyncManagerTypes.test_joinable_queue: all that was put is done', async (manager, scene) => {
  const queue = await manager.JoinableQueue<number>();
  await queue.put(1);
  await queue.put(2);
  const joined = queue.join();
  assert.deepEqual(await inChild(scene, types.useQueue, queue), [[1, 2, true]]);
  await assert.rejects(queue.join({ timeout: 0 }), { name: 'TimeoutError' });
  await queue.taskDone();
  await queue.taskDone();
  await joined;
  await assert.rejects(queue.taskDone(), InvalidStateError);
});

managed(
  'TestSyncManagerTypes.test_list: what changes it gives the proxy, else plain lists',
  async (manager, scene) => {
    const list = await manager.list([1, 2]);
    assert.deepEqual(await inChild(scene, types.useList, list), [[[2, 1, 10], 10, [2, 1, 7]]]);
    assert.deepEqual(await list.snapshot(), [2, 1]);
    assert.ok(Array.isArray(await list.concat([3])));
    for (const changed of [list.reverse(), list.sort(), list.repeat(1)]) assert.equal(await changed, list);
    const other = await manager.list(list);
    await other.push(5);
    assert.deepEqual(await list.snapshot(), [1, 2]);
  },
);

managed('TestSyncManagerTypes.test_dict: merged, and taken from', async (manager, scene) => {
  const map = await manager.dict<string, number>({ a: 5, b: 6 });
  const entries = [
    ['a', 5],
    ['b', 6],
    ['child', 1],
  ];
  assert.deepEqual(await inChild(scene, types.useDict, map), [[entries, 5, 6]]);
  assert.deepEqual(
    await map.merge([['b', 0]]),
    new Map([
      ['b', 0],
      ['child', 1],
    ]),
  );
  assert.equal(await map.update(await manager.dict({ c: 3 })), map);
  assert.deepEqual(await map.popItem(), ['c', 3]);
  assert.equal(await map.pop('none', 4), 4);
  assert.equal(await map.pop('none'), undefined);
  await map.clear();
  assert.equal(await map.popItem(), undefined);
});

managed('TestSyncManagerTypes.test_value: read and written', async (manager, scene) => {
  const value = await manager.Value(1);
  assert.deepEqual(await inChild(scene, types.useValue, value), [[1]]);
  assert.equal(await value.get(), 2);
  assert.equal(await value.snapshot(), 2);
});

managed('TestSyncManagerTypes.test_array: numbers of one type', async (manager, scene) => {
  const array = await manager.Array('i', [0, 1, 2, 3]);
  assert.deepEqual(await inChild(scene, types.useArray, array), [[0, 3, 4]]);
  assert.deepEqual(await array.snapshot(), [99, 1, 2, 3]);
  assert.deepEqual(await array.slice(1, 3), [1, 2]);
  assert.deepEqual(await all(array), [99, 1, 2, 3]);
  await assert.rejects(array.set(0, 2 ** 31), RangeError);
  await assert.rejects(array.set(9, 0), RangeError);
  await assert.rejects(array.set('length' as never, 0), RangeError);
  assert.equal(await array.at('buffer' as never), undefined);
  assert.equal(await array.at(0), 99);
});

managed('TestSyncManagerTypes.test_namespace: seen by all', async (manager, scene) => {
  const namespace = await manager.Namespace({ x: 10 });
  await namespace.set('_local', 1);
  assert.deepEqual(await inChild(scene, types.useNamespace, namespace), [[10, false, null]]);
  assert.equal(await namespace.get('x'), 'from a child');
});

managed(
  'TestSyncManagerTypes.test_set: what changes it gives the proxy, else plain sets',
  async (manager, scene) => {
    const set = await manager.set(['a', 'b']);
    assert.deepEqual(await inChild(scene, types.useSet, set), [[['a', 'b']]]);
    assert.deepEqual(await set.snapshot(), new Set(['a', 'b', 'child']));
    const other = await manager.set(['b', 'c']);
    assert.deepEqual(await set.union(other, ['d']), new Set(['a', 'b', 'child', 'c', 'd']));
    assert.deepEqual(await set.intersection(other), new Set(['b']));
    assert.deepEqual(await set.difference(other), new Set(['a', 'child']));
    assert.deepEqual(await set.symmetricDifference(other), new Set(['a', 'child', 'c']));
    assert.equal(await set.isSubsetOf(['a', 'b', 'child', 'x']), true);
    assert.equal(await set.isSupersetOf(['a']), true);
    assert.equal(await set.isDisjointFrom(new Set(['z'])), true);
    assert.equal(await set.update(other), set);
    assert.equal(await set.differenceUpdate(['child']), set);
    assert.equal(await set.intersectionUpdate(['a', 'b']), set);
    assert.equal(await set.symmetricDifferenceUpdate(['b', 'e']), set);
    assert.deepEqual((await all(set)).toSorted(), ['a', 'e']);
  },
);

managed('TestSyncManagerTypes.test_set_init: from sets, lists and keys', async (manager) => {
  assert.deepEqual(await (await manager.set(new Set([1]))).snapshot(), new Set([1]));
  assert.deepEqual(await (await manager.set([1, 2, 1])).snapshot(), new Set([1, 2]));
  assert.deepEqual(await (await manager.set(new Map([['k', 1]]).keys())).snapshot(), new Set(['k']));
  assert.deepEqual(await (await manager.set('aba')).snapshot(), new Set(['a', 'b']));
  await assert.rejects(manager.set(1234 as never), TypeError);
});

managed('TestSyncManagerTypes.test_set_contain_all_method: has what sets have', async (manager) => {
  const set = await manager.set([1]);
  assert.ok(set instanceof ManagedSet);
  assert.equal(await set.add(2), set);
  assert.equal(await set.has(2), true);
  assert.equal(await set.delete(2), true);
  assert.equal(await set.delete(2), false);
  assert.equal(await set.size(), 1);
  assert.equal(await set.pop(), 1);
  assert.equal(await set.pop(), undefined);
  await set.clear();
  assert.match(inspect(set), /^ManagedSet \{ set \d+ at /);
});

test('a manager has one state after the other', { timeout: 60_000 }, async () => {
  const manager = new types.MyManager();
  await assert.rejects(manager.create(types.Foo), InvalidStateError);
  await assert.rejects(manager.shutdown(), InvalidStateError);
  await assert.rejects(manager.connect(), TypeError);
  await assert.rejects(manager.start({ initializer: 5 as never }), TypeError);
});
