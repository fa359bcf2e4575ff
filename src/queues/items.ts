/**
 * Items as words, and back.
 *
 *   [ key, in priority queues ][ value as `wire/values` writes it ]      small
 *   [ key ][ address, generation, bytes ]                                LARGE: the value is in a piece of its own
 *
 * They are written before the latch is taken and read after it was given back, so that what is done under it is a copy of
 * some words. Large ones are not copied under it at all.
 *
 * A value with shareable objects in it (SHARES) is written as the message of `wire/share-message.ts`. Each reference
 * in it is counted as on its way, so an item that nobody will read has to be told so: `discard`.
 */

import { NotShareableError, OutOfSharedMemoryError } from '../errors.ts';
import type { Arena } from '../memory/arena/arena.ts';
import type { ArenaBlock } from '../memory/arena/block.ts';
import { cloneToBytes } from '../wire/bytes.ts';
import { findUnshareable, notShareable, refusal } from '../wire/not-shareable.ts';
import { messageOf, type ShareMessage, valueOf } from '../wire/share-message.ts';
import { type UnknownKindError, unknownKindIn } from '../wire/shareable.ts';
import { takeOut } from '../wire/taking-out.ts';
import { boundOf, FULL, Memory, UNFIT, ValueReader, ValueWriter } from '../wire/values/index.ts';
import type { Words } from './cells.ts';
import { addressOf, giveBack, takeOver } from './pieces.ts';
import { holdShares, releaseShares, sharesIn, toArena, toMessage } from './shares.ts';
import { type Comparable, LONGEST_KEY, writeKey } from './sort-key.ts';

const LARGE = 1;
const SHARES = 2;
/** Words of the key are in the bits above. */
const KEY_SHIFT = 8;

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;
/** Lower, and more items get a piece of their own, which costs some 3 us; higher, and they are copied under the latch. */
const LARGEST_SMALL = 2 ** 13;
const SCRATCH_BYTES = LARGEST_SMALL + LONGEST_KEY + 64;
/** What is tried for a value of which nobody knows how long it will be: each is so many times the one before. */
const GROWTH = 8;

export function keyWordsOf(kind: number): number {
  return kind >>> KEY_SHIFT;
}

/** Whether an item is more than its words: what that is has to be given back, if nobody reads it. */
export function holdsMore(kind: number): boolean {
  return (kind & (LARGE | SHARES)) !== 0;
}

/** What `get` gives: the value, or what has still to become one since it has objects of a kind that is unknown here. */
export interface Read {
  readonly value: unknown;
  readonly message: ShareMessage | undefined;
}

class Scratch {
  readonly memory: Memory = new Memory(new ArrayBuffer(SCRATCH_BYTES));
  readonly writer: ValueWriter = new ValueWriter(this.memory);
}

/** An item that is about to be put. */
export class Item implements Words {
  words: Int32Array;
  length = 0;
  kind = 0;
  /** This thread's, until the queue has it. */
  piece: ArenaBlock | undefined;
  message: ShareMessage | undefined;

  constructor(words: Int32Array) {
    this.words = words;
  }

  /** As it is now: the next item is written over this one. */
  kept(): Item {
    const kept = new Item(this.words.slice(0, this.length));
    kept.length = this.length;
    kept.kind = this.kind;
    kept.piece = this.piece;
    kept.message = this.message;
    return kept;
  }
}

/** One for each arena and thread. */
export class ItemCodec {
  readonly #arena: Arena;
  /** More than one if a getter of a value puts something itself. */
  readonly #scratches: { readonly scratch: Scratch; readonly item: Item }[] = [];
  #depth = 0;
  readonly #taken: Memory = new Memory(new ArrayBuffer(SCRATCH_BYTES));
  readonly #takenReader: ValueReader = new ValueReader(this.#taken);
  #region: Memory | undefined;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /**
   * The words of an item; valid until the next is written.
   *
   * @param key its priority, where that counts
   * @throws NotShareableError, OutOfSharedMemoryError, TypeError for a key that is none, and what getters of the value throw
   */
  write(value: unknown, key: Comparable | undefined, hasKey: boolean): Item {
    const depth = this.#depth;
    const { scratch, item } = (this.#scratches[depth] ??= newScratch());
    const { words } = item;
    item.piece = undefined;
    item.message = undefined;
    const keyWords = hasKey ? writeKey(key, words) : 0;
    item.kind = keyWords << KEY_SHIFT;
    const start = keyWords * WORD_BYTES;
    this.#depth = depth + 1;
    try {
      const end = scratch.writer.write(value, start, start + LARGEST_SMALL);
      if (end >= 0) item.length = end / WORD_BYTES;
      else if (end === UNFIT) this.#writeShares(value, item, scratch, keyWords);
      else this.#writeLarge(value, item, keyWords);
    } finally {
      this.#depth = depth;
    }
    return item;
  }

  /** Nobody will get an item that was written. */
  abandon(item: Item): void {
    if (item.piece !== undefined) this.#arena.drop(item.piece);
    if (item.message !== undefined) releaseShares(item.message);
  }

  /** Where the words of an item are to be copied, which is about to be read. */
  get taken(): Int32Array {
    return this.#taken.words;
  }

  /** Reads an item of so many words (without its key) that were copied to `taken`. */
  read(kind: number, length: number): Read {
    const value =
      (kind & LARGE) === 0
        ? this.#takenReader.read(0, length * WORD_BYTES)
        : this.#readLarge(...this.#largeIn(this.#taken.words));
    if ((kind & SHARES) === 0) return { value, message: undefined };
    return { value: undefined, message: toMessage(value, this.#arena) };
  }

  /** The value of a message. @throws UnknownKindError, and then it can be tried again */
  revive(message: ShareMessage): unknown {
    const value = valueOf(message);
    releaseShares(message);
    return value;
  }

  /** Nobody will read an item whose words (without its key) were copied to `taken`. */
  discard(kind: number, length: number): void {
    if ((kind & SHARES) !== 0) {
      const { message } = this.read(kind, length);
      if (message !== undefined) releaseShares(message);
    } else if ((kind & LARGE) !== 0) {
      const [address, generation] = this.#largeIn(this.#taken.words);
      giveBack(this.#arena, address, generation);
    }
  }

  /**
   * Of an item whose words (without its key) were copied to `taken`, and which is still in the queue: the first kind of
   * object in it that this thread does not know.
   */
  unknownIn(kind: number, length: number): UnknownKindError | undefined {
    if ((kind & SHARES) === 0) return undefined;
    const [address, , bytes] = this.#largeIn(this.#taken.words);
    const start = address * WORD_BYTES;
    const written =
      (kind & LARGE) === 0
        ? this.#takenReader.read(0, length * WORD_BYTES)
        : new ValueReader(this.#memory).read(start, start + bytes);
    return unknownKindIn(sharesIn(written));
  }

  #writeShares(value: unknown, item: Item, scratch: Scratch, keyWords: number): void {
    const { reach } = this.#arena;
    const taken = takeOut(value);
    if (taken === undefined) throw unfit(value, reach);
    const { message, ports } = messageOf(taken, reach, value, 'item');
    holdShares(message);
    try {
      if (ports.length > 0) {
        throw new NotShareableError(
          'item: an object that has a MessagePort, which cannot be put on a queue.',
        );
      }
      const written = toArena(message, this.#arena);
      const start = keyWords * WORD_BYTES;
      const end = scratch.writer.write(written, start, start + LARGEST_SMALL);
      if (end === UNFIT) throw unfit(taken.value, reach);
      if (end >= 0) item.length = end / WORD_BYTES;
      else this.#writeLarge(written, item, keyWords);
    } catch (error) {
      releaseShares(message);
      throw error;
    }
    item.kind |= SHARES;
    item.message = message;
  }

  #writeLarge(value: unknown, item: Item, keyWords: number): void {
    const [piece, bytes] = this.#pieceWith(value);
    item.piece = piece;
    item.kind |= LARGE;
    item.words[keyWords] = addressOf(piece);
    item.words[keyWords + 1] = piece.generation;
    item.words[keyWords + 2] = bytes;
    item.words[keyWords + 3] = 0;
    item.length = keyWords + 4;
  }

  #pieceWith(value: unknown): [ArenaBlock, bytes: number] {
    const arena = this.#arena;
    const bound = boundOf(value);
    if (bound !== undefined) {
      const piece = arena.create(bound);
      const start = piece.words.byteOffset;
      let end: number = UNFIT;
      try {
        end = new ValueWriter(this.#memory).write(value, start, start + piece.words.byteLength);
        if (end >= 0) return [piece, end - start];
      } finally {
        if (end < 0) arena.drop(piece);
      }
    }
    // Written here first, as a piece of the right size is all that the arena should have to spare.
    for (let size = LARGEST_SMALL * GROWTH; ; size *= GROWTH) {
      const memory = new Memory(new ArrayBuffer(Math.min(size, arena.region.size)));
      const end = new ValueWriter(memory).write(value, 0, memory.bytes.length);
      if (end === UNFIT) throw unfit(value, arena.reach);
      if (end !== FULL) {
        const piece = arena.create(end);
        piece.bytes.set(memory.bytes.subarray(0, end));
        return [piece, end];
      }
      if (size >= arena.region.size) {
        throw new OutOfSharedMemoryError(
          `An item takes more than the ${arena.region.size} bytes that all shared objects have together: put it in parts.`,
        );
      }
    }
  }

  #readLarge(address: number, generation: number, bytes: number): unknown {
    const piece = takeOver(this.#arena, address, generation);
    try {
      const start = piece.words.byteOffset;
      return new ValueReader(this.#memory).read(start, start + bytes);
    } finally {
      this.#arena.drop(piece);
    }
  }

  #largeIn(words: Int32Array): [address: number, generation: number, bytes: number] {
    return [words[0] as number, words[1] as number, words[2] as number];
  }

  get #memory(): Memory {
    return (this.#region ??= new Memory(this.#arena.region.buffer));
  }
}

function newScratch(): { readonly scratch: Scratch; readonly item: Item } {
  const scratch = new Scratch();
  return { scratch, item: new Item(scratch.memory.words) };
}

/** Why a value cannot be written. What threads can share otherwise may still be no value in memory: another memory, a port. */
function unfit(value: unknown, reach: 'thread' | 'process'): NotShareableError {
  try {
    cloneToBytes(value);
  } catch (error) {
    const place = findUnshareable(value, 'item', reach) ?? findUnshareable(value, 'item', 'process');
    return place === undefined ? notShareable(value, 'item', reach, error) : refusal(place, reach, error);
  }
  return new NotShareableError(
    'item: a value that changes while it is written, which cannot be put on a queue.',
  );
}
