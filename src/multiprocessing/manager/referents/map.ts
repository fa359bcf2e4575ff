import { snapshotBy } from './call.ts';
import { type Contents, checkKey, iterableOf } from './contents.ts';

export class Dict {
  static {
    snapshotBy(Dict, (dict) => dict.#map);
  }

  readonly #map = new Map<unknown, unknown>();
  readonly #contents: Contents;

  constructor(contents: Contents, entries: unknown = []) {
    this.#contents = contents;
    this.update(entries);
  }

  size(): number {
    return this.#map.size;
  }

  get(key: unknown): unknown {
    return this.#map.get(key);
  }

  set(key: unknown, value: unknown): void {
    checkKey(this.#contents, 'A key', key);
    this.#map.set(key, value);
  }

  has(key: unknown): boolean {
    return this.#map.has(key);
  }

  delete(key: unknown): boolean {
    return this.#map.delete(key);
  }

  pop(key: unknown, fallback?: unknown): unknown {
    const value = this.#map.has(key) ? this.#map.get(key) : fallback;
    this.#map.delete(key);
    return value;
  }

  popItem(): unknown {
    const last = [...this.#map].at(-1);
    if (last !== undefined) this.#map.delete(last[0]);
    return last;
  }

  setDefault(key: unknown, value: unknown): unknown {
    if (!this.#map.has(key)) this.set(key, value);
    return this.#map.get(key);
  }

  update(entries: unknown): void {
    for (const [key, value] of this.#entriesOf(entries)) this.set(key, value);
  }

  merge(entries: unknown): Map<unknown, unknown> {
    return new Map([...this.#map, ...this.#entriesOf(entries)]);
  }

  keys(): unknown[] {
    return [...this.#map.keys()];
  }

  values(): unknown[] {
    return [...this.#map.values()];
  }

  entries(): unknown[] {
    return [...this.#map];
  }

  clear(): void {
    this.#map.clear();
  }

  iterator(): Iterator<[unknown, unknown]> {
    return this.#map.entries();
  }

  #entriesOf(value: unknown): [unknown, unknown][] {
    return [...iterableOf(this.#contents, 'entries', value)].map((entry) => {
      if (Array.isArray(entry) && entry.length === 2) return entry as [unknown, unknown];
      throw new TypeError('entries must be pairs of a key and a value');
    });
  }
}
