// What lies ready in the hands of a worker when the pool ends by force or breaks: it settles, and holds
// nothing up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/index.ts';

/** Blocks its thread until the flag is set. */
function block(flag: Int32Array): void {
  Atomics.wait(flag, 0, 0);
}

const pause = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
};

test('a pool that breaks settles what lies ready behind running tasks, and shuts down', async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 2, onWorkerDeath: 'break' });
  const flag = new Int32Array(new SharedArrayBuffer(4));
  // Both workers are there, so that the tasks that follow lie ready in their hands.
  await Promise.all([1, 2].map(() => pool.submit(pause, 20)));
  const doomed = pool.submit((word: Int32Array) => {
    Atomics.wait(word, 0, 0);
    process.exit(3);
  }, flag);
  const others = Array.from({ length: 60 }, () => pool.submit(block, flag));
  while (pool.statistics().tasks.running < 2) await new Promise(setImmediate);
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
  assert.equal(((await doomed.exception()) as Error).name, 'WorkerDiedError');
  for (const other of others) {
    const error = await other.exception();
    assert.ok(error === undefined || (error as Error).name === 'BrokenExecutorError', String(error));
  }
  await pool.shutdown();
});

for (const retries of [0, 1]) {
  test(`a pool that is killed settles what was sent ahead, with ${retries} retries`, async () => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    // Quick tasks in a row are how a pool learns to send ahead.
    for (let n = 0; n < 100; n += 1) await pool.submit(pause, 0);
    const futures = Array.from({ length: 60 }, () => pool.with({ retries }).submit(pause, 20));
    await futures[0];
    await pool.killWorkers();
    const names = new Set<unknown>();
    for (const future of futures) {
      const error = await future.exception().catch((reason: unknown) => reason);
      names.add(error === undefined ? undefined : (error as Error).name);
    }
    for (const name of names)
      assert.ok(['CancelledError', 'WorkerDiedError', undefined].includes(name as string));
    assert.equal(pool.statistics().tasks.retried, 0);
    const { pending, running } = pool.statistics().tasks;
    assert.equal(pending + running, 0);
    await pool.shutdown();
  });
}

test('an initializer that cannot cross fails the task that starts the first worker', async () => {
  const captured = Math.random();
  const pool = new ThreadPoolExecutor({ maxWorkers: 1, initializer: () => captured });
  for (let n = 0; n < 2; n += 1) {
    assert.equal(((await pool.submit(pause, 0).exception()) as Error).name, 'BrokenExecutorError');
  }
  await pool.shutdown();
});

test('a map does not fail because others have filled the queue', async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1, maxQueue: 0 });
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const running = pool.submit(block, flag);
  const maps = [1, 2, 3].map((factor) =>
    pool.map((a: number, b: number) => a * b, [1, 2, 3], [factor, factor, factor]),
  );
  const results = Promise.all(maps);
  assert.equal(((await pool.submit(block, flag).exception()) as Error).name, 'QueueFullError');
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
  await running;
  assert.deepEqual(await results, [
    [1, 2, 3],
    [2, 4, 6],
    [3, 6, 9],
  ]);
  await pool.shutdown();
});
