/**
 * Errors inside of plain data, as in `error.failures = [{ row: 3, reason: error }]`.
 *
 * The codecs copy errors as `structuredClone` does, which loses their class and properties. So data that
 * hangs on an error crosses with a *stand-in*, an empty object, in the place of each error:
 *
 *      data   { row: 3, reason: RangeError }          { row: 3, reason: s }    data
 *      stand-ins                              ------> [ s ]                    stand-ins
 *
 * Both go through the codec together, which keeps identity. So on the other side each stand-in is known by
 * being the same object as the one in the list, and no value of the user's can be mistaken for one.
 */
import { types } from 'node:util';
import { crossesAsPlainObject } from './plain-classes.ts';

/** Anything larger is not what one hangs on an error, or grows while it is read. */
const MOST_CONTAINERS = 100_000;

/** Thrown for data that cannot be read to its end. */
class Unreadable extends Error {}

/**
 * Copies the containers of `value`, with what `standIn` gives for it in the place of each error. `copies`
 * remembers the copies over several calls, so that parts that are shared stay shared.
 *
 * @throws whatever a getter throws, or `structuredClone`: such data cannot cross.
 */
export function withStandIns(
  value: unknown,
  copies: Map<object, object>,
  standIn: (value: object) => object | undefined,
): unknown {
  const begun: { readonly from: object; readonly to: object }[] = [];
  const copyOf = (part: unknown): unknown => {
    if (typeof part !== 'object' || part === null) return part;
    const known = copies.get(part) ?? standIn(part);
    if (known !== undefined) return known;
    const to = emptyLike(part);
    if (to === undefined) return part;
    if (copies.size >= MOST_CONTAINERS) throw new Unreadable('More data than an error can carry.');
    copies.set(part, to);
    begun.push({ from: part, to });
    return to;
  };
  try {
    const copy = copyOf(value);
    // The list grows while it is read.
    for (const { from, to } of begun) fill(from, to, copyOf);
    return copy;
  } catch (error) {
    // Half a copy must not be found by the next value that holds the same part.
    for (const { from } of begun) copies.delete(from);
    throw error;
  }
}

/** Puts the errors into the places of their stand-ins, changing `root` in place. */
export function withoutStandIns(root: unknown, errors: ReadonlyMap<unknown, Error>): void {
  const seen = new Set<object>();
  const pending: object[] = [];
  const restored = (part: unknown): unknown => {
    const error = errors.get(part);
    if (error !== undefined) return error;
    if (typeof part === 'object' && part !== null && !seen.has(part)) {
      seen.add(part);
      pending.push(part);
    }
    return part;
  };
  restored(root);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (emptyLike(next) !== undefined) fill(next, next, restored);
  }
}

/**
 * A container of the same kind, or `undefined` for what is not a container: a codec copies it as a whole.
 *
 * @throws what `structuredClone` throws, for an instance with something in it that cannot cross.
 */
function emptyLike(value: object): object | undefined {
  if (types.isProxy(value)) return undefined;
  if (Array.isArray(value)) return Object.assign([], { length: value.length });
  if (types.isMap(value)) return new Map();
  if (types.isSet(value)) return new Set();
  return crossesAsPlainObject(value) ? {} : undefined;
}

/** Writes the parts of `from`, each through `change`, into `to`, which may be the same object. */
function fill(from: object, to: object, change: (part: unknown) => unknown): void {
  if (types.isMap(from)) {
    const entries = [...(Map.prototype.entries.call(from) as Iterable<[unknown, unknown]>)];
    (to as Map<unknown, unknown>).clear();
    for (const [key, value] of entries) (to as Map<unknown, unknown>).set(change(key), change(value));
  } else if (types.isSet(from)) {
    const values = [...(Set.prototype.values.call(from) as Iterable<unknown>)];
    (to as Set<unknown>).clear();
    for (const value of values) (to as Set<unknown>).add(change(value));
  } else {
    for (const key of Object.keys(from)) {
      const value = change((from as Record<string, unknown>)[key]);
      // Defined, not assigned: a key may be `__proto__`.
      Object.defineProperty(to, key, { value, writable: true, enumerable: true, configurable: true });
    }
  }
}
