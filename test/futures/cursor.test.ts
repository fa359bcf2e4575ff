import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Cursor, openCursor } from '../../src/futures/cursor.ts';

/** All tuples, pulled so many at a time. */
async function drain(cursor: Cursor, count: number): Promise<unknown[][]> {
  const tuples: unknown[][] = [];
  for (;;) {
    const batch = await cursor.pull(count);
    assert.ok(batch.count <= count);
    assert.equal(batch.values.length, batch.count * cursor.arity, 'only whole tuples');
    assert.ok(batch.count > 0 || batch.ended, 'none but at the end');
    for (let n = 0; n < batch.count; n += 1) {
      tuples.push(batch.values.slice(n * cursor.arity, (n + 1) * cursor.arity));
    }
    if (batch.ended) return tuples;
  }
}

const nothing = { values: [], count: 0, ended: true, failure: undefined };

interface Watched {
  readonly iterable: Iterable<number> | AsyncIterable<number>;
  pulled: number;
  returned: number;
}

/** An iterator written out, so that every call is counted. */
function watched(length: number, isAsync: boolean): Watched {
  const state = { pulled: 0, returned: 0 };
  const step = (): IteratorResult<number> => {
    if (state.pulled >= length) return { done: true, value: undefined };
    state.pulled += 1;
    return { done: false, value: state.pulled };
  };
  const end = (): IteratorResult<number> => {
    state.returned += 1;
    return { done: true, value: undefined };
  };
  const iterable = isAsync
    ? { [Symbol.asyncIterator]: () => ({ next: async () => step(), return: async () => end() }) }
    : { [Symbol.iterator]: () => ({ next: step, return: end }) };
  return Object.assign(state, { iterable: iterable as Watched['iterable'] });
}

test('tuples go on until the shortest ends; the others are told once, and nobody is asked again', async () => {
  const input = fc.record({ length: fc.nat(12), kind: fc.constantFrom('array', 'sync', 'async') });
  await fc.assert(
    fc.asyncProperty(
      fc.array(input, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 5 }),
      async (inputs, count) => {
        const sources = inputs.map(({ length, kind }) => watched(length, kind === 'async'));
        const iterables = inputs.map(({ length, kind }, n) =>
          kind === 'array' ? Array.from({ length }, (_, k) => k + 1) : sources[n]?.iterable,
        );
        const cursor = openCursor(iterables as Array<Iterable<unknown>>);
        const shortest = Math.min(...inputs.map(({ length }) => length));
        const expected = Array.from({ length: shortest }, (_, n) => inputs.map(() => n + 1));
        assert.deepEqual(await drain(cursor, count), expected);
        assert.equal(cursor.length, inputs.every(({ kind }) => kind === 'array') ? shortest : undefined);
        cursor.close();
        assert.deepEqual(await cursor.pull(1), nothing);
        for (const [n, { length, kind }] of inputs.entries()) {
          const source = sources[n] as Watched;
          if (kind === 'array') continue;
          assert.ok(source.pulled <= shortest + 1);
          assert.ok(source.returned <= 1);
          if (length > shortest + 1) assert.equal(source.returned, 1);
        }
      },
    ),
  );
});

test('no iterables are an empty input', async () => {
  const cursor = openCursor([]);
  assert.equal(cursor.length, 0);
  assert.deepEqual(await cursor.pull(5), nothing);
});

test('strings are read by character, and sized input is a snapshot', async () => {
  const numbers = [1, 2];
  const letters = new Set(['a', 'b']);
  const cursor = openCursor([numbers, letters, '\u{1F600}z']);
  numbers.push(3);
  letters.clear();
  assert.equal(cursor.length, 2);
  assert.deepEqual(await drain(cursor, 1), [
    [1, 'a', '\u{1F600}'],
    [2, 'b', 'z'],
  ]);
});

test('closing early tells the inputs, once', async () => {
  const sources = [watched(5, false), watched(5, true)];
  const cursor = openCursor(sources.map(({ iterable }) => iterable));
  assert.equal((await cursor.pull(1)).count, 1);
  cursor.close();
  cursor.close();
  assert.deepEqual(
    sources.map(({ returned }) => returned),
    [1, 1],
  );
});

test('an input without return() is let be', () => {
  const cursor = openCursor([{ [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }) }) }]);
  assert.deepEqual(cursor.pull(3), { values: [1, 1, 1], count: 3, ended: false });
  cursor.close();
});

/** The values of an input with one iterable. */
async function read(iterable: Iterable<unknown>, count = 2): Promise<unknown[]> {
  return (await drain(openCursor([iterable]), count)).map(([value]) => value);
}

test('sized inputs give what iterating them gives, in pulls of any size', async () => {
  const item = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constantFrom(undefined, null));
  const input = fc.oneof(
    fc.array(item),
    fc.sparseArray(item, { maxLength: 12 }),
    fc.array(item).map((items) => new Set(items)),
    fc.array(fc.tuple(item, item)).map((entries) => new Map(entries)),
    fc.string({ unit: 'binary' }),
    fc.oneof(fc.float64Array(), fc.float32Array(), fc.int8Array(), fc.uint32Array(), fc.bigInt64Array()),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(input, { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      async (inputs, counts) => {
        const lists = inputs.map((one) => [...(one as Iterable<unknown>)]);
        const length = Math.min(...lists.map((list) => list.length));
        const expected = Array.from({ length }, (_, n) => lists.map((list) => list[n]));
        const cursor = openCursor(inputs as Array<Iterable<unknown>>);
        assert.equal(cursor.length, length);
        const tuples: unknown[] = [];
        for (let turn = 0; ; turn += 1) {
          const batch = await cursor.pull(counts[turn % counts.length] as number);
          for (let n = 0; n < batch.count; n += 1) {
            tuples.push(batch.values.slice(n * inputs.length, (n + 1) * inputs.length));
          }
          if (batch.ended) break;
        }
        assert.deepStrictEqual(tuples, expected);
      },
    ),
  );
});

test('holes are undefined, as iterating has it', async () => {
  const holes: unknown[] = [1.5, 2.5];
  holes[4] = 3.5;
  const values = await read(holes, 10);
  assert.deepStrictEqual(values, [1.5, 2.5, undefined, undefined, 3.5]);
  assert.ok(2 in values);
  const far: unknown[] = [];
  far[50_000_000] = 'far';
  far.length = 3;
  assert.deepStrictEqual(await read(far), [undefined, undefined, undefined]);
});

test('whoever has an iterator of his own is asked, arrays and typed arrays too', async () => {
  class Twice extends Array<number> {
    override *[Symbol.iterator](): ArrayIterator<number> {
      for (let n = 0; n < this.length; n += 1) yield (this[n] as number) * 2;
    }
  }
  class Plain extends Array<number> {}
  class Bytes extends Uint8Array {}
  class Backwards extends Float64Array {
    override *[Symbol.iterator](): ArrayIterator<number> {
      for (let n = this.length - 1; n >= 0; n -= 1) yield this[n] as number;
    }
  }
  assert.deepStrictEqual(await read(Twice.of(1, 2, 3)), [2, 4, 6]);
  assert.deepStrictEqual(await read(Plain.of(1, 2, 3)), [1, 2, 3]);
  assert.deepStrictEqual(await read(Bytes.of(1, 2, 300)), [1, 2, 44]);
  assert.deepStrictEqual(await read(Backwards.of(0.5, 1.5)), [1.5, 0.5]);
  const own = Object.assign([1, 2], { [Symbol.iterator]: () => ['a', 'b', 'c'].values() });
  const ownTyped = Object.assign(Uint8Array.of(1, 2), { [Symbol.iterator]: () => ['d'].values() });
  assert.deepStrictEqual(await read(own as Iterable<unknown>), ['a', 'b', 'c']);
  assert.deepStrictEqual(await read(ownTyped as Iterable<unknown>), ['d']);
});

test('arrays that iterate otherwise since a program changed how arrays do', async () => {
  const original = Array.prototype[Symbol.iterator];
  const reversed = function* <T>(this: T[]): ArrayIterator<T> {
    for (let n = this.length - 1; n >= 0; n -= 1) yield this[n] as T;
  };
  const numbers = [1, 2, 3];
  let cursor: Cursor | undefined;
  const iterateArraysBy = (value: unknown): void => {
    // oxlint-disable-next-line no-extend-native -- What is tested is that somebody else did.
    Object.defineProperty(Array.prototype, Symbol.iterator, { value, writable: true, configurable: true });
  };
  iterateArraysBy(reversed);
  try {
    cursor = openCursor([numbers]);
  } finally {
    iterateArraysBy(original);
  }
  assert.deepStrictEqual(await drain(cursor, 2), [[3], [2], [1]]);
});

test('typed arrays are snapshots, also of memory that others write to', async () => {
  const shared = new Int32Array(new SharedArrayBuffer(12));
  const bytes = Buffer.from([1, 2, 3]);
  const cursor = openCursor([shared, bytes]);
  shared.fill(7);
  bytes.fill(7);
  assert.deepStrictEqual(await drain(cursor, 2), [
    [0, 1],
    [0, 2],
    [0, 3],
  ]);
});

test('arrays that grow or shrink meanwhile stay what they were', async () => {
  const growing = [1, 2, 3];
  const shrinking = [4, 5, 6];
  const cursor = openCursor([growing, shrinking]);
  assert.deepStrictEqual(await cursor.pull(1), { values: [1, 4], count: 1, ended: false });
  growing.push(100);
  shrinking.length = 0;
  assert.deepStrictEqual(await cursor.pull(9), { values: [2, 5, 3, 6], count: 2, ended: true });
});

test('what an iterable throws is the end, after the whole tuples that came before, and closes the others', async () => {
  const broken = function* (): Generator<number> {
    yield 1;
    yield 2;
    throw new RangeError('no more');
  };
  const brokenLater = async function* (): AsyncGenerator<number> {
    yield* broken();
  };
  for (const make of [broken, brokenLater]) {
    const other = watched(9, false);
    const cursor = openCursor([other.iterable, make()]);
    const values: unknown[] = [];
    for (;;) {
      const batch = await cursor.pull(5);
      values.push(...batch.values);
      if (!batch.ended) continue;
      assert.match(String(batch.failure?.error), /no more/);
      break;
    }
    assert.deepEqual(values, [1, 1, 2, 2]);
    assert.equal(other.returned, 1);
    assert.deepEqual(await cursor.pull(1), nothing);
  }
});
