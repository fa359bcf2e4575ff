// CPython's _test_multiprocessing.py: _TestPool, _TestPoolWorkerErrors, _TestPoolWorkerLifetime, TestInitializers,
// TestPoolNotLeakOnFailure, MiscTestCase. Each runs on processes and on threads, where both can.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  BrokenExecutorError,
  CancelledError,
  InvalidStateError,
  NotShareableError,
  TimeoutError,
  WorkerDiedError,
} from '../../../src/index.ts';
import {
  AsyncResult,
  IMapIterator,
  Pool,
  type PoolOptions,
  setExecutable,
  ThreadPool,
} from '../../../src/multiprocessing/index.ts';
import { children } from '../../contract/processes.ts';
import { Scene, until } from '../futures/support.ts';
import * as shared from '../futures/tasks.ts';
import { LIMIT } from './support.ts';
import * as tasks from './tasks.ts';

type AnyPool = Pool | ThreadPool;
const KINDS = [Pool, ThreadPool] as const;

/** Those of the tests that leave them as they were, as in CPython's. */
const common = new Map(KINDS.map((Kind) => [Kind, new Kind({ processes: 2 })] as const));
after(() => Promise.all([...common.values()].map((pool) => pool[Symbol.asyncDispose]())));

/** One test for each kind of pool. */
function onPools(title: string, body: (pool: AnyPool, scene: Scene) => Promise<void>): void {
  for (const [{ name }, pool] of common) {
    test(`${title} [${name}]`, LIMIT, async (context) => {
      const scene = new Scene(context);
      try {
        await body(pool, scene);
      } finally {
        scene.open();
      }
    });
  }
}

/** The same, on a pool that is terminated afterwards. */
function onOwnPools(
  title: string,
  body: (pool: AnyPool, scene: Scene) => Promise<void>,
  options: PoolOptions = { processes: 2 },
): void {
  for (const Kind of KINDS) {
    test(`${title} [${Kind.name}]`, LIMIT, async (context) => {
      const scene = new Scene(context);
      await using pool = new Kind(options);
      try {
        await body(pool, scene);
      } finally {
        scene.open();
      }
    });
  }
}

const range = (length: number): number[] => Array.from({ length }, (_, n) => n);
const squares = (length: number): number[] => range(length).map((n) => n * n);

async function all<T>(iterator: IMapIterator<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of iterator) values.push(value);
  return values;
}

function* failingAfter(count: number): Generator<number> {
  for (let n = 0; n < count; n += 1) yield n;
  throw new RangeError('the input failed');
}

onPools('_TestPool.test_apply: calls a function', async (pool) => {
  assert.equal(await pool.apply(shared.multiply, [6, 7]), 42);
  assert.equal(await pool.apply(shared.toText, ['a', 1, true]), 'a,1,true');
  assert.equal(await pool.apply(tasks.neverAsked), undefined);
  await assert.rejects(pool.apply(shared.fail, ['no']), { name: 'RangeError', message: 'no' });
});

onPools('_TestPool.test_map: results in order, whatever the chunks', async (pool) => {
  assert.deepEqual(await pool.map(tasks.square, range(10)), squares(10));
  assert.deepEqual(await pool.map(tasks.square, range(100), { chunkSize: 20 }), squares(100));
  assert.deepEqual(await pool.map(tasks.square, new Set([3, 4])), [9, 16]);
});

onPools('_TestPool.test_starmap: each item is a list of arguments', async (pool) => {
  const rows = range(20).map((n): [number, number] => [n, n]);
  assert.deepEqual(await pool.starmap(shared.multiply, rows), squares(20));
  assert.deepEqual(await pool.starmap(shared.multiply, rows, { chunkSize: 3 }), squares(20));
  const text = shared.toText as (...values: unknown[]) => string;
  assert.deepEqual(await pool.starmap(text, [['a'], [], ['b', 'c']]), ['a', '', 'b,c']);
  assert.deepEqual(await pool.starmap(text, [[], []]), ['', '']);
  await assert.rejects(pool.starmap(shared.fail, [['one'], ['two']]), { message: 'one' });
  async function* later(): AsyncGenerator<[number, number]> {
    yield* rows;
  }
  assert.deepEqual(await pool.starmap(shared.multiply, later()), squares(20));
});

onPools('_TestPool.test_starmap_async: the same, to be asked for later', async (pool) => {
  const rows = range(20).map((n): [number, number] => [n, n]);
  const result = pool.starmapAsync(shared.multiply, rows);
  assert.ok(result instanceof AsyncResult);
  assert.deepEqual(await result.get(), squares(20));
});

onPools('_TestPool.test_map_async: a map to be asked for later', async (pool) => {
  assert.deepEqual(await pool.mapAsync(tasks.square, range(10)).get(), squares(10));
  assert.deepEqual(await pool.mapAsync(tasks.square, range(10)), squares(10));
});

onPools('_TestPool.test_map_async_callbacks: the one that fits is called, once', async (pool) => {
  const told: unknown[] = [];
  const callbacks = {
    callback: (value: unknown) => told.push(value),
    errorCallback: (error: unknown) => told.push(error),
  };
  await pool.mapAsync(tasks.square, [1], callbacks).wait();
  assert.deepEqual(told, [[1]]);
  const failed = pool.mapAsync(tasks.failOnThree, [3], callbacks);
  await failed.wait();
  assert.equal(told.length, 2);
  assert.ok(told[1] instanceof Error);
  await pool.mapAsync(tasks.square, [], callbacks).wait();
  assert.deepEqual(told[2], []);
  // Told or not, whoever asks gets the error.
  await assert.rejects(failed.get());
  await assert.rejects(
    pool.applyAsync(shared.fail, ['x'], { callback: () => assert.fail() }).get(),
    RangeError,
  );
});

onPools('_TestPool.test_map_unplicklable: what cannot be sent is an error, and no hang', async (pool) => {
  await assert.rejects(pool.map(shared.identity, [() => undefined]), NotShareableError);
  await assert.rejects(pool.map(shared.identity, [1, Symbol('two'), 3], { chunkSize: 1 }), NotShareableError);
  assert.equal(await pool.apply(shared.identity, [1]), 1);
});

onPools('_TestPool.test_map_chunksize: an empty input is done at once', async (pool) => {
  assert.deepEqual(await pool.mapAsync(tasks.square, [], { chunkSize: 1 }).get({ timeout: 60_000 }), []);
  await assert.rejects(pool.map(tasks.square, [1], { chunkSize: 0 }), RangeError);
});

onPools('_TestPool.test_map_handle_iterable_exception: the error of an input', async (pool) => {
  for (const count of [0, 1, 7]) {
    for (const chunkSize of [undefined, 1, 3]) {
      await assert.rejects(pool.map(tasks.square, failingAfter(count), { chunkSize }), /the input failed/);
    }
  }
  await assert.rejects(pool.starmap(shared.multiply, failingAfter(0) as never), /the input failed/);
  await assert.rejects(pool.map(tasks.square, 5 as never), TypeError);
  assert.deepEqual(await pool.map(tasks.square, [2]), [4]);
});

onPools('_TestPool.test_async: a call to be asked for later', async (pool, scene) => {
  const result = pool.applyAsync(shared.waitAtGate, [scene.gate, scene.log, 7]);
  assert.equal(result.ready(), false);
  assert.throws(() => result.successful(), InvalidStateError);
  scene.open();
  assert.equal(await result.get(), 7);
  assert.equal(result.ready(), true);
  assert.equal(result.successful(), true);
  const failed = pool.applyAsync(shared.fail, ['no']);
  await failed.wait();
  assert.equal(failed.successful(), false);
  await assert.rejects(async () => failed, RangeError);
});

onPools('_TestPool.test_async_timeout: a result that is late', async (pool, scene) => {
  const result = pool.applyAsync(shared.waitAtGate, [scene.gate, scene.log, 7]);
  await assert.rejects(result.get({ timeout: 20 }), TimeoutError);
  await assert.rejects(result.wait({ timeout: 0 }), TimeoutError);
  await assert.rejects(result.get({ timeout: -1 }), RangeError);
  const reason = new Error('enough');
  await assert.rejects(result.get({ signal: AbortSignal.abort(reason) }), reason);
  scene.open();
  assert.equal(await result.get(), 7);
});

onPools('_TestPool.test_imap: results one by one, in order', async (pool) => {
  for (const chunkSize of [1, 7, 100]) {
    const results = pool.imap(tasks.square, range(20), { chunkSize });
    for (const expected of squares(20))
      assert.deepEqual(await results.next(), { done: false, value: expected });
    assert.deepEqual(await results.next(), { done: true, value: undefined });
    assert.deepEqual(await results.next(), { done: true, value: undefined });
  }
  assert.deepEqual(await all(pool.imap(tasks.square, range(1000), { chunkSize: 50 })), squares(1000));
});

onPools('_TestPool.test_imap_handle_iterable_exception: what came before is handed out', async (pool) => {
  const results = pool.imap(tasks.square, failingAfter(3), { chunkSize: 2 });
  for (const expected of squares(3)) assert.deepEqual(await results.next(), { done: false, value: expected });
  await assert.rejects(results.next(), /the input failed/);
  assert.deepEqual(await results.next(), { done: true, value: undefined });
});

onPools('_TestPool.test_imap_unordered: the same results in any order', async (pool) => {
  for (const chunkSize of [1, 13]) {
    const results = await all(pool.imapUnordered(tasks.square, range(200), { chunkSize }));
    assert.deepEqual(
      results.toSorted((a, b) => a - b),
      squares(200),
    );
  }
});

onPools('_TestPool.test_imap_unordered_handle_iterable_exception: results, and the error', async (pool) => {
  const results = pool.imapUnordered(tasks.square, failingAfter(10), { chunkSize: 3 });
  const values: number[] = [];
  await assert.rejects(async () => {
    for await (const value of results) values.push(value);
  }, /the input failed/);
  assert.equal(new Set(values).size, values.length);
  for (const value of values) assert.ok(squares(10).includes(value));
});

test('_TestPool.test_make_pool: as many workers as were asked for', LIMIT, async () => {
  for (const Kind of KINDS) {
    for (const processes of [0, -1]) assert.throws(() => new Kind({ processes }), RangeError);
    for (const processes of [1.5, '2' as never]) assert.throws(() => new Kind({ processes }), TypeError);
    assert.throws(() => new Kind({ proceses: 2 } as never), /has no option 'proceses'/);
    const pool = new Kind({ processes: 3 });
    assert.equal(pool.statistics().workers.length, 3);
    pool.close();
    await pool.join();
    assert.equal(pool.statistics().workers.length, 0);
    const other = new Kind();
    assert.equal(other.statistics().maxWorkers, availableParallelism());
    other.terminate();
    await other.join();
  }
});

onOwnPools('_TestPool.test_terminate: ends ten thousand tasks, and those that run', async (pool, scene) => {
  const map = pool.mapAsync(tasks.spinWith, Array<string>(10_000).fill(scene.log), { chunkSize: 1 });
  await scene.linesCome(2);
  const pending = pool.applyAsync(tasks.square, [2]);
  const taken = pool.imap(tasks.square, range(10));
  pool.terminate();
  pool.terminate();
  await pool.join();
  assert.equal(pool.state, 'terminated');
  assert.equal(pool.statistics().workers.length, 0);
  await assert.rejects(map.get(), WorkerDiedError);
  await assert.rejects(pending.get(), CancelledError);
  await pending.wait();
  await assert.rejects(taken.next(), CancelledError);
});

onPools('_TestPool.test_empty_iterable: nothing in, nothing out', async (pool) => {
  assert.deepEqual(await pool.map(tasks.square, []), []);
  assert.deepEqual(await all(pool.imap(tasks.square, [])), []);
  assert.deepEqual(await all(pool.imapUnordered(tasks.square, [])), []);
  assert.deepEqual(await pool.mapAsync(tasks.square, []).get(), []);
  assert.deepEqual(await pool.starmap(shared.multiply, []), []);
});

test('_TestPool.test_context: the end of the block terminates', LIMIT, async () => {
  for (const Kind of KINDS) {
    let pool: AnyPool;
    let late: AsyncResult<void>;
    {
      await using inner = new Kind({ processes: 1 });
      pool = inner;
      const result = inner.mapAsync(tasks.square, range(10));
      assert.deepEqual(await result.get(), squares(10));
      late = inner.applyAsync(tasks.neverEndsHere);
    }
    assert.equal(pool.state, 'terminated');
    assert.throws(() => pool.mapAsync(tasks.square, [1]), InvalidStateError);
    await assert.rejects(pool.map(tasks.square, [1]), InvalidStateError);
    await assert.rejects(late.get());
  }
});

onPools('_TestPool.test_traceback: the stack is that of the worker, and says who asked', async (pool) => {
  const error = await pool.apply(shared.fail, ['deep']).catch((thrown: unknown) => thrown as Error);
  assert.match(String((error as Error).stack), /at fail .*tasks\.js[^]*submitted from[^]*pool\.test\.js/);
  assert.equal((error as Error).cause, undefined);
  const input = await pool.map(tasks.square, failingAfter(1)).catch((thrown: unknown) => thrown as Error);
  assert.doesNotMatch(String((input as Error).stack), /submitted from/);
});

test(
  '_TestPool.test_wrapped_exception: an error is the same on threads and in processes',
  LIMIT,
  async () => {
    for (const Kind of KINDS) {
      await using pool = new Kind({ processes: 1 });
      await assert.rejects(
        pool.apply(shared.fail, ['x']),
        (error) => error instanceof RangeError && error.message === 'x',
      );
    }
  },
);

onOwnPools('_TestPool.test_map_no_failfast: a map fails when all of it is done', async (pool, scene) => {
  const paths = [0, 1].map((n) => `${n} ${scene.gate} ${scene.log}`);
  const failing = pool.mapAsync(tasks.failFirst, paths, { chunkSize: 1 });
  pool.close();
  await scene.linesCome(2);
  assert.equal(failing.ready(), false);
  scene.open();
  await assert.rejects(failing.get(), /the first failed/);
  await pool.join();
  assert.equal(scene.lines().length, 2);
});

test('_TestPool.test_enter: a pool that was terminated takes nothing', LIMIT, async () => {
  const pool = new ThreadPool({ processes: 1 });
  pool.terminate();
  await pool.join();
  assert.throws(() => pool.applyAsync(tasks.square, [1]), InvalidStateError);
  assert.throws(() => pool.imap(tasks.square, [1]), InvalidStateError);
});

onPools('_TestPoolWorkerErrors.test_async_error_callback: gets the error, as does who asks', async (pool) => {
  const told: unknown[] = [];
  const result = pool.applyAsync(shared.fail, ['no'], { errorCallback: (error) => told.push(error) });
  const error = await result.get().catch((thrown: unknown) => thrown);
  assert.ok(error instanceof RangeError);
  await result.wait();
  assert.deepEqual(told, [error]);
});

onPools('_TestPoolWorkerErrors.test_unpickleable_result: what cannot come back is an error', async (pool) => {
  for (let n = 0; n < 20; n += 1) {
    const told: unknown[] = [];
    const result = pool.applyAsync(tasks.makeFunction, [], { errorCallback: (error) => told.push(error) });
    await assert.rejects(result.get(), NotShareableError);
    assert.equal(told.length, 1);
  }
});

onOwnPools(
  '_TestPoolWorkerLifetime.test_pool_worker_lifetime: workers are replaced',
  async (pool) => {
    const ids = (): string => Array.from(pool.statistics().workers, ({ id }) => id).join();
    const before = ids();
    const results = range(100).map((n) => pool.applyAsync(tasks.square, [n]));
    for (const [n, result] of results.entries()) assert.equal(await result.get(), n * n);
    assert.notEqual(ids(), before);
    assert.ok(pool.statistics().workersStarted >= 10);
  },
  { processes: 3, maxTasksPerChild: 10 },
);

onOwnPools(
  '_TestPoolWorkerLifetime.test_pool_worker_lifetime: a chunk counts as one task',
  async (pool) => {
    assert.deepEqual(await pool.map(tasks.square, range(20), { chunkSize: 10 }), squares(20));
    assert.equal(pool.statistics().workersStarted, 1);
  },
  { processes: 1, maxTasksPerChild: 3 },
);

onOwnPools(
  '_TestPoolWorkerLifetime.test_pool_worker_lifetime_early_close: a close at once loses nothing',
  async (pool) => {
    const results = range(6).map((n) => pool.applyAsync(tasks.square, [n]));
    pool.close();
    await pool.join();
    for (const [n, result] of results.entries()) assert.equal(await result.get(), n * n);
  },
  { processes: 3, maxTasksPerChild: 1 },
);

test('_TestPoolWorkerLifetime.test_pool_maxtasksperchild_invalid: a whole number from 1 on', () => {
  for (const Kind of KINDS) {
    for (const maxTasksPerChild of [0, -1]) assert.throws(() => new Kind({ maxTasksPerChild }), RangeError);
    for (const maxTasksPerChild of [0.5, '12' as never])
      assert.throws(() => new Kind({ maxTasksPerChild }), TypeError);
  }
});

test('TestInitializers.test_pool_initializer: runs once in each worker', LIMIT, async (context) => {
  for (const Kind of KINDS) {
    assert.throws(() => new Kind({ initializer: 1 as never }), TypeError);
    const scene = new Scene(context);
    await using pool = new Kind({ processes: 1, initializer: tasks.tell, initArgs: [scene.log, 'hello'] });
    await pool.map(tasks.square, range(10), { chunkSize: 1 });
    assert.deepEqual(scene.lines(), ['["hello"]']);
  }
});

onOwnPools(
  'an initializer that fails breaks the pool',
  async (pool) => {
    await assert.rejects(pool.apply(tasks.square, [1]), BrokenExecutorError);
    await assert.rejects(pool.map(tasks.square, range(10)), BrokenExecutorError);
    const results = pool.imap(tasks.square, range(10));
    pool.close();
    await assert.rejects(results.next(), BrokenExecutorError);
    await pool.join();
  },
  { processes: 2, initializer: shared.failToInitialize },
);

test(
  'TestPoolNotLeakOnFailure.test_release_unused_processes: workers that cannot start leave nothing behind',
  LIMIT,
  async () => {
    const before = children().length;
    const folder = mkdtempSync(join(tmpdir(), 'manyhands-pool-'));
    setExecutable(join(folder, 'node'));
    try {
      const pool = new Pool({ processes: 4 });
      await assert.rejects(pool.apply(tasks.square, [1]), BrokenExecutorError);
      pool.terminate();
      await pool.join();
    } finally {
      setExecutable(process.execPath);
      rmSync(folder, { recursive: true });
    }
    assert.equal(children().length, before);
  },
);

test('MiscTestCase.test_large_pool: many workers', LIMIT, async () => {
  await using pool = new ThreadPool({ processes: 32 });
  const sum = (await pool.map(tasks.square, range(1000))).reduce((a, b) => a + b, 0);
  assert.equal(
    sum,
    squares(1000).reduce((a, b) => a + b, 0),
  );
});

// ── what else may happen ────────────────────────────────────────────────────────────────────────────────────

test('a worker that dies costs its task, and is replaced', LIMIT, async () => {
  for (const Kind of KINDS) {
    await using pool = new Kind({ processes: 1 });
    const [dying, next] = [pool.applyAsync(shared.exit, [3]), pool.applyAsync(tasks.square, [3])];
    await assert.rejects(dying.get(), (error) => error instanceof WorkerDiedError && error.exitCode === 3);
    assert.equal(await next.get(), 9);
    await assert.rejects(pool.map(tasks.exitOn, [1, 2, 3, 4], { chunkSize: 1 }), WorkerDiedError);
    assert.deepEqual(await pool.map(tasks.square, [2]), [4]);
  }
});

onOwnPools('close() finishes the maps that it has begun, and takes no more', async (pool) => {
  const map = pool.mapAsync(tasks.square, range(5000), { chunkSize: 1 });
  const rows = pool.starmapAsync(
    shared.multiply,
    range(500).map((n): [number, number] => [n, n]),
    { chunkSize: 1 },
  );
  const lazy = pool.imap(tasks.square, range(500));
  const forgotten = pool.imapUnordered(tasks.square, range(500));
  const nothing = pool.imap(tasks.square, new Set<number>());
  pool.close();
  pool.close();
  assert.equal(pool.state, 'closed');
  assert.throws(() => pool.applyAsync(tasks.square, [1]), InvalidStateError);
  assert.throws(() => pool.imapUnordered(tasks.square, [1]), InvalidStateError);
  await pool.join();
  assert.deepEqual(await map, squares(5000));
  assert.deepEqual(await rows, squares(500));
  assert.deepEqual(await all(lazy), squares(500));
  assert.deepEqual(await nothing.next(), { done: true, value: undefined });
  assert.equal((await all(forgotten)).length, 500);
});

onOwnPools('join() waits for those who take from an endless input', async (pool) => {
  const results = pool.imap(
    tasks.square,
    (function* () {
      for (let n = 0; ; n += 1) yield n;
    })(),
  );
  assert.deepEqual(await results.next(), { done: false, value: 0 });
  pool.close();
  await assert.rejects(pool.join({ timeout: 50 }), TimeoutError);
  await results.return();
  await pool.join();
});

onOwnPools('join() of a pool that is closed ends with terminate(), whoever has taken what', async (pool) => {
  const endless = (function* () {
    for (let n = 0; ; n += 1) yield n;
  })();
  const results = pool.imap(tasks.square, endless);
  pool.close();
  const joined = pool.join();
  pool.terminate();
  await joined;
  // What was there is still handed out; then comes the end.
  await assert.rejects(all(results), { name: /Error$/ });
});

onPools('options that do not exist are refused', async (pool) => {
  assert.throws(
    () => pool.mapAsync(tasks.square, [1], { chunksize: 1 } as never),
    /has no option 'chunksize'/,
  );
  assert.throws(() => pool.imap(tasks.square, [1], { chunksize: 1 } as never), /has no option 'chunksize'/);
  assert.throws(() => pool.applyAsync(tasks.square, [1], { callback: 1 as never }), TypeError);
});

onOwnPools('join() needs an end to wait for', async (pool) => {
  await assert.rejects(pool.join(), InvalidStateError);
  pool.close();
  await pool.join();
  await pool.join();
});

onOwnPools(
  'a pool that is closed can still be terminated, and who joins hears of it',
  async (pool, scene) => {
    const running = pool.applyAsync(tasks.spinWith, [scene.log]);
    await scene.linesCome(1);
    pool.close();
    const joined = pool.join();
    await assert.rejects(pool.join({ timeout: 20 }), TimeoutError);
    pool.terminate();
    await joined;
    await assert.rejects(running.get(), WorkerDiedError);
  },
);

onOwnPools('next() within a time: what is late comes with the next call', async (pool, scene) => {
  const results = pool.imap(tasks.waitAtGateFor, [
    `${scene.gate} ${scene.log}`,
    `${scene.gate} ${scene.log}`,
  ]);
  await assert.rejects(results.next({ timeout: 0 }), TimeoutError);
  await assert.rejects(results.next({ timeout: 10 }), TimeoutError);
  await assert.rejects(results.next({ timeout: -1 }), RangeError);
  const reason = new Error('enough');
  await assert.rejects(results.next({ signal: AbortSignal.abort(reason) }), reason);
  scene.open();
  assert.deepEqual(await results.next({ timeout: 60_000 }), { done: false, value: 'through' });
  await until(() => pool.statistics().tasks.succeeded === 2);
  assert.deepEqual(await results.next({ timeout: 0 }), { done: false, value: 'through' });
  assert.equal((await results.next({ timeout: 60_000 })).done, true);
});

onPools('the error of an item costs no other item, in a chunk neither', async (pool) => {
  const items = pool.imap(tasks.failOnThree, range(6), { chunkSize: 6 });
  const seen: unknown[] = [];
  for (let step = 0; step < 6; step += 1) {
    seen.push(await items.next().then(({ value }) => value as unknown, String));
  }
  assert.deepEqual(seen, [0, 1, 2, 'RangeError: three', 4, 5]);
});

onPools('a callback that throws is a warning, and hurts nothing', async (pool) => {
  const warned = once(process, 'warning');
  const result = pool.applyAsync(tasks.square, [3], {
    callback: () => {
      throw new Error('from the callback');
    },
  });
  assert.equal(await result.get(), 9);
  const [warning] = (await warned) as [Error & { code?: string }];
  assert.equal(warning.code, 'MANYHANDS_CALLBACK');
  assert.match(warning.message, /from the callback/);
  assert.deepEqual(await pool.map(tasks.square, [3]), [9]);
});

onPools('a pool cannot be sent anywhere', async (pool) => {
  await assert.rejects(pool.apply(shared.identity, [pool]), NotShareableError);
  assert.throws(() => structuredClone(pool), { name: 'DataCloneError' });
});

// @ts-expect-error: it takes numbers
void (() => new Pool().map(tasks.square, ['a']));
// @ts-expect-error: it takes a number
void (() => new Pool().apply(tasks.square, ['a']));
