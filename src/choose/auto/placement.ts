/**
 * Where a function runs, by what is known of it. All of it is arithmetic: nothing here knows of pools.
 *
 *                      nothing known ─▶ thread
 *                            │
 *           ┌────────────────┴───────────────────┐
 *      returns a value                    returns a promise
 *           │                                    │
 *    busy ≤ INLINE_MS ─▶ inline           busy ≤ AWAIT_MS ─▶ event-loop
 *    more             ─▶ thread           more, or unknown ─▶ shared-thread
 *
 *    its worker died of it ─▶ process     blocked the event loop ─▶ a thread, until it has been good for longer
 *
 * What a place costs. On the event loop a call costs the program its busy time, one call at a time; on a thread it costs
 * a round trip, which a program that awaits one call at a time pays each time, and nothing else. So the event loop is
 * right for as long as a call takes less than some round trips. Threads that many share are right for CPU-bound and for
 * I/O-bound calls alike; those that compute without ever awaiting have one for themselves all the same, so that no other
 * task goes with it when one of them is stopped.
 *
 * A choice is left later than it is entered (`ENTER`), so that a function at the border does not go to and fro; and one
 * that blocked the event loop twice has to show twice as many good calls each time before it may come back.
 */

import type { Known, Place } from './knowledge.ts';

/**
 * Longest typical call that may run inline. A round trip to a thread is 15 to 60 us, and these are its savings; raising it
 * saves more of them for those who await one call at a time, and blocks the program for longer.
 */
export const INLINE_MS = 0.15;

/** Longest time for which a call that awaits may keep the event loop busy. Some of that is the price of the I/O itself. */
export const AWAIT_MS = 0.4;

/** The same on an event loop that is busy all the time. */
const AWAIT_MS_BUSY = 0.1;

/** A function comes in below this part of a limit, and goes when it is above the limit. */
const ENTER = 0.7;

/** Calls that were measured before it may run on the event loop, after as many strikes; see `required`. */
const SAMPLES = 3;
const MOST_STRIKES = 8;

/**
 * One call that blocks the event loop for so long has to go at once; shorter ones go when they are typical. Timer
 * interrupts and collections of garbage are below that, mostly.
 */
export const STRIKE_MS = 4;

/**
 * Milliseconds of calls that may wait to run inline, by what they typically take. What is submitted beyond that is
 * quicker on threads, where it is handed over in batches and runs in parallel.
 */
const WAITING_MS = 0.2;

/** How things stand as the call is submitted. */
export interface Situation {
  /** Milliseconds of calls that wait to run inline. */
  readonly waiting: number;
  /** It is a chunk of a map, which brings enough work for a hand-over. */
  readonly isChunk: boolean;
  /** The program's event loop had no rest of late. */
  readonly isLoopBusy: boolean;
}

export interface Placement {
  readonly place: Place;
  readonly why: string;
  /** Where the function is at home, if this call is an exception. */
  readonly home: Place;
}

const placement = (place: Place, why: string, home: Place = place): Placement =>
  Object.freeze({ place, why, home });

const CRASHED = placement('process', 'a worker died of it');
const SUSPECT = placement('thread', 'a worker that it shared with others died; it is watched alone');
const DOUBTED = placement(
  'thread',
  'a call has blocked the event loop; the next ones say whether it was its fault',
);
const DOUBTED_AWAITING = placement('shared-thread', DOUBTED.why);
const UNKNOWN = placement('thread', 'nothing is known of it yet');
const AWAITS = placement('shared-thread', 'it awaits, and how busy it is meanwhile is not known yet');
const WAITS = placement('event-loop', 'it does little but wait');
const HYBRID = placement('shared-thread', 'it waits, and computes as well');
const TRIVIAL = placement('inline', 'it takes less than it costs to hand it over');
const BATCHED = placement('thread', TRIVIAL.why, 'inline');
const COMPUTES = placement('thread', 'it computes');

/** How many good samples it takes before a function may run on the event loop. */
export function required({ asynchronous, strikes }: Pick<Known, 'asynchronous' | 'strikes'>): number {
  const first = asynchronous ? 1 : SAMPLES;
  return first * 2 ** Math.min(strikes, MOST_STRIKES);
}

/** Whether it is known at all what kind of function this is. */
export function isExplored({ samples, asynchronous, strikes, crashes }: Known): boolean {
  return samples > 0 || asynchronous === true || strikes > 0 || crashes > 0;
}

/** The first calls that come back were alone with the start of a worker, and look busier than they are. */
const SAMPLES_OUT = 4;

/**
 * How many of its calls make sense at one time for as long as it has to be found out what that is. More of them would only wait
 * where they are, and could not go where they belong once that is known.
 */
export function mostOut(known: Known, { maxWorkers, concurrency }: Limits): number {
  if (!isExplored(known)) return maxWorkers;
  const isAwaited = known.asynchronous && known.samples < SAMPLES_OUT && known.strikes + known.crashes === 0;
  return isAwaited ? concurrency : Infinity;
}

export interface Limits {
  readonly maxWorkers: number;
  readonly concurrency: number;
}

/** Where the next call goes. */
export function choose(known: Known, situation: Situation): Placement {
  if (known.crashes > 0) return CRASHED;
  if (known.suspect) return SUSPECT;
  if (!isExplored(known)) return UNKNOWN;
  if (known.doubted) return known.asynchronous ? DOUBTED_AWAITING : DOUBTED;
  return known.asynchronous ? chooseAwaiting(known, situation) : chooseComputing(known, situation);
}

function chooseAwaiting(known: Known, { isLoopBusy }: Situation): Placement {
  const { busy, samples, place } = known;
  if (busy === undefined || samples < required(known)) return busy === undefined ? AWAITS : HYBRID;
  const limit = isLoopBusy ? AWAIT_MS_BUSY : AWAIT_MS;
  return isWithin(busy, limit, place === 'event-loop') ? WAITS : HYBRID;
}

function chooseComputing(known: Known, { waiting, isChunk }: Situation): Placement {
  const { busy = Infinity, samples, place } = known;
  if (samples < required(known) || !isWithin(busy, INLINE_MS, place === 'inline')) return COMPUTES;
  return isChunk || waiting + busy > WAITING_MS ? BATCHED : TRIVIAL;
}

function isWithin(busy: number, limit: number, isThere: boolean): boolean {
  return busy <= (isThere ? limit : limit * ENTER);
}
