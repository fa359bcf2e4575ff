// CPython's _test_multiprocessing.py: _TestValue, _TestArray, _TestSharedCTypes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcessPoolExecutor } from '../../../src/index.ts';
import { processArena } from '../../../src/memory/arena/arenas.ts';
import { Lock, RLock } from '../../../src/multiprocessing/locks.ts';
import {
  copy,
  type ItemType,
  RawArray,
  RawValue,
  Array as SharedArray,
  synchronized,
  Value,
} from '../../../src/multiprocessing/values/index.ts';
import { collectGarbage } from '../../multiprocessing/garbage.ts';
import { addUp, double, lockOfOneIsOther, setAll } from './value-tasks.ts';

const LIMIT = { timeout: 60_000 };
/** Type, what it is at first, and what another process sets it to. */
const cases: readonly (readonly [ItemType, number | bigint | boolean, number | bigint | boolean])[] = [
  ['i', 17, -2_000_000_000],
  ['d', 0.1, -1e300],
  ['f', 0.5, Infinity],
  ['h', -1, 32_767],
  ['q', 2n ** 40n, -(2n ** 63n)],
  ['Q', 0n, 2n ** 64n - 1n],
  ['L', 1, 2 ** 32 - 1],
  ['c', 120, 121],
  ['?', true, false],
];
const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19];

async function inChild(work: (pool: ProcessPoolExecutor) => Promise<unknown>): Promise<void> {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  await work(pool);
}

for (const [row, Class] of [
  ['_TestValue.test_value', Value],
  ['_TestValue.test_rawvalue', RawValue],
] as const) {
  test(`${row}: what a child sets is what its parent sees`, LIMIT, async () => {
    const values = cases.map(([type, initial]) => new Class(type, initial));
    assert.deepEqual(
      values.map(({ value }) => value),
      cases.map(([, initial]) => initial),
    );
    const others = cases.map(([, , to]) => to as never);
    await inChild((pool) => pool.submit(setAll, values, others));
    assert.deepEqual(
      values.map(({ value }) => value),
      others,
    );
  });
}

/** The same for one value and for many. */
async function hasLocksAsAsked(make: (lock?: boolean | Lock | RLock) => Value<'i'>): Promise<void> {
  for (const lock of [undefined, true]) {
    const value = make(lock);
    assert.ok(value.getLock() instanceof RLock);
    assert.equal(value.getObj().type, 'int32');
    assert.equal(await value.withLock(() => value.getLock().locked), true);
    const guard = value.acquireSync();
    assert.equal(value.getLock().locked, true);
    value.release();
    assert.throws(() => guard.release(), { name: 'InvalidStateError' });
  }
  for (const lock of [new Lock(), new RLock()]) {
    const value = make(lock);
    assert.equal(value.getLock(), lock);
    await inChild(async (pool) => assert.equal(await pool.submit(lockOfOneIsOther, value, lock), true));
  }
  const bare = make(false);
  assert.throws(() => bare.getLock(), { name: 'InvalidStateError', message: /made with { lock: false }/ });
  await assert.rejects(bare.acquire(), { name: 'InvalidStateError' });
  assert.throws(() => bare.tryAcquire(), { name: 'InvalidStateError' });
  for (const lock of ['navalue', 1, null, {}]) {
    assert.throws(() => make(lock as never), {
      name: 'TypeError',
      message: /lock must be true, false, or a Lock/,
    });
  }
}

test(
  '_TestValue.test_getobj_getlock: with its own lock, with one that is there, or with none',
  LIMIT,
  async () => {
    await hasLocksAsAsked((lock) => new Value('i', 5, { lock }));
  },
);

test('_TestArray.test_getobj_getlock_obj: likewise', LIMIT, async () => {
  await hasLocksAsAsked((lock) => new SharedArray('i', [5], { lock }) as never);
});

for (const [row, Class] of [
  ['_TestArray.test_array', SharedArray],
  ['_TestArray.test_rawarray', RawArray],
] as const) {
  test(`${row}: indexes, slices, and what a child does to them`, LIMIT, async () => {
    const array = new Class('i', PRIMES);
    assert.equal(array.length, PRIMES.length);
    assert.equal(array.get(3), 7);
    assert.equal(array.get(-1), 19);
    assert.deepEqual(array.slice(2, 6), PRIMES.slice(2, 6));
    assert.deepEqual(array.slice(-2), PRIMES.slice(-2));
    assert.deepEqual([...array], PRIMES);
    array.setSlice(4, new Int32Array([1, 2, 3, 4]));
    assert.deepEqual(array.slice(), [2, 3, 5, 7, 1, 2, 3, 4]);
    array.set(-1, 40);
    assert.deepEqual(array.view, Int32Array.of(2, 3, 5, 7, 1, 2, 3, 40));
    await inChild((pool) => pool.submit(addUp, array));
    assert.deepEqual(array.slice(), [2, 5, 10, 17, 18, 20, 23, 63]);
  });
}

test(
  '_TestArray.test_array_from_size: a size gives zeros, also in memory that was used before',
  LIMIT,
  async () => {
    const make = (): void => {
      for (let n = 0; n < 20; n += 1) {
        const array = new SharedArray('i', 4096);
        assert.equal(array.length, 4096);
        assert.ok(array.view.every((item) => item === 0));
        array.view.fill(-1);
      }
    };
    make();
    await collectGarbage();
    const { touched } = processArena().statistics();
    make();
    assert.equal(processArena().statistics().touched, touched, 'the memory was used again');
  },
);

test('_TestSharedCTypes.test_sharedctypes: a child changes numbers, arrays and texts', LIMIT, async () => {
  const [x, y] = [new RawValue('i', 7), new RawValue('d', 1 / 3)];
  const list = new RawArray('d', 10);
  list.view.forEach((_, index) => list.set(index, index));
  const text = new RawArray('c', 20);
  text.value = 'hällo';
  await inChild((pool) => pool.submit(double, x, y, list, text));
  assert.deepEqual([x.value, y.value, text.value], [14, 2 / 3, 'hällohällo']);
  assert.deepEqual(list.slice(), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
});

test('_TestSharedCTypes.test_synchronize: likewise with locks around them', LIMIT, async () => {
  const lock = new Lock();
  const x = synchronized(new RawValue('i', 7), lock);
  const y = synchronized(new RawValue('d', 0.25));
  const list = synchronized(new RawArray('d', [1, 2]));
  const text = synchronized(new RawArray('c', 'ab\0\0'), lock);
  assert.ok(x instanceof Value && list instanceof SharedArray);
  assert.equal(x.getLock(), text.getLock());
  assert.ok(y.getLock() instanceof RLock);
  await inChild((pool) => pool.submit(double, x, y, list, text));
  assert.deepEqual([x.value, y.value, list.slice(), text.value], [14, 0.5, [2, 4], 'abab']);
  for (const wrong of [x, 5, null]) assert.throws(() => synchronized(wrong as never), { name: 'TypeError' });
});

test('_TestSharedCTypes.test_copy: a copy is other memory with the same in it', LIMIT, () => {
  for (const [type, initial, to] of cases) {
    const value = new RawValue(type, initial);
    const copied = copy(value);
    value.value = to;
    assert.deepEqual([copied.type, copied.value], [value.type, initial]);
    const array = new RawArray(type, [initial, initial]);
    const items = copy(array);
    array.set(0, to);
    assert.deepEqual([items.type, items.slice()], [array.type, [initial, initial]]);
  }
  assert.throws(() => copy(new Value('i', 1) as never), { name: 'TypeError', message: /getObj\(\)/ });
});
