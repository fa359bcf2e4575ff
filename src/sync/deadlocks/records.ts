/**
 * What each thread waits for without a limit, where all can read it: the lines of the graph in which circles are looked for.
 *
 *   participant ─ RECORDS ─▶ ┌ who ┬ record ┬ record ┬ ... ┐   a block of the thread, in each arena that has locks for which
 *                            └─────┴────────┴────────┴─────┘   it waits
 *
 *   record:   WAITED   the lock that is waited for, in the arena of the record; 0: there is no record
 *             HELD     the lock that is not released until then, in whatever arena; 0: all that the thread has, as it is blocked
 *             EPOCH    odd while it is written; never the same again
 *             text     for the report
 *
 * A lock is named by the place of its owner word. Only the thread itself writes, and it takes a record away before those
 * go on who waited: so what a record says was so when it was read, or else its thread is not any more at the wait that it
 * speaks of, and that shows in EPOCH, or in the lock's owner.
 *
 * There is memory for it from the first wait on of a thread that looks for deadlocks, and none otherwise.
 */

import { OutOfSharedMemoryError } from '../../errors.ts';
import type { Arena } from '../../memory/arena/arena.ts';
import type { ArenaBlock } from '../../memory/arena/block.ts';

/** A lock: where its owner word is. */
export interface Lock {
  readonly arena: Arena;
  readonly word: number;
}

/** What a thread waits for, and keeps until then. */
export interface Edge {
  readonly waited: Lock;
  /** `undefined`: all that the thread has. */
  readonly held: Lock | undefined;
  readonly texts: Texts;
}

export interface Texts {
  /** The lock that is waited for, in words. */
  readonly lock: string;
  /** Where in the program one waits for it, and where the other one was acquired; '' if that is not known. */
  readonly waits: string;
  readonly acquired: string;
}

/** An edge that was read. */
export interface Found extends Edge {
  /** The thread, in words. */
  readonly who: string;
  readonly isBlocked: boolean;
  /** It is still as it was. */
  isUnchanged(): boolean;
}

/** As many functions of a thread can wait with a lock in hand; more are not seen. */
const MOST = 32;
const WHO_LENGTH = 0;
const WHO = 1;
const HEAD_WORDS = 64;
const RECORD_WORDS = 128;
const WAITED = 0;
const ARENA = 1;
const HELD = 2;
const EPOCH = 3;
const LENGTH = 4;
const TEXT = 5;
/** How long each of the texts can be, in UTF-8. */
const MOST_BYTES = Math.floor(((RECORD_WORDS - TEXT) * Int32Array.BYTES_PER_ELEMENT) / 3) - 2;

export class Records {
  /** `undefined`: there was no memory for it. */
  readonly #blocks = new Map<Arena, ArenaBlock | undefined>();
  readonly #who: () => string;

  /** `who`: this thread, in words. */
  constructor(who: () => string) {
    this.#who = who;
  }

  /** Lets all know of it. Gives what takes it back. */
  publish({ waited, held, texts }: Edge): () => void {
    const words = this.#block(waited.arena)?.words;
    const at = words === undefined ? -1 : free(words);
    if (words === undefined || at < 0) return () => undefined;
    Atomics.add(words, at + EPOCH, 1);
    Atomics.store(words, at + ARENA, held === undefined ? 0 : numberOf(held.arena));
    Atomics.store(words, at + HELD, held === undefined ? 0 : held.word);
    const text = [texts.lock, texts.waits, texts.acquired]
      .map((each) => each.slice(0, MOST_BYTES))
      .join('\n');
    Atomics.store(words, at + LENGTH, write(words, at + TEXT, RECORD_WORDS - TEXT, text));
    Atomics.store(words, at + WAITED, waited.word);
    Atomics.add(words, at + EPOCH, 1);
    return () => {
      Atomics.add(words, at + EPOCH, 2);
      Atomics.store(words, at + WAITED, 0);
    };
  }

  #block(arena: Arena): ArenaBlock | undefined {
    if (this.#blocks.has(arena)) return this.#blocks.get(arena);
    let block: ArenaBlock | undefined;
    try {
      block = arena.create((HEAD_WORDS + MOST * RECORD_WORDS) * Int32Array.BYTES_PER_ELEMENT);
      Atomics.store(block.words, WHO_LENGTH, write(block.words, WHO, HEAD_WORDS - WHO, this.#who()));
      arena.showRecords(block);
    } catch (error) {
      if (!(error instanceof OutOfSharedMemoryError)) throw error;
    }
    this.#blocks.set(arena, block);
    return block;
  }
}

/** What the thread of this word waits for with that lock in hand, which is to be known to be the thread's. */
export function* edgesFrom(held: Lock, owner: number, arenas: readonly Arena[]): IterableIterator<Found> {
  for (const arena of arenas) {
    const { words } = arena.region;
    const first = arena.recordsOf(owner);
    if (first < 0) continue;
    for (let number = 0; number < MOST; number += 1) {
      const at = first + HEAD_WORDS + number * RECORD_WORDS;
      const epoch = Atomics.load(words, at + EPOCH);
      const waited = Atomics.load(words, at + WAITED);
      if (waited === 0 || epoch % 2 !== 0) continue;
      const word = Atomics.load(words, at + HELD);
      const all = word === 0;
      if (!all && (word !== held.word || Atomics.load(words, at + ARENA) !== numberOf(held.arena))) continue;
      const [lock = '', waits = '', acquired = ''] = read(
        words,
        at + TEXT,
        Atomics.load(words, at + LENGTH),
      ).split('\n');
      const found: Found = {
        waited: { arena, word: waited },
        held,
        isBlocked: all,
        texts: { lock, waits, acquired },
        who: read(words, first + WHO, Atomics.load(words, first + WHO_LENGTH)),
        isUnchanged: () => Atomics.load(words, at + EPOCH) === epoch && arena.recordsOf(owner) === first,
      };
      if (found.isUnchanged()) yield found;
    }
  }
}

function free(words: Int32Array): number {
  for (let at = HEAD_WORDS; at < words.length; at += RECORD_WORDS) {
    if (Atomics.load(words, at + WAITED) === 0) return at;
  }
  return -1;
}

/** Of an arena, never 0. */
function numberOf({ id }: Arena): number {
  return id | 0 || 1;
}

function write(words: Int32Array, at: number, room: number, text: string): number {
  const bytes = room * Int32Array.BYTES_PER_ELEMENT;
  return Buffer.from(words.buffer, words.byteOffset + at * Int32Array.BYTES_PER_ELEMENT, bytes).write(text);
}

/** A length that is no length is that of a record that has changed meanwhile. */
function read(words: Int32Array, at: number, length: number): string {
  const start = words.byteOffset + at * Int32Array.BYTES_PER_ELEMENT;
  const bytes = Math.max(0, Math.min(length, RECORD_WORDS * Int32Array.BYTES_PER_ELEMENT));
  return Buffer.from(words.buffer, start, bytes).toString();
}
