/** What a pool knows of the functions that it is given. */

import type { TaskReference } from '../tasks/reference.ts';

/** How quickly one slow call is forgotten: after some 30 quick ones it weighs a twentieth. */
const DECAY = 0.9;

/** How much one call changes the mean. */
const WEIGHT = 1 / 8;

/** One function, for all pools of this thread. */
export class TaskFunction {
  /** Its number, the same for all workers of all pools. */
  readonly id: number;
  readonly reference: TaskReference;
  /** The longest that a call took of late, decaying, in ms; Infinity before the first is over. */
  slowest: number = Infinity;
  /** What a call takes, by the last ones mostly; in ms. */
  mean: number = Infinity;

  constructor(id: number, reference: TaskReference) {
    this.id = id;
    this.reference = reference;
  }

  /** A call took so many ms. */
  note(ms: number): void {
    if (this.mean === Infinity) {
      this.mean = ms;
      this.slowest = ms;
      return;
    }
    this.mean += (ms - this.mean) * WEIGHT;
    this.slowest = Math.max(ms, this.slowest * DECAY);
  }
}

/** What is kept of a function for a worker, or for all of them. */
export interface KnownFunction {
  /** Calls of it that are not over; it is not forgotten while there are some. */
  readonly calls: number;
}

/**
 * Makes room in what is known, oldest first, for one more. Two are looked at: those in use go to the back, so that the
 * next look meets others, and the number comes down again once they are out of use.
 */
export function forgetOldest<K, V extends KnownFunction>(
  known: Map<K, V>,
  forget: (key: K, value: V) => void,
): void {
  let looks = 2;
  for (const [key, value] of known) {
    known.delete(key);
    if (value.calls > 0) known.set(key, value);
    else forget(key, value);
    looks -= 1;
    if (looks === 0) return;
  }
}

const functions = new WeakMap<TaskReference, TaskFunction>();
let nextId = 1;

export function functionOf(reference: TaskReference): TaskFunction {
  const known = functions.get(reference);
  if (known !== undefined) return known;
  const added = new TaskFunction(nextId++, reference);
  functions.set(reference, added);
  return added;
}
