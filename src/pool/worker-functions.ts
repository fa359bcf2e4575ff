/** The functions that a worker has at hand, by the numbers that the pool gave them. */

import type { TaskReference } from '../tasks/reference.ts';
import { resolveTask } from '../tasks/resolve.ts';
import { learnErrorClasses } from './known-errors.ts';

/** Functions that are kept at hand; see also `MOST_KNOWN` of `plain-channel.ts`. */
const MOST_KNOWN = 2048;

/** Finds the function of a reference, and learns what its module throws. */
export async function findFunction(reference: TaskReference): Promise<Function> {
  const fn = await resolveTask(reference);
  await learnErrorClasses(reference);
  return fn;
}

export class WorkerFunctions {
  readonly #atOnce: ((reference: TaskReference) => Function) | undefined;
  /** A promise while a module loads. */
  readonly #functions = new Map<number, Function | Promise<Function>>();
  readonly #labels = new Map<number, string>();
  /** Of those that were sent in messages. */
  readonly #references = new Map<number, TaskReference>();

  /** @param atOnce takes the place of the common way to find a function. */
  constructor(atOnce: ((reference: TaskReference) => Function) | undefined) {
    this.#atOnce = atOnce;
  }

  define(id: number, reference: TaskReference): void {
    this.#references.set(id, reference);
  }

  forget(id: number): void {
    this.#references.delete(id);
    this.#functions.delete(id);
    this.#labels.delete(id);
  }

  /** The function, if it is at hand or on its way. */
  get(id: number): Function | Promise<Function> | undefined {
    return this.#functions.get(id);
  }

  /** What tasks of it are called. */
  label(id: number): string {
    return this.#labels.get(id) ?? '';
  }

  /** A function that was defined. */
  defined(id: number): Function | Promise<Function> {
    const known = this.#functions.get(id);
    if (known !== undefined) return known;
    const reference = this.#references.get(id);
    if (reference === undefined) return Promise.reject(new Error(`Function ${id} was never defined`));
    return this.find(id, reference);
  }

  find(id: number, reference: TaskReference): Function | Promise<Function> {
    if (this.#functions.size >= MOST_KNOWN) this.#forgetOldest();
    this.#labels.set(id, reference.label);
    if (this.#atOnce !== undefined) {
      // Tasks that begin in promise reactions would not be counted in any slice.
      const fn = this.#atOnce(reference);
      this.#functions.set(id, fn);
      return fn;
    }
    const finding = findFunction(reference);
    this.#functions.set(id, finding);
    finding.then(
      (fn) => this.#functions.set(id, fn),
      // Not remembered: what failed to load may load the next time.
      () => this.#functions.delete(id),
    );
    return finding;
  }

  /** What is called again is found again, in the caches of modules and of sources. */
  #forgetOldest(): void {
    for (const [id] of this.#functions) {
      this.#functions.delete(id);
      this.#labels.delete(id);
      return;
    }
  }
}
