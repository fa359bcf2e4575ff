import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import vm from 'node:vm';
import { MessageChannel } from 'node:worker_threads';
import { MessageKind } from '../../../src/wire/values/format.ts';
import {
  boundOf,
  boundOfList,
  FULL,
  Memory,
  UNFIT,
  ValueReader,
  ValueWriter,
} from '../../../src/wire/values/index.ts';
import { assertSameGraph } from '../values.ts';
import { ROOM, tripThrough } from './support.ts';

class Point {
  readonly x = 1;
  readonly #hidden = 2;
  get sum(): number {
    return this.x + this.#hidden;
  }
}

class List extends Array<number> {}
class Table extends Map<string, number> {}

function Legacy(this: { own: number }): void {
  this.own = 1;
}
Legacy.prototype.inherited = 'not copied';

const memory = new Memory(new SharedArrayBuffer(ROOM));
const trip = tripThrough(memory);
const writer = new ValueWriter(memory);
const reader = new ValueReader(memory);

function kindOf(value: unknown): number {
  assert.ok(writer.write(value, 0, ROOM) > 0);
  return (memory.words[0] as number) & 0xff;
}

const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
const shared = { id: 1 };
const twelve = Array.from({ length: 12 }, (_, id) => ({ id }));
const forty = Array.from({ length: 40 }, (_, id) => ({ id }));

/** What the writer has ways of its own for. */
const plain: Readonly<Record<string, unknown>> = {
  null: null,
  'negative zero': [-0, 0, { zero: -0 }],
  'numbers about the edges': [2 ** 23 - 1, 2 ** 23, -(2 ** 23), -(2 ** 23) - 1, 2 ** 31, 2 ** 53, 5e-324],
  'not a number': [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  bigints: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, -(2n ** 64n), 10n ** 400n],
  'strings of one byte': ['', 'a', '\0', 'ÿ', 'x'.repeat(127), 'x'.repeat(128), 'é'.repeat(5000)],
  'strings of two bytes': [
    'Ā',
    '\ud800',
    '\udc00x',
    '🙂',
    '🙂'.repeat(100),
    'ÿ'.repeat(200),
    'Ā'.repeat(3000),
  ],
  'many texts': Array.from({ length: 300 }, (_, i) => `${i} `.repeat(20) + (i % 7 === 0 ? 'Ω' : '')),
  'dates, valid or not': [new Date(0), new Date(-1), new Date(Number.NaN), new Date(8.64e15)],
  'keys that mean something': JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "toString": 3, "": 4}'),
  'keys that are numbers': { b: 1, 10: 2, 2: 3, '-1': 4, '4294967295': 5 },
  'keys of two bytes': { Ω: 1, '🙂': 2, '\ud800': 3, '"\\\n\u2028': 4 },
  'many keys': Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key ${i}`, i])),
  'a dictionary with all names': Object.fromEntries([
    ...Array.from({ length: 100 }, (_, i) => [`k${i}`, i] as const),
    ['__proto__', 1],
  ]),
  'no prototype': Object.assign(Object.create(null) as object, { a: 1 }),
  'the environment': process.env,
  'a frozen object': Object.freeze({ a: 1 }),
  'an accessor': {
    get now() {
      return 1;
    },
  },
  'a symbol as key': { [Symbol('s')]: 1, a: 2 },
  'not enumerable': Object.defineProperty({ a: 1 }, 'b', { value: 2 }),
  'instances of classes': [new Point(), new Point()],
  'arrays of numbers': [
    Array.from({ length: 100 }, (_, i) => i),
    Array.from({ length: 100 }, (_, i) => i / 3),
    [1, 2, 3.5, 'x'],
    [1, -0],
    [1, 2n],
    [1, undefined],
  ],
  'a subclass of Array': List.from([1, 2, 3]),
  'a subclass of Map': new Table([['a', 1]]),
  'maps and sets': new Map<unknown, unknown>([
    [new Set([1, new Map()]), new Date(5)],
    [Number.NaN, -0],
  ]),
  'a map with names': Object.assign(new Map([[1, 2]]), { name: 'lost' }),
  'one object twice': [shared, shared, { shared }],
  'one object twice among many': [...forty, forty[3], ...twelve, twelve[11]],
  'one buffer in several views': [
    new Uint8Array(buffer, 2, 3),
    new DataView(buffer, 1),
    buffer,
    new Int16Array(buffer),
  ],
  'a Buffer': Buffer.from('pooled'),
  'objects of another realm': vm.runInNewContext(
    '[[1, 2], { a: 1 }, new Map([[1, 2]]), new Date(7), new Uint8Array(3)]',
  ),
};

/** What is carried, but in the bytes of v8. */
const leftToV8: Readonly<Record<string, unknown>> = {
  holes: [1, , 3], // oxlint-disable-line no-sparse-arrays
  'holes at the end': Object.assign([1], { length: 3 }),
  'a very sparse array': Object.assign([], { 1e9: 1 }),
  'names in a short array': Object.assign([1, 2], { name: 3 }),
  'names in a long array': Object.assign(Array.from({ length: 200 }), { name: 3 }),
  'names in an empty array': Object.assign([], { name: 3 }),
  'the match of an expression': /(?<a>b)/.exec('abc'),
  'an expression': /a+/giu,
  'boxed primitives': [Object(1), Object('s'), Object(true), Object(1n)],
  'an error': new RangeError('m', { cause: new Error('c') }),
  'an empty buffer': new ArrayBuffer(0),
  'an empty view': [new Float64Array(0)],
  'an instance with a prototype that can be enumerated': new (Legacy as unknown as new () => object)(),
  'a name for tags': { [Symbol.toStringTag]: 'Mine', a: 1 },
  'a cycle': (() => {
    const array: unknown[] = [];
    array.push({ array });
    return array;
  })(),
  'a long array that begins with itself': (() => {
    const array: unknown[] = Array.from({ length: 100 }, (_, i) => i);
    array[0] = array;
    return array;
  })(),
  'a deep nest': Array.from({ length: 500 }).reduce((inner) => [inner], 0),
};

/** What cannot cross, or not as bytes. */
const unfit: Readonly<Record<string, unknown>> = {
  'a function': () => 1,
  'a method': { run() {} },
  'a symbol': [Symbol('s')],
  'a proxy': new Proxy({ a: 1 }, {}),
  'a proxy of an array': [new Proxy([1], {})],
  'a promise': { promise: Promise.resolve() },
  'a WeakMap': new WeakMap(),
  'a port': new MessageChannel().port1,
  'shared memory': new SharedArrayBuffer(8),
  'a view of shared memory': new Uint8Array(new SharedArrayBuffer(8)),
  'a detached buffer': (() => {
    const gone = new ArrayBuffer(8);
    structuredClone(gone, { transfer: [gone] });
    return gone;
  })(),
  'a Blob': new Blob(['a']),
  'a DOMException': new DOMException('m'),
  'a WebAssembly memory': vm.runInThisContext('new WebAssembly.Memory({ initial: 1 })') as object,
  'the arguments of a function': (function () {
    return arguments; // oxlint-disable-line prefer-rest-params
  })(),
  'a nest too deep for v8': Array.from({ length: 100_000 }).reduce((inner) => [inner], 0),
};

describe('the codec of values', () => {
  for (const [name, value] of Object.entries(plain)) {
    it(`carries ${name}`, () => {
      assertSameGraph(trip.write(value), structuredClone(value));
      assertSameGraph(trip.writeList([0, value]), structuredClone([0, value]));
      assert.ok(kindOf(value) === MessageKind.values || kindOf(value) === MessageKind.linked);
    });
  }

  for (const [name, value] of Object.entries(leftToV8)) {
    it(`leaves to v8: ${name}`, () => {
      assertSameGraph(trip.write(value), structuredClone(value));
      assertSameGraph(trip.writeList([0, value]), structuredClone([0, value]));
      assert.equal(kindOf(value), MessageKind.v8Value);
    });
  }

  for (const [name, value] of Object.entries(unfit)) {
    it(`does not carry ${name}`, () => {
      assert.equal(trip.write(value), UNFIT);
      assert.equal(trip.writeList([0, value]), UNFIT);
      // As if nothing had been.
      assert.deepEqual(trip.write({ a: [1] }), { a: [1] });
    });
  }

  it('takes no bytes for nothing', () => {
    assert.equal(writer.write(undefined, 8, 8), 8);
    assert.equal(writer.writeList([], 8, 8), 8);
    assert.equal(reader.read(8, 8), undefined);
    assert.deepEqual(reader.readList(8, 8), []);
  });

  it('writes lists of numbers as doubles', () => {
    const numbers = [1, -0, Number.NaN, 2.5, Number.NEGATIVE_INFINITY];
    assert.equal(writer.writeList(numbers, 8, 8 + 8 + 40), 56);
    assert.deepEqual(reader.readList(8, 56), numbers);
    assert.equal(writer.writeList([1.5, 2.5], 8, 8 + 8 + 15), FULL);
  });

  it('gives objects with the same keys the same class again and again', () => {
    const rows = Array.from({ length: 100 }, (_, id) => ({
      id,
      name: `n${id}`,
      __proto__: null,
      nested: { id },
    }));
    for (let round = 0; round < 3; round += 1) assertSameGraph(trip.write(rows), structuredClone(rows));
  });

  it('forgets keys that come once, and goes on', () => {
    for (let index = 0; index < 10_000; index += 1) {
      const value = { [`key${index}`]: index, [`other${index}`]: { last: index } };
      assert.deepEqual(trip.write(value), value);
    }
  });

  it('throws what getters throw, and can be used again', () => {
    const error = new Error('from the getter');
    const value = {
      a: 1,
      get b(): never {
        throw error;
      },
    };
    assert.throws(
      () => trip.write(value),
      (thrown) => thrown === error,
    );
    assert.deepEqual(trip.write([shared, shared]), [shared, shared]);
  });

  it('is unfit for what a getter sends meanwhile, and the value around it arrives', () => {
    let inner: number | undefined;
    const value = {
      get now() {
        inner = writer.write({ a: 1 }, 1024, ROOM);
        return 'now';
      },
    };
    const end = writer.write(value, 0, 1024);
    assert.equal(inner, UNFIT);
    assert.deepEqual(reader.read(0, end), { now: 'now' });
  });

  it('copies what a getter leaves of an object', () => {
    const make = () => ({
      get first() {
        delete (this as { second?: number }).second;
        return 1;
      },
      second: 2,
      third: 3,
    });
    const { ...expected } = structuredClone(make());
    assert.deepEqual(Object.keys(expected), ['first', 'third']);
    // The getter has run by the time that v8 takes over.
    assert.deepEqual(trip.write(make()), expected);
  });

  it('shares no memory with what it has read', () => {
    const end = writer.write([new Uint8Array([1, 2, 3]), 'abc', /a/], 0, ROOM);
    const [bytes] = reader.read(0, end) as [Uint8Array];
    memory.bytes.fill(0xff, 0, end);
    assert.deepEqual(bytes, new Uint8Array([1, 2, 3]));
    assert.equal(bytes.buffer.byteLength, 3);
  });

  it('writes large memory once, into room that its bound tells', () => {
    const values = [
      new Uint8Array(100_000).fill(7),
      'x'.repeat(1000),
      Buffer.from('y'),
      new ArrayBuffer(16),
      1,
      null,
    ];
    const bound = boundOfList(values) as number;
    assert.equal(
      bound,
      values.map((value) => boundOf(value) as number).reduce((a, b) => a + b),
    );
    const end = writer.writeList(values, 16, 16 + bound);
    assert.ok(end > 0);
    assertSameGraph(reader.readList(16, end), structuredClone(values));
    assert.equal(boundOf({}), undefined);
    assert.equal(boundOfList([1, {}]), undefined);
    assert.equal(boundOf(new SharedArrayBuffer(8)), undefined);
  });

  it('refuses memory that it cannot address', () => {
    assert.throws(() => new Memory(new ArrayBuffer(12)), /multiple of 8 bytes.*has 12/);
  });
});
