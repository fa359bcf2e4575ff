// CPython's test_concurrent_futures/test_as_completed.py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asCompleted, Future, TimeoutError } from '../../../src/index.ts';
import { ALL, stepThrough, testOn } from './support.ts';
import { fail, identity, multiply, waitAtGate } from './tasks.ts';

testOn(ALL, 'AsCompletedTests.test_no_timeout: each future once, however it ended', async (pool) => {
  const cancelled = new Future<unknown>();
  cancelled.cancel();
  const finished = new Future<unknown>();
  finished.setResult('before');
  const good = pool.submit(multiply, 2, 21);
  const bad = pool.submit(fail, 'on purpose');
  const seen: Future<unknown>[] = [];
  const futures: Future<unknown>[] = [cancelled, good, finished, bad];
  await stepThrough(asCompleted(futures), (future) => seen.push(future));
  assert.deepEqual(seen.slice(0, 2), [cancelled, finished], 'what is done comes first');
  assert.deepEqual(new Set(seen), new Set<unknown>([cancelled, finished, good, bad]));
  assert.equal(seen.length, 4);
  await bad.exception();
});

testOn(
  ALL,
  'AsCompletedTests.test_future_times_out: what is done comes, then the end of the time',
  async (pool, scene) => {
    const done = pool.submit(identity, 1);
    await done;
    const waiting = pool.submit(waitAtGate, scene.gate, scene.log, 'waits');
    for (const timeout of [0, 5]) {
      const seen: Future<unknown>[] = [];
      const futures: Future<unknown>[] = [waiting, done];
      const stepping = stepThrough(asCompleted(futures, { timeout }), (future) => seen.push(future));
      await assert.rejects(stepping, TimeoutError);
      assert.deepEqual(seen, [done]);
    }
  },
);

testOn(
  ALL,
  'AsCompletedTests.test_duplicate_futures: any iterable will do, and twice the same is one',
  async (pool) => {
    const future = pool.submit(identity, 1);
    const twice = function* (): Generator<Future<number>> {
      yield future;
      yield future;
    };
    for (const futures of [twice(), [future, future], new Set([future])]) {
      const seen: Future<number>[] = [];
      await stepThrough(asCompleted(futures), (each) => seen.push(each));
      assert.deepEqual(seen, [future]);
    }
  },
);

test('AsCompletedTests.test_correct_timeout_exception_msg: it says how many of how many are missing', async () => {
  const futures = Array.from({ length: 4 }, () => new Future<number>());
  futures[0]?.setResult(0);
  const results = asCompleted(futures, { timeout: 0 });
  assert.equal((await results.next()).value, futures[0]);
  await assert.rejects(results.next(), { name: 'TimeoutError', message: /^3 \(of 4\) futures unfinished/ });
});
