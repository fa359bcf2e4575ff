/** Where the priorities of items come from. The function that gives them crosses to other threads with its queue. */

import { InvalidStateError } from '../errors.ts';
import { checkFunction } from '../options.ts';
import { referenceTo, type TaskReference } from '../tasks/reference.ts';
import { resolveTask } from '../tasks/resolve.ts';
import type { Comparable } from './sort-key.ts';

type Give<T> = (item: T) => Comparable;

export class Priority<T> {
  #give: Give<T> | undefined;
  #reference: TaskReference | undefined;
  /** Until it has been found here. */
  #loading: Promise<void> | undefined;

  constructor(give: Give<T> | undefined) {
    checkFunction('priority', give);
    this.#give = give;
  }

  /** As another thread has called it. */
  static named<T>(reference: TaskReference): Priority<T> {
    const priority = new Priority<T>(undefined);
    priority.#reference = reference;
    priority.#loading = priority.#load(reference);
    // Whoever puts is told.
    priority.#loading.catch(() => undefined);
    return priority;
  }

  /** What to call it elsewhere. @throws NotShareableError if it captures something */
  get reference(): TaskReference | undefined {
    if (this.#give !== undefined) this.#reference ??= referenceTo(this.#give);
    return this.#reference;
  }

  /** Resolves when `of` can be called; `undefined`: it can already. */
  get loading(): Promise<void> | undefined {
    return this.#loading;
  }

  of(item: T): Comparable {
    if (this.#loading === undefined)
      return this.#give === undefined ? (item as Comparable) : this.#give(item);
    throw new InvalidStateError(
      'The function that gives priorities is still being loaded here: await put() once before putSync() or tryPut()',
    );
  }

  async #load(reference: TaskReference): Promise<void> {
    this.#give = (await resolveTask(reference)) as Give<T>;
    this.#loading = undefined;
  }
}
