/**
 * One flag, and any number that wait for it.
 *
 *   state word = times it was set << 1 | whether it is
 *
 * Whoever waits remembers how often the flag had been set: so `set` followed at once by `clear` lets all go who waited
 * then. To set it is one store. Whoever is killed between that and waking the others delays them until they look by
 * themselves.
 */

import type { Block } from '../../memory/block.ts';
import { Latch } from '../../memory/latch.ts';
import type { WaitOptions } from '../../options.ts';
import { Line, type Waited } from '../line.ts';
import { WAIT_LIST_WORDS, WaitList } from '../wait-list.ts';

const LATCH = 0;
const STATE = 1;
const LIST = 2;

export const EVENT_WORDS: number = LIST + WAIT_LIST_WORDS;

const IS_SET = 1;

export class EventCore implements Waited<true, number> {
  readonly lateness = 'The event was not set';
  readonly #words: Int32Array;
  readonly #state: number;
  readonly #latch: Latch;
  readonly #list: WaitList;
  readonly #line: Line<true, number>;

  constructor(block: Block, base: number) {
    this.#words = block.words;
    this.#state = base + STATE;
    this.#latch = new Latch(block.words, base + LATCH);
    this.#list = new WaitList(block, base + LIST);
    this.#line = new Line(this.#list, this);
  }

  get isSet(): boolean {
    return (this.#load() & IS_SET) !== 0;
  }

  set(): void {
    this.#latch.lock();
    const state = this.#load();
    // Set already: nobody who waits has missed it.
    if ((state & IS_SET) === 0) {
      Atomics.store(this.#words, this.#state, (state + 2) | IS_SET);
      this.#list.rouseAll();
    }
    this.#latch.unlock();
    this.#line.serve();
  }

  clear(): void {
    Atomics.and(this.#words, this.#state, ~IS_SET);
  }

  async wait(options: WaitOptions): Promise<void> {
    await this.#line.wait(options, this.#load());
  }

  waitSync(timeout: number | undefined): void {
    this.#line.waitSync(timeout, this.#load());
  }

  // ── for those who wait ──────────────────────────────────────────────────────────────────────────────────

  join(): boolean {
    this.#latch.lock();
    const joined = this.#list.join();
    this.#latch.unlock();
    return joined;
  }

  attempt(before: number): true | undefined {
    const state = this.#load();
    if ((state & IS_SET) === 0 && state >> 1 === before >> 1) return undefined;
    this.quit();
    return true;
  }

  quit(): undefined {
    this.#latch.lock();
    this.#list.leave(true);
    this.#latch.unlock();
  }

  inspect(): void {
    this.#latch.lock();
    this.#list.reclaim();
    this.#latch.unlock();
  }

  #load(): number {
    return Atomics.load(this.#words, this.#state);
  }
}
