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
import { checkWait, type WaitOptions } from '../../options.ts';
import { Line, type Waited } from '../line.ts';
import { WAIT_LIST_WORDS, WaitList } from '../wait-list.ts';

const STATE = 0;
const LIST = 1;

export const EVENT_WORDS: number = LIST + WAIT_LIST_WORDS;

const IS_SET = 1;

export class EventCore implements Waited<true, number> {
  readonly kind = 'event';
  readonly lateness = 'The event was not set';
  readonly #words: Int32Array;
  readonly #state: number;
  readonly #list: WaitList;
  readonly #line: Line<true, number>;

  constructor(block: Block, base: number) {
    this.#words = block.words;
    this.#state = base + STATE;
    this.#list = new WaitList(block, base + LIST);
    this.#line = new Line(this.#list, this);
  }

  get isSet(): boolean {
    return (this.#load() & IS_SET) !== 0;
  }

  set(): void {
    this.#list.underLatch(() => {
      const state = this.#load();
      // Set already: nobody who waits has missed it.
      if ((state & IS_SET) !== 0) return;
      Atomics.store(this.#words, this.#state, (state + 2) | IS_SET);
      this.#list.rouseAll();
    });
    this.#line.serve();
  }

  clear(): void {
    Atomics.and(this.#words, this.#state, ~IS_SET);
  }

  async wait(options: WaitOptions): Promise<void> {
    checkWait(options);
    const before = this.#load();
    if ((before & IS_SET) === 0) await this.#line.wait(options, before);
  }

  waitSync(timeout: number | undefined): void {
    const before = this.#load();
    if ((before & IS_SET) === 0) this.#line.waitSync(timeout, before);
  }

  // ── for those who wait ──────────────────────────────────────────────────────────────────────────────────

  join(): boolean {
    return this.#list.underLatch(() => this.#list.join());
  }

  attempt(before: number): true | undefined {
    if (this.attemptOutside(before) === undefined) return undefined;
    this.quit();
    return true;
  }

  attemptOutside(before: number): true | undefined {
    const state = this.#load();
    return (state & IS_SET) === 0 && state >> 1 === before >> 1 ? undefined : true;
  }

  quit(): undefined {
    this.#list.underLatch(() => this.#list.leave(true));
  }

  inspect(): void {
    this.#list.underLatch(() => this.#list.reclaim(() => undefined));
  }

  #load(): number {
    return Atomics.load(this.#words, this.#state);
  }
}
