// Lists in shared memory: what they hold, what fits, and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { type ListItem, ShareableList, SharedMemory } from '../../src/multiprocessing/shared-memory/index.ts';
import { freeName, isThere, OtherProgram } from './other-program.ts';

const LIMIT = { timeout: 60_000 };

/** One that is unlinked at the end. */
class Scratch extends ShareableList implements Disposable {
  [Symbol.dispose](): void {
    this.shm.close();
    this.shm.unlink();
  }
}

const item: fc.Arbitrary<ListItem> = fc.oneof(
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.boolean(),
  fc.string({ unit: 'binary' }),
  fc.uint8Array(),
  fc.constant(null),
);

test('a list holds what was put into it, here and by its name', LIMIT, () => {
  fc.assert(
    fc.property(fc.array(item), (items) => {
      using list = new Scratch(items);
      assert.deepEqual([...list], items);
      const same = new ShareableList(undefined, { name: list.shm.name });
      assert.deepEqual([...same], items);
      assert.equal(same.length, items.length);
      items.forEach((value, index) => {
        assert.deepEqual(same.get(index), value);
        assert.deepEqual(same.get(index - items.length), value);
        // Whatever it is has room for what it is.
        same.set(index, value);
        assert.deepEqual(list.get(index), value);
      });
      same.shm.close();
    }),
  );
});

test('texts are measured in bytes, keep their NULs, and may be shorter later, not longer', LIMIT, () => {
  using list = new Scratch(['ééééééé', 'a\0\0', '', Uint8Array.of(1, 0)]);
  assert.deepEqual([...list], ['ééééééé', 'a\0\0', '', Uint8Array.of(1, 0)]);
  assert.deepEqual(list.format, ['string[16]', 'string[8]', 'string[8]', 'bytes[8]']);
  list.set(0, 'x'.repeat(16));
  assert.equal(list.get(0), 'x'.repeat(16));
  assert.throws(() => list.set(0, 'é'.repeat(9)), {
    name: 'RangeError',
    message: /takes 18 bytes, and item 0 has room for 16/,
  });
  assert.equal(list.get(0), 'x'.repeat(16));
  list.set(0, '');
  assert.equal(list.get(0), '');
});

test('an item may become one of another type', LIMIT, () => {
  using list = new Scratch([1, 'text', null, true]);
  const others = [null, 2n ** 62n, -0.5, 'twelve'];
  others.forEach((value, index) => list.set(index, value));
  assert.deepEqual([...list], others);
  assert.deepEqual(list.format, ['null', 'bigint', 'number', 'string[8]']);
});

test('it counts and finds what is equal', LIMIT, () => {
  using list = new Scratch([1, 1n, '1', 1, true, Uint8Array.of(1), null]);
  assert.deepEqual([list.count(1), list.count('1'), list.count(2)], [2, 1, 0]);
  assert.deepEqual(
    [list.index(1), list.index(true), list.index(null), list.index(Uint8Array.of(1))],
    [0, 4, 6, 5],
  );
  assert.throws(() => list.index('x'), { name: 'RangeError', message: "'x' is not in the list" });
});

test('what a list cannot hold is refused, and leaves no block', LIMIT, () => {
  const name = freeName();
  for (const [items, error, message] of [
    [[1, undefined], 'TypeError', /^item 1 must be a number, bigint.* received undefined/],
    [[{}], 'TypeError', /^item 0 must be/],
    [[2n ** 63n], 'RangeError', /^item 0 must be from -\(2n \*\* 63n\)/],
  ] as const) {
    assert.throws(() => new ShareableList(items as never, { name }), { name: error, message });
    assert.ok(!isThere(name));
  }
  using list = new Scratch([1]);
  assert.throws(() => list.set(0, Symbol('x') as never), { name: 'TypeError', message: /^value must be/ });
  for (const index of [1, -2, 0.5]) {
    assert.throws(() => list.get(index), { name: 'RangeError', message: /from -1 to 0, received/ });
    assert.throws(() => list.set(index, 1), { name: 'RangeError' });
  }
  assert.throws(() => new ShareableList(), { name: 'TypeError', message: /^name must be given/ });
  assert.throws(() => new ShareableList([], { names: 'x' } as never), { message: /no option 'names'/ });
});

test('what is no list is not taken for one', LIMIT, () => {
  for (const size of [1, 64]) {
    const block = new SharedMemory({ create: true, size });
    block.buf.fill(255);
    const attach = (): ShareableList => new ShareableList(undefined, { name: block.name });
    assert.throws(attach, { name: 'InvalidStateError', message: /no ShareableList in this shared memory/ });
    block.close();
    block.unlink();
  }
});

test('a list that somebody has damaged is said to be so, wherever the damage is', LIMIT, () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(255), (at, byte) => {
      using list = new Scratch([1, 'text', null]);
      list.shm.buf[at % list.shm.size] = byte;
      try {
        void [...list];
        void list.format;
      } catch (error) {
        assert.equal((error as Error).name, 'InvalidStateError');
      }
    }),
  );
});

test('once its block is closed, a list throws', LIMIT, () => {
  const list = new ShareableList([1]);
  list.shm.close();
  assert.throws(() => list.get(0), { name: 'InvalidStateError', message: /was closed here/ });
  assert.throws(() => list.set(0, 1), { name: 'InvalidStateError' });
  list.shm.unlink();
});

test('another program has the same list', LIMIT, async () => {
  using list = new Scratch([0, 'text']);
  await using program = new OtherProgram();
  assert.deepEqual(await program.ask('attachList', list.shm.name), [0, 'text']);
  await program.ask('setInList', 0, 42);
  assert.equal(list.get(0), 42);
  assert.equal(await program.end(), '');
});

test('a list prints as what it is', LIMIT, () => {
  const list = new ShareableList([1]);
  list.shm.unlink();
  assert.equal(inspect(list), `multiprocessing.ShareableList (${list.shm.name})`);
  list.shm.close();
});
