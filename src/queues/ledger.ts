/**
 * Changes of several words that happen at once or not at all, whenever their thread is killed.
 *
 *   version 6 (even)              change                          version 7 (odd)
 *   copy 0   valid      begin()   copy 1 := copy 0                copy 0   old
 *   copy 1   old        set()     words of copy 1                 copy 1   valid
 *                       commit()  version := 7   <- one store
 *
 * What is outside of the copies and matters before the commit is written by `write()`, which first notes in the journal
 * what was there. A journal of the version that is still the present one belongs to a change that did not happen,
 * and whoever takes the latch of a dead thread undoes it. To write where nothing is that matters (a free cell, the link of
 * the last item) needs no journal.
 *
 * All of it is for who has the latch of the queue, but `peek()`.
 */

import { COPIES, COPY_WORDS, JOURNAL, JOURNAL_LENGTH, JOURNAL_VERSION, VERSION } from './layout.ts';

/** After so many changes that came in between, `peek` takes what it has seen. */
const LOOKS = 100;

export class Ledger {
  readonly #words: Int32Array;
  readonly #region: Int32Array;
  #version = 0;
  /** The copy that is looked at: the valid one, or during a change the other. */
  #copy = COPIES;
  #hasJournal = false;

  /** `words` of the queue's block, and of the region that it is in. */
  constructor(words: Int32Array, region: Int32Array) {
    this.#words = words;
    this.#region = region;
  }

  /** First of all, whenever the latch has been taken. `orphaned`: from a dead thread. */
  open(orphaned: boolean): void {
    this.#version = Atomics.load(this.#words, VERSION);
    this.#copy = copyOf(this.#version);
    if (orphaned) this.#undo();
  }

  get(field: number): number {
    return this.#words[this.#copy + field] as number;
  }

  begin(): void {
    const words = this.#words;
    const from = this.#copy;
    const to = copyOf(this.#version + 1);
    for (let field = 0; field < COPY_WORDS; field += 1) words[to + field] = words[from + field] as number;
    this.#copy = to;
    this.#hasJournal = false;
  }

  set(field: number, value: number): void {
    this.#words[this.#copy + field] = value;
  }

  add(field: number, change: number): void {
    const at = this.#copy + field;
    this.#words[at] = (this.#words[at] as number) + change;
  }

  /** Changes a word of the region, in a way that can be undone. */
  write(address: number, value: number): void {
    const words = this.#words;
    if (!this.#hasJournal) {
      // In this order: entries of an earlier change are never taken for those of this one.
      Atomics.store(words, JOURNAL_LENGTH, 0);
      Atomics.store(words, JOURNAL_VERSION, this.#version);
      this.#hasJournal = true;
    }
    const length = words[JOURNAL_LENGTH] as number;
    words[JOURNAL + 2 * length] = address;
    words[JOURNAL + 2 * length + 1] = this.#region[address] as number;
    Atomics.store(words, JOURNAL_LENGTH, length + 1);
    this.#region[address] = value;
  }

  commit(): void {
    this.#version = (this.#version + 1) | 0;
    Atomics.store(this.#words, VERSION, this.#version);
  }

  /** A field, without the latch: as it is, or was a moment ago. */
  peek(field: number): number {
    const words = this.#words;
    let value = 0;
    for (let look = 0; look < LOOKS; look += 1) {
      const version = Atomics.load(words, VERSION);
      value = Atomics.load(words, copyOf(version) + field);
      // The copy of a version is not written to before the next one is valid.
      if (Atomics.load(words, VERSION) === version) break;
    }
    return value;
  }

  #undo(): void {
    const words = this.#words;
    if (Atomics.load(words, JOURNAL_VERSION) !== this.#version) return;
    for (let entry = Atomics.load(words, JOURNAL_LENGTH) - 1; entry >= 0; entry -= 1) {
      this.#region[words[JOURNAL + 2 * entry] as number] = words[JOURNAL + 2 * entry + 1] as number;
    }
    Atomics.store(words, JOURNAL_LENGTH, 0);
  }
}

function copyOf(version: number): number {
  return COPIES + (version & 1) * COPY_WORDS;
}
