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
