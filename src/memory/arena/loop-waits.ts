/**
 * Who waits in the event loop of this thread for words of one arena to change.
 *
 *   add(word, value) ─▶ waits of that word ─▶ Hearing.hear(word): from now on news of it comes here
 *                            ▲
 *   news(word), all() ───────┘ those whose word has changed are resolved
 *
 * Between threads news comes by `Atomics.waitAsync`, between processes by a bell: see `Hearing`.
 *
 * Nobody waits on news alone. As long as anybody waits, a timer has all of them look every slice, and keeps the
 * event loop alive; a waker may have died, or have had no descriptor left to ring with.
 */

/** How a thread gets to hear that words have changed. */
export interface Hearing {
  /**
   * News of this word is to be heard from now on. False: it has to be looked at again, as it may have changed before
   * that was so.
   */
  hear(word: number, value: number): boolean;
  /** Nobody waits for this word any more. */
  ignore(word: number): void;
  /** Every slice, before all words are looked at. */
  tick(): void;
}

interface Wait {
  readonly value: number;
  readonly resolve: () => void;
  timer: NodeJS.Timeout | undefined;
}

/** The longest that Node's timers can take; a longer one would be over at once. */
const LONGEST_MS = 2 ** 31 - 1;

export class LoopWaits {
  readonly #words: Int32Array;
  readonly #hearing: Hearing;
  readonly #slice: number;
  readonly #waits = new Map<number, Set<Wait>>();
  #ticking: NodeJS.Timeout | undefined;

  constructor(words: Int32Array, hearing: Hearing, slice: number) {
    this.#words = words;
    this.#hearing = hearing;
    this.#slice = slice;
  }

  /** Calls `resolve` when the word is not `value`, or after so many milliseconds. */
  add(word: number, value: number, timeout: number, resolve: () => void): void {
    if (Atomics.load(this.#words, word) !== value || timeout <= 0) {
      resolve();
      return;
    }
    const wait: Wait = { value, resolve, timer: undefined };
    const waits = this.#waits.get(word);
    if (waits === undefined) this.#waits.set(word, new Set([wait]));
    else waits.add(wait);
    if (this.#waits.size === 1) this.#hold();
    if (timeout !== Infinity) {
      const expire = (): void => this.#end(word, wait);
      wait.timer = setTimeout(expire, Math.min(timeout, LONGEST_MS));
    }
    this.news(word);
  }

  /** Looks at a word that may have changed. */
  news(word: number): void {
    for (;;) {
      const now = Atomics.load(this.#words, word);
      for (const wait of this.#waits.get(word) ?? []) if (wait.value !== now) this.#end(word, wait);
      if (!this.#waits.has(word) || this.#hearing.hear(word, now)) return;
    }
  }

  /** Looks at all words that anybody waits for. */
  all(): void {
    for (const word of this.#waits.keys()) this.news(word);
  }

  /** What is done every slice. */
  tick(): void {
    this.#hearing.tick();
    this.all();
    if (this.#waits.size > 0) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  #end(word: number, wait: Wait): void {
    const waits = this.#waits.get(word);
    if (waits?.delete(wait) !== true) return;
    clearTimeout(wait.timer);
    if (waits.size === 0) {
      this.#waits.delete(word);
      this.#hearing.ignore(word);
      if (this.#waits.size === 0) this.#ticking?.unref();
    }
    wait.resolve();
  }

  #hold(): void {
    this.#ticking ??= setInterval(() => this.tick(), this.#slice);
    this.#ticking.ref();
  }
}
