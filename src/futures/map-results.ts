/**
 * The results of a map that nobody has taken yet.
 *
 * They stay in the arrays in which they came, a chunk each, and are known by the place of their first item in
 * the output. An entry for each item would cost more than many an item takes to compute.
 */

import type { ChunkResult } from './engine.ts';

/** Boxed, since anything can be thrown, `undefined` too. */
export interface Failure {
  readonly error: unknown;
}

/** What became of a chunk: the outcome of each item, or the one error that all of them share. */
export interface Arrived {
  readonly count: number;
  readonly values: unknown[];
  readonly errors: ReadonlyMap<number, unknown> | undefined;
  readonly failure: Failure | undefined;
}

/** Fewer values than this are moved to an array that collects them: to keep each array would cost more. */
const SMALL = 1024;
/** Arrays that are joined at one time: all are arguments of one call, which has to fit on the stack. */
const JOINED_AT_ONCE = 1024;

export function arrived(count: number, { values, errors }: ChunkResult): Arrived {
  return { count, values, errors: errors.size > 0 ? errors : undefined, failure: undefined };
}

export function lost(count: number, failure: Failure): Arrived {
  return { count, values: [], errors: undefined, failure };
}

/** The error of the first item that has one. */
export function firstFailure({ errors, failure }: Arrived): Failure | undefined {
  if (errors === undefined) return failure;
  let first = Infinity;
  for (const index of errors.keys()) first = Math.min(first, index);
  return { error: errors.get(first) };
}

export class MapResults {
  #chunks = new Map<number, Arrived>();
  /** The place of the next result in order. */
  #next = 0;
  /** The chunk that holds it, once it was looked up, and where in it. */
  #head: Arrived | undefined;
  #at = 0;
  /** For `takeAll`: results that are in order already. */
  readonly #parts: unknown[][] = [];

  /** `place`: of the first item of the chunk. */
  put(place: number, chunk: Arrived): void {
    this.#chunks.set(place, chunk);
  }

  clear(): void {
    this.#chunks.clear();
    this.#head = undefined;
  }

  /** The error of the first chunk that came with one. */
  get firstFailure(): Failure | undefined {
    for (const chunk of this.#chunks.values()) {
      const failure = firstFailure(chunk);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /** Whether the next result in order is there. */
  get ready(): boolean {
    if (this.#head !== undefined) return true;
    this.#head = this.#chunks.get(this.#next);
    if (this.#head === undefined) return false;
    this.#chunks.delete(this.#next);
    this.#at = 0;
    return true;
  }

  /** Whether `take` has given all of the chunk that it was at. */
  get betweenChunks(): boolean {
    return this.#head === undefined;
  }

  /** The next result. Only when `ready`. @throws the error of that item. */
  take(): unknown {
    const { count, values, errors, failure } = this.#head as Arrived;
    const at = this.#at;
    this.#at += 1;
    this.#next += 1;
    if (this.#at === count) this.#head = undefined;
    if (failure !== undefined) throw failure.error;
    if (errors?.has(at)) throw errors.get(at);
    return values[at];
  }

  /**
   * Puts in order, for `takeAll`, what is there without a gap. Only while none is an error, and nothing was
   * taken.
   */
  line(): void {
    while (this.ready) {
      const { count, values } = this.#head as Arrived;
      this.#next += count;
      this.#head = undefined;
      const last = this.#parts.at(-1);
      // Small ones fill up one array until that is no longer small itself.
      if (count >= SMALL) this.#parts.push(values);
      else if (last === undefined || last.length >= SMALL) this.#parts.push([...values]);
      else for (const value of values) last.push(value);
    }
  }

  /**
   * All that was put in order, in one array. In bulk: copying by element takes longer, and an array that is
   * made in its full length beforehand has holes as far as V8 knows, see `packed-array.ts`.
   */
  takeAll(): unknown[] {
    let parts = this.#parts;
    while (parts.length > 1) {
      const joined: unknown[][] = [];
      for (let from = 0; from < parts.length; from += JOINED_AT_ONCE) {
        joined.push(([] as unknown[]).concat(...parts.slice(from, from + JOINED_AT_ONCE)));
      }
      parts = joined;
    }
    return parts[0] ?? [];
  }
}
