// CPython's test_concurrent_futures/test_wait.py, with one cancelled state, which is done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Future, wait } from '../../../src/index.ts';
import { ALL, testOn } from './support.ts';
import { fail, failAtGate, identity, multiply, waitAtGate } from './tasks.ts';

const cancelled = (): Future<unknown> => {
  const future = new Future<unknown>();
  future.cancel();
  return future;
};
const succeeded = (): Future<unknown> => {
  const future = new Future<unknown>();
  future.setResult('done');
  return future;
};
const set = <T>(...items: readonly T[]): Set<T> => new Set(items);

testOn(ALL, 'WaitTests.test_20369: the same future twice is one', async (pool) => {
  const future = pool.submit(identity, 1);
  const { done, notDone } = await wait([future, future]);
  assert.deepEqual([...done], [future]);
  assert.equal(notDone.size, 0);
});

testOn(ALL, 'WaitTests.test_first_completed: returns with the first that is done', async (pool, scene) => {
  const first = pool.submit(multiply, 21, 2);
  const second = pool.submit(waitAtGate, scene.gate, scene.log, 'second');
  const pending = new Future<unknown>();
  const all: Future<unknown>[] = [pending, first, second];
  const { done, notDone } = await wait(all, { returnWhen: 'first-completed' });
  assert.deepEqual(done, set<Future<unknown>>(first));
  assert.deepEqual(notDone, set<Future<unknown>>(pending, second));
});

testOn(
  ALL,
  'WaitTests.test_first_completed_some_already_completed: or at once, when one is done already',
  async (pool, scene) => {
    const waiting = pool.submit(waitAtGate, scene.gate, scene.log, 'waits');
    for (const settled of [cancelled(), succeeded()]) {
      const { done, notDone } = await wait<Future<unknown>>([settled, waiting], {
        returnWhen: 'first-completed',
      });
      assert.deepEqual(done, set(settled));
      assert.deepEqual(notDone, set<Future<unknown>>(waiting));
    }
  },
);

testOn(ALL, 'WaitTests.test_first_exception: returns with the first that failed', async (pool, scene) => {
  const good = pool.submit(multiply, 2, 21);
  const bad = pool.submit(failAtGate, scene.gate, scene.log, 'bad');
  const waiting = new Future<unknown>();
  good.addDoneCallback(() => scene.open());
  const { done, notDone } = await wait<Future<unknown>>([good, bad, waiting], {
    returnWhen: 'first-exception',
  });
  assert.deepEqual(done, set<Future<unknown>>(good, bad));
  assert.deepEqual(notDone, set(waiting));
  await bad.exception();
});

testOn(
  ALL,
  'WaitTests.test_first_exception_some_already_complete: success and cancellation are no failure',
  async (pool, scene) => {
    const bad = pool.submit(failAtGate, scene.gate, scene.log, 'bad');
    const waiting = new Future<unknown>();
    const before = [succeeded(), cancelled()];
    const result = wait<Future<unknown>>([...before, bad, waiting], { returnWhen: 'first-exception' });
    scene.open();
    const { done, notDone } = await result;
    assert.deepEqual(done, set<Future<unknown>>(...before, bad));
    assert.deepEqual(notDone, set(waiting));
    await bad.exception();
  },
);

testOn(
  ALL,
  'WaitTests.test_first_exception_one_already_failed: or at once, when one has failed already',
  async (pool, scene) => {
    const bad = pool.submit(fail, 'before');
    await bad.exception();
    const waiting = pool.submit(waitAtGate, scene.gate, scene.log, 'waits');
    const { done, notDone } = await wait<Future<unknown>>([bad, waiting], { returnWhen: 'first-exception' });
    assert.deepEqual(done, set<Future<unknown>>(bad));
    assert.deepEqual(notDone, set<Future<unknown>>(waiting));
  },
);

testOn(ALL, 'WaitTests.test_all_completed: results, errors and cancellations are all done', async (pool) => {
  const good = pool.submit(multiply, 2, 21);
  const bad = pool.submit(fail, 'on purpose');
  const before = [cancelled(), succeeded()];
  const { done, notDone } = await wait<Future<unknown>>([...before, good, bad], {
    returnWhen: 'all-completed',
  });
  assert.deepEqual(done, set<Future<unknown>>(...before, good, bad));
  assert.equal(notDone.size, 0);
  await bad.exception();
});

testOn(ALL, 'WaitTests.test_timeout: the end of the time is no error', async (pool, scene) => {
  const good = pool.submit(multiply, 6, 7);
  const waiting = pool.submit(waitAtGate, scene.gate, scene.log, 'waits');
  await good;
  const { done, notDone } = await wait<Future<unknown>>([good, waiting], { timeout: 5 });
  assert.deepEqual(done, set<Future<unknown>>(good));
  assert.deepEqual(notDone, set<Future<unknown>>(waiting));
});

test('ThreadPoolWaitTests.test_pending_calls_race: futures that settle while waits begin are not missed', async () => {
  const futures = Array.from({ length: 100 }, () => new Future<number>());
  const waits: Array<ReturnType<typeof wait>> = [];
  for (const [n, future] of futures.entries()) {
    if (n % 3 === 0) future.setResult(n);
    else if (n % 3 === 1) queueMicrotask(() => future.setResult(n));
    else setImmediate(() => future.setResult(n));
    waits.push(wait(futures.slice(0, n + 1)));
  }
  for (const [n, result] of (await Promise.all(waits)).entries()) {
    assert.equal(result.done.size, n + 1);
    assert.equal(result.notDone.size, 0);
  }
});
