import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EventLoopExecutor,
  type Executor,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
} from '../../src/index.ts';

function* countTo(end: number): Generator<number> {
  for (let n = 0; n < end; n += 1) yield n;
}

async function* countSlowly(end: number): AsyncGenerator<number> {
  for (let n = 0; n < end; n += 1) {
    await Promise.resolve();
    yield n;
  }
}

function* failAt(place: number): Generator<number> {
  for (let n = 0; n < place; n += 1) yield n;
  throw new RangeError(`failed at ${place}`);
}

/** Says in shared memory how many values it has made, and whether its `finally` ran. */
function* watched(state: Int32Array): Generator<number> {
  try {
    for (let n = 0; ; n += 1) {
      Atomics.store(state, 0, n + 1);
      yield n;
    }
  } finally {
    Atomics.store(state, 1, 1);
  }
}

const KINDS: ReadonlyArray<readonly [name: string, make: () => Executor]> = [
  ['event loop', () => new EventLoopExecutor()],
  ['threads', () => new ThreadPoolExecutor({ maxWorkers: 1 })],
  ['processes', () => new ProcessPoolExecutor({ maxWorkers: 1 })],
];

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

const poll = async (condition: () => boolean): Promise<void> => {
  const end = performance.now() + 60_000;
  while (!condition()) {
    assert.ok(performance.now() < end, `still not: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};

for (const [name, make] of KINDS) {
  test(`all values come in order, then the end [${name}]`, async () => {
    await using pool = make();
    const expected = Array.from({ length: 50 }, (_, n) => n);
    for (const bufferSize of [1, 2, 3, 16, 100]) {
      const streaming = pool.with({ bufferSize });
      assert.deepEqual(await collect(streaming.stream(countTo, 50)), expected);
      assert.deepEqual(await collect(streaming.stream(countSlowly, 50)), expected);
    }
    assert.deepEqual(await collect(pool.stream(countTo, 0)), []);
  });

  test(`an error comes after what came before it, and is the end [${name}]`, async () => {
    await using pool = make();
    for (const place of [0, 3]) {
      const values = pool.stream(failAt, place);
      for (let n = 0; n < place; n += 1) assert.equal((await values.next()).value, n);
      await assert.rejects(values.next(), { name: 'RangeError', message: `failed at ${place}` });
      assert.equal((await values.next()).done, true);
    }
    assert.deepEqual(await collect(pool.stream(countTo, 2)), [0, 1], 'the pool is unhurt');
  });

  test(`what does not return an iterable is refused [${name}]`, async () => {
    await using pool = make();
    const wrong = ((n: number) => n) as unknown as (n: number) => Iterable<number>;
    await assert.rejects(pool.stream(wrong, 1).next(), { name: 'TypeError', message: /iterable/ });
  });

  test(`steps that are asked for at once get a value each [${name}]`, async () => {
    await using pool = make();
    const values = pool.stream(countTo, 2);
    const steps = await Promise.all([values.next(), values.next(), values.next()]);
    const got = steps.map(({ value, done }) => (done ? 'end' : value));
    assert.deepEqual(new Set<unknown>(got), new Set<unknown>([0, 1, 'end']));
  });

  test(`an abort ends it with the reason [${name}]`, async () => {
    await using pool = make();
    const controller = new AbortController();
    const reason = new RangeError('enough');
    const values = pool.with({ signal: controller.signal, bufferSize: 1 }).stream(countTo, 1e9);
    assert.equal((await values.next()).value, 0);
    controller.abort(reason);
    const rest = async (): Promise<number[]> => collect(values);
    await assert.rejects(rest(), (error) => error === reason);
  });
}

for (const [name, make] of KINDS.slice(0, 2)) {
  test(`the task begins with the first step, and is never more than bufferSize ahead [${name}]`, async () => {
    for (const bufferSize of [1, 2, 5, 16]) {
      await using pool = make();
      const state = new Int32Array(new SharedArrayBuffer(8));
      const values = pool.with({ bufferSize }).stream(watched, state);
      // Another task has been there and back, so this one would have begun.
      await pool.submit((n: number) => n, 1);
      assert.equal(Atomics.load(state, 0), 0);
      for (let taken = 1; taken <= 40; taken += 1) {
        await values.next();
        const made = Atomics.load(state, 0);
        assert.ok(made <= taken + bufferSize, `${made} made, ${taken} taken`);
      }
      await values.return?.();
    }
  });

  test(`leaving the loop runs the finally blocks of the generator, and frees the worker [${name}]`, async () => {
    await using pool = make();
    const state = new Int32Array(new SharedArrayBuffer(8));
    for await (const value of pool.stream(watched, state)) if (value === 3) break;
    await poll(() => Atomics.load(state, 1) === 1);
    assert.equal(await pool.submit((n: number) => n, 7), 7);
  });
}

test('a stream that is left before its first step never begins', async () => {
  await using pool = new EventLoopExecutor();
  const state = new Int32Array(new SharedArrayBuffer(8));
  const values = pool.stream(watched, state);
  assert.deepEqual(await values.return?.(), { done: true, value: undefined });
  assert.equal((await values.next()).done, true);
  assert.equal(Atomics.load(state, 0), 0);
});

test('arguments are read in the call, not at the first step', async () => {
  await using pool = new EventLoopExecutor();
  const list = [1, 2];
  const values = pool.stream(function* (items: number[]): Generator<number> {
    yield* items;
  }, list);
  list.push(3);
  assert.deepEqual(await collect(values), [1, 2]);
});
