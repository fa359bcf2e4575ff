import { BrokenBarrierError } from '../../../errors.ts';
import { checkCount, checkDuration } from '../../../options.ts';
import type { TaskReference } from '../../../tasks/reference.ts';
import { resolveTask } from '../../../tasks/resolve.ts';
import { thisCall } from './call.ts';
import { Waiters } from './waiters.ts';

interface Round {
  /** How many have come. */
  count: number;
  readonly waiters: Waiters<number, number>;
}

const newRound = (): Round => ({ count: 0, waiters: new Waiters() });

/**
 *      a party comes, and waits ...  the last one comes ── action ──▶ all go, and the next round is on
 *               │ gives up, or its connection ends         │ throws
 *               ▼                                          ▼
 *             broken: all who wait and who come fail, until reset()
 */
export class Barrier {
  readonly #parties: number;
  readonly #action: TaskReference | undefined;
  readonly #timeout: number | undefined;
  #round = newRound();
  /** The round whose action runs. Its parties have come, but do not go yet. */
  #leaving: Round | undefined;
  #broken = false;

  constructor(parties: number, action?: TaskReference, timeout?: number) {
    if (parties === undefined) throw new TypeError('parties must be a number, received undefined');
    checkCount('parties', parties, 1);
    checkDuration('timeout', timeout);
    this.#parties = parties;
    this.#action = action;
    this.#timeout = timeout;
  }

  async wait(timeout: number | undefined = this.#timeout): Promise<number> {
    const { signal } = thisCall();
    if (this.#broken) throw broken();
    const round = this.#round;
    const index = round.count;
    round.count += 1;
    if (round.count < this.#parties) {
      return await round.waiters.wait(index, { timeout, signal }, 'Not all parties came', () =>
        this.#breakUp(),
      );
    }
    this.#round = newRound();
    this.#leaving = round;
    try {
      if (this.#action !== undefined) await (await resolveTask(this.#action))();
    } catch (error) {
      this.#breakUp();
      throw error;
    } finally {
      if (this.#leaving === round) this.#leaving = undefined;
    }
    for (let next = round.waiters.take(); next !== undefined; next = round.waiters.take()) {
      next.resolve(next.who);
    }
    return index;
  }

  reset(): void {
    this.#breakUp();
    this.#broken = false;
  }

  abort(): void {
    this.#breakUp();
  }

  parties(): number {
    return this.#parties;
  }

  waiting(): number {
    return this.#broken ? 0 : this.#round.waiters.size;
  }

  broken(): boolean {
    return this.#broken;
  }

  #breakUp(): void {
    this.#broken = true;
    const rounds = [this.#leaving, this.#round];
    this.#round = newRound();
    for (const round of rounds) round?.waiters.rejectAll(broken);
  }
}

function broken(): BrokenBarrierError {
  return new BrokenBarrierError('The barrier is broken: a party gave up, ended, or aborted it');
}
