// CPython's test_concurrent_futures/test_thread_pool.py.
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { EventLoopExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from '../../../src/index.ts';
import { ALL, POOLS, testOn, until } from './support.ts';
import { leaveLine, multiply, passGate, waitAtGate } from './tasks.ts';

const TEN = Array.from({ length: 10 }, (_, n) => n);

testOn(
  ALL,
  'ThreadPoolExecutorTest.test_map_submits_without_iteration: a map goes on though nobody looks at it',
  async (pool, scene) => {
    const logs = TEN.map(() => scene.log);
    void pool.map(leaveLine, logs, TEN);
    const lines = await scene.linesCome(10);
    assert.deepEqual(lines.map(Number).toSorted(), TEN);
  },
);

testOn(
  ALL,
  'ThreadPoolExecutorTest.test_map_submits_without_iteration: shutdown fails what a map has not sent yet',
  async (pool, scene) => {
    const gates = TEN.map(() => scene.gate);
    const logs = TEN.map(() => scene.log);
    const results = pool.with({ bufferSize: 1 }).map(waitAtGate, gates, logs, TEN)[Symbol.asyncIterator]();
    await scene.linesCome(1);
    const closing = pool.shutdown();
    scene.open();
    assert.equal((await results.next()).value, 0, 'what had begun is finished');
    await assert.rejects(results.next(), { name: 'ExecutorShutdownError' });
    await results.return?.();
    await closing;
  },
);

test('ThreadPoolExecutorTest.test_default_workers: as many as the machine runs at once', () => {
  for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    assert.equal(new Pool().statistics().maxWorkers, availableParallelism());
  }
  assert.equal(new EventLoopExecutor().statistics().concurrency, Infinity);
});

testOn(
  ALL,
  'ThreadPoolExecutorTest.test_saturation: never more workers than maxWorkers',
  async (pool, scene) => {
    const futures = Array.from({ length: 60 }, (_, n) => pool.submit(waitAtGate, scene.gate, scene.log, n));
    await scene.linesCome(4);
    const { workers, workersStarted, concurrency } = pool.statistics();
    assert.equal(workers.length * concurrency, 4);
    assert.equal(workersStarted, workers.length);
    assert.equal(scene.lines().length, 4);
    scene.open();
    assert.deepEqual(
      await Promise.all(futures),
      futures.map((_, n) => n),
    );
    assert.equal(pool.statistics().workersStarted, workersStarted);
  },
  4,
);

testOn(
  POOLS,
  'ThreadPoolExecutorTest.test_idle_thread_reuse: an idle worker is used before another starts',
  async (pool) => {
    for (let n = 0; n < 3; n += 1) assert.equal(await pool.submit(multiply, n, 2), n * 2);
    assert.equal(pool.statistics().workersStarted, 1);
  },
  4,
);

testOn(
  ALL,
  'ThreadPoolExecutorTest.test_executor_map_current_future_cancel: giving up a map cancels all that has not begun',
  async (pool, scene) => {
    const first = pool.submit(passGate, scene.gate, scene.log, 'first');
    await scene.linesCome(1);
    const over = new AbortController();
    const gates = [scene.gate, scene.gate];
    const results = pool
      .with({ signal: over.signal })
      .map(passGate, gates, [scene.log, scene.log], ['second', 'third']);
    const mapped = results[Symbol.asyncIterator]();
    const step = mapped.next();
    over.abort(new RangeError('no time'));
    await assert.rejects(step, { name: 'RangeError', message: 'no time' });
    scene.open();
    await first;
    await until(() => pool.statistics().tasks.pending + pool.statistics().tasks.running === 0);
    await pool.shutdown();
    assert.deepEqual(scene.lines(), ['first started', 'first stopped']);
  },
  1,
);
