/**
 * The lists of keys that objects had before, on the writing side: a tree with an edge for each key, so that
 * finding the list of an object costs a comparison for each of its keys, and no allocation.
 *
 *      (root) --id--> . --name--> .            { id, name }
 *                     '---text--> . --at--> .  { id, text, at }
 */

import { hashOf, LONGEST_KEY, MOST_KEYS } from './format.ts';

/** One list of keys. */
export class KeyList {
  readonly #key: string;
  readonly #shorter: KeyList | undefined;
  readonly length: number;
  /** The way taken last, which is most often the way taken next. */
  #lastKey = '';
  #last: KeyList | undefined;
  #others: Map<string, KeyList> | undefined;
  #text: Int32Array | undefined;
  hash = 0;
  /** The message that last had this list in it, and its number there. */
  message = 0;
  index = 0;

  constructor(key = '', shorter?: KeyList) {
    this.#key = key;
    this.#shorter = shorter;
    this.length = shorter === undefined ? 0 : shorter.length + 1;
  }

  /** This list and `key`; `undefined` for lists that are not worth keeping. */
  with(key: string): KeyList | undefined {
    return this.#last !== undefined && this.#lastKey === key ? this.#last : this.#find(key);
  }

  #find(key: string): KeyList | undefined {
    let longer = this.#others?.get(key);
    if (longer === undefined) {
      if (this.length === MOST_KEYS || key.length > LONGEST_KEY || known === MOST_LISTS) return undefined;
      known += 1;
      longer = new KeyList(key, this);
      this.#others ??= new Map();
      this.#others.set(key, longer);
    }
    this.#lastKey = key;
    this.#last = longer;
    return longer;
  }

  #keys(): string[] {
    return this.#shorter === undefined ? [] : [...this.#shorter.#keys(), this.#key];
  }

  /** The keys as JSON, filled up with spaces to whole words, which JSON does not mind. */
  get text(): Int32Array {
    if (this.#text === undefined) {
      const json = JSON.stringify(this.#keys());
      const bytes = new Uint8Array(Math.ceil(Buffer.byteLength(json) / 4) * 4).fill(SPACE);
      Buffer.from(bytes.buffer).write(json, 'utf8');
      this.#text = new Int32Array(bytes.buffer);
      this.hash = hashOf(this.#text, 0, this.#text.length);
    }
    return this.#text;
  }
}

const SPACE = 0x20;

/**
 * How many lists are kept, some 200 bytes each. A program has fewer; more come from objects that are used as
 * dictionaries, and then it is the last that are of use.
 */
const MOST_LISTS = 4096;

let known = 0;
let root: KeyList = new KeyList();

/** The list of no keys, from which all others are found. */
export function noKeys(): KeyList {
  if (known === MOST_LISTS) {
    known = 0;
    root = new KeyList();
  }
  return root;
}
