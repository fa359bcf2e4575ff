import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Heap } from '../../../src/memory/heap.ts';
import { ThreadRegion } from '../../../src/memory/thread-region.ts';
import { BlockWriter } from '../../../src/pool/shared/block-writer.ts';
import { Memory, ValueReader, ValueWriter } from '../../../src/wire/values/index.ts';

const SIZE = 16 * 1024 * 1024;

function scene() {
  const region = new ThreadRegion(SIZE);
  const memory = new Memory(region.buffer);
  const heap = new Heap(region, 0, SIZE);
  const reader = new ValueReader(memory);
  return { heap, reader, writer: new BlockWriter(heap, new ValueWriter(memory)) };
}

/** Whether nothing is allocated. */
function isEmpty(heap: Heap): boolean {
  const all = heap.alloc(SIZE);
  if (all >= 0) heap.free(all);
  return all >= 0;
}

test('finds a block as large as the value needs', () => {
  const { heap, reader, writer } = scene();
  const values = Array.from({ length: 50_000 }, (_, id) => ({ id, text: `text ${id}` }));
  const block = writer.write(values);
  assert.deepEqual(reader.read(block, block + writer.size), values);
  const next = writer.writeList([1]);
  assert.deepEqual(reader.readList(next, next + writer.size), [1]);
  assert.equal(writer.size, 16);
  heap.free(block);
  heap.free(next);
  assert.ok(isEmpty(heap));
});

test('takes no block for what it cannot write', () => {
  const { heap, writer } = scene();
  const throwing = {
    get value(): never {
      throw new Error('as asked');
    },
  };
  const values = [() => 1, { deep: [Symbol('no')] }, new SharedArrayBuffer(8), throwing, 'x'.repeat(SIZE)];
  for (const value of values) assert.equal(writer.write(value), -1);
  assert.equal(writer.writeList([1, () => 1]), -1);
  assert.ok(isEmpty(heap));
});

test('takes no block when there is no room', () => {
  const { heap, writer } = scene();
  const all = heap.alloc(SIZE);
  assert.equal(writer.write({ a: 1 }), -1);
  heap.free(all);
  assert.ok(writer.write({ a: 1 }) >= 0);
});
