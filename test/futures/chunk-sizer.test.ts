import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChunkSizer } from '../../src/futures/chunk-sizer.ts';

/** Sizes of all chunks of so many items, each of which takes so many ms, where each is noted at once. */
function sizesOf(items: number, msPerItem: number, slots = 2, arity = 1): number[] {
  const sizer = new ChunkSizer({}, { slots }, arity);
  const sizes: number[] = [];
  for (let left = items; left > 0; ) {
    const size = Math.min(left, sizer.next(left));
    sizes.push(size);
    left -= size;
    sizer.note(size, size * msPerItem);
  }
  return sizes;
}

test('quick items soon travel by the thousands, and not alone at the end', () => {
  const sizes = sizesOf(1_000_000, 20e-6);
  assert.ok(sizes.length < 80, `${sizes.length} chunks`);
  // 0.1 ms are 5000 items.
  assert.ok(
    sizes.slice(8, -1).every((size) => size >= 5000),
    String(sizes),
  );
});

test('slow items travel alone, and those in between are shared out at the end', () => {
  assert.equal(Math.max(...sizesOf(100, 10)), 1);
  const sizes = sizesOf(5000, 0.2);
  assert.ok(Math.max(...sizes) > 8);
  assert.deepEqual(sizes.slice(-3), [1, 1, 1]);
});

test('a chunk of trivial items is bounded by its values, however many each item has', () => {
  const largest = (arity: number): number => Math.max(...sizesOf(1_000_000, 1e-7, 1, arity)) * arity;
  for (const arity of [1, 2, 3, 7]) assert.ok(largest(arity) <= 16_000 && largest(arity) > 15_000);
});

test('never none, never more than asked for, never faster than eightfold', () => {
  const ms = fc.oneof(fc.constantFrom(0, 1e-9, 1e9), fc.double({ min: 0, max: 100, noNaN: true }));
  const limit = fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.option(fc.integer({ min: 1, max: 50 }), { nil: 'auto' as const }),
      limit,
      fc.array(fc.tuple(fc.option(fc.nat(10_000), { nil: undefined }), ms)),
      (chunkSize, bufferSize, steps) => {
        const sizer = new ChunkSizer({ chunkSize, bufferSize }, { slots: 2 }, 1);
        let most = 1;
        for (const [left, taken] of steps) {
          const size = sizer.next(left);
          assert.ok(size >= 1 && size <= (bufferSize ?? Infinity));
          if (chunkSize === 'auto') assert.ok(size <= most);
          else assert.equal(size, Math.min(chunkSize, bufferSize ?? Infinity));
          sizer.note(size, taken);
          most *= 8;
        }
      },
    ),
  );
});
