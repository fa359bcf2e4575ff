// CPython's test_concurrent_futures/test_init.py: what an initializer does, and what it costs when it fails.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { BrokenExecutorError, ProcessPoolExecutor, ThreadPoolExecutor } from '../../../src/index.ts';
import { failToInitialize, identity, initialize, initialValue } from './tasks.ts';

/** Named pieces of shared memory, where the system shows them. */
function namedMemory(): string[] {
  try {
    return readdirSync('/dev/shm').filter((name) => name.includes('manyhands'));
  } catch {
    return [];
  }
}

for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  test(`InitializerMixin.test_initializer: each worker has run it before its first task [${Pool.name}]`, async () => {
    await using pool = new Pool({ maxWorkers: 2, initializer: initialize, initArgs: ['initialized'] });
    const values = await Promise.all(Array.from({ length: 8 }, () => pool.submit(initialValue)));
    assert.deepEqual(new Set(values), new Set(['initialized']));
  });

  test(`FailingInitializerMixin.test_initializer: when it fails, so does everything, now and later [${Pool.name}]`, async () => {
    const before = namedMemory();
    const pool = new Pool({ maxWorkers: 2, initializer: failToInitialize });
    const futures = [1, 2, 3].map((n) => pool.submit(identity, n));
    for (const future of futures) {
      const error = await future.exception();
      assert.ok(error instanceof BrokenExecutorError, String(error));
      assert.match(error.message, /its initializer failed: RangeError: the initializer gave up/);
      assert.ok(error.cause instanceof RangeError);
    }
    assert.equal(pool.statistics().state, 'broken');
    assert.ok((await pool.submit(identity, 4).exception()) instanceof BrokenExecutorError);
    await assert.rejects(Promise.resolve(pool.map(identity, [1])), { name: 'BrokenExecutorError' });
    await pool.shutdown();
    assert.deepEqual(pool.statistics().workers, []);
    assert.deepEqual(namedMemory(), before);
  });
}

test('FailingInitializerResourcesTest.test_spawn: a failed initializer leaves no named memory behind', async () => {
  const before = namedMemory();
  const pool = new ProcessPoolExecutor({ maxWorkers: 1, initializer: failToInitialize });
  assert.ok((await pool.submit(identity, 1).exception()) instanceof BrokenExecutorError);
  await pool.shutdown();
  assert.deepEqual(namedMemory(), before);
});
