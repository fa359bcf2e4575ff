import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventLoopExecutor, ThreadPoolExecutor } from '../../src/index.ts';
import { executorOn, FakeEngine, settled } from './fake-engine.ts';

const double = (x: number): number => x * 2;
const failOnOdd = (x: number): number => {
  if (x % 2 === 1) throw new RangeError(`odd ${x}`);
  return x;
};

/** Counts up to `end`, and says how far it got and whether it was closed. */
class Source implements Iterable<number> {
  pulled = 0;
  closed = 0;
  readonly #end: number;

  constructor(end: number = Infinity) {
    this.#end = end;
  }

  *[Symbol.iterator](): Generator<number> {
    try {
      while (this.pulled < this.#end) {
        this.pulled += 1;
        yield this.pulled - 1;
      }
    } finally {
      this.closed += 1;
    }
  }
}

class AsyncSource extends Source implements AsyncIterable<number> {
  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    for (const value of { [Symbol.iterator]: () => super[Symbol.iterator]() }) yield value;
  }
}

function iterate<T>(mapped: AsyncIterable<T>): AsyncIterableIterator<T> {
  return mapped[Symbol.asyncIterator]() as AsyncIterableIterator<T>;
}

type Collected = { value: number } | { error: string };

async function collect(iterator: AsyncIterator<number>, limit = Infinity): Promise<Collected[]> {
  const all: Collected[] = [];
  while (all.length < limit) {
    try {
      const step = await iterator.next();
      if (step.done) break;
      all.push({ value: step.value });
    } catch (error) {
      all.push({ error: (error as Error).message });
    }
  }
  return all;
}

/** Ends chunks, in an order that `choose` gives, until the promise is settled. */
async function drive<T>(engine: FakeEngine, choose: () => number, promise: Promise<T>): Promise<T> {
  const state = { open: true };
  const end = (): void => {
    state.open = false;
  };
  promise.then(end, end);
  // Far more turns than any of these maps takes: one that gets stuck fails, and can be shrunk.
  for (let turn = 0; turn < 20_000; turn += 1) {
    await settled();
    if (!state.open) return promise;
    if (engine.inFlight.length > 0) engine.finish(choose() % engine.inFlight.length);
  }
  throw new Error(`The map is stuck with ${engine.inFlight.length} tasks in flight`);
}

const inputs = {
  array: (n: number) => Array.from({ length: n }, (_, k) => k),
  generator: (n: number) => new Source(n),
  'async generator': (n: number) => new AsyncSource(n),
};

test('whatever the input, sizes and order in which chunks end, the results are those of a sequential map', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...(Object.keys(inputs) as Array<keyof typeof inputs>)),
      fc.nat(60),
      fc.option(fc.integer({ min: 1, max: 9 }), { nil: 'auto' as const }),
      fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
      fc.boolean(),
      fc.integer({ min: 1, max: 4 }),
      fc.infiniteStream(fc.nat(100)),
      fc.boolean(),
      async (kind, length, chunkSize, bufferSize, ordered, slots, choices, gather) => {
        const engine = new FakeEngine({ slots, msPerItem: 3 });
        const input = inputs[kind](length);
        const choose = (): number => choices.next().value as number;
        const mapped = executorOn(engine, { chunkSize, bufferSize, ordered }).map(double, input);
        const work = gather
          ? Promise.resolve(mapped)
          : collect(mapped[Symbol.asyncIterator]()).then((all) =>
              all.map((one) => ('value' in one ? one.value : NaN)),
            );
        const results = await drive(engine, choose, work);
        const expected = inputs.array(length).map(double);
        assert.deepEqual(ordered ? results : results.toSorted((a, b) => a - b), expected);
        if (chunkSize !== 'auto') for (const size of engine.sizes) assert.ok(size <= chunkSize);
      },
    ),
    { numRuns: 120 },
  );
});

test("an error is its own item's alone, wherever in its chunk that is, in all ways to take results", async () => {
  const failOn =
    (bad: ReadonlySet<number>) =>
    (x: number): number => {
      if (bad.has(x)) throw new RangeError(`not ${x}`);
      return x * 2;
    };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...(Object.keys(inputs) as Array<keyof typeof inputs>)),
      fc.nat(40),
      fc.uniqueArray(fc.nat(40), { maxLength: 8 }),
      fc.option(fc.integer({ min: 1, max: 7 }), { nil: 'auto' as const }),
      fc.boolean(),
      fc.infiniteStream(fc.nat(100)),
      fc.constantFrom('at once', 'later', 'one by one'),
      async (kind, length, failing, chunkSize, ordered, choices, how) => {
        const engine = new FakeEngine({ msPerItem: 0.5 });
        const choose = (): number => choices.next().value as number;
        const bad = new Set(failing.filter((x) => x < length));
        const mapped = executorOn(engine, { chunkSize, ordered }).map(failOn(bad), inputs[kind](length));
        const model = inputs
          .array(length)
          .map((x) => (bad.has(x) ? { error: `not ${x}` } : { value: x * 2 }));
        if (how === 'one by one') {
          const results = await drive(engine, choose, collect(mapped[Symbol.asyncIterator]()));
          const inOrder = (all: Collected[]): string[] => all.map((one) => JSON.stringify(one)).toSorted();
          if (ordered) assert.deepEqual(results, model);
          else assert.deepEqual(inOrder(results), inOrder(model));
          return;
        }
        if (how === 'later') {
          await settled();
          while (engine.inFlight.length > 0) {
            engine.finish(choose() % engine.inFlight.length);
            await settled();
          }
        }
        const outcome = await drive(
          engine,
          choose,
          Promise.resolve(mapped).then(
            (values) => ({ values }),
            (error: Error) => ({ error: error.message }),
          ),
        );
        if ('error' in outcome) assert.ok(bad.has(Number(outcome.error.slice('not '.length))));
        else {
          assert.equal(bad.size, 0);
          const values = inputs.array(length).map(double);
          assert.deepEqual(ordered ? outcome.values : outcome.values.toSorted((a, b) => a - b), values);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('chunks of all sizes, small ones and large ones, come together in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.constantFrom(500, 1023, 1024, 3000), fc.constant('auto' as const)),
      fc.integer({ min: 1, max: 4 }),
      fc.infiniteStream(fc.nat(100)),
      async (chunkSize, slots, choices) => {
        const engine = new FakeEngine({ slots, msPerItem: 0.001 });
        const mapped = executorOn(engine, { chunkSize }).map(double, inputs.array(7000));
        const results = await drive(engine, () => choices.next().value as number, Promise.resolve(mapped));
        assert.deepEqual(results, inputs.array(7000).map(double));
      },
    ),
    { numRuns: 20 },
  );
});

test('who takes results one by one gets the input pulled by the chunk all the same', async () => {
  const engine = new FakeEngine({ slots: 1, msPerItem: 0.01 });
  const iterator = iterate(executorOn(engine).map(double, new Source(20_000)));
  let taken = 0;
  for (; taken < 20_000; taken += 1) {
    await settled();
    while (engine.inFlight.length > 0) {
      engine.finish();
      await settled();
    }
    assert.equal((await iterator.next()).value, taken * 2);
  }
  // Were each item that is taken replaced by one that is sent, most chunks would be of one.
  assert.ok(engine.sizes.length < 50, `${engine.sizes.length} chunks`);
  assert.equal((await iterator.next()).done, true);
});

test('never more than bufferSize items are begun and not taken, and the input is no further', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.option(fc.integer({ min: 1, max: 20 }), { nil: 'auto' as const }),
      fc.boolean(),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      fc.array(fc.tuple(fc.boolean(), fc.nat(100)), { maxLength: 60, size: 'max' }),
      async (bufferSize, chunkSize, ordered, slots, isAsync, steps) => {
        const engine = new FakeEngine({ slots, msPerItem: 0.001 });
        const source = isAsync ? new AsyncSource() : new Source();
        const mapped = executorOn(engine, { bufferSize, chunkSize, ordered }).map(double, source);
        const iterator = mapped[Symbol.asyncIterator]();
        let taken = 0;
        let waiting: Promise<unknown> | undefined;
        for (const [take, n] of steps) {
          await settled();
          const ahead = source.pulled - taken;
          assert.ok(ahead <= bufferSize, `${ahead} items ahead`);
          if (take) {
            waiting ??= iterator.next().then(() => {
              taken += 1;
              waiting = undefined;
            });
          } else if (engine.inFlight.length > 0) engine.finish(n % engine.inFlight.length);
        }
        await iterator.return?.();
        await waiting;
        await settled();
        assert.equal(source.closed, 1);
      },
    ),
    { numRuns: 100 },
  );
});

test('several iterables go side by side until the shortest ends, and the others are closed', async () => {
  const pool = new EventLoopExecutor();
  const endless = new Source();
  const later = new AsyncSource();
  const join = (...values: unknown[]): string => values.join('-');
  assert.deepEqual(await pool.map(join, [7, 8, 9], 'ab', endless), ['7-a-0', '8-b-1']);
  assert.equal(endless.closed, 1);
  assert.deepEqual(await pool.map(join, later, new Set(['x', 'y', 'z'])), ['0-x', '1-y', '2-z']);
  assert.equal(later.closed, 1);
  assert.deepEqual(await pool.map(join, new Map([[1, 2]]), new Uint8Array([5, 6])), ['1,2-5']);
});

test('no input, no work', async () => {
  for (const input of [[], new Source(0), new AsyncSource(0), '', new Set<number>()]) {
    const engine = new FakeEngine();
    assert.deepEqual(await executorOn(engine).map(double, input as Iterable<number>), []);
    const again = iterate(executorOn(engine).map(double, input as Iterable<number>));
    assert.deepEqual(await again.next(), { done: true, value: undefined });
    assert.equal(engine.sizes.length, 0);
  }
});

test('what is not iterable is named at the call', () => {
  const pool = new EventLoopExecutor();
  for (const wrong of [1, null, undefined, {}, true]) {
    assert.throws(() => pool.map(double, wrong as never), { name: 'TypeError', message: /number 1 is/ });
  }
  assert.throws(() => pool.map((a: number, b: number) => a + b, [1], 2 as never), /number 2 is/);
});

for (const chunkSize of [1, 3, 'auto'] as const) {
  test(`errors come in their places and iteration goes on, in chunks of ${chunkSize}`, async () => {
    const pool = new EventLoopExecutor().with({ chunkSize });
    const all = await collect(pool.map(failOnOdd, [0, 1, 2, 3, 4])[Symbol.asyncIterator]());
    assert.deepEqual(all, [{ value: 0 }, { error: 'odd 1' }, { value: 2 }, { error: 'odd 3' }, { value: 4 }]);
  });
}

test('the death of a worker is the error of each item of its chunk, and of no other', async () => {
  const engine = new FakeEngine({ slots: 1 });
  const iterator = iterate(executorOn(engine, { chunkSize: 2 }).map(double, [1, 2, 3, 4, 5, 6]));
  await settled();
  engine.finish(0);
  engine.fail(new Error('died'), 0);
  engine.finish(0);
  const all = await collect(iterator);
  assert.deepEqual(all, [
    { value: 2 },
    { value: 4 },
    { error: 'died' },
    { error: 'died' },
    { value: 10 },
    { value: 12 },
  ]);
});

test('awaiting rejects with the first error, cancels the rest and closes the input', async () => {
  const engine = new FakeEngine({ slots: 2 });
  const source = new Source();
  const mapped = executorOn(engine, { chunkSize: 1, bufferSize: 8 }).map(failOnOdd, source);
  const rejected = assert.rejects(Promise.resolve(mapped), { message: 'odd 1' });
  await settled();
  const begun = engine.inFlight.length;
  engine.finish(1);
  await rejected;
  assert.equal(engine.cancelled, begun - 1);
  assert.equal(source.closed, 1);
});

test('leaving the loop cancels what is pending and closes the input', async () => {
  for (const source of [new Source(), new AsyncSource()]) {
    const engine = new FakeEngine({ slots: 2 });
    const mapped = executorOn(engine, { chunkSize: 1, bufferSize: 6 }).map(double, source);
    await settled();
    const timer = setInterval(() => engine.finish(), 1);
    let seen = 0;
    for await (const value of mapped) {
      seen += 1;
      clearInterval(timer);
      if (value >= 0) break;
    }
    await settled();
    assert.equal(seen, 1);
    assert.equal(source.closed, 1);
    assert.ok(engine.cancelled > 0);
    assert.ok(engine.inFlight.every(({ future }) => future.done()));
  }
});

test('an input that throws is an error in its place, after all that came before', async () => {
  const broken = function* (): Generator<number> {
    yield 0;
    yield 1;
    throw new RangeError('no more');
  };
  const brokenLater = async function* (): AsyncGenerator<number> {
    yield* broken();
  };
  const pool = new EventLoopExecutor();
  for (const make of [broken, brokenLater]) {
    for (const chunkSize of [1, 2, 3, 'auto'] as const) {
      const mapped = pool.with({ chunkSize }).map(double, make());
      const iterator = mapped[Symbol.asyncIterator]();
      assert.deepEqual(await collect(iterator), [{ value: 0 }, { value: 2 }, { error: 'no more' }]);
      assert.equal((await iterator.next()).done, true);
      await assert.rejects(Promise.resolve(pool.with({ chunkSize }).map(double, make())), {
        message: 'no more',
      });
    }
  }
});

test('an input that fails to close does no harm', async () => {
  const stubborn = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: false as const, value: 1 }),
      return: () => {
        throw new RangeError('I stay');
      },
    }),
  };
  const iterator = iterate(new EventLoopExecutor().map(double, stubborn));
  assert.equal((await iterator.next()).value, 2);
  assert.deepEqual(await iterator.return?.(), { done: true, value: undefined });
});

test('unordered results come as they are there', async () => {
  const engine = new FakeEngine({ slots: 3 });
  const iterator = iterate(executorOn(engine, { chunkSize: 1, ordered: false }).map(double, [1, 2, 3]));
  await settled();
  engine.finish(2);
  assert.equal((await iterator.next()).value, 6);
  engine.finish(0);
  assert.equal((await iterator.next()).value, 2);
  engine.finish(0);
  assert.equal((await iterator.next()).value, 4);
  assert.equal((await iterator.next()).done, true);
});

test('automatic chunks grow with quick items, and stay small with slow ones', async () => {
  const run = async (msPerItem: number): Promise<number[]> => {
    const engine = new FakeEngine({ slots: 2, msPerItem });
    await drive(engine, () => 0, Promise.resolve(executorOn(engine).map(double, inputs.array(2000))));
    return engine.sizes;
  };
  const quick = await run(0.001);
  const slow = await run(50);
  assert.ok(Math.max(...quick) >= 64, String(quick));
  assert.equal(Math.max(...slow), 1);
  for (const sizes of [quick, slow])
    assert.equal(
      sizes.reduce((sum, size) => sum + size),
      2000,
    );
});

test('no more tasks are on their way than the engine looks ahead', async () => {
  for (const chunkSize of [1, 4, 'auto'] as const) {
    const engine = new FakeEngine({ slots: 2, lookAhead: 3, msPerItem: 0.001 });
    const mapped = executorOn(engine, { chunkSize }).map(double, inputs.array(500));
    const done = drive(
      engine,
      () => {
        assert.ok(engine.inFlight.length <= 3, `${engine.inFlight.length} in flight`);
        return 0;
      },
      Promise.resolve(mapped),
    );
    assert.equal((await done).length, 500);
  }
});

test('progress counts every item once, with the total as soon as it is known', async () => {
  const seen: Array<{ done: number; total?: number }> = [];
  const pool = new EventLoopExecutor().with({ chunkSize: 4, onProgress: (step) => seen.push(step) });
  await pool.map(double, inputs.array(10));
  assert.deepEqual(seen.at(-1), { done: 10, total: 10 });
  assert.ok(seen.every(({ done, total }, n) => total === 10 && done > (seen[n - 1]?.done ?? 0)));
  seen.length = 0;
  await pool.map(failOnOdd, new Source(3)).catch(() => undefined);
  assert.ok(seen.length > 0);
});

test('a progress callback that throws is reported, and stops nothing', async () => {
  const warning = once(process, 'warning') as Promise<[Error]>;
  const onProgress = (): never => {
    throw new RangeError('no progress');
  };
  assert.deepEqual(await new EventLoopExecutor().with({ onProgress }).map(double, [1]), [2]);
  assert.match((await warning)[0].message, /no progress/);
});

for (const isAsync of [false, true]) {
  for (const mode of ['iterated', 'awaited', 'not looked at'] as const) {
    test(`an abort ends a map that is ${mode} with the reason, once, and closes its ${isAsync ? 'async ' : ''}input`, async () => {
      const controller = new AbortController();
      const reason = new RangeError('enough');
      const engine = new FakeEngine({ slots: 2 });
      const source = isAsync ? new AsyncSource() : new Source();
      const pool = executorOn(engine, { signal: controller.signal, chunkSize: 1, bufferSize: 4 });
      const mapped = pool.map(double, source);
      const all = mode === 'awaited' ? Promise.resolve(mapped) : undefined;
      all?.catch(() => undefined);
      const iterator = mode === 'iterated' ? mapped[Symbol.asyncIterator]() : undefined;
      await settled();
      if (iterator !== undefined) {
        engine.finish();
        assert.equal((await iterator.next()).value, 0);
      }
      controller.abort(reason);
      await settled();
      const { pulled } = source;
      if (iterator === undefined)
        await assert.rejects(all ?? Promise.resolve(mapped), (error) => error === reason);
      else {
        await assert.rejects(iterator.next(), (error) => error === reason);
        assert.equal((await iterator.next()).done, true);
        assert.equal((await iterator.next()).done, true);
      }
      await settled();
      assert.equal(source.closed, 1);
      assert.equal(source.pulled, pulled);
    });
  }
}

test('an abort while async input is on its way is the end, whatever comes', async () => {
  for (const last of ['value', 'end', 'error'] as const) {
    const controller = new AbortController();
    const engine = new FakeEngine();
    let give = (): void => undefined;
    const slow = {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise<IteratorResult<number>>((resolve, reject) => {
            give = () => {
              if (last === 'error') reject(new Error('too late'));
              else resolve(last === 'end' ? { done: true, value: undefined } : { done: false, value: 1 });
            };
          }),
      }),
    };
    const iterator = iterate(executorOn(engine, { signal: controller.signal }).map(double, slow));
    await settled();
    const reason = new RangeError('enough');
    controller.abort(reason);
    give();
    await settled();
    await assert.rejects(iterator.next(), (error) => error === reason, last);
    assert.equal((await iterator.next()).done, true);
    assert.equal(engine.sizes.length, 0);
  }
});

test('an abort between the end of a chunk and its reading leaves nothing that counts twice', async () => {
  const controller = new AbortController();
  const engine = new FakeEngine({ slots: 3 });
  const reason = new RangeError('enough');
  const onProgress = ({ done }: { done: number }): void => {
    if (done === 2) controller.abort(reason);
  };
  const pool = executorOn(engine, { signal: controller.signal, chunkSize: 1, onProgress });
  const iterator = iterate(pool.map(double, [0, 1, 2]));
  await settled();
  engine.finish(0);
  assert.equal((await iterator.next()).value, 0);
  // The later one first: its progress aborts, while the result of the other has come and was not read.
  engine.finish(1);
  engine.finish(0);
  await assert.rejects(iterator.next(), (error) => error === reason);
  assert.equal((await iterator.next()).done, true);
});

test('a signal that has fired before begins nothing', async () => {
  const reason = new RangeError('before');
  const engine = new FakeEngine();
  const source = new Source();
  const mapped = executorOn(engine, { signal: AbortSignal.abort(reason) }).map(double, source);
  await assert.rejects(Promise.resolve(mapped), (error) => error === reason);
  assert.equal(engine.sizes.length + source.pulled, 0);
});

test('a result is awaited as often as one likes, or iterated, not both', async () => {
  const pool = new EventLoopExecutor();
  const awaited = pool.map(double, [1, 2]);
  const first = await awaited;
  assert.equal(await awaited, first);
  assert.equal(await awaited.finally(() => undefined), first);
  assert.throws(() => awaited[Symbol.asyncIterator](), {
    name: 'TypeError',
    message: /awaited cannot be iterated/,
  });
  const iterated = pool.map(double, [1, 2]);
  for await (const value of iterated) assert.ok(value > 0);
  await assert.rejects(async () => await iterated, {
    name: 'TypeError',
    message: /iterated cannot be awaited/,
  });
});

test('steps that are asked for at once each get a result of their own', async () => {
  const iterator = iterate(new EventLoopExecutor().map(double, [1, 2, 3]));
  const steps = await Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);
  assert.deepEqual(new Set(steps.map(({ value }) => value as number)), new Set([2, 4, 6, undefined]));
});

test('sized input is read in the call', async () => {
  const engine = new FakeEngine({ slots: 1 });
  const numbers = [1, 2, 3];
  const mapped = executorOn(engine, { chunkSize: 1 }).map(double, numbers);
  numbers[2] = 100;
  numbers.push(4);
  assert.deepEqual(await drive(engine, () => 0, Promise.resolve(mapped)), [2, 4, 6]);
});

test('a hundred thousand items, from an array and from a generator', { timeout: 120_000 }, async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const count = 100_000;
  for (const input of [inputs.array(count), new Source(count)]) {
    const results = await pool.map(double, input);
    assert.equal(results.length, count);
    assert.ok(results.every((value, n) => value === n * 2));
  }
});

test('the error of a map may be looked at later', async () => {
  const engine = new FakeEngine();
  const mapped = executorOn(engine).map(failOnOdd, [1]);
  await settled();
  engine.finish();
  await settled();
  // Looked at after all, which takes it off the list.
  await assert.rejects(Promise.resolve(mapped), { message: 'odd 1' });
});
