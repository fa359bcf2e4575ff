/** Those who wait for an item. Items are promised to them in the order in which they came; which one it is shows later. */

import { ShutDownError } from '../errors.ts';
import type { Block } from '../memory/block.ts';
import type { WaitOptions } from '../options.ts';
import { Line, type Waited } from '../sync/line.ts';
import { WaitList } from '../sync/wait-list.ts';
import type { Read } from './items.ts';
import { GETTERS, GETTERS_PROMISED, OPEN } from './layout.ts';
import { Promises } from './promises.ts';
import type { Putters } from './putters.ts';
import type { QueueState } from './state.ts';

/** Whether who waits can import a module that an item needs, or blocks the thread. */
type CanImport = boolean;

export class Getters implements Waited<Read, CanImport> {
  readonly kind = 'queue';
  readonly lateness = 'Nothing was put on the queue';
  readonly #state: QueueState;
  readonly #list: WaitList;
  readonly #promises: Promises;
  readonly #line: Line<Read, CanImport>;
  /** Those to whom a free place goes. */
  putters: Putters | undefined;

  constructor(state: QueueState, block: Block) {
    this.#state = state;
    this.#list = new WaitList(block, GETTERS);
    this.#promises = new Promises(this.#list, block.words, GETTERS_PROMISED, () => state.count);
    this.#line = new Line(this.#list, this);
  }

  wait(options: WaitOptions): Promise<Read> {
    return this.#line.wait(options, true);
  }

  waitSync(timeout: number | undefined): Read {
    return this.#line.waitSync(timeout, false);
  }

  /** Lets those of this thread look who await. Without the latch. */
  serve(): void {
    this.#line.serve();
  }

  /** An item without waiting. `undefined`: there is none, or only for those who wait already. */
  tryTake(canImport: CanImport): Read | undefined {
    const state = this.#state;
    state.lock();
    try {
      if (this.#list.isWaitedFor) this.distribute();
      if (this.#promises.left <= 0) {
        if (this.#isOver) throw shutDown();
        return undefined;
      }
      if (!canImport) this.#checkKinds();
      this.#take();
    } finally {
      state.unlock();
    }
    return this.#read();
  }

  // ── under the latch ─────────────────────────────────────────────────────────────────────────────────────

  /** Promises what there is to those who wait. */
  distribute(): void {
    this.#promises.distribute();
  }

  /** After a shutdown: all are to look. */
  rouseAll(): void {
    this.#list.rouseAll();
  }

  /** Nothing will come any more for those who have not been promised anything. */
  get #isOver(): boolean {
    return this.#state.stage !== OPEN;
  }

  #take(): void {
    this.#state.take();
    this.putters?.distribute();
  }

  #checkKinds(): void {
    const { unknown } = this.#state;
    if (unknown !== undefined) throw unknown;
  }

  // ── for those who wait ──────────────────────────────────────────────────────────────────────────────────

  join(): boolean {
    this.#state.lock();
    const joined = this.#list.join();
    this.#state.unlock();
    return joined;
  }

  attempt(canImport: CanImport): Read | undefined {
    const state = this.#state;
    if (!this.#list.hasNews && state.size === 0 && state.isOpen) return undefined;
    state.lock();
    try {
      this.distribute();
      if (!this.#list.hasNews || state.count === 0) {
        if (this.#isOver) throw shutDown();
        return undefined;
      }
      if (!canImport) this.#checkKinds();
      this.#list.notice();
      // The item first: whoever dies in between has it, and the promise comes back.
      this.#take();
      this.#list.giveBack();
    } finally {
      state.unlock();
    }
    return this.#read();
  }

  attemptOutside(canImport: CanImport): Read | undefined {
    return this.tryTake(canImport);
  }

  quit(isTold: boolean): Read | undefined {
    const state = this.#state;
    state.lock();
    try {
      if (!this.#list.notice()) {
        this.#list.leave(false);
        return undefined;
      }
      if (isTold || state.count === 0 || state.unknown !== undefined) {
        this.#list.giveBack();
        this.distribute();
        return undefined;
      }
      this.#take();
      this.#list.giveBack();
    } finally {
      state.unlock();
    }
    return this.#read();
  }

  inspect(): void {
    this.#state.lock();
    this.#list.reclaim(nothing);
    this.distribute();
    this.putters?.distribute();
    this.#state.unlock();
  }

  #read(): Read {
    const read = this.#state.read();
    this.putters?.serve();
    return read;
  }
}

/** What the dead were promised is free by their cells being freed. */
export function nothing(): void {}

export function shutDown(): ShutDownError {
  return new ShutDownError('The queue was shut down');
}
