/**
 * How values lie in memory.
 *
 *      byte 0    4          8
 *      | header | trailer  | value, value, ... | texts of the short strings |
 *         |          |                          ^
 *         |          '--------------------------'  in words from the start; 0 if there are none
 *         '-- kind of message in the low byte, number of values above it
 *
 * A value is a word, its tag in the low byte and 24 bits of payload above, and after it what the tag says.
 * Everything lies on words, and doubles on pairs of words, so that it is read and written through typed
 * arrays, which V8 compiles to a bounds check and a move. Hence a message starts at a multiple of 8 bytes, and
 * can be copied to any other.
 *
 * The texts of short strings lie together in the trailer, because one call out of JavaScript for all of them
 * costs as much as one for each. A message without values is of no bytes at all.
 *
 * Messages go to whichever worker is free, so each says all that is needed to read it. In particular the keys
 * of objects: each list of keys once a message, as text, which readers know again by comparing words.
 */

/** In the low byte of a header. */
export const MessageKind = {
  /** The values as written here. */
  values: 1,
  /** The same, and references in it: the reader has to number the objects as it goes. */
  linked: 2,
  /** Nothing but numbers, from byte 8 on, as doubles. */
  numbers: 3,
  /** One value in the bytes of v8's serializer: their number in the second word, their checksum in the third. */
  v8Value: 4,
  /** The same of a list of values. */
  v8List: 5,
} as const;

/** In the low byte of a value. `n` is its payload. */
export const Tag = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  /** `n`, with sign. */
  integer: 4,
  double: 5,
  /** Of `n` characters, in the trailer. */
  shortString: 6,
  /** Length in characters, and the characters, a byte each. */
  latin1String: 7,
  /** The same, two bytes each. */
  utf16String: 8,
  /** Two words. */
  bigint64: 9,
  /** A string of hexadecimal digits; negative if `n` is 1. */
  bigint: 10,
  /** A double. */
  date: 11,
  /** `n` values. */
  array: 12,
  /** An array of `n` words. */
  integers: 13,
  /** An array of `n` doubles. */
  doubles: 14,
  /** `n` times key and value. */
  map: 15,
  /** `n` values. */
  set: 16,
  /** Length in bytes, and from the next pair of words on the bytes. */
  arrayBuffer: 17,
  /** Of type `n`: offset and length in bytes, and the buffer, a value of its own. */
  view: 18,
  /** With keys that come here for the first time, number `n`: hash, length in words, text; then the values. */
  newShape: 19,
  /** With the keys that were the `n`th to come: its values. */
  shape: 20,
  /** `n` times key (a string) and value. For objects that are used as dictionaries. */
  dictionary: 21,
  /** The object that was the `n`th to begin. */
  reference: 22,
} as const;

/** In bytes. After it come the bytes of v8. */
export const V8_HEADER = 16;

/** Of the FNV-1a hash, here over words instead of bytes. */
const FNV_PRIME = 0x01000193;

/** Of words `[start, end)`. */
export function hashOf(words: Int32Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (words[at] as number), FNV_PRIME);
  return hash;
}

/** A payload has 24 bits. */
export const LARGEST_PAYLOAD: number = 2 ** 24 - 1;

/**
 * Deeper values are left to v8's serializer, which knows how much stack there is. Both sides need some 300
 * bytes of stack for each level here; a linked list of this length is nobody's idea of a small argument.
 */
export const DEEPEST = 100;

/** Longer strings lie where they stand. In the trailer they would be copied once more. */
export const LONGEST_SHORT_STRING = 127;

/**
 * Characters after which a new text begins in the trailer. A string of 13 characters or more that V8 cuts out
 * of a text keeps all of that text alive, so this is what a string may keep alive besides itself.
 */
export const TEXT_LENGTH = 4096;

/** Objects with more keys than this, or longer ones, are dictionaries. */
export const MOST_KEYS = 64;
export const LONGEST_KEY = 128;

/** The types of views, by number. What is not here, such as `Float16Array`, is left to v8's serializer. */
export const VIEW_TYPES: readonly {
  readonly name: string;
  readonly bytesPerElement: number;
  readonly View: new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;
}[] = [
  { name: 'DataView', bytesPerElement: 1, View: DataView },
  ...[
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
  ].map((View) => ({ name: View.name, bytesPerElement: View.BYTES_PER_ELEMENT, View })),
];
