// BaseLocalTest of test_threading_local.py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Thread, ThreadLocal } from '../../../src/threading/index.ts';
import { limit, ran, words } from './support.ts';
import * as tasks from './tasks.ts';

interface Seen {
  readonly before: boolean;
  readonly list: number[];
  readonly counter: number[];
  readonly bare: unknown;
}

async function seenInThreads(count: number): Promise<{ ident: number; seen: Seen }[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const memory = words(256);
      const { ident } = await ran({ target: tasks.useLocals, args: [memory] });
      return { ident: ident as number, seen: tasks.read<Seen>(memory) };
    }),
  );
}

test('BaseLocalTest.test_threading_local: what one thread sets no other has', limit, async () => {
  tasks.local.value = { list: [7] };
  (tasks.bare as { value: unknown }).value = 'mine';
  for (const { ident, seen } of await seenInThreads(3)) {
    assert.deepEqual([seen.before, seen.list, seen.bare], [false, [ident, 1], 'none']);
  }
  assert.deepEqual(tasks.local.value.list, [7]);
});

test('BaseLocalTest.test_threading_local_subclass: nor of a class that extends it', limit, async () => {
  tasks.counter.value = [1, 2, 3];
  for (const { seen } of await seenInThreads(2)) assert.deepEqual(seen.counter, [10, 11]);
  assert.deepEqual(tasks.counter.value, [1, 2, 3]);
});

test('BaseLocalTest.test_derived: a value is made at the first look, once, and kept', limit, async () => {
  let made = 0;
  class Slow extends ThreadLocal<Promise<number>> {
    constructor() {
      super(async () => {
        made += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return made;
      });
    }
  }
  const slow = new Slow();
  assert.equal(made, 0);
  assert.deepEqual(await Promise.all([slow.value, slow.value]), [1, 1]);
  slow.delete();
  assert.equal(slow.isSet, false);
  assert.equal(await slow.value, 2);
});

test(
  'BaseLocalTest.test_arguments: it takes a function or nothing, and classes that extend it what they like',
  limit,
  () => {
    assert.throws(() => new ThreadLocal(1 as never), TypeError);
    assert.equal(new ThreadLocal().value, undefined);
    assert.deepEqual(new tasks.Counter(3).value, [3]);
  },
);

test('a value that cannot be made is tried again', limit, () => {
  let tries = 0;
  const local = new ThreadLocal(() => {
    tries += 1;
    if (tries === 1) throw new Error('not yet');
    return tries;
  });
  assert.throws(() => local.value, /not yet/);
  assert.equal(local.value, 2);
});

test('it cannot be passed to a thread, which says where to put it', limit, () => {
  const thread = new Thread({ target: tasks.pass as (local: unknown) => void, args: [tasks.bare] });
  assert.throws(() => thread.start(), {
    code: 'MANYHANDS_NOT_SHAREABLE',
    message: /export it from a module/,
  });
});
