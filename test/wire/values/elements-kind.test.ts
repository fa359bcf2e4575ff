/**
 * Arrays of numbers stay what they are to V8 when they are written, whatever else is: were they made generic, all that the
 * program does with them afterwards would be slower.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { encodeBytes } from '../../../src/wire/bytes.ts';
import { Memory } from '../../../src/wire/values/memory.ts';
import { ValueWriter } from '../../../src/wire/values/writer.ts';

setFlagsFromString('--allow-natives-syntax');
const kindOf = runInThisContext(
  '(array) => %HasSmiElements(array) ? "small integers" : %HasDoubleElements(array) ? "doubles" : "any"',
) as (array: readonly unknown[]) => string;

const SIZE = 64 * 1024;
const memory = new Memory(new SharedArrayBuffer(SIZE));
const writer = new ValueWriter(memory);

/** Enough of each length for V8 to compile what writes them. */
const ROUNDS = 2000;
const LONG = 1000;

const writers = {
  'a value': (array: unknown) => writer.write({ array }, 0, SIZE),
  'a list': (array: unknown) => writer.writeList(array as unknown[], 0, SIZE),
  bytes: (array: unknown) => encodeBytes(array, 'it').length,
};

for (const [what, write] of Object.entries(writers)) {
  for (const length of [4, LONG]) {
    const rounds = length === LONG ? ROUNDS / 20 : ROUNDS;
    test(`${length} elements, as ${what}`, () => {
      const kinds = new Set<string>();
      for (let round = 0; round < rounds; round += 1) {
        const integers = Array.from({ length }, (_, index) => index);
        const fractions = integers.map((value) => value + 0.5);
        const objects = integers.map((value) => ({ value }));
        const mixed = integers.map((value) => (value % 2 === 0 ? value + 0.5 : 'text'));
        for (const array of [integers, fractions, objects, mixed]) assert.ok(write(array) > 0);
        kinds.add(`${kindOf(integers)}, ${kindOf(fractions)}`);
      }
      assert.deepEqual([...kinds], ['small integers, doubles']);
    });
  }
}
