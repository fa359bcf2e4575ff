import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arrived, firstFailure, lost, MapResults } from '../../src/futures/map-results.ts';

const chunk = (values: readonly unknown[], errors: ReadonlyArray<[number, unknown]> = []) =>
  // Frozen, since they are the engine's: it may have kept them.
  arrived(values.length, {
    values: Object.freeze(values) as unknown[],
    errors: new Map(errors),
    ms: 1,
  });

/** Chunks of such sizes with the numbers from 0 on, each with the place of its first item. */
function cut(sizes: readonly number[]): Array<{ place: number; values: number[] }> {
  let place = 0;
  return sizes.map((size) => {
    const values = Array.from({ length: size }, (_, n) => place + n);
    place += size;
    return { place: place - size, values };
  });
}

test('chunks of any size, in any order, come together in one array', () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1000, max: 1050 }));
  const arrivals = fc.array(size, { maxLength: 30 }).chain((sizes) =>
    fc.record({
      chunks: fc.constant(cut(sizes)),
      order: fc.shuffledSubarray([...sizes.keys()], { minLength: sizes.length }),
    }),
  );
  fc.assert(
    fc.property(arrivals, ({ chunks, order }) => {
      const results = new MapResults();
      for (const n of order) {
        const { place, values } = chunks[n] as (typeof chunks)[number];
        results.put(place, chunk(values));
        results.line();
      }
      assert.deepStrictEqual(
        results.takeAll(),
        chunks.flatMap(({ values }) => values),
      );
    }),
  );
});

test('more large chunks than fit into the arguments of one call', () => {
  const results = new MapResults();
  for (const { place, values } of cut(Array.from({ length: 1500 }, () => 1024))) {
    results.put(place, chunk(values));
    results.line();
  }
  const all = results.takeAll();
  assert.equal(all.length, 1500 * 1024);
  assert.ok(all.every((value, n) => value === n));
});

test('one by one, each result or error in its place, as soon as all before it are there', () => {
  const results = new MapResults();
  results.put(2, chunk(['c', undefined, 'e'], [[1, new RangeError('d')]]));
  assert.ok(!results.ready);
  results.put(0, chunk(['a', 'b']));
  results.put(5, lost(2, { error: undefined }));
  const seen: unknown[] = [];
  while (results.ready) {
    try {
      seen.push(results.take());
    } catch (error) {
      seen.push({ error });
    }
  }
  assert.deepStrictEqual(seen, [
    'a',
    'b',
    'c',
    { error: new RangeError('d') },
    'e',
    { error: undefined },
    { error: undefined },
  ]);
  assert.ok(results.betweenChunks);
});

test('the first failure is that of the first item in the chunk that came first', () => {
  const results = new MapResults();
  assert.equal(results.firstFailure, undefined);
  results.put(0, chunk([1, 2]));
  results.put(
    9,
    chunk(
      [undefined, undefined],
      [
        [1, 'later'],
        [0, 'sooner'],
      ],
    ),
  );
  results.put(2, lost(1, { error: 'lost' }));
  assert.deepEqual(results.firstFailure, { error: 'sooner' });
  assert.deepEqual(firstFailure(lost(1, { error: undefined })), { error: undefined });
});

test('what is cleared is gone, also the rest of a chunk that was begun', () => {
  const results = new MapResults();
  results.put(0, chunk([1, 2, 3]));
  assert.ok(results.ready);
  assert.equal(results.take(), 1);
  results.clear();
  assert.ok(!results.ready);
});
