/** Those who wait until all items are done. */

import type { Block } from '../memory/block.ts';
import type { WaitOptions } from '../options.ts';
import { Line, type Waited } from '../sync/line.ts';
import { WaitList } from '../sync/wait-list.ts';
import { nothing } from './getters.ts';
import { JOINERS } from './layout.ts';
import type { QueueState } from './state.ts';

export class Joiners implements Waited<true> {
  readonly kind = 'queue';
  readonly lateness = 'Not all items of the queue were done';
  readonly #state: QueueState;
  readonly #list: WaitList;
  readonly #line: Line<true>;

  constructor(state: QueueState, block: Block) {
    this.#state = state;
    this.#list = new WaitList(block, JOINERS);
    this.#line = new Line(this.#list, this);
  }

  wait(options: WaitOptions): Promise<true> {
    return this.#line.wait(options, undefined);
  }

  waitSync(timeout: number | undefined): true {
    return this.#line.waitSync(timeout, undefined);
  }

  serve(): void {
    this.#line.serve();
  }

  /** If all is done: lets all go who wait now, whatever is put after. Under the latch. */
  release(): void {
    if (this.#state.unfinished > 0) return;
    while (this.#list.give());
  }

  join(): boolean {
    this.#state.lock();
    const joined = this.#list.join();
    this.#state.unlock();
    return joined;
  }

  attempt(): true | undefined {
    if (!this.#list.hasNews && this.#state.unfinished > 0) return undefined;
    this.#state.lock();
    this.release();
    const done = this.#notice();
    this.#state.unlock();
    return done;
  }

  attemptOutside(): true | undefined {
    return this.#state.unfinished <= 0 || undefined;
  }

  quit(isTold: boolean): true | undefined {
    this.#state.lock();
    const done = this.#notice();
    if (done === undefined) this.#list.leave(false);
    this.#state.unlock();
    return isTold ? undefined : done;
  }

  inspect(): void {
    this.#state.lock();
    this.#list.reclaim(nothing);
    this.release();
    this.#state.unlock();
  }

  #notice(): true | undefined {
    return this.#list.notice() && this.#list.giveBack() ? true : undefined;
  }
}
