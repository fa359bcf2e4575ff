/**
 * How the threads that use an arena sleep on its words, and wake each other.
 *
 *                       threads                     processes
 *   blocked             Atomics.wait                futex
 *   in an event loop    Atomics.waitAsync           a bell, `bell.ts`
 *   notify              Atomics.notify              what the participants say that they do
 *
 * Between threads V8 does all of it. Between processes each participant says in its entry for what it sleeps:
 *
 *   sleeper                                              waker
 *   S1  BLOCKED_FOR := word, or its bit of WAITS_FOR     W1  changes the word
 *   S2  looks at the word: changed? then goes on         W2  looks at both in each entry
 *   S3  sleeps until woken, a slice at most              W3  blocked for it: wakes all at that futex
 *   S4  roused by its bell: RUNG := 0                        waits for it: exchanges RUNG for 1, and if it was 0,
 *   S5  looks at all its words                               rings the bell
 *
 * Invariants
 * 1. S1 comes before S2, and W1 before W2, in one total order of sequentially consistent atomics: either S2 sees the change,
 *    or W2 sees the sleeper. For the blocked the kernel looks once more in S3, at once with lying down.
 * 2. RUNG is 1 only between an exchange in W3 and the next S4. A waker that finds it 1 rings no bell, and need not: S5
 *    follows that S4, and sees its change.
 * 3. Whoever dies between W1 and the ring leaves a sleeper that wakes after its slice; and, if it died after its
 *    exchange, a RUNG of 1 with no ring to come. So S4 and S5 are also done every slice.
 * 4. A participant writes WAITS_FOR and BLOCKED_FOR of its own entry only.
 */

import type { Region, WaitOutcome } from '../region.ts';
import { type Bell, Bells, ownBell } from './bell.ts';
import * as layout from './layout.ts';
import { type Hearing, LoopWaits } from './loop-waits.ts';
import type { Participants } from './participants.ts';

/** Words are those of the region. */
export interface WakeUps {
  wait(word: number, value: number, timeout?: number): WaitOutcome;
  waitAsync(word: number, value: number, timeout?: number): Promise<void>;
  notify(word: number, owner?: number): void;
  /** The participant has died, and its number will be another's. */
  forget(participant: number): void;
}

/** Between threads. */
export class ThreadWakeUps implements WakeUps {
  readonly #region: Region;
  readonly #slice: number;
  readonly #waits: LoopWaits;

  constructor(region: Region, slice: number) {
    this.#region = region;
    this.#slice = slice;
    const news = (word: number): void => this.#waits.news(word);
    this.#waits = new LoopWaits(region.words, new AtomicsHearing(region, news), slice);
  }

  wait(word: number, value: number, timeout?: number): WaitOutcome {
    return waitInSlices(this.#region, word, value, timeout, this.#slice);
  }

  waitAsync(word: number, value: number, timeout: number = Infinity): Promise<void> {
    return new Promise((resolve) => this.#waits.add(word, value, timeout, resolve));
  }

  notify(word: number): void {
    this.#region.notify(word);
  }

  forget(): void {}
}

/**
 * `Atomics.waitAsync` cannot be called off, so there is one at most for each word, without a time limit. What is left over
 * when nobody waits any more serves who comes next, or is ended by a notify after a slice.
 */
class AtomicsHearing implements Hearing {
  readonly #region: Region;
  readonly #news: (word: number) => void;
  readonly #heard = new Set<number>();
  readonly #leftOver = new Set<number>();

  constructor(region: Region, news: (word: number) => void) {
    this.#region = region;
    this.#news = news;
  }

  hear(word: number, value: number): boolean {
    this.#leftOver.delete(word);
    if (this.#heard.has(word)) return true;
    const waiting = this.#region.waitAsync?.(word, value);
    if (waiting?.async !== true) return false;
    this.#heard.add(word);
    void waiting.value.then(() => {
      this.#heard.delete(word);
      this.#leftOver.delete(word);
      this.#news(word);
    });
    return true;
  }

  ignore(word: number): void {
    if (this.#heard.has(word)) this.#leftOver.add(word);
  }

  tick(): void {
    for (const word of this.#leftOver) this.#region.notify(word);
    this.#leftOver.clear();
  }
}

/** What has to be known of participants. */
export type Others = Pick<Participants, 'at' | 'limit' | 'owner' | 'find'>;

/** Between processes, and threads of several processes. */
export class ProcessWakeUps implements WakeUps {
  readonly #region: Region;
  readonly #words: Int32Array;
  readonly #participants: Others;
  readonly #self: number;
  readonly #at: number;
  readonly #slice: number;
  readonly #bells: Pick<Bells, 'ring' | 'forget'>;
  /** Those in the event loop of this thread. */
  readonly waits: LoopWaits;

  /** @param own gives the bell of this thread, when it is needed */
  constructor(
    region: Region,
    participants: Others,
    self: number,
    slice: number,
    {
      own = ownBell,
      others = new Bells(),
    }: { own?: () => Bell; others?: Pick<Bells, 'ring' | 'forget'> } = {},
  ) {
    this.#region = region;
    this.#words = region.words;
    this.#participants = participants;
    this.#self = self;
    this.#at = participants.at(self);
    this.#slice = slice;
    this.#bells = others;
    const hearing = new BellHearing(region.words, this.#at, own, () => this.#roused());
    this.waits = new LoopWaits(region.words, hearing, slice);
  }

  wait(word: number, value: number, timeout?: number): WaitOutcome {
    Atomics.store(this.#words, this.#at + layout.BLOCKED_FOR, word + 1);
    try {
      return waitInSlices(this.#region, word, value, timeout, this.#slice);
    } finally {
      Atomics.store(this.#words, this.#at + layout.BLOCKED_FOR, 0);
    }
  }

  waitAsync(word: number, value: number, timeout: number = Infinity): Promise<void> {
    return new Promise((resolve) => this.waits.add(word, value, timeout, resolve));
  }

  notify(word: number, owner?: number): void {
    if (owner === undefined) {
      const { limit } = this.#participants;
      let blocked = false;
      for (let other = 0; other < limit; other += 1) blocked = this.#rouse(other, word) || blocked;
      if (blocked) this.#region.notify(word);
      return;
    }
    const participant = this.#participants.find(owner);
    if (participant >= 0 && this.#rouse(participant, word)) this.#region.notify(word);
  }

  forget(participant: number): void {
    this.#bells.forget(participant);
  }

  /** True: it is blocked for the word. */
  #rouse(participant: number, word: number): boolean {
    const words = this.#words;
    const at = this.#participants.at(participant);
    if ((Atomics.load(words, at + layout.WAITS_FOR) & bitOf(word)) !== 0) this.#ring(participant, at, word);
    return Atomics.load(words, at + layout.BLOCKED_FOR) === word + 1;
  }

  #ring(participant: number, at: number, word: number): void {
    if (participant === this.#self) {
      this.waits.news(word);
      return;
    }
    const words = this.#words;
    const owner = this.#participants.owner(participant);
    const descriptor = Atomics.load(words, at + layout.BELL) - 1;
    if (owner <= 0 || descriptor < 0) return;
    if (Atomics.compareExchange(words, at + layout.RUNG, 0, 1) !== 0) return;
    this.#bells.ring(participant, owner, { descriptor, inode: Atomics.load(words, at + layout.BELL_INODE) });
  }

  #roused(): void {
    Atomics.store(this.#words, this.#at + layout.RUNG, 0);
    this.waits.all();
  }
}

class BellHearing implements Hearing {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #bell: () => Bell;
  readonly #roused: () => void;
  readonly #heard = new Set<number>();
  /** How many words there are for each bit. */
  readonly #counts = new Uint32Array(32);
  /** WAITS_FOR, which nobody else writes. */
  #bits = 0;
  #hasBell = false;

  constructor(words: Int32Array, at: number, bell: () => Bell, roused: () => void) {
    this.#words = words;
    this.#at = at;
    this.#bell = bell;
    this.#roused = roused;
  }

  /** S1 at the first call for a word, so that S2 follows; from then on it is heard. */
  hear(word: number): boolean {
    if (this.#heard.has(word)) return true;
    if (!this.#hasBell) this.#hangUpBell();
    this.#heard.add(word);
    this.#count(word, 1);
    return false;
  }

  ignore(word: number): void {
    if (this.#heard.delete(word)) this.#count(word, -1);
  }

  tick(): void {
    Atomics.store(this.#words, this.#at + layout.RUNG, 0);
  }

  #count(word: number, by: 1 | -1): void {
    const bit = bitOf(word);
    const of = 31 - Math.clz32(bit);
    const count = (this.#counts[of] as number) + by;
    this.#counts[of] = count;
    const bits = count === 0 ? this.#bits & ~bit : this.#bits | bit;
    if (bits === this.#bits) return;
    this.#bits = bits;
    Atomics.store(this.#words, this.#at + layout.WAITS_FOR, bits);
  }

  #hangUpBell(): void {
    this.#hasBell = true;
    const { descriptor, inode, listeners } = this.#bell();
    listeners.push(this.#roused);
    Atomics.store(this.#words, this.#at + layout.BELL_INODE, inode);
    Atomics.store(this.#words, this.#at + layout.BELL, descriptor + 1);
  }
}

/** Words of one object, which are next to each other, have different bits. */
function bitOf(word: number): number {
  return 1 << (word & 31);
}

/** Looks at the word after each slice, whatever kind of region it is. */
function waitInSlices(
  region: Region,
  word: number,
  value: number,
  timeout: number = Infinity,
  slice: number,
): WaitOutcome {
  if (timeout <= slice) return region.wait(word, value, timeout);
  const end = performance.now() + timeout;
  for (let slices = 0; ; slices += 1) {
    const left = end - performance.now();
    const outcome = region.wait(word, value, Math.max(0, Math.min(left, slice)));
    if (outcome === 'not-equal') return slices > 0 ? 'ok' : outcome;
    if (outcome === 'ok' || left <= slice) return outcome;
  }
}
