// Keys compare as what they stand for.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Comparable, compareWords, LONGEST_KEY, writeKey } from '../../src/queues/sort-key.ts';
import { limit } from './support.ts';

const keyOf = (value: unknown): Int32Array => {
  const words = new Int32Array(LONGEST_KEY / 4 + 4);
  return words.subarray(0, writeKey(value, words));
};

/** As the heap compares them. */
function compareKeys(one: unknown, other: unknown): number {
  const [a, b] = [keyOf(one), keyOf(other)];
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const difference = compareWords(a[index] as number, b[index] as number);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

const rank = (value: Comparable): number => (typeof value === 'string' ? 1 : Array.isArray(value) ? 2 : 0);

/** As the language compares them; between kinds as documented. */
function compare(one: Comparable, other: Comparable): number {
  if (rank(one) !== rank(other)) return Math.sign(rank(one) - rank(other));
  if (!Array.isArray(one) || !Array.isArray(other)) return one < other ? -1 : one > other ? 1 : 0;
  for (let index = 0; index < Math.min(one.length, other.length); index += 1) {
    const order = compare(one[index] as Comparable, other[index] as Comparable);
    if (order !== 0) return order;
  }
  return Math.sign(one.length - other.length);
}

const simple: fc.Arbitrary<Comparable> = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer({ min: -3, max: 3 }),
  fc.maxSafeInteger(),
  fc.bigInt(),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
  fc.constantFrom(2n ** 1024n, 2n ** 1024n + 1n, -(2n ** 1024n), 2n ** 2000n, Infinity, -Infinity, -0),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\0', '\0\0', 'a', 'a\0', 'ab', '\uffff'),
  fc.boolean(),
  fc.date({ noInvalidDate: true }),
);
const comparable: fc.Arbitrary<Comparable> = fc.oneof(
  simple,
  fc.array(fc.oneof(simple, fc.array(simple, { maxLength: 3 })), { maxLength: 4 }),
);

describe('keys of priorities', () => {
  it('compare as their values do', limit, () => {
    fc.assert(
      fc.property(comparable, comparable, (one, other) => {
        assert.equal(compareKeys(one, other), compare(one, other));
      }),
      { numRuns: 20_000 },
    );
  });

  it('of long values count with their beginning', limit, () => {
    const long = 'x'.repeat(100_000);
    assert.equal(compareKeys(`${long}a`, `${long}b`), 0);
    assert.equal(compareKeys(`a${long}`, `b${long}`), -1);
    assert.equal(
      compareKeys(
        Array.from({ length: 10_000 }, () => 1),
        [1, 2],
      ),
      -1,
    );
  });

  it('are refused of what has no order, by name', limit, () => {
    const circular: unknown[] = [];
    circular.push(circular);
    for (const value of [
      undefined,
      null,
      {},
      Number.NaN,
      [1, {}],
      new Date(Number.NaN),
      circular,
      Symbol.iterator,
    ]) {
      assert.throws(() => keyOf(value), { name: 'TypeError', message: /priority of an item must be/ });
    }
  });
});
