/**
 * A queue, put together: its items (`state.ts`), and those who wait for items, for places, and until all is done. What users
 * see of it are the classes of `thread.ts` and `process.ts`.
 *
 *   put ──▶ Putters ──▶ QueueState ──▶ Getters ──▶ get
 *              ▲  places are promised     │  items are promised to those
 *              '── to those who wait ◀────'  who wait, and they are roused
 *
 * Whoever comes first waits least: what there is goes to those who wait, in the order in which their threads came
 * (`sync/wait-list.ts`), and a newcomer gets something only if nobody waits. To be promised something ends one's waiting, so
 * a thread is roused once for all that it finds when it comes.
 */

import { EmptyError, FullError, InvalidStateError, TimeoutError } from '../errors.ts';
import type { Arena } from '../memory/arena/arena.ts';
import type { ArenaBlock } from '../memory/arena/block.ts';
import { checkDuration, checkWait, type WaitOptions } from '../options.ts';
import { loadKind, UnknownKindError } from '../wire/shareable.ts';
import { Getters } from './getters.ts';
import type { Item, Read } from './items.ts';
import { Joiners } from './joiners.ts';
import { DISCARDING, DRAINING } from './layout.ts';
import { Putters } from './putters.ts';
import type { Comparable } from './sort-key.ts';
import { QueueState } from './state.ts';

const done = Promise.resolve();

export class QueueCore {
  readonly #arena: Arena;
  readonly #state: QueueState;
  readonly #getters: Getters;
  readonly #putters: Putters;
  readonly #joiners: Joiners;

  /** This thread's side of the queue in a block that was formatted. */
  constructor(block: ArenaBlock) {
    const state = new QueueState(block);
    this.#arena = block.arena;
    this.#state = state;
    this.#getters = new Getters(state, block);
    this.#putters = new Putters(state, block, this.#getters);
    this.#getters.putters = this.#putters;
    this.#joiners = new Joiners(state, block);
  }

  get size(): number {
    return this.#state.size;
  }

  get unfinished(): number {
    return this.#state.unfinished;
  }

  get isShutdown(): boolean {
    return !this.#state.isOpen;
  }

  /** 0: no limit. */
  get maxSize(): number {
    return this.#state.maxSize;
  }

  set maxSize(maxSize: number) {
    this.#state.lock();
    this.#state.maxSize = maxSize;
    this.#putters.distribute();
    this.#state.unlock();
    this.#putters.serve();
  }

  // ── put ─────────────────────────────────────────────────────────────────────────────────────────────────

  put(value: unknown, key: Comparable | undefined, hasKey: boolean, options?: WaitOptions): Promise<void> {
    try {
      if (options !== undefined) checkWait(options);
      const item = this.#state.codec.write(value, key, hasKey);
      return this.#tryPut(item) ? done : this.#putLater(item.kept(), options ?? {});
    } catch (error) {
      return Promise.reject(error);
    }
  }

  putSync(value: unknown, key: Comparable | undefined, hasKey: boolean, timeout: number | undefined): void {
    checkDuration('timeout', timeout);
    const item = this.#state.codec.write(value, key, hasKey);
    if (this.#tryPut(item)) return;
    const kept = item.kept();
    try {
      this.#putters.waitSync(kept, timeout);
      this.#isPut(kept);
    } catch (error) {
      this.#state.codec.abandon(kept);
      throw late(error, FullError);
    }
  }

  tryPut(value: unknown, key: Comparable | undefined, hasKey: boolean): boolean {
    const item = this.#state.codec.write(value, key, hasKey);
    const isPut = this.#tryPut(item);
    if (!isPut) this.#state.codec.abandon(item);
    return isPut;
  }

  #tryPut(item: Item): boolean {
    let isPut = false;
    try {
      isPut = this.#putters.tryPut(item);
    } catch (error) {
      this.#state.codec.abandon(item);
      throw error;
    }
    if (isPut) this.#isPut(item);
    return isPut;
  }

  async #putLater(item: Item, options: WaitOptions): Promise<void> {
    try {
      await this.#putters.wait(item, options);
      this.#isPut(item);
    } catch (error) {
      this.#state.codec.abandon(item);
      throw late(error, FullError, options.signal);
    }
  }

  /** The queue has the piece now. */
  #isPut({ piece }: Item): void {
    if (piece !== undefined) this.#arena.drop(piece);
  }

  // ── get ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** An item without waiting, for who can import; `undefined`: none. */
  tryTake(): Read | undefined {
    const read = this.#getters.tryTake(true);
    if (read !== undefined) this.#tidyUp();
    return read;
  }

  /** Waits for an item, after `tryTake()`. */
  async takeLater(options: WaitOptions): Promise<unknown> {
    let read: Read;
    try {
      read = await this.#getters.wait(options);
    } catch (error) {
      throw late(error, EmptyError, options.signal);
    }
    this.#tidyUp();
    return this.valueOf(read);
  }

  /** The value of what was taken; a promise if a module has to be imported for it. */
  valueOf({ value, message }: Read): unknown {
    if (message === undefined) return value;
    try {
      return this.#state.codec.revive(message);
    } catch (error) {
      if (!(error instanceof UnknownKindError)) throw error;
      return loadKind(error).then(() => this.valueOf({ value, message }));
    }
  }

  getSync(timeout: number | undefined): unknown {
    checkDuration('timeout', timeout);
    let read: Read;
    try {
      read = this.#getters.tryTake(false) ?? this.#getters.waitSync(timeout);
    } catch (error) {
      throw late(error, EmptyError);
    }
    this.#tidyUp();
    return this.valueOf(read);
  }

  tryGet(): { readonly value: unknown } | null {
    const read = this.#getters.tryTake(false);
    if (read === undefined) return null;
    this.#tidyUp();
    return { value: this.valueOf(read) };
  }

  #tidyUp(): void {
    this.#state.tidy();
  }

  // ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────

  taskDone(): void {
    const state = this.#state;
    state.lock();
    const isOne = state.finishOne();
    if (isOne) this.#joiners.release();
    state.unlock();
    if (!isOne) {
      throw new InvalidStateError(
        'taskDone() was called more often than items were put: call it once for each item that was got',
      );
    }
    this.#joiners.serve();
  }

  join(options: WaitOptions): Promise<void> {
    return this.#joiners.wait(options).then(() => undefined);
  }

  joinSync(timeout: number | undefined): void {
    this.#joiners.waitSync(timeout);
  }

  // ── the end ─────────────────────────────────────────────────────────────────────────────────────────────

  shutdown(immediate: boolean): void {
    const state = this.#state;
    state.lock();
    state.stage = Math.max(state.stage, immediate ? DISCARDING : DRAINING);
    this.#getters.distribute();
    this.#getters.rouseAll();
    this.#putters.rouseAll();
    this.#joiners.release();
    state.unlock();
    if (immediate) state.discardAll();
    this.#getters.serve();
    this.#putters.serve();
    this.#joiners.serve();
  }
}

/** The library's error for the end of a time, in the words of queues. What a signal gave as its reason is left as it is. */
function late(error: unknown, Late: typeof EmptyError | typeof FullError, signal?: AbortSignal): unknown {
  const isLate = error instanceof TimeoutError && error !== signal?.reason;
  return isLate ? new Late(error.message) : error;
}
