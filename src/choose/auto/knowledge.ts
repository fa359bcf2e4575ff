/**
 * What is known of one function: how long it keeps an event loop busy, whether it waits, and what harm it did.
 *
 * It is learnt from measured calls, which are few: all of them while little is known, then one now and then, since a
 * function may change. What counts is what a call *typically* takes, the median of the last few: a mean would be ruled by
 * the first call, which compiles, and by the one that a busy machine interrupted.
 */

import type { Measurement } from '../../futures/engine.ts';

/** What a choice is made by; see `placement.ts`. */
export interface Known {
  /** Calls that were measured to their end, since the function last did harm. */
  readonly samples: number;
  /** It returned a promise at least once; undefined before any call has returned. */
  readonly asynchronous: boolean | undefined;
  /** Milliseconds for which a call typically keeps its event loop busy; undefined before one was measured. */
  readonly busy: number | undefined;
  /** How often it blocked the program's event loop for longer than it may. */
  readonly strikes: number;
  /** How often it took its worker along, alone on it. */
  readonly crashes: number;
  /** Its worker died when it was one of several on it: which of them did it has to be found out. */
  readonly suspect: boolean;
  /** A call has blocked the event loop, which may have had another reason. */
  readonly doubted: boolean;
  /** Where it runs now. */
  readonly place: Place;
}

/**
 * - `inline`: on the event loop of the caller, at once, one after the other.
 * - `event-loop`: there too, many awaiting at once.
 * - `thread`: alone on a worker thread.
 * - `shared-thread`: on a worker thread, many awaiting at once.
 * - `process`: alone in a worker process.
 */
export type Place = 'inline' | 'event-loop' | 'thread' | 'shared-thread' | 'process';

/** Samples of which the median is taken. More would be slower to see a change, fewer would believe an outlier. */
const KEPT = 5;

/** What one sample changes the means by. */
const WEIGHT = 1 / 4;

/** Calls, and milliseconds, after which a known function is measured again, whichever comes first. */
const CALLS_BETWEEN = 64;
const MS_BETWEEN = 10;

/** A call that takes so many times what is typical has the next one looked at as well. */
const CHANGED = 4;

/** Calls on the event loop after which the first one is measured elsewhere again. */
const CALLS_ELSEWHERE = 256;

/** Calls in which a function must not block the event loop twice. */
const DOUBT_CALLS = 1000;

/** Milliseconds below which a call that is measured clears a function of having blocked the event loop. */
const CLEARED_MS = 1;

/** A suspect is cleared by so many calls that its worker survives. */
const CLEARED_BY = 8;

/** One of so many quick calls on the event loop is noted: a note costs as much again as the guard around the call. */
const NOTED = 16;

export class Knowledge implements Known {
  readonly name: string;
  place: Place = 'thread';
  /** Why it is there, in a few words. */
  why = 'nothing is known of it yet';
  /** Calls that were submitted; the items of a map count each. */
  calls = 0;
  samples = 0;
  asynchronous: boolean | undefined = undefined;
  strikes = 0;
  crashes = 0;
  suspect = false;
  doubted = false;
  /** Means, for people: of what a call took in all, of what it kept a loop busy, and of how far the latter strayed. */
  wall: number | undefined = undefined;
  meanBusy: number | undefined = undefined;
  spread = 0;
  #recent: number[] = [];
  #next = 0;
  #median: number | undefined;
  #sinceSample = 0;
  #sampledAt = -Infinity;
  /** Calls that are being measured. */
  #measuring = 0;
  #survived = 0;
  /** What `calls` was then. */
  #doubtedAt = -Infinity;
  #here = 0;
  #sinceElsewhere = 0;
  #untilElsewhere = CALLS_ELSEWHERE;

  constructor(name: string) {
    this.name = name;
  }

  get busy(): number | undefined {
    return this.#median;
  }

  /** Whether the next call on a worker is to be measured. */
  shouldMeasure(now: number): boolean {
    this.#sinceSample += 1;
    const isNew = this.doubted || this.samples + this.#measuring < KEPT;
    if (!isNew && this.#sinceSample < CALLS_BETWEEN && now - this.#sampledAt < MS_BETWEEN) return false;
    if (this.#measuring >= KEPT) return false;
    this.#measuring += 1;
    this.#sinceSample = 0;
    this.#sampledAt = now;
    return true;
  }

  /**
   * Whether the next call of a function that awaits on the event loop is to be measured on a worker instead, since there it
   * can be seen what it does after it has awaited. More and more seldom, as workers may have to be started for it.
   */
  isDueElsewhere(): boolean {
    this.#sinceElsewhere += 1;
    if (this.#sinceElsewhere < this.#untilElsewhere) return false;
    this.#sinceElsewhere = 0;
    this.#untilElsewhere *= 2;
    this.#sampledAt = -Infinity;
    return true;
  }

  /** A call, or a chunk of so many, was measured on a worker. */
  learn({ asynchronous, blocked, busy, wall }: Measurement, calls = 1): void {
    // Once is enough: a function that awaits only if it has to must have room to await.
    this.asynchronous = asynchronous || this.asynchronous === true;
    const each = busy / Math.max(1, calls);
    if (this.doubted) {
      // On the event loop it can only be seen until it returns, so by that it was doubted.
      if (blocked / Math.max(1, calls) < CLEARED_MS) this.doubted = false;
      else this.#strike();
    }
    if (wall === undefined) return;
    this.samples += 1;
    this.spread += (Math.abs(each - (this.meanBusy ?? each)) - this.spread) * WEIGHT;
    this.meanBusy = mix(this.meanBusy, each);
    this.wall = mix(this.wall, wall / Math.max(1, calls));
    // Is that an exception, or has it changed? The next call says.
    if (each > CHANGED * (this.#median ?? each)) this.#sinceElsewhere = this.#untilElsewhere;
    this.#note(each);
  }

  /** It ran on the event loop of the program, which it blocked for so many ms before it returned. */
  learnHere(blocked: number, limit: number): void {
    if (blocked <= limit) {
      this.#here += 1;
      // Of a call that awaits this is the beginning only.
      if (this.asynchronous || this.#here % NOTED !== 0) return;
    }
    this.meanBusy = mix(this.meanBusy, blocked);
    this.#note(blocked);
  }

  /**
   * It blocked the event loop for too long. That may have been a collection of garbage, or another program: it has to go, and
   * the next call on a worker says whether it may come back at once. Twice in `DOUBT_CALLS` calls is no chance.
   *
   * @param computed the program used the processor meanwhile; without that, another program may have had it.
   */
  doubt(computed: boolean): void {
    if (computed && this.calls - this.#doubtedAt < DOUBT_CALLS) {
      this.#strike();
      return;
    }
    this.#doubtedAt = this.calls;
    this.doubted = true;
  }

  /** What was known does not hold any more. */
  #strike(): void {
    this.doubted = false;
    this.strikes += 1;
    this.#startOver();
  }

  /** A call of it ended with its worker. */
  crash(alone: boolean): void {
    if (alone) this.crashes += 1;
    else this.suspect = true;
    this.#survived = 0;
    this.#startOver();
  }

  /** A call that was to be measured is over, whether it was or not. */
  measured(): void {
    this.#measuring -= 1;
  }

  /** A call of it is over, and its worker lives. */
  survive(): void {
    if (!this.suspect) return;
    this.#survived += 1;
    if (this.#survived >= CLEARED_BY) this.suspect = false;
  }

  #startOver(): void {
    this.samples = 0;
    this.#untilElsewhere = CALLS_ELSEWHERE;
    this.#recent = [];
    this.#next = 0;
  }

  #note(ms: number): void {
    this.#recent[this.#next] = ms;
    this.#next = (this.#next + 1) % KEPT;
    const sorted = this.#recent.toSorted((a, b) => a - b);
    // The lower one of two in the middle: the first calls are slow for reasons of their own.
    this.#median = sorted[(sorted.length - 1) >> 1];
  }
}

function mix(mean: number | undefined, value: number): number {
  return mean === undefined ? value : mean + (value - mean) * WEIGHT;
}
