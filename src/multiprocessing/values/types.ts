/**
 * The types of shared values: Python's codes, and names that say the same in words.
 *
 * Their sizes are the standard sizes of `struct`, the same on every machine: `l` and `L` have 32 bits. What C calls
 * `long` has 64 on Linux and 32 on Windows, and two processes had better agree.
 *
 * A value that does not fit is refused. (ctypes keeps the lowest bits of it and says nothing.)
 */

import { inspect } from 'node:util';

type BigIntType = 'q' | 'Q' | 'int64' | 'uint64';
type BooleanType = '?' | 'boolean';
type FloatType = 'f' | 'd' | 'float32' | 'float64';
type CharType = 'c' | 'char';
type SmallType =
  | 'b'
  | 'B'
  | 'h'
  | 'H'
  | 'i'
  | 'I'
  | 'l'
  | 'L'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32';

/** A code of Python's `array` and `ctypes`, or the name of a type. */
export type ItemType = SmallType | CharType | BigIntType | FloatType | BooleanType;

/** What one item of such a type is to JavaScript. */
export type Item<T extends ItemType> = T extends BigIntType
  ? bigint
  : T extends BooleanType
    ? boolean
    : number;

/** What an operation takes that is for some types only. */
export type IntegerOf<T extends ItemType> = T extends FloatType | BooleanType ? never : Item<T>;
export type ExactOf<T extends ItemType> = T extends FloatType ? never : Item<T>;
export type TextOf<T extends ItemType> = T extends CharType ? string : never;

/** Many items, as they lie in memory: of `'?'` one byte each, 0 or 1. */
export type View<T extends ItemType> = T extends 'b' | 'int8'
  ? Int8Array<ArrayBuffer>
  : T extends 'B' | 'uint8' | CharType | BooleanType
    ? Uint8Array<ArrayBuffer>
    : T extends 'h' | 'int16'
      ? Int16Array<ArrayBuffer>
      : T extends 'H' | 'uint16'
        ? Uint16Array<ArrayBuffer>
        : T extends 'i' | 'l' | 'int32'
          ? Int32Array<ArrayBuffer>
          : T extends 'I' | 'L' | 'uint32'
            ? Uint32Array<ArrayBuffer>
            : T extends 'q' | 'int64'
              ? BigInt64Array<ArrayBuffer>
              : T extends 'Q' | 'uint64'
                ? BigUint64Array<ArrayBuffer>
                : T extends 'f' | 'float32'
                  ? Float32Array<ArrayBuffer>
                  : Float64Array<ArrayBuffer>;

type AnyView = View<ItemType>;
/** As they lie in memory. */
export type Stored = number | bigint;

/** What is known of a type. */
export interface Form {
  readonly name: ItemType;
  readonly kind: 'integer' | 'bigint' | 'float' | 'boolean';
  readonly bytes: number;
  view(buffer: ArrayBufferLike, offset: number, length: number): AnyView;
  /** @throws TypeError or RangeError naming `what` if it is no value of this type */
  store(what: string, value: unknown): Stored;
}

interface Maker {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, offset: number, length: number): AnyView;
}

const show = (value: unknown): string => inspect(value, { depth: 0, breakLength: Infinity });

function form(name: ItemType, kind: Form['kind'], Maker: Maker, store: Form['store']): Form {
  const view: Form['view'] = (buffer, offset, length) => new Maker(buffer as ArrayBuffer, offset, length);
  return { name, kind, bytes: Maker.BYTES_PER_ELEMENT, view, store };
}

function integer(name: ItemType, Maker: Maker, least: number, most: number): Form {
  return form(name, 'integer', Maker, (what, value) => {
    if (typeof value !== 'number' || (!Number.isInteger(value) && Number.isFinite(value))) {
      throw new TypeError(`${what} of type ${name} must be a whole number, received ${show(value)}`);
    }
    if (value >= least && value <= most) return value;
    throw new RangeError(`${what} of type ${name} must be from ${least} to ${most}, received ${show(value)}`);
  });
}

function bigint(name: ItemType, Maker: Maker, least: bigint, most: bigint): Form {
  return form(name, 'bigint', Maker, (what, value) => {
    if (typeof value !== 'bigint') {
      throw new TypeError(`${what} of type ${name} must be a bigint, as 1n, received ${show(value)}`);
    }
    if (value >= least && value <= most) return value;
    throw new RangeError(`${what} of type ${name} must be from ${least} to ${most}, received ${show(value)}`);
  });
}

function float(name: ItemType, Maker: Maker): Form {
  return form(name, 'float', Maker, (what, value) => {
    if (typeof value === 'number') return value;
    throw new TypeError(`${what} of type ${name} must be a number, received ${show(value)}`);
  });
}

const boolean = form('boolean', 'boolean', Uint8Array, (what, value) => {
  if (typeof value === 'boolean') return value ? 1 : 0;
  throw new TypeError(`${what} of type boolean must be true or false, received ${show(value)}`);
});

/** In memory a type is its place in this list, so what is new comes last. */
const forms: readonly Form[] = [
  integer('int8', Int8Array, -(2 ** 7), 2 ** 7 - 1),
  integer('uint8', Uint8Array, 0, 2 ** 8 - 1),
  integer('int16', Int16Array, -(2 ** 15), 2 ** 15 - 1),
  integer('uint16', Uint16Array, 0, 2 ** 16 - 1),
  integer('int32', Int32Array, -(2 ** 31), 2 ** 31 - 1),
  integer('uint32', Uint32Array, 0, 2 ** 32 - 1),
  bigint('int64', BigInt64Array, -(2n ** 63n), 2n ** 63n - 1n),
  bigint('uint64', BigUint64Array, 0n, 2n ** 64n - 1n),
  float('float32', Float32Array),
  float('float64', Float64Array),
  boolean,
  integer('char', Uint8Array, 0, 2 ** 8 - 1),
];

const codes: Readonly<Record<string, ItemType>> = {
  b: 'int8',
  B: 'uint8',
  h: 'int16',
  H: 'uint16',
  i: 'int32',
  I: 'uint32',
  l: 'int32',
  L: 'uint32',
  q: 'int64',
  Q: 'uint64',
  f: 'float32',
  d: 'float64',
  '?': 'boolean',
  c: 'char',
};

const numbers: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ...forms.map(({ name }, index) => [name, index] as const),
  ...Object.entries(codes).map(
    ([code, name]) => [code, forms.findIndex((one) => one.name === name)] as const,
  ),
]);

/** @throws TypeError if there is no such type */
export function numberOf(type: unknown): number {
  const number = numbers.get(type);
  if (number !== undefined) return number;
  const known = forms.map(({ name }) => `'${name}'`).join(', ');
  throw new TypeError(
    `The type of a shared value must be ${known}, or a code (${Object.keys(codes).join(', ')}), received ${show(type)}`,
  );
}

export function formOf(number: number): Form {
  return forms[number] as Form;
}
