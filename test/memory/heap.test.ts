import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Heap } from '../../src/memory/heap.ts';

const KIB = 1024;
const MIB = 2 ** 20;

/** Stands for a region: says what was committed, and refuses when it is told to. */
class Memory {
  readonly size: number;
  /** All commits that were granted, as [start, end). */
  readonly granted: Array<readonly [number, number]> = [];
  /** How many more commits are granted. */
  left = Infinity;

  constructor(size: number) {
    this.size = size;
  }

  commit(start: number, end: number): boolean {
    assert.ok(start >= 0 && start <= end && end <= this.size, `[${start}, ${end})`);
    if (this.left <= 0) return false;
    this.left -= 1;
    this.granted.push([start, end]);
    return true;
  }

  /** The highest byte that may be touched. */
  get top(): number {
    return Math.max(0, ...this.granted.map(([, end]) => end));
  }
}

const size = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 4 * KIB }) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 200 * KIB }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 8 * MIB }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 127, 128, 129, 16 * 128, 2048, 2049, MIB, 8 * MIB) },
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('alloc' as const), n: size }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('free' as const), n: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('commits' as const), n: fc.nat(3) }) },
);
const space = fc.record({
  base: fc.constantFrom(0, 8, 4096, 100_000),
  bytes: fc.oneof(fc.integer({ min: 128, max: 20 * KIB }), fc.integer({ min: MIB, max: 20 * MIB })),
});

describe('a heap', () => {
  it('agrees with a model: blocks do not overlap, are large enough, inside, and committed', () => {
    fc.assert(
      fc.property(space, fc.array(step, { maxLength: 300, size: 'max' }), ({ base, bytes }, steps) => {
        const memory = new Memory(base + bytes);
        const heap = new Heap(memory, base, bytes);
        const held: Array<{ offset: number; end: number }> = [];
        for (const { what, n } of steps) {
          if (what === 'commits') memory.left = n === 3 ? Infinity : n;
          else if (what === 'free') {
            const [block] = held.splice(n % Math.max(1, held.length), 1);
            if (block !== undefined) heap.free(block.offset);
          } else {
            const offset = heap.alloc(n);
            if (offset === -1) continue;
            const end = offset + heap.sizeOf(offset);
            assert.ok(heap.sizeOf(offset) >= n);
            assert.equal(offset % 8, 0);
            assert.ok(offset >= base && end <= base + bytes, `${offset} to ${end}`);
            assert.ok(end <= memory.top, `${end} is above ${memory.top}, which is committed`);
            for (const other of held) {
              assert.ok(end <= other.offset || other.end <= offset, `${offset} is in use twice`);
            }
            held.push({ offset, end });
          }
        }
        for (const { offset } of held) heap.free(offset);
        // One block again, of all that there is.
        memory.left = Infinity;
        assert.equal(heap.alloc(bytes - (bytes % 128)), base);
        assert.equal(heap.alloc(1), -1);
      }),
      { numRuns: 300 },
    );
  });

  it('commits all that it uses, without holes, and nothing that it never used', () => {
    const memory = new Memory(64 * MIB);
    const heap = new Heap(memory, 0, 64 * MIB);
    for (let n = 0; n < 10_000; n += 1) heap.free(heap.alloc(1 + (n % 8000)));
    assert.ok(memory.top <= 16 * KIB, `${memory.top} bytes for one block at a time`);
    const blocks = Array.from({ length: 100 }, () => heap.alloc(10 * KIB));
    for (const block of blocks) heap.free(block);
    for (let n = 0; n < 10_000; n += 1) heap.free(heap.alloc(1 + (n % 8000)));
    assert.ok(memory.top <= 100 * 10 * KIB);
    let top = 0;
    for (const [start, end] of memory.granted) {
      assert.equal(start, top);
      top = end;
    }
  });

  it('gives the block again that was freed last', () => {
    const heap = new Heap(new Memory(MIB), 0, MIB);
    const blocks = Array.from({ length: 10 }, () => heap.alloc(1000));
    // Not neighbours, which would become one.
    for (const n of [1, 5, 3]) heap.free(blocks[n] as number);
    for (const n of [3, 5, 1]) assert.equal(heap.alloc(1000), blocks[n]);
  });

  it('does with what is committed when there is no more', () => {
    const memory = new Memory(MIB);
    const heap = new Heap(memory, 0, MIB);
    const first = heap.alloc(64 * KIB);
    const second = heap.alloc(64 * KIB);
    memory.left = 0;
    assert.equal(heap.alloc(KIB), -1);
    heap.free(first);
    // Larger than the freed one, so only the rest of the heap would do.
    assert.equal(heap.alloc(65 * KIB), -1);
    assert.equal(heap.alloc(64 * KIB), first);
    heap.free(second);
    // Merged with all that is not committed.
    assert.equal(heap.alloc(65 * KIB), -1);
    assert.equal(heap.alloc(30 * KIB), second);
    memory.left = 1;
    assert.notEqual(heap.alloc(65 * KIB), -1);
  });

  it('finds a block that is just large enough', () => {
    const heap = new Heap(new Memory(MIB), 0, MIB);
    // 1000 and 1001 units are of one class.
    const large = heap.alloc(1001 * 128);
    heap.alloc(128);
    while (heap.alloc(128 * 128) !== -1);
    while (heap.alloc(128) !== -1);
    heap.free(large);
    assert.equal(heap.alloc(1002 * 128), -1);
    assert.equal(heap.alloc(1000 * 128), large);
  });

  it('says that it does not know a block: freed before, never allocated, elsewhere', () => {
    const heap = new Heap(new Memory(MIB), 4096, MIB - 4096);
    const [zero, one, two, three] = [0, 1, 2, 3].map(() => heap.alloc(1000)) as [
      number,
      number,
      number,
      number,
    ];
    // The first becomes a part of the one after it, the last of the one before it.
    for (const block of [one, zero, two]) heap.free(block);
    for (const offset of [zero, one, two, three + 128, three + 1, 0, -1, 4096 - 128, MIB, NaN, 1.5]) {
      assert.throws(() => heap.free(offset), RangeError, `free(${offset})`);
      assert.throws(() => heap.sizeOf(offset), RangeError, `sizeOf(${offset})`);
    }
    heap.free(three);
    assert.equal(heap.alloc(MIB - 4096), 4096);
  });

  it('is refused where it does not fit, and sizes that are none', () => {
    const memory = new Memory(MIB);
    const wrong = [
      [1, MIB - 8],
      [-8, 1024],
      [8, MIB],
      [0, 127],
      [0, NaN],
      [NaN, 1024],
    ] as const;
    for (const [base, bytes] of wrong) {
      assert.throws(() => new Heap(memory, base, bytes), RangeError, `${base}, ${bytes}`);
    }
    const heap = new Heap(memory, 0, MIB);
    for (const bytes of [-1, NaN]) assert.throws(() => heap.alloc(bytes), RangeError);
    assert.equal(heap.alloc(Infinity), -1);
    assert.equal(heap.alloc(MIB + 1), -1);
  });
});
