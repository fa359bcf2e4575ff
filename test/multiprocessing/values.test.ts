// Shared values: their types, what is done at once by several processes, and how they cross.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/index.ts';
import { Lock } from '../../src/multiprocessing/locks.ts';
import {
  type ItemType,
  RawArray,
  RawValue,
  Array as SharedArray,
  synchronized,
  Value,
} from '../../src/multiprocessing/values/index.ts';
import {
  countAtomically,
  countUnderLock,
  isSame,
  spinInTurn,
} from '../conformance/multiprocessing/value-tasks.ts';
import { collectGarbage } from './garbage.ts';

const LIMIT = { timeout: 60_000 };

const ranges: readonly (readonly [ItemType, ItemType, number | bigint, number | bigint])[] = [
  ['b', 'int8', -128, 127],
  ['B', 'uint8', 0, 255],
  ['h', 'int16', -32_768, 32_767],
  ['H', 'uint16', 0, 65_535],
  ['i', 'int32', -2_147_483_648, 2_147_483_647],
  ['I', 'uint32', 0, 4_294_967_295],
  ['l', 'int32', -2_147_483_648, 2_147_483_647],
  ['L', 'uint32', 0, 4_294_967_295],
  ['c', 'char', 0, 255],
  ['q', 'int64', -(2n ** 63n), 2n ** 63n - 1n],
  ['Q', 'uint64', 0n, 2n ** 64n - 1n],
];

test('each integer type has its range, and refuses what is outside', LIMIT, () => {
  for (const [code, name, least, most] of ranges) {
    const one: number | bigint = typeof most === 'bigint' ? 1n : 1;
    for (const type of [code, name]) {
      const value = new Value(type);
      const array = new SharedArray(type, 1);
      assert.deepEqual(
        [value.type, array.type, value.value],
        [name, name, typeof most === 'bigint' ? 0n : 0],
      );
      for (const bound of [least, most]) {
        value.value = bound as never;
        array.set(0, bound as never);
        assert.deepEqual([value.value, array.get(0)], [bound, bound]);
      }
      for (const outside of [(least as number) - (one as number), (most as number) + (one as number)]) {
        const refusal = {
          name: 'RangeError',
          message: new RegExp(`of type ${name} must be from ${least} to ${most}`),
        };
        assert.throws(() => (value.value = outside), refusal);
        assert.throws(() => array.set(0, outside), refusal);
        assert.throws(() => new Value(type, outside), refusal);
        assert.throws(() => new RawArray(type, [outside]), refusal);
        assert.throws(() => value.add(outside as never), refusal);
        assert.throws(() => value.compareExchange(outside as never, 0 as never), refusal);
      }
      assert.equal(value.value, most);
    }
  }
});

test('a value of another kind is refused, and nothing is converted', LIMIT, () => {
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    i: ['1', 1n, 1.5, null, undefined, true],
    q: [1, '1', null],
    d: ['1', 1n, true],
    '?': [0, 1, 'true'],
  };
  for (const [type, values] of Object.entries(wrong)) {
    const value = new Value(type as ItemType);
    for (const given of values) {
      assert.throws(() => (value.value = given as never), {
        name: 'TypeError',
        message: /^value of type .* received /,
      });
    }
  }
  for (const given of [NaN, Infinity]) {
    assert.throws(() => (new Value('i').value = given), { name: 'RangeError' });
  }
  for (const type of ['x', 'int', '', 5, undefined]) {
    const refusal = { name: 'TypeError', message: /type of a shared value must be 'int8'/ };
    assert.throws(() => new Value(type as never), refusal);
    assert.throws(() => new RawArray(type as never, 3), refusal);
  }
  assert.throws(() => new Value('i', 0, { locked: true } as never), {
    message: /Value has no option 'locked'/,
  });
});

test('what Atomics can do, values can', LIMIT, () => {
  const counter = new Value('b', 127);
  assert.deepEqual([counter.add(1), counter.value], [127, -128]);
  assert.deepEqual([counter.sub(1), counter.load()], [-128, 127]);
  assert.deepEqual([counter.exchange(5), counter.store(6), counter.value], [127, 6, 6]);
  assert.deepEqual([counter.compareExchange(5, 7), counter.compareExchange(6, 8), counter.value], [6, 6, 8]);
  const flag = new RawValue('?');
  assert.deepEqual(
    [flag.exchange(true), flag.compareExchange(true, false), flag.value],
    [false, true, false],
  );
  const wide = new RawValue('q', 2n ** 62n);
  assert.deepEqual([wide.add(2n ** 62n), wide.value], [2n ** 62n, -(2n ** 63n)]);
  for (const method of ['add', 'sub', 'exchange', 'compareExchange'] as const) {
    const float = new Value('d', 1) as unknown as Value<'i'>;
    assert.throws(() => float[method](1, 2), { name: 'TypeError', message: /needs an integer.*float64/ });
  }
  const boolean = flag as unknown as RawValue<'i'>;
  assert.throws(() => boolean.add(1), { name: 'TypeError', message: /add\(\) needs an integer/ });
});

test('an array is made of a size or of items, and nothing else', LIMIT, () => {
  assert.equal(new RawArray('d', 0).length, 0);
  for (const size of [-1, NaN, Infinity])
    assert.throws(() => new RawArray('d', size), { name: 'RangeError' });
  for (const content of [1.5, 'text', null, undefined, {}, 5n]) {
    assert.throws(() => new RawArray('d', content as never), { name: 'TypeError' });
  }
  assert.throws(() => new RawArray('B', 2 ** 40), { name: 'OutOfSharedMemoryError' });
  assert.deepEqual(new RawArray('?', [true, false]).slice(), [true, false]);
  assert.deepEqual([...new RawArray('q', new Set([1n, -1n]))], [1n, -1n]);
});

test('an index or a slice that is not there is refused, and writes nothing', LIMIT, () => {
  const array = new SharedArray('i', [1, 2, 3]);
  for (const index of [3, -4, 0.5, NaN, '0', undefined]) {
    assert.throws(() => array.get(index as number), {
      name: 'RangeError',
      message: /from -3 to 2, received/,
    });
    assert.throws(() => array.set(index as number, 0), { name: 'RangeError' });
  }
  for (const [start, values] of [
    [2, [7, 8]],
    [-4, [7]],
    [0.5, [7]],
  ] as const) {
    assert.throws(() => array.setSlice(start, values), { name: 'RangeError' });
  }
  assert.throws(() => array.setSlice(0, [9, 2 ** 31]), {
    name: 'RangeError',
    message: /item 1 of type int32/,
  });
  assert.deepEqual([...array], [1, 2, 3]);
  array.setSlice(-1, [4]);
  assert.deepEqual([...array], [1, 2, 4]);
});

test('a text is what was written, up to the first NUL, and has to fit', LIMIT, () => {
  const text = new SharedArray('c', 'größer');
  assert.deepEqual([text.length, text.value], [8, 'größer']);
  text.value = 'ab';
  assert.equal(text.value, 'ab');
  assert.deepEqual([...text.raw.subarray(0, 3)], [97, 98, 0]);
  text.raw = Uint8Array.of(99);
  assert.equal(text.value, 'cb');
  text.value = '12345678';
  assert.equal(text.value, '12345678');
  assert.throws(() => (text.value = 'ééééé'), {
    name: 'RangeError',
    message: /has 10 bytes, and there is room for 8/,
  });
  assert.throws(() => (text.raw = new Uint8Array(9)), { name: 'RangeError' });
  assert.throws(() => (text.value = 5 as never), { name: 'TypeError' });
  assert.throws(() => new RawArray('B', 3).raw, { name: 'TypeError', message: /type 'c' have raw/ });
  assert.throws(() => new RawArray('B', 3).value, { name: 'TypeError' });
});

test('arrays hold what typed arrays hold', LIMIT, () => {
  fc.assert(
    fc.property(fc.float64Array(), fc.int16Array(), fc.bigInt64Array(), (doubles, shorts, longs) => {
      assert.deepEqual(new RawArray('d', doubles).slice(), [...doubles]);
      assert.deepEqual(new RawArray('h', shorts).view.slice(), Int16Array.from(shorts));
      assert.deepEqual([...new RawArray('q', longs)], [...longs]);
    }),
  );
});

test('two processes count under a lock, blocking and awaiting, and none is lost', LIMIT, async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 2 });
  for (const lock of [true, new Lock()]) {
    const [counter, present] = [new Value('i', 0, { lock }), new Value('i')];
    await Promise.all([1, 2].map(() => pool.submit(countUnderLock, counter, present, 5000)));
    assert.equal(counter.value, 10_000);
  }
});

test('two processes count without a lock, and none is lost', LIMIT, async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 2 });
  const counters = [new Value('i'), new Value('b'), new Value('H')] as never as Value<'i' | 'b' | 'H'>[];
  const [wide, present] = [new RawValue('q'), new Value('i')];
  await Promise.all([1, 2].map(() => pool.submit(countAtomically, counters, wide, present, 50_000)));
  assert.deepEqual(
    counters.map(({ value }) => value),
    [100_000, (100_000 << 24) >> 24, 100_000 & 0xffff],
  );
  assert.equal(wide.value, 100_000n);
});

test('a boolean is enough for two processes to take turns', LIMIT, async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 2 });
  const [busy, inside, present] = [new RawValue('?'), new RawValue('i'), new Value('i')];
  const collisions = await Promise.all(
    [1, 2].map(() => pool.submit(spinInTurn, busy, inside, present, 2000)),
  );
  assert.deepEqual([collisions, inside.value, busy.value], [[0, 0], 0, false]);
});

test('what arrives twice is the same object, and comes back as the one that was sent', LIMIT, async () => {
  for (const Pool of [ProcessPoolExecutor, ThreadPoolExecutor]) {
    await using pool = new Pool({ maxWorkers: 1 });
    const lock = new Lock();
    const raw = new RawValue('i', 1);
    const [plain, locked] = [synchronized(raw), synchronized(raw, lock)];
    const objects = [
      plain,
      locked,
      synchronized(raw, false),
      raw,
      new SharedArray('i', 3),
      new RawArray('c', 'x'),
    ];
    for (const object of objects) {
      assert.equal(await pool.submit(isSame, object, object), true);
      assert.equal(await pool.submit((given: object) => given, object), object);
    }
    assert.equal(await pool.submit(isSame, plain, locked), false);
    const seen = await pool.submit((value: Value<'i'>) => value.getObj(), locked);
    assert.equal(seen, raw);
  }
});

test('memory stays as long as a view of it does', LIMIT, async () => {
  const views = Array.from({ length: 20 }, (_, n) => new RawArray('i', [n, n]).view);
  await collectGarbage();
  const others = Array.from({ length: 20 }, () => new RawArray('i', [-1, -1]));
  assert.equal(others.length, 20);
  assert.deepEqual(
    views.map((view) => [...view]),
    Array.from({ length: 20 }, (_, n) => [n, n]),
  );
});

test('they print as what they are', LIMIT, () => {
  assert.equal(inspect(new Value('i', 3)), 'multiprocessing.Value (int32 3)');
  assert.equal(inspect(new RawValue('?', true)), 'multiprocessing.RawValue (boolean true)');
  assert.equal(`${new SharedArray('d', [0.5, 2])}`, 'multiprocessing.Array (float64 [0.5, 2])');
  assert.equal(inspect(new RawArray('B', 20)), `multiprocessing.RawArray (uint8 [${'0, '.repeat(16)}...])`);
});
