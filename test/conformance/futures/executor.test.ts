// CPython's test_concurrent_futures/executor.py: what every executor does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventLoopExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from '../../../src/index.ts';
import { ALL, testOn } from './support.ts';
import { failOn, identity, multiply, throwAsIs, throwTimeoutOn, toText, waitAtGate } from './tasks.ts';

const LIMITS = [1, 2, 5, 6, 10];

/** Counts up, and how far it got. */
function counter(): { pulled: number; closed: boolean; [Symbol.iterator](): Iterator<number> } {
  return {
    pulled: 0,
    closed: false,
    *[Symbol.iterator]() {
      try {
        for (;;) {
          this.pulled += 1;
          yield this.pulled - 1;
        }
      } finally {
        this.closed = true;
      }
    },
  };
}

testOn(ALL, 'ExecutorTest.test_submit: a future holds what the function returned', async (pool) => {
  assert.equal(await pool.submit(multiply, 16, 2), 32);
});

testOn(
  ALL,
  'ExecutorTest.test_submit_keyword: named arguments reach the function, whatever their names',
  async (pool) => {
    const named = { fn: 'fn', self: 'self', signal: 'signal', timeout: -1, name: 'name', chunkSize: 0 };
    assert.deepEqual(await pool.submit(identity, named), named);
    assert.deepEqual(await pool.with({ timeout: 60_000, name: 'mine' }).submit(identity, named), named);
  },
);

testOn(
  ALL,
  'ExecutorTest.test_map: is the sequential map, over several iterables, in chunks or not',
  async (pool) => {
    const numbers = Array.from({ length: 10 }, (_, n) => n);
    const products = numbers.map((n) => n * n);
    assert.deepEqual(await pool.map(multiply, numbers, numbers), products);
    assert.deepEqual(await pool.with({ chunkSize: 3 }).map(multiply, numbers, new Set(numbers)), products);
  },
);

testOn(
  ALL,
  'ExecutorTest.test_map_exception: what came before an error is there, then the error',
  async (pool) => {
    const results = pool.map(failOn, [2, 2, 2, 2], [0, 1, 2, 3])[Symbol.asyncIterator]();
    assert.deepEqual(await results.next(), { done: false, value: 0 });
    assert.deepEqual(await results.next(), { done: false, value: 1 });
    await assert.rejects(results.next(), { name: 'RangeError', message: '2 is bad' });
  },
);

testOn(
  ALL,
  'ExecutorTest.test_map_timeout_from_callable: a TimeoutError of the task is like any other',
  async (pool) => {
    const results = pool.map(throwTimeoutOn, [1, 1, 1], [0, 1, 2])[Symbol.asyncIterator]();
    assert.equal((await results.next()).value, 0);
    await assert.rejects(results.next(), { name: 'TimeoutError', message: 'from the task' });
    assert.equal((await results.next()).value, 2);
    assert.equal((await results.next()).done, true);
  },
);

testOn(
  ALL,
  'ExecutorTest.test_map_timeout: a signal ends the whole map, after what was there',
  async (pool, scene) => {
    const over = new AbortController();
    const limited = pool.with({ signal: over.signal, chunkSize: 1 });
    scene.open();
    const closed = `${scene.gate}-closed`;
    const gates = [scene.gate, closed, closed];
    const results = limited.map(waitAtGate, gates, [scene.log, scene.log, scene.log], [0, 1, 2]);
    const iterator = results[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).value, 0);
    const reason = new DOMException('The time is over', 'TimeoutError');
    over.abort(reason);
    await assert.rejects(iterator.next(), (error) => error === reason);
    assert.equal((await iterator.next()).done, true, 'exhausted, since the rest was cancelled');
  },
);

for (const chunkSize of [1, 3]) {
  testOn(
    ALL,
    `ExecutorTest.test_map_close: an iterator that was closed stays so, in chunks of ${chunkSize}`,
    async (pool) => {
      const input = counter();
      const results = pool.with({ chunkSize }).map(identity, input)[Symbol.asyncIterator]();
      assert.equal((await results.next()).value, 0);
      assert.deepEqual(await results.return?.(), { done: true, value: undefined });
      assert.equal((await results.next()).done, true);
      assert.equal((await results.next()).done, true);
      assert.equal(input.closed, true);
    },
  );
}

testOn(
  ALL,
  'ExecutorTest.test_map_buffersize_type_validation: a size that is no whole number is refused at once',
  async (pool) => {
    for (const bufferSize of ['1', 1.5, null, {}, [2]]) {
      assert.throws(() => pool.with({ bufferSize: bufferSize as number }), {
        name: 'TypeError',
        message: /^bufferSize must be /,
      });
    }
  },
);

testOn(
  ALL,
  'ExecutorTest.test_map_buffersize_value_validation: a size below one is refused at once',
  async (pool) => {
    for (const bufferSize of [0, -1, Number.NaN]) {
      assert.throws(() => pool.with({ bufferSize }), { name: 'RangeError', message: /^bufferSize must be / });
    }
  },
);

testOn(
  ALL,
  'ExecutorTest.test_map_buffersize: smaller, equal or larger than the input, the results are the same',
  async (pool) => {
    const numbers = [0, 1, 2, 3, 4];
    for (const bufferSize of LIMITS) {
      assert.deepEqual(await pool.with({ bufferSize }).map(toText, numbers), ['0', '1', '2', '3', '4']);
    }
  },
);

testOn(ALL, 'ExecutorTest.test_map_buffersize_on_multiple_iterables: likewise for two', async (pool) => {
  const numbers = [0, 1, 2, 3, 4];
  for (const bufferSize of LIMITS) {
    const sums = await pool.with({ bufferSize }).map(multiply, numbers, numbers);
    assert.deepEqual(sums, [0, 1, 4, 9, 16]);
  }
});

testOn(
  ALL,
  'ExecutorTest.test_map_buffersize_on_infinite_iterable: endless input is pulled as it is needed',
  async (pool) => {
    const results = pool.with({ bufferSize: 1 }).map(identity, counter())[Symbol.asyncIterator]();
    for (const expected of [0, 1, 2]) assert.equal((await results.next()).value, expected);
    await results.return?.();
  },
);

testOn(
  ALL,
  'ExecutorTest.test_map_buffersize_on_multiple_infinite_iterables: likewise for two',
  async (pool) => {
    const mapped = pool.with({ bufferSize: 1 }).map(multiply, counter(), counter());
    const results = mapped[Symbol.asyncIterator]();
    for (const expected of [0, 1, 4]) assert.equal((await results.next()).value, expected);
    await results.return?.();
  },
);

testOn(ALL, 'ExecutorTest.test_map_buffersize_on_empty_iterable: nothing in, nothing out', async (pool) => {
  const results = pool.with({ bufferSize: 2 }).map(identity, [])[Symbol.asyncIterator]();
  assert.equal((await results.next()).done, true);
  assert.deepEqual(await pool.with({ bufferSize: 2 }).map(identity, new Set<number>()), []);
});

testOn(ALL, 'ExecutorTest.test_map_buffersize_without_iterable: no iterables are no input', async (pool) => {
  const none = pool.with({ bufferSize: 2 }).map(() => 1);
  const results = none[Symbol.asyncIterator]();
  assert.equal((await results.next()).done, true);
  assert.deepEqual(await pool.map(() => 1), []);
});

testOn(
  ALL,
  'ExecutorTest.test_map_buffersize_when_buffer_is_full: the input is never further ahead than the buffer',
  async (pool) => {
    const bufferSize = 4;
    const input = counter();
    const results = pool.with({ bufferSize }).map(identity, input)[Symbol.asyncIterator]();
    assert.ok(input.pulled > 0 && input.pulled <= bufferSize, `${input.pulled} at the call`);
    for (let taken = 1; taken <= 20; taken += 1) {
      await results.next();
      assert.ok(
        input.pulled > taken - 1 && input.pulled <= taken + bufferSize,
        `${input.pulled} of ${taken}`,
      );
    }
    await results.return?.();
  },
);

testOn(
  ALL,
  'ExecutorTest.test_shutdown_race_issue12456: shutdown right behind more tasks than workers does not hang',
  async (pool) => {
    const futures = Array.from({ length: 4 }, (_, n) => pool.submit(identity, n));
    await pool.shutdown();
    assert.deepEqual(await Promise.all(futures), [0, 1, 2, 3]);
  },
);

test('ExecutorTest.test_max_workers_negative: fewer than one worker are refused', () => {
  for (const count of [-1, 0]) {
    for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
      assert.throws(() => new Pool({ maxWorkers: count }), {
        name: 'RangeError',
        message: `maxWorkers must be >= 1, received ${count}`,
      });
    }
    assert.throws(() => new EventLoopExecutor({ concurrency: count }), {
      name: 'RangeError',
      message: `concurrency must be >= 1, received ${count}`,
    });
  }
});

testOn(
  ALL,
  'ExecutorTest.test_swallows_falsey_exceptions: what was thrown is thrown, however little it is',
  async (pool) => {
    for (const nothing of [undefined, null, 0, '', false, Number.NaN, 0n]) {
      const future = pool.submit(throwAsIs, nothing);
      assert.deepEqual(
        await future.then(
          () => 'no error',
          (error: unknown) => ({ error }),
        ),
        { error: nothing },
      );
      const mapped = pool.map(throwAsIs, [nothing])[Symbol.asyncIterator]();
      assert.deepEqual(await mapped.next().catch((error: unknown) => ({ error })), { error: nothing });
      assert.equal((await mapped.next()).done, true);
    }
  },
);
