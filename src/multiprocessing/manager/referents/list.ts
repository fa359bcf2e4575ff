import { isDeepStrictEqual } from 'node:util';
import { checkBoolean, checkCount } from '../../../options.ts';
import { snapshotBy } from './call.ts';
import { type Contents, iterableOf } from './contents.ts';

/** Items are equal when all their parts are: they are copies. Proxies are equal to themselves. */
export class List {
  static {
    snapshotBy(List, (list) => list.#items);
  }

  readonly #items: unknown[];
  readonly #contents: Contents;

  constructor(contents: Contents, items: unknown = []) {
    this.#contents = contents;
    this.#items = [...iterableOf(contents, 'items', items)];
  }

  length(): number {
    return this.#items.length;
  }

  at(index: number): unknown {
    return this.#items.at(index);
  }

  set(index: number, value: unknown): void {
    const at = index < 0 ? index + this.#items.length : index;
    if (!Number.isInteger(at) || at < 0 || at >= this.#items.length) {
      throw new RangeError(`index ${String(index)} is none of a list of ${this.#items.length}`);
    }
    this.#items[at] = value;
  }

  push(...items: unknown[]): number {
    // Not push(...items): so many arguments that a stack takes.
    for (const item of items) this.#items.push(item);
    return this.#items.length;
  }

  pop(): unknown {
    return this.#items.pop();
  }

  shift(): unknown {
    return this.#items.shift();
  }

  unshift(...items: unknown[]): number {
    this.#items.splice(0, 0, ...items);
    return this.#items.length;
  }

  splice(start: number, deleteCount: number = Infinity, ...items: readonly unknown[]): unknown[] {
    return this.#items.splice(start, deleteCount, ...items);
  }

  remove(value: unknown): boolean {
    const index = this.indexOf(value);
    if (index >= 0) this.#items.splice(index, 1);
    return index >= 0;
  }

  slice(start?: number, end?: number): unknown[] {
    return this.#items.slice(start, end);
  }

  concat(...others: unknown[]): unknown[] {
    return this.#items.concat(...others.map((other) => this.#contents.of(other) as unknown[]));
  }

  repeat(times: number): void {
    checkCount('times', times, 0);
    const once = [...this.#items];
    this.#items.length = 0;
    for (let left = times; left > 0; left -= 1) this.push(...once);
  }

  includes(value: unknown): boolean {
    return this.indexOf(value) >= 0;
  }

  indexOf(value: unknown, start = 0): number {
    const from = start < 0 ? Math.max(0, start + this.#items.length) : start;
    return this.#items.findIndex((item, index) => index >= from && isDeepStrictEqual(item, value));
  }

  count(value: unknown): number {
    return this.#items.filter((item) => isDeepStrictEqual(item, value)).length;
  }

  reverse(): void {
    this.#items.reverse();
  }

  sort(descending: boolean): void {
    checkBoolean('descending', descending);
    const sorted = this.#items.toSorted(compare);
    if (descending) sorted.reverse();
    this.#items.length = 0;
    this.push(...sorted);
  }

  clear(): void {
    this.#items.length = 0;
  }
}

function compare(a: unknown, b: unknown): number {
  const isOrdered = typeof a === typeof b && ['number', 'bigint', 'string'].includes(typeof a);
  if (!isOrdered) {
    throw new TypeError(`Numbers or texts can be sorted, and not ${typeof a} with ${typeof b}`);
  }
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}
