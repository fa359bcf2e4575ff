/**
 * Who may run a task that lies ready in a worker's hands: whoever claims it first.
 *
 * To keep a worker busy it is sent more tasks than it can run at once. But it may get stuck on a slow one,
 * and the tasks behind it should then go to somebody else, be cancelled, or make way for more urgent ones,
 * while the worker is deaf to messages. So the right to run a task is a word in memory that both sides see:
 *
 *                 pool: offer            worker: claim
 *        0  ───────────────────▶ 2n+1 ─────────────────▶ 2n+2      n: the number of the offer
 *        ▲                        │                        │
 *        └──── pool: revoke ──────┘                        │
 *        └──────────────── pool: release ──────────────────┘
 *
 * Invariants
 * 1. `claim` and `revoke` are one compare-and-exchange each on the same word, so exactly one of them wins.
 * 2. The word holds the number of the offer, so a message that was overtaken (revoked, slot given to another
 *    task) claims nothing: its number is not there any more. The worker drops it without a word. The task's
 *    own number would not do: a task that was taken back may be offered again in the same slot, and would
 *    then run in its old place in line, before the urgent one that it was taken back for.
 * 3. Only the pool offers, revokes and releases; only the worker claims.
 *
 * A ticket is slot and number in one; it is all that either side has to remember.
 */

/**
 * Tasks that may lie in one worker's hands. More would hide a longer round trip; 64 hide a millisecond of
 * no-ops.
 */
export const CLAIM_SLOTS = 64;

/** Numbers in words wrap here; two offers that far apart are never in one worker's hands. */
const NUMBERS = 2 ** 29;

const slotOf = (ticket: number): number => ticket % CLAIM_SLOTS;
const offered = (ticket: number): number => Math.floor(ticket / CLAIM_SLOTS) * 2 + 1;
const claimed = (ticket: number): number => offered(ticket) + 1;

/** The pool's side. */
export interface Claims {
  /** Slots that are free. */
  readonly free: number;
  /**
   * Takes a slot for a task, and gives a ticket that no message before has carried; only while some are free.
   */
  offer(): number;
  /** Takes the task back; false when the worker has claimed it. */
  revoke(ticket: number): boolean;
  /** Has the worker claimed it? */
  isClaimed(ticket: number): boolean;
  /** The task is over, or was revoked. */
  release(ticket: number): void;
}

/** Claims in a piece of memory that threads share. */
export class SharedClaims implements Claims {
  readonly words: Int32Array;
  readonly #free: number[];
  #number = 0;

  constructor() {
    this.words = new Int32Array(new SharedArrayBuffer(CLAIM_SLOTS * Int32Array.BYTES_PER_ELEMENT));
    this.#free = Array.from({ length: CLAIM_SLOTS }, (_, slot) => slot);
  }

  get free(): number {
    return this.#free.length;
  }

  offer(): number {
    const slot = this.#free.pop();
    if (slot === undefined) throw new RangeError('No claim slot is free');
    this.#number = (this.#number + 1) % NUMBERS;
    const ticket = this.#number * CLAIM_SLOTS + slot;
    Atomics.store(this.words, slot, offered(ticket));
    return ticket;
  }

  revoke(ticket: number): boolean {
    const word = offered(ticket);
    return Atomics.compareExchange(this.words, slotOf(ticket), word, 0) === word;
  }

  isClaimed(ticket: number): boolean {
    return Atomics.load(this.words, slotOf(ticket)) === claimed(ticket);
  }

  release(ticket: number): void {
    const slot = slotOf(ticket);
    Atomics.store(this.words, slot, 0);
    this.#free.push(slot);
  }
}

/** The worker's side: whether it may run the task now. */
export function claim(words: Int32Array, ticket: number): boolean {
  const word = offered(ticket);
  return Atomics.compareExchange(words, slotOf(ticket), word, claimed(ticket)) === word;
}
