import { inspect } from 'node:util';
import { snapshotBy } from './call.ts';
import { type Contents, iterableOf } from './contents.ts';

export class Value {
  static {
    snapshotBy(Value, (value) => value.#value);
  }

  #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  get(): unknown {
    return this.#value;
  }

  set(value: unknown): void {
    this.#value = value;
  }
}

export class Namespace {
  static {
    snapshotBy(Namespace, (namespace) => Object.fromEntries(namespace.#values));
  }

  readonly #values = new Map<string, unknown>();

  constructor(values: Readonly<Record<string, unknown>> = {}) {
    for (const [name, value] of Object.entries(values)) this.set(name, value);
  }

  get(name: string): unknown {
    return this.#values.get(name);
  }

  set(name: string, value: unknown): void {
    if (typeof name !== 'string' || name.startsWith('_')) {
      throw new TypeError(`A name is a text that does not begin with _, received ${inspect(name)}`);
    }
    this.#values.set(name, value);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  delete(name: string): boolean {
    return this.#values.delete(name);
  }
}

interface Numbers {
  readonly length: number;
  [index: number]: number | bigint;
  slice(start?: number, end?: number): Iterable<number | bigint>;
}

type NumbersClass = new (length: number) => Numbers;

/** Python's codes of `array`, in the sizes of `struct`, and names that say the same; those of `multiprocessing.Array` here. */
const CLASSES: Readonly<Record<string, NumbersClass>> = {
  b: Int8Array,
  B: Uint8Array,
  h: Int16Array,
  H: Uint16Array,
  i: Int32Array,
  I: Uint32Array,
  l: Int32Array,
  L: Uint32Array,
  q: BigInt64Array,
  Q: BigUint64Array,
  f: Float32Array,
  d: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
};

export class NumberArray {
  static {
    snapshotBy(NumberArray, (numbers) => numbers.slice());
  }

  readonly #numbers: Numbers;
  readonly #type: string;

  constructor(contents: Contents, type: string, values: unknown) {
    if (!Object.hasOwn(CLASSES, type)) {
      const known = Object.keys(CLASSES).join(', ');
      throw new TypeError(`type must be one of ${known}, received ${inspect(type)}`);
    }
    this.#type = type;
    const all = [...iterableOf(contents, 'values', values)];
    this.#numbers = new (CLASSES[type] as NumbersClass)(all.length);
    for (const [index, value] of all.entries()) this.set(index, value);
  }

  length(): number {
    return this.#numbers.length;
  }

  at(index: number): number | bigint | undefined {
    return this.#numbers[this.#place(index)];
  }

  set(index: number, value: unknown): void {
    const at = this.#place(index);
    const before = this.#numbers[at];
    if (before === undefined) {
      throw new RangeError(`index ${String(index)} is none of an array of ${this.#numbers.length}`);
    }
    if (typeof value !== typeof before) {
      throw new TypeError(`An item of type ${this.#type} is a ${typeof before}, received ${inspect(value)}`);
    }
    this.#numbers[at] = value as number;
    // A float is rounded, which is no harm; an integer that is cut off is another number.
    const isFloat = ['f', 'd', 'float32', 'float64'].includes(this.#type);
    if (isFloat || this.#numbers[at] === value) return;
    this.#numbers[at] = before;
    throw new RangeError(`The type ${this.#type} does not hold ${inspect(value)}`);
  }

  slice(start?: number, end?: number): (number | bigint)[] {
    return Array.from(this.#numbers.slice(start, end));
  }

  /** Whatever is no index is one that there is not: arrays have more properties than items. */
  #place(index: unknown): number {
    if (!Number.isInteger(index)) return this.#numbers.length;
    return (index as number) < 0 ? (index as number) + this.#numbers.length : (index as number);
  }
}
