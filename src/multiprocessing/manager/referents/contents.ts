/** What is in the containers that other containers get as arguments. */

/** Gives what a proxy of a container of the same manager stands for: its items. Other values are what they are. */
export interface Contents {
  of(value: unknown): unknown;
  isProxy(value: unknown): boolean;
}

/** @throws TypeError for a key, or a member of a set, that no copy of it would find again */
export function checkKey(contents: Contents, what: string, key: unknown): void {
  if (typeof key !== 'object' || key === null || contents.isProxy(key)) return;
  throw new TypeError(`${what} must be a primitive or a proxy: a copy of an object is another object`);
}

/** @throws TypeError */
export function iterableOf(contents: Contents, what: string, value: unknown): Iterable<unknown> {
  const items = contents.of(value);
  const isIterable =
    typeof items === 'string' || (typeof items === 'object' && items !== null && Symbol.iterator in items);
  if (isIterable) return items as Iterable<unknown>;
  throw new TypeError(`${what} must be iterable, received ${value === null ? 'null' : typeof value}`);
}
