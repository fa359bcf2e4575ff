/**
 * What can be compared, as words that compare the same way: so items in shared memory are put in order without being
 * read, and without any code of the user's.
 *
 *   number, bigint   TAG  8 bytes of the nearest double  how much it differs from that
 *   string           TAG  two bytes for each code unit   two that end it
 *   array            TAG  its elements                   END
 *
 * Bytes of two keys differ for the first time where what they stand for does. A double has the order of its bits once
 * those of negative ones are all inverted, and else the sign. What ends a string or an array is less than all
 * that may go on.
 *
 * @see The tuple layer of FoundationDB, which does the same for the keys of a database.
 */

import { inspect } from 'node:util';

/** What has a natural order. Booleans are the numbers 0 and 1, dates their times. */
export type Comparable = number | bigint | string | boolean | Date | readonly Comparable[];

/** Bytes. Of longer keys what lies behind is not looked at. */
export const LONGEST_KEY = 1024;
/** As deep as anybody nests what is to be compared; a cycle ends here. */
const DEEPEST = 16;

const END = 0;
const NUMBER = 2;
const STRING = 4;
const ARRAY = 6;

/** How a number differs from the nearest double. */
const LESS = 1;
const EXACT = 2;
const MORE = 3;

const bytes = Buffer.alloc(LONGEST_KEY + 8);
let length = 0;

/**
 * Writes the key of `value` at the beginning of `words`, and gives its length: an even number of words.
 *
 * @throws TypeError if it is nothing that can be compared
 */
export function writeKey(value: unknown, words: Int32Array): number {
  length = 0;
  add(value, value, 0);
  bytes.fill(0, length, length + 8);
  const count = Math.ceil(length / 8) * 2;
  for (let index = 0; index < count; index += 1) words[index] = bytes.readInt32BE(index * 4);
  return count;
}

/** Less than 0, if the word of a key comes before the other; more, if after. */
export function compareWords(one: number, other: number): number {
  return (one >>> 0) - (other >>> 0);
}

function add(value: unknown, whole: unknown, depth: number): void {
  if (typeof value === 'number' && !Number.isNaN(value)) addNumber(value);
  else if (typeof value === 'bigint') addBigint(value);
  else if (typeof value === 'string') addString(value);
  else if (typeof value === 'boolean') addNumber(Number(value));
  else if (value instanceof Date && !Number.isNaN(value.getTime())) addNumber(value.getTime());
  else if (Array.isArray(value) && depth < DEEPEST) {
    addByte(ARRAY);
    for (const element of value) add(element, whole, depth + 1);
    addByte(END);
  } else throw incomparable(whole);
}

function incomparable(value: unknown): TypeError {
  const shown = inspect(value, { depth: 1, breakLength: Infinity });
  return new TypeError(
    `The priority of an item must be a number, a bigint, a string, a date, or an array of these, received ${shown}. ` +
      'Give the queue the option { priority: (item) => ... }, or put [priority, item].',
  );
}

function addByte(byte: number): void {
  if (length < LONGEST_KEY) bytes[length++] = byte;
}

function addNumber(value: number): void {
  addByte(NUMBER);
  addDouble(value);
  addByte(EXACT);
}

function addDouble(value: number): void {
  if (length + 8 > LONGEST_KEY) {
    length = LONGEST_KEY;
    return;
  }
  // To add 0 makes 0 of -0, which is equal.
  bytes.writeDoubleBE(value + 0, length);
  const isNegative = (bytes[length] as number) >= 0x80;
  for (let index = 0; index < 8; index += 1) {
    const mask = isNegative ? 0xff : index === 0 ? 0x80 : 0;
    bytes[length + index] = (bytes[length + index] as number) ^ mask;
  }
  length += 8;
}

function addBigint(value: bigint): void {
  addByte(NUMBER);
  const nearest = Math.max(-Number.MAX_VALUE, Math.min(Number(value), Number.MAX_VALUE));
  addDouble(nearest);
  const rest = value - BigInt(nearest);
  if (rest === 0n) return addByte(EXACT);
  const digits = (rest < 0n ? -rest : rest).toString(16);
  const magnitude = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  const mask = rest < 0n ? 0xff : 0;
  addByte(rest < 0n ? LESS : MORE);
  for (const shift of [24, 16, 8, 0]) addByte(((magnitude.length >>> shift) & 0xff) ^ mask);
  for (const byte of magnitude) addByte(byte ^ mask);
}

function addString(value: string): void {
  addByte(STRING);
  for (let index = 0; index < value.length && length < LONGEST_KEY; index += 1) {
    const unit = value.charCodeAt(index);
    addByte(unit >>> 8);
    addByte(unit & 0xff);
    if (unit !== 0) continue;
    // Else it would be taken for the end.
    addByte(0);
    addByte(1);
  }
  for (let index = 0; index < 4; index += 1) addByte(END);
}
