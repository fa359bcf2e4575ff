/**
 * What is known, by function.
 *
 * A function that is written where it is submitted is another object each time: it is known by its reference, which
 * is the same for the same place in the source.
 */

import { referenceTo, type TaskReference } from '../../tasks/reference.ts';
import { Knowledge } from './knowledge.ts';

/** Functions of which something is kept. A program that makes functions without end must not fill the memory. */
const MOST_KNOWN = 1024;

export class Functions {
  readonly #byFunction = new WeakMap<Function, Knowledge>();
  readonly #byReference = new Map<TaskReference, Knowledge>();

  /** Of a function that was submitted before. */
  seen(fn: Function): Knowledge | undefined {
    return this.#byFunction.get(fn);
  }

  /**
   * Undefined for what cannot cross. To name the first function takes as long as to start the first worker, and both can be
   * done at the same time; so before there are `workers`, the caller has it run first, and calls `bind` then.
   */
  of(fn: Function, workers: boolean): Knowledge | undefined {
    const seen = typeof fn === 'function' ? this.#byFunction.get(fn) : undefined;
    if (seen !== undefined) return seen;
    if (!workers && typeof fn === 'function') return new Knowledge(fn.name);
    const reference = referenceIfAny(fn);
    if (reference === undefined) return undefined;
    const known = this.#byReference.get(reference) ?? new Knowledge(reference.label);
    this.#add(fn, reference, known);
    return known;
  }

  /** The function has a name by now, or none. */
  bind(fn: Function, known: Knowledge): void {
    if (this.#byFunction.has(fn)) return;
    const reference = referenceIfAny(fn);
    if (reference !== undefined) this.#add(fn, reference, known);
  }

  all(): readonly Knowledge[] {
    return [...this.#byReference.values()];
  }

  #add(fn: Function, reference: TaskReference, known: Knowledge): void {
    this.#byFunction.set(fn, known);
    // In the order in which they came last.
    this.#byReference.delete(reference);
    this.#byReference.set(reference, known);
    for (const oldest of this.#byReference.keys()) {
      if (this.#byReference.size <= MOST_KNOWN) break;
      this.#byReference.delete(oldest);
    }
  }
}

function referenceIfAny(fn: Function): TaskReference | undefined {
  try {
    return referenceTo(fn);
  } catch {
    return undefined;
  }
}
