/**
 * When the host looks for answers, when it sleeps, and whom it wakes.
 *
 * To wake a worker costs more than a small task does altogether. So it wakes one for what is quick, and one for each
 * task that is slow or not known yet. Tasks that nobody takes while the host looks on get more workers woken, one after
 * the other, also once the host itself sleeps: so a quick function that turns slow holds the others up for a moment
 * only, and a crowd of workers is not woken for what two can do.
 */

import { ACTIVE, type Board, HOST_SLEEP } from '../../memory/board.ts';
import { SEARCHING, WORKER_SLEEP } from '../../memory/lane.ts';
import { ASLEEP, lieDown, mustRouse, rise } from '../../memory/parking.ts';
import { LATER, SOON } from '../channel.ts';
import type { Desks } from './desks.ts';
import { Patience } from './patience.ts';

/** A task that takes longer than this is worth waking a worker for; in ms. */
export const QUICK_MS = 0.05;
/** So much of quick work per worker that is awake; beyond it another one is woken. */
const BEHIND_MS = 0.3;
/** When tasks lie untaken and the host has gone to sleep over them: how long until it wakes one more worker. */
const STALL_MS = 1;
/** Milliseconds of settling in a row before the rest of the program gets its turn. */
const SLICE_MS = 1;
const TURNS_BETWEEN_LOOKS = 16;

export class Watch {
  readonly #board: Board;
  readonly #desks: Desks;
  readonly #cores: number;
  readonly #onWake: () => void;
  readonly #patience = new Patience();
  /** What a task takes, by the last ones mostly; in ms. */
  #pace = 0;
  /** Something was settled of late. */
  #progress = false;
  #turns = 0;
  #sliceEnd = 0;
  #asleep = false;
  /** A `waitAsync` of an earlier sleep still waits: a rousing now would end that one. */
  #listening = false;
  #stallTimer: NodeJS.Timeout | undefined;
  #isStalled = false;

  /** @param onWake the host was roused: there may be something to collect. */
  constructor(board: Board, desks: Desks, cores: number, onWake: () => void) {
    this.#board = board;
    this.#desks = desks;
    this.#cores = cores;
    this.#onWake = onWake;
  }

  /** The host is up, whatever it was that woke it. */
  rise(): void {
    if (!this.#asleep) return;
    this.#asleep = false;
    rise(this.#board.words, HOST_SLEEP);
  }

  /** A task took so many ms. */
  note(ms: number): void {
    this.#pace += (ms - this.#pace) / 16;
  }

  /** So many answers were found. */
  collected(taken: number): void {
    this.#progress = taken > 0;
  }

  /**
   * Wakes a worker for each task that is slow, or that nobody knows yet. What is quick is left to those who are awake,
   * as long as they can keep up with it.
   *
   * @param slow how many of those that were just put up are not known to be quick.
   * @param out all that are up or taken.
   * @throws CorruptedMemoryError
   */
  rouseForNew(slow: number, out: number): void {
    if (this.#isStalled) {
      this.#isStalled = false;
      if (this.#board.unclaimed > 0) this.#rouse(1);
    }
    if (slow === 0 && this.#progress && out * this.#pace < BEHIND_MS) return;
    const up = this.#board.unclaimed;
    if (up === 0) return;
    const behind = Math.min(this.#cores, Math.max(1, Math.ceil((up * this.#pace) / BEHIND_MS)));
    const wanted = Math.max(Math.min(slow, up), behind - Atomics.load(this.#board.words, ACTIVE));
    let searching = 0;
    for (const { lane } of this.#desks.all) if (lane.state === SEARCHING) searching += 1;
    if (wanted > searching) this.#rouse(wanted - searching);
    else if (wanted <= 0 && !this.#progress && searching === 0) this.#rouse(1);
  }

  /** Wakes so many workers, or all that sleep; says how many that were. */
  #rouse(wanted: number): number {
    let roused = 0;
    for (const { worker, lane, retiring } of this.#desks.all) {
      if (roused >= wanted) break;
      if (retiring || !mustRouse(lane.words, WORKER_SLEEP)) continue;
      worker.rouse?.();
      roused += 1;
    }
    return roused;
  }

  /**
   * Nothing was found, though tasks are out. Looks for more as long as that is worth it.
   *
   * @returns whether there is something now.
   */
  look(): boolean {
    // Whoever spins when all processors have work to do keeps others from doing it.
    if (Atomics.load(this.#board.words, ACTIVE) >= this.#cores) return false;
    if (!this.#patience.isWorthALook) return false;
    if (this.#patience.look(this.#isAnything)) return true;
    // Nothing came back for as long as that: whoever is awake is busy with something that is not so quick.
    if (this.#board.unclaimed > 0) this.#rouse(1);
    return false;
  }

  /** Something was settled. The clock is looked at only now and then. */
  next(): typeof SOON | typeof LATER {
    this.#turns += 1;
    if (this.#turns % TURNS_BETWEEN_LOOKS !== 0) return SOON;
    const now = performance.now();
    if (now < this.#sliceEnd) return SOON;
    this.#sliceEnd = now + SLICE_MS;
    return LATER;
  }

  /** Goes to sleep. False: there is something to do after all. @throws CorruptedMemoryError */
  sleep(): boolean {
    if (this.#board.unclaimed > 0) this.#leaveToWorkers();
    lieDown(this.#board.words, HOST_SLEEP);
    if (this.#isAnything()) {
      rise(this.#board.words, HOST_SLEEP);
      return false;
    }
    this.#asleep = true;
    return this.#listen();
  }

  /**
   * Tasks that are up are taken by those who are awake. If they are not, since what is run turns out to be slow, others are
   * woken one after the other: it may be over soon, and to wake all of them would cost more than it gives.
   */
  #leaveToWorkers(): void {
    if (Atomics.load(this.#board.words, ACTIVE) <= 0) this.#rouse(1);
    if (this.#stallTimer !== undefined || !this.#doesAnySleep()) return;
    this.#stallTimer = setTimeout(() => {
      this.#stallTimer = undefined;
      this.#isStalled = true;
      this.#onWake();
    }, STALL_MS);
  }

  #doesAnySleep(): boolean {
    return this.#desks.all.some(
      ({ lane, retiring }) => !retiring && Atomics.load(lane.words, WORKER_SLEEP) === ASLEEP,
    );
  }

  /** Processes send a message instead, see `WorkerHost.rousePool`. */
  #listen(): boolean {
    const { region } = this.#board;
    if (region.waitAsync === undefined || this.#listening) return true;
    const waiting = region.waitAsync(HOST_SLEEP, ASLEEP);
    // Roused already: what comes next is seen in the next turn.
    if (!waiting.async) return false;
    this.#listening = true;
    void waiting.value.then(() => {
      this.#listening = false;
      this.#onWake();
    });
    return true;
  }

  readonly #isAnything = (): boolean => {
    for (const { lane, broken } of this.#desks.all) if (lane.any && !broken) return true;
    return false;
  };

  close(): void {
    clearTimeout(this.#stallTimer);
  }
}
