/**
 * In the place of `src/sync/line.ts`. Those who block are served by the real code. For those who await its steps are taken
 * here, one for one, without promises, as a run of a model cannot wait for these: what the event loop would do next is
 * a message of a side to itself.
 */

import { Line as RealLine, type Waited } from '../../../src/sync/line.ts';
import type { WaitList } from '../../../src/sync/wait-list.ts';
import { SELF, type Self } from '../../memory/model-region.ts';

export const TURN = 'turn';
const SLICE_MS = 100;

interface Waiter<T> {
  readonly onValue: (value: T) => void;
  readonly onError: (error: unknown) => void;
}

export interface Loop<T> {
  /** Somebody of this thread awaits. */
  add(waiter: Waiter<T>): void;
  /** The time of the last one is over. */
  leave(): void;
  /** To be called for each turn. */
  turn(): void;
  /** A slice is over. */
  slice(): void;
  readonly waiting: number;
}

/** The lines that were made, the last of them last. */
const lines: unknown[] = [];

/** The line that was made last, and the event loop of the side that runs, as far as it has to do with that line. */
export function lineOf<T>(self: Self): Loop<T> & Pick<RealLine<T, undefined>, 'waitSync'> {
  const line = lines.at(-1) as Line<T, undefined>;
  line.self = self;
  lines.length = 0;
  return line;
}

export class Line<T, C> extends RealLine<T, C> implements Loop<T> {
  readonly #list: WaitList;
  readonly #waited: Waited<T, C>;
  readonly #waiters: Array<Waiter<T>> = [];
  #attending = false;
  #sleeps = 0;
  #isAsleep = false;
  /** They end for those only who sleep. */
  #slicesDue = 0;
  self: Self | undefined;

  constructor(list: WaitList, waited: Waited<T, C>) {
    super(list, waited);
    this.#list = list;
    this.#waited = waited;
    lines.push(this);
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  add(waiter: Waiter<T>): void {
    // In a model there is always room.
    this.#waited.join(undefined as C);
    this.#waiters.push(waiter);
    this.serve();
    if (this.#waiters.length > 0 && !this.#attending) {
      this.#attending = true;
      this.self?.send(SELF, TURN);
    }
  }

  override serve(): void {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      try {
        const value = this.#waited.attempt(undefined as C);
        if (value === undefined) return;
        this.#remove(waiter);
        waiter.onValue(value);
      } catch (error) {
        this.#refuse(waiter, error);
      }
    }
  }

  leave(): void {
    const waiter = this.#waiters.at(-1);
    if (waiter === undefined) return;
    try {
      this.#waited.inspect();
    } catch (error) {
      this.#refuse(waiter, error);
      return;
    }
    this.serve();
    if (!this.#waiters.includes(waiter)) return;
    this.#remove(waiter);
    const atLast = this.#waited.quit(false);
    if (atLast !== undefined) waiter.onValue(atLast);
  }

  /** The body of `#attend`, from where the turns end. */
  turn(): void {
    this.serve();
    if (this.#waiters.length > 0) {
      this.#list.lieDown();
      this.serve();
    }
    if (this.#waiters.length === 0) {
      this.#list.rise();
      this.#attending = false;
      return;
    }
    this.#isAsleep = true;
    this.#sleeps += 1;
    const sleep = this.#sleeps;
    this.#list.sleep(SLICE_MS, () => this.#wake(sleep));
    if (this.#slicesDue === 0) return;
    this.#slicesDue -= 1;
    this.slice();
  }

  slice(): void {
    if (!this.#isAsleep) {
      this.#slicesDue += 1;
      return;
    }
    try {
      this.#waited.inspect();
    } catch (error) {
      const waiter = this.#waiters[0];
      if (waiter !== undefined) this.#refuse(waiter, error);
    }
    this.#wake(this.#sleeps);
  }

  #wake(sleep: number): void {
    if (!this.#isAsleep || sleep !== this.#sleeps) return;
    this.#isAsleep = false;
    this.self?.send(SELF, TURN);
  }

  #refuse(waiter: Waiter<T>, error: unknown): void {
    this.#remove(waiter);
    this.#waited.quit(true);
    waiter.onError(error);
  }

  #remove(waiter: Waiter<T>): void {
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    if (this.#waiters.length === 0 && this.#attending) this.#list.wakeUp();
  }
}
