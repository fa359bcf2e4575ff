/**
 * Random values of every kind that `structuredClone` copies, and what it means for two copies to be the same.
 */
import assert from 'node:assert/strict';
import { types } from 'node:util';
import * as fc from 'fast-check';

class Point {
  readonly x: unknown;
  readonly #secret = 1;
  constructor(x: unknown) {
    this.x = x;
  }
  get norm(): number {
    return this.#secret;
  }
}
class Row extends Point {
  readonly cells: unknown[] = [];
}

const VIEWS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
] as const;

const primitives: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(undefined, null, true, false, 0, -0, NaN, Infinity, -Infinity, '', 0n),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.string({ unit: 'binary' }),
  fc.string(),
);

const keys = fc.oneof(
  fc.string(),
  fc.constantFrom('a', 'b', '0', '17', '__proto__', 'constructor', 'cause', ''),
);

/**
 * One object of a graph. `links` are the numbers of the objects that it holds, so that cycles and shared
 * parts come up by themselves; `atoms` are the primitives.
 */
const specification = {
  kind: fc.nat({ max: 19 }),
  links: fc.array(fc.nat(), { maxLength: 4 }),
  atoms: fc.array(primitives, { maxLength: 4 }),
  names: fc.array(keys, { minLength: 8, maxLength: 8 }),
  bytes: fc.uint8Array({ minLength: 16, maxLength: 64 }),
  number: fc.nat({ max: 1000 }),
};
const nodes = fc.record(specification);
type Node = typeof nodes extends fc.Arbitrary<infer N> ? N : never;

/** Makes an object that the graph does not look into, one and the same for each number. */
type Leaf = (number: number) => object;

/** Leaves that a graph may have; few, so that one is often held in several places. */
const LEAVES = 3;

function isLeaf({ kind }: Node): boolean {
  return kind > 19;
}

/** Where one lies depends on what was made before, so a graph that is built again gets the same. */
function pooled(node: Node): Buffer {
  const made = buffers.get(node) ?? Buffer.from(`pooled ${node.number}`);
  buffers.set(node, made);
  return made;
}

const buffers = new WeakMap<Node, Buffer>();

function create(node: Node, earlier: readonly object[], leaf: Leaf): object {
  const { kind, bytes, number, atoms } = node;
  if (isLeaf(node)) return leaf(number % LEAVES);
  switch (kind) {
    case 0:
      return [];
    case 1:
      return Object.assign([], { length: (number % 50) + 8 }); // sparse
    case 2:
      return new Map();
    case 3:
      return new Set();
    case 4:
      return new Date(number % 5 === 0 ? NaN : number * 1e9);
    case 5:
      return new RegExp(`a${number}(?<b>c)`, ['', 'g', 'giu', 'sy'][number % 4]);
    case 6:
      return bytes.slice().buffer;
    case 7:
    case 8:
    case 9: {
      // Often a window into a buffer that other windows share.
      const shared = earlier.filter((object) => object instanceof ArrayBuffer);
      const buffer = shared[number % (shared.length + 1)] ?? bytes.slice().buffer;
      const View = (VIEWS[number % VIEWS.length] ?? Uint8Array) as new (
        buffer: ArrayBuffer,
        offset: number,
        length: number,
      ) => ArrayBufferView;
      const offset = number % 2 === 0 ? 8 : 0;
      return number % 3 === 0 ? new View(buffer, offset, 1) : new View(buffer, 0, 2);
    }
    case 10:
      return pooled(node);
    case 11:
      return Object([number, `s${number}`, number % 2 === 0, BigInt(number)][number % 4]) as object;
    case 12:
      return new [Error, TypeError, RangeError, SyntaxError, URIError, EvalError, ReferenceError][
        number % 7
      ]!(`message ${number}`);
    case 13:
      return Object.assign(new AggregateError([new Error('inner')], 'several'), { code: 'E' });
    case 14:
      return new Point(atoms[0]);
    case 15:
      return new Row(atoms[0]);
    case 16:
      return Object.create(null) as object;
    default:
      return {};
  }
}

function link(object: object, { names, links, atoms }: Node, all: readonly object[]): void {
  const parts = [...atoms, ...links.map((number) => all[number % all.length])];
  if (types.isMap(object))
    for (const [i, part] of parts.entries()) object.set(i % 2 ? part : names[i], parts.at(-i));
  else if (types.isSet(object)) for (const part of parts) object.add(part);
  else if (types.isNativeError(object)) {
    if (parts.length > 2) Object.defineProperty(object, 'cause', { value: parts.at(-1), enumerable: false });
  } else if (object instanceof Row) object.cells.push(...parts);
  else if (Array.isArray(object)) {
    for (const [i, part] of parts.entries()) object[(i * 7) % 57] = part;
    if (parts.length > 5) Object.assign(object, { named: parts[0] });
  } else if (!ArrayBuffer.isView(object) && !types.isArrayBuffer(object)) {
    for (const [i, part] of parts.entries()) {
      const key = names[i] ?? String(i);
      if (Object.hasOwn(object, key)) continue; // The letters of a boxed string.
      Object.defineProperty(object, key, {
        value: part,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
  }
}

/** Graphs of objects, with cycles, shared parts and shared memory. */
export const graphs: fc.Arbitrary<unknown> = fc
  .array(nodes, { minLength: 1, maxLength: 10 })
  .map((specifications) => build(specifications, () => ({})));

/** How to make such a graph, as often as one likes, with whatever is given as its leaves. */
export const graphPlans: fc.Arbitrary<(leaf: Leaf) => unknown> = fc
  .array(fc.record({ ...specification, kind: fc.nat({ max: 26 }) }), { minLength: 1, maxLength: 12 })
  .map((specifications) => (leaf) => build(specifications, leaf));

function build(specifications: readonly Node[], leaf: Leaf): unknown {
  const all: object[] = [];
  for (const node of specifications) all.push(create(node, all, leaf));
  for (const [index, node] of specifications.entries()) {
    if (!isLeaf(node)) link(all[index] as object, node, all);
  }
  return all.length % 3 === 0 ? all : all[0];
}

/**
 * Values on which `deepStrictEqual` can be asked as well: without cycles, and without invalid dates, which
 * Node 20 finds unlike themselves.
 */
export const trees: fc.Arbitrary<unknown> = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    primitives,
    fc.date({ noInvalidDate: true }),
    fc.array(tie('tree'), { maxLength: 5 }),
    fc.sparseArray(tie('tree'), { maxLength: 30, maxNumElements: 5 }),
    fc.dictionary(keys, tie('tree'), { maxKeys: 5 }),
    fc.array(fc.tuple(primitives, tie('tree')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(primitives, { maxLength: 4 }).map((values) => new Set(values)),
    fc.oneof(fc.uint8Array(), fc.float32Array(), fc.float64Array(), fc.int16Array(), fc.bigInt64Array()),
    tie('tree').map((x) => new Point(x)),
    fc.tuple(fc.string(), tie('tree')).map(([message, cause]) => new RangeError(message, { cause })),
    fc.oneof(fc.integer(), fc.string(), fc.boolean()).map((value) => Object(value) as object),
  ),
})).tree;

/**
 * That two values are the same copy: the same kinds, prototypes, keys in the same order and primitives, and
 * the same shape of the graph. What is one object there is one object here, and what shares memory there
 * shares memory here.
 *
 * @param leafFor the object that has to be in the place of one that was expected; undefined: one like it.
 */
export function assertSameGraph(
  actual: unknown,
  expected: unknown,
  leafFor: (expected: object) => object | undefined = () => undefined,
): void {
  const partners = new Map<object, object>();
  const taken = new Set<object>();
  const pending: [unknown, unknown, string][] = [[actual, expected, 'value']];
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [a, e, path] = next;
    if (!isObject(e) || !isObject(a)) {
      assert.ok(Object.is(a, e), `${path}: ${String(a)} is not ${String(e)}`);
      continue;
    }
    if (partners.has(e)) {
      assert.equal(partners.get(e), a, `${path}: not the shared object`);
      continue;
    }
    const leaf = leafFor(e);
    if (leaf !== undefined) {
      assert.equal(a, leaf, `${path}: another object than the one that was shared`);
      continue;
    }
    assert.ok(!taken.has(a), `${path}: one object stands for two`);
    partners.set(e, a);
    taken.add(a);

    assert.equal(Object.getPrototypeOf(a), Object.getPrototypeOf(e), `${path}: prototype`);
    if (ArrayBuffer.isView(e) && ArrayBuffer.isView(a)) {
      assert.deepEqual([a.byteOffset, a.byteLength], [e.byteOffset, e.byteLength], `${path}: window`);
      pending.push([a.buffer, e.buffer, `${path}.buffer`]);
      continue;
    }
    if (types.isAnyArrayBuffer(e) && types.isAnyArrayBuffer(a)) {
      assert.deepEqual(new Uint8Array(a), new Uint8Array(e), `${path}: bytes`);
      continue;
    }
    if (types.isMap(e) && types.isMap(a)) {
      assert.equal(a.size, e.size, `${path}: size`);
      const entries = [...a];
      for (const [index, [key, value]] of [...e].entries()) {
        pending.push(
          [entries[index]?.[0], key, `${path}.key${index}`],
          [entries[index]?.[1], value, `${path}.${index}`],
        );
      }
    }
    if (types.isSet(e) && types.isSet(a)) {
      assert.equal(a.size, e.size, `${path}: size`);
      const values = [...a];
      for (const [index, value] of [...e].entries()) pending.push([values[index], value, `${path}.${index}`]);
    }
    if (types.isDate(e) && types.isDate(a)) pending.push([timeOf.call(a), timeOf.call(e), `${path}.time`]);
    if (types.isRegExp(e) && types.isRegExp(a)) assert.equal(String(a), String(e));
    if (types.isBoxedPrimitive(e)) pending.push([unboxed(a), unboxed(e), `${path}.valueOf()`]);
    if (types.isNativeError(e)) assert.ok(types.isNativeError(a), `${path}: a native error`);
    assert.deepEqual(Reflect.ownKeys(a), Reflect.ownKeys(e), `${path}: keys`);
    for (const key of Reflect.ownKeys(e)) {
      pending.push([Reflect.get(a, key), Reflect.get(e, key), `${path}.${String(key)}`]);
      const enumerable = (o: object): unknown => Object.getOwnPropertyDescriptor(o, key)?.enumerable;
      assert.equal(enumerable(a), enumerable(e), `${path}.${String(key)}: enumerable`);
    }
  }
}

// Objects of random properties may have one of these names.
const timeOf = Date.prototype.getTime;

function unboxed(boxed: object): unknown {
  return (Object.getPrototypeOf(boxed) as object).valueOf.call(boxed);
}
