/**
 * What locks tell the search for deadlocks: where one waits, and what one has acquired.
 *
 *   a thread blocks        says so in its records, looks for a circle, and sleeps
 *   a function awaits      P = acquire()        in line for the lock; P is known as a promise for it
 *                          await P              seen by `flows.ts`: now it is known who waits, and what that one holds
 *                          end of its job       says so in the records of its thread, and looks for a circle
 *
 * Only waits without a limit are told of: a time or a signal ends all others, and with them the circle.
 *
 * That a lock is held is what its owner word says; that this function has it, what was followed since it was acquired. What a
 * thread has acquired in the blocking form, or by `tryAcquire`, is known to be the thread's, and not which function's in
 * it: it closes a circle when the thread blocks, and not when its functions await.
 */

import type { DeadlockError } from '../../errors.ts';
import { openArenas } from '../../memory/arena/arenas.ts';
import { ArenaBlock } from '../../memory/arena/block.ts';
import type { Block } from '../../memory/block.ts';
import { ownerWord } from '../../memory/owner.ts';
import type { WaitOptions } from '../../options.ts';
import { findCircle, isSame } from './circles.ts';
import { Flows, type Followed, type Hold } from './flows.ts';
import { detection, learnMode } from './mode.ts';
import { here, type Place, show } from './places.ts';
import { type Lock, Records } from './records.ts';
import { deadlockOf, ownName, warn } from './report.ts';

/** A lock of this thread. */
export interface Watched extends Lock {
  /** For users. */
  readonly name: string;
  /** Which hold of it is the current one. */
  readonly hold: () => number;
  /** Whether this thread still has that hold. */
  readonly isHeld: (hold: number) => boolean;
  /** The last hold that somebody was known to have. */
  known: number;
}

/** `word`: the owner word. `undefined`: such a block is nobody else's. */
export function watched(
  block: Block,
  word: number,
  kind: string,
  { hold, isHeld }: Pick<Watched, 'hold' | 'isHeld'>,
): Watched | undefined {
  if (!(block instanceof ArenaBlock)) return undefined;
  const { arena, generation } = block;
  learnMode(arena);
  const module = arena.reach === 'thread' ? 'threading' : 'multiprocessing';
  return {
    arena,
    word: block.indexOf(word),
    name: `${module}.${kind} #${generation}`,
    hold,
    isHeld,
    known: 0,
  };
}

/** A lock that a function has. */
class Held implements Hold {
  readonly lock: Watched;
  readonly place: Place;
  readonly #number: number;

  constructor(lock: Watched, place: Place) {
    this.lock = lock;
    this.place = place;
    this.#number = lock.hold();
  }

  get isHeld(): boolean {
    return this.lock.isHeld(this.#number);
  }
}

const records = new Records(ownName);
const flows = new Flows<Held>((promise) => waits.get(promise)?.look());

// ── those who block ───────────────────────────────────────────────────────────────────────────────────────

/**
 * Blocks the thread by `wait`, which is to call what it is given when it is in line.
 *
 * @param mustHave it cannot end without the lock
 * @throws DeadlockError
 */
export function blockFor<T>(
  lock: Watched | undefined,
  wait: (joined: () => void) => T,
  mustHave: boolean,
): T {
  if (lock === undefined) return wait(() => undefined);
  const texts = { lock: lock.name, waits: show(here()), acquired: '' };
  const retract = records.publish({ waited: lock, held: undefined, texts });
  try {
    return wait(() => {
      const steps = findCircle(lock, (_, owner) => owner === ownerWord(), openArenas());
      if (steps !== undefined) tell(deadlockOf({ texts, isBlocked: true }, steps), mustHave);
    });
  } finally {
    retract();
  }
}

/** @throws the error, if that is how it is to be told */
function tell(error: DeadlockError, mustHave: boolean): void {
  if (detection.throws && !mustHave) throw error;
  warn(error, true);
}

// ── those who await ───────────────────────────────────────────────────────────────────────────────────────

/** The wait that has just begun. */
let begun: LockWait | undefined;
/** By the number of the promise that somebody may await. */
const waits = new Map<number, LockWait>();

/** A place in line, of a function that awaits. */
class LockWait {
  readonly #lock: Watched;
  readonly #giveUp: ((error: DeadlockError) => void) | undefined;
  readonly #retracts = new Map<Watched, () => void>();
  #followed: Followed<unknown> | undefined;
  #place: Place = {};
  #mustHave = false;
  #isTold = false;

  constructor(lock: Watched, giveUp: ((error: DeadlockError) => void) | undefined) {
    this.#lock = lock;
    this.#giveUp = giveUp;
  }

  /**
   * This promise is not settled before it has the lock.
   *
   * @param mustHave it cannot end without it
   */
  begin(followed: Followed<unknown>, place: Place, mustHave = false): void {
    this.#mustHave = mustHave;
    this.#followed = followed;
    this.#place = place;
    waits.set(followed.id, this);
    this.look();
  }

  end(): void {
    if (this.#followed !== undefined) waits.delete(this.#followed.id);
    this.#followed = undefined;
    for (const retract of this.#retracts.values()) retract();
    this.#retracts.clear();
  }

  /** Says what those hold who wait for it, and looks whether the lock comes back to them. */
  look(): void {
    if (this.#followed === undefined) return;
    const holds = flows.holdsOf(this.#followed);
    if (holds.length === 0) return;
    const lock = this.#lock;
    for (const held of holds) {
      if (this.#retracts.has(held.lock)) continue;
      const edge = { waited: lock, held: held.lock, texts: this.#texts(held) };
      this.#retracts.set(held.lock, records.publish(edge));
    }
    if (this.#isTold) return;
    const me = ownerWord();
    let closing: Held | undefined;
    const closes = (last: Lock, owner: number): boolean => {
      closing = owner === me ? holds.find((held) => isSame(held.lock, last) && held.isHeld) : undefined;
      return closing !== undefined;
    };
    const steps = findCircle(lock, closes, openArenas());
    if (steps === undefined || closing === undefined) return;
    this.#isTold = true;
    const error = deadlockOf({ texts: this.#texts(closing), isBlocked: false }, steps);
    if (this.#giveUp === undefined || this.#mustHave) warn(error, false);
    else this.#giveUp(error);
  }

  #texts({ place }: Held) {
    return { lock: this.#lock.name, waits: show(this.#place), acquired: show(place) };
  }
}

/** Begins to wait in line, by `wait`. To be called in an `acquire` of those below. */
export function awaitFor<T>(
  lock: Watched | undefined,
  options: WaitOptions,
  wait: (options: WaitOptions) => Promise<T>,
): Promise<T> {
  const { timeout = Infinity, signal } = options;
  if (lock === undefined || timeout !== Infinity || signal !== undefined) return wait(options);
  const aborting = detection.throws ? new AbortController() : undefined;
  begun = new LockWait(lock, aborting && ((error) => aborting.abort(error)));
  return wait(aborting === undefined ? options : { signal: aborting.signal });
}

/** What users get of an `acquire`: whoever awaits it has the lock then, and waits for it until then. */
export function acquireSeen<T>(lock: Watched | undefined, acquire: () => Promise<T>): Promise<T> {
  if (lock === undefined) return acquire();
  flows.start();
  const place = here();
  return flows.quietly(() => {
    const [acquired, wait] = begin(acquire);
    const followed = flows.follow(acquired, (isHere) => {
      wait?.end();
      if (!isHere || lock.known === lock.hold()) return;
      lock.known = lock.hold();
      flows.grant(followed, new Held(lock, place));
    });
    wait?.begin(followed, place);
    return followed.promise;
  });
}

/** How one that waits for something else says that it now waits for a lock that it must have. */
export type Resuming = (resume: () => Promise<void>) => Promise<void>;

/** What users get of a wait that ends with a lock, which its function had before. */
export function resumeSeen(wait: (resuming: Resuming) => Promise<void>): Promise<void> {
  flows.start();
  const place = here();
  return flows.quietly(() => {
    const waited = wait((resume) =>
      flows.quietly(() => {
        const [resumed, lockWait] = begin(resume);
        lockWait?.begin(followed, place, true);
        return resumed.finally(() => lockWait?.end());
      }),
    );
    const followed = flows.follow(waited, () => undefined);
    return followed.promise;
  });
}

function begin<T>(start: () => Promise<T>): [Promise<T>, LockWait | undefined] {
  begun = undefined;
  const started = start();
  const wait = begun;
  begun = undefined;
  return [started, wait];
}
