import { TEXT_LENGTH } from './format.ts';
import type { Memory } from './memory.ts';

/** All of one byte a character, so that characters and bytes are the same number. */
const beyondLatin1 = /[^\0-\xff]/;

/** Whether one byte is too little for some character. V8 knows at once of strings that it keeps in bytes. */
export function isWide(value: string): boolean {
  return beyondLatin1.test(value);
}

/** Up to about these lengths it is faster to copy by hand than to leave JavaScript. */
const COPIED_BY_HAND = { characters: 32, words: 40 };

const SMALLEST = 8192;

/** What is kept from one message to the next. */
const LARGEST_KEPT = 1 << 20;

/**
 * The short strings of a message, side by side, until it is known where their place is: a trailer after the
 * values. Strung together as a string, V8 would copy them more slowly than this.
 */
export class Texts {
  #bytes: Buffer = Buffer.allocUnsafeSlow(SMALLEST);
  #words: Int32Array = new Int32Array(this.#bytes.buffer);
  #length = 0;
  /** Where the texts begin, on words, and how long those are that have ended. */
  #starts: number[] = [];
  #lengths: number[] = [];
  #start = 0;

  /** Adds a string; answers `false`, and does nothing, if a byte is too little for some character. */
  add(value: string): boolean {
    const { length } = value;
    let at = this.#length;
    if (at - this.#start + length > TEXT_LENGTH) at = this.#next();
    if (at + length > this.#bytes.length) this.#grow();
    const bytes = this.#bytes;
    if (length <= COPIED_BY_HAND.characters) {
      let all = 0;
      for (let index = 0; index < length; index += 1) {
        const character = value.charCodeAt(index);
        bytes[at + index] = character;
        all |= character;
      }
      if (all > 0xff) return false;
    } else {
      if (isWide(value)) return false;
      bytes.write(value, at, length, 'latin1');
    }
    this.#length = at + length;
    return true;
  }

  /** How many texts there are. */
  get count(): number {
    return this.#lengths.length + (this.#length > this.#start ? 1 : 0);
  }

  /** In bytes, of the `index`th text. */
  lengthOf(index: number): number {
    return this.#lengths[index] ?? this.#length - this.#start;
  }

  /** Copies the `index`th text to word `at` of `memory`, up to a whole word. */
  copy(index: number, memory: Memory, at: number): void {
    const start = this.#starts[index] ?? this.#start;
    const length = this.lengthOf(index);
    const count = (length + 3) >> 2;
    if (count <= COPIED_BY_HAND.words) {
      const [from, to] = [this.#words, memory.words];
      for (let word = 0; word < count; word += 1) to[at + word] = from[(start >> 2) + word] as number;
    } else this.#bytes.copy(memory.bytes, at << 2, start, start + length);
  }

  clear(): void {
    this.#length = 0;
    this.#start = 0;
    if (this.#starts.length > 0) {
      this.#starts = [];
      this.#lengths = [];
    }
    if (this.#bytes.length > LARGEST_KEPT) this.#allocate(SMALLEST);
  }

  /** Ends a text, and begins another. */
  #next(): number {
    this.#starts.push(this.#start);
    this.#lengths.push(this.#length - this.#start);
    this.#start = (this.#length + 3) & ~3;
    this.#length = this.#start;
    return this.#start;
  }

  #grow(): void {
    const full = this.#bytes;
    this.#allocate(full.length * 2);
    full.copy(this.#bytes, 0, 0, this.#length);
  }

  #allocate(size: number): void {
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#words = new Int32Array(this.#bytes.buffer);
  }
}
