/**
 * The threads that use an arena. Each has a number in it, and an entry of words that says how to wake it.
 *
 *              enter              leave dead (by thread m)           cleared
 *   0 (free) ─────────▶ w (lives) ─────────────────────────▶ -m ─────────────▶ 0
 *                                                             │ m has died as well
 *                                                             └─▶ -n (by thread n)
 *
 * A thread leaves by dying, in whatever way, and is found dead by others. Its number is given again when nothing in
 * the arena is in its name any more, and not before: so while an entry is negative, what carries its number is that of
 * the dead. Who clears does it again from the beginning after one who has died of it.
 */

import { isAlive } from '../owner.ts';
import * as layout from './layout.ts';

export class Participants {
  readonly #words: Int32Array;
  /** By owner word, where they were last seen. */
  readonly #seen = new Map<number, number>();

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** The index of the first word of an entry. */
  at(participant: number): number {
    return layout.PARTICIPANTS + participant * layout.PARTICIPANT_WORDS;
  }

  /** Above all numbers that were ever given. */
  get limit(): number {
    return Atomics.load(this.#words, layout.PARTICIPANT_LIMIT);
  }

  /** What its owner is; 0 or negative if it has none. */
  owner(participant: number): number {
    return Atomics.load(this.#words, this.at(participant) + layout.OWNER);
  }

  /** A number for the thread of this word, or -1 if there is none left. */
  enter(word: number): number {
    for (let participant = 0; participant < layout.MOST_PARTICIPANTS; participant += 1) {
      if (!this.#exchange(participant, 0, word)) continue;
      this.#raiseLimit(participant + 1);
      return participant;
    }
    return -1;
  }

  /** The number of the thread of this word, or -1. */
  find(word: number): number {
    const seen = this.#seen.get(word);
    if (seen !== undefined && this.owner(seen) === word) return seen;
    this.#seen.delete(word);
    const { limit } = this;
    for (let participant = 0; participant < limit; participant += 1) {
      if (this.owner(participant) !== word) continue;
      this.#seen.set(word, participant);
      return participant;
    }
    return -1;
  }

  /** The numbers of the dead, who are now for the thread of this word to clear: nobody else does. */
  takeDead(word: number): number[] {
    const dead: number[] = [];
    const { limit } = this;
    for (let participant = 0; participant < limit; participant += 1) {
      const owner = this.owner(participant);
      if (owner !== 0 && !isAlive(Math.abs(owner)) && this.#exchange(participant, owner, -word)) {
        dead.push(participant);
      }
    }
    return dead;
  }

  /** Nothing is in its name any more. */
  cleared(participant: number): void {
    const at = this.at(participant);
    for (let word = layout.OWNER + 1; word < layout.PARTICIPANT_WORDS; word += 1) {
      Atomics.store(this.#words, at + word, 0);
    }
    Atomics.store(this.#words, at + layout.OWNER, 0);
  }

  /** Before others can meet the number, which they look for below the limit. */
  #raiseLimit(to: number): void {
    for (let { limit } = this; limit < to; { limit } = this) {
      Atomics.compareExchange(this.#words, layout.PARTICIPANT_LIMIT, limit, to);
    }
  }

  #exchange(participant: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#words, this.at(participant) + layout.OWNER, from, to) === from;
  }
}
