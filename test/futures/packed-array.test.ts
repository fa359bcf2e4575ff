import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialize } from 'node:v8';
import fc from 'fast-check';
import { packedArray } from '../../src/futures/packed-array.ts';

/** How the serializer begins an array that it writes value by value; one with holes begins with `a`. */
const DENSE = 'A'.charCodeAt(0);

/** Behind the two bytes with the version of the format. */
function isWrittenDensely(values: readonly unknown[]): boolean {
  return serialize(values)[2] === DENSE;
}

const value = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.string(),
  fc.constantFrom(undefined, null, true, -0, NaN, 2 ** 31),
);

test('is filled like any other array, and has no holes to V8, whatever the sample was', () => {
  fc.assert(
    fc.property(fc.array(value), value, (values, sample) => {
      const packed = packedArray(values.length, sample);
      assert.equal(packed.length, values.length);
      for (const [index, one] of values.entries()) packed[index] = one;
      assert.deepStrictEqual(packed, values);
      assert.ok(isWrittenDensely(packed));
    }),
  );
});

test('each is an array of its own', () => {
  const first = packedArray(3, 1);
  for (let index = 0; index < 3; index += 1) first[index] = 'first';
  const second = packedArray(2, 1);
  assert.ok(second.every((filler) => filler !== 'first'));
  assert.notEqual(packedArray(2, 1), second);
});

test('may be longer than what is kept to cut it from', () => {
  for (const sample of [1, 0.5, 'text']) {
    for (const length of [16_384, 16_385, 100_000, 3]) {
      const packed = packedArray(length, sample);
      assert.equal(packed.length, length);
      assert.ok(isWrittenDensely(packed));
    }
  }
});
