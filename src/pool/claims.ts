/**
 * Who may run a task that lies ready in a worker's hands: whoever claims it first.
 *
 * To keep a worker busy it is sent more tasks than it can run at once. But it may get stuck on a slow one, and the
 * tasks behind it should then go to somebody else, be cancelled, or make way for more urgent ones, while the
 * worker is deaf to messages. So the right to run a task is a word in memory that both sides see:
 *
 *                 pool: offer            worker: claim
 *        0  ───────────────────▶ 2n+1 ─────────────────▶ 2n+2
 *        ▲                        │                        │
 *        └──── pool: revoke ──────┘                        │
 *        └──────────────── pool: release ──────────────────┘
 *
 * Invariants
 * 1. `claim` and `revoke` are one compare-and-exchange each on the same word, so exactly one of them wins.
 * 2. The word holds the task's number, so a message that was overtaken (revoked, slot given to another task) claims
 *    nothing: its number is not there any more. The worker drops it without a word.
 * 3. Only the pool offers, revokes and releases; only the worker claims.
 */

/** Tasks that may lie in one worker's hands. More would hide a longer round trip; 64 hide a millisecond of no-ops. */
export const CLAIM_SLOTS = 64;

/** Numbers in words wrap here; two tasks that far apart are never in one worker's hands. */
const NUMBERS = 2 ** 29;

const offered = (id: number): number => (id % NUMBERS) * 2 + 1;
const claimed = (id: number): number => (id % NUMBERS) * 2 + 2;

/** The pool's side. */
export interface Claims {
  /** Slots that are free. */
  readonly free: number;
  /** Takes a slot for the task; call only while some are free. */
  offer(id: number): number;
  /** Takes the task back; false when the worker has claimed it. */
  revoke(slot: number, id: number): boolean;
  /** Has the worker claimed it? */
  isClaimed(slot: number, id: number): boolean;
  /** The task is over, or was revoked. */
  release(slot: number): void;
}

/** Claims in a piece of memory that threads share. */
export class SharedClaims implements Claims {
  readonly words: Int32Array;
  readonly #free: number[];

  constructor() {
    this.words = new Int32Array(new SharedArrayBuffer(CLAIM_SLOTS * Int32Array.BYTES_PER_ELEMENT));
    this.#free = Array.from({ length: CLAIM_SLOTS }, (_, slot) => slot);
  }

  get free(): number {
    return this.#free.length;
  }

  offer(id: number): number {
    const slot = this.#free.pop();
    if (slot === undefined) throw new RangeError('No claim slot is free');
    Atomics.store(this.words, slot, offered(id));
    return slot;
  }

  revoke(slot: number, id: number): boolean {
    return Atomics.compareExchange(this.words, slot, offered(id), 0) === offered(id);
  }

  isClaimed(slot: number, id: number): boolean {
    return Atomics.load(this.words, slot) === claimed(id);
  }

  release(slot: number): void {
    Atomics.store(this.words, slot, 0);
    this.#free.push(slot);
  }
}

/** The worker's side: whether it may run the task now. */
export function claim(words: Int32Array, slot: number, id: number): boolean {
  return Atomics.compareExchange(words, slot, offered(id), claimed(id)) === offered(id);
}
