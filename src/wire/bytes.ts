/**
 * Values as bytes, exactly as `structuredClone` would copy them.
 *
 * v8's serializer is the same code that `structuredClone` runs, so almost everything agrees by itself. Two
 * things do not:
 *
 * - `v8.serialize` writes typed arrays in a format of Node's own: two views of one buffer come apart, and
 *   what `v8.deserialize` returns are windows into the received bytes, which keep a whole frame alive and
 *   show what lies beside them. The plain `Serializer` and `Deserializer` used here write and read them as v8
 *   does: copies. (They cost the same; a serializer cannot be used twice, since it remembers the objects it
 *   has written.)
 * - Node tells `structuredClone`, but not this serializer, which of its classes are more than their
 *   properties. A `Blob` or a `URL` would silently arrive as `{}`. Hence the second look below.
 *
 * And one thing that v8 writes it cannot read: an error that is part of its own cause. `structuredClone`
 * finds that out by reading at once. Here errors with causes, which are rare, are read back before they
 * leave.
 */

import { types } from 'node:util';
import { notShareable } from './not-shareable.ts';
import { isOpaque, pushElements, pushObjects } from './parts.ts';
import { crossesAsPlainObject, isDOMException, isKnownPlain } from './plain-classes.ts';
import { v8 } from './serializer.ts';

/**
 * @param value what is named `what` in errors; `root` holds it, if it is not the same.
 * @throws {NotShareableError} with the path of the first thing that cannot cross.
 */
export function encodeBytes(root: unknown, what: string, value: unknown = root): Uint8Array {
  try {
    return cloneToBytes(root);
  } catch (error) {
    throw notShareable(value, what, 'process', error);
  }
}

/** Throws whatever shows first that `value` cannot cross, without looking for the place. */
export function cloneToBytes(value: unknown): Uint8Array {
  const serializer = new (v8().Serializer)();
  serializer.writeHeader();
  serializer.writeValue(value);
  const bytes = serializer.releaseBuffer();
  // After, not before: what was written is finite and free of proxies, so the walk needs no guards of its
  // own.
  const finding = inspectParts(value, bytes.length);
  if (finding === 'a platform object') throw new Error('Of such objects v8 writes the properties only.');
  if (finding === 'an error with a cause') decodeBytes(bytes);
  return bytes;
}

/** Reads what `encodeBytes` wrote. The result shares no memory with `bytes`. */
export function decodeBytes(bytes: Uint8Array): unknown {
  const deserializer = new (v8().Deserializer)(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}

/** What is in `root`, or anywhere inside it, that its `length` bytes may not give back. */
function inspectParts(
  root: unknown,
  length: number,
): 'a platform object' | 'an error with a cause' | 'nothing' {
  let finding: 'an error with a cause' | 'nothing' = 'nothing';
  // The walk follows shared parts and cycles again and again. To remember all objects would cost more than
  // the rest of it, and is seldom needed: v8 writes each object once, in three bytes or more. So if there are
  // more visits than that allows, something was visited twice, and only then the walk begins to remember.
  let unremembered = length / 3;
  let seen: Set<object> | undefined;

  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const object = pending.pop();
    if (typeof object !== 'object' || object === null) continue;
    if (unremembered > 0) unremembered -= 1;
    else {
      seen ??= new Set();
      if (seen.has(object)) continue;
      seen.add(object);
    }
    if (isKnownPlain(Object.getPrototypeOf(object) as object | null)) {
      pushObjects(Object.values(object), pending);
    } else if (Array.isArray(object)) {
      pushElements(object, pending);
    } else if (types.isMap(object)) {
      Map.prototype.forEach.call(object, (value, key) => pending.push(key, value));
    } else if (types.isSet(object)) {
      Set.prototype.forEach.call(object, (value) => pending.push(value));
    } else if (types.isNativeError(object) && !isDOMException(object)) {
      if (typeof object.cause === 'object' && object.cause !== null) {
        finding = 'an error with a cause';
        pending.push(object.cause);
      }
    } else if (!isOpaque(object)) {
      if (!crossesAsPlainObject(object)) return 'a platform object';
      pushObjects(Object.values(object), pending);
    }
  }
  return finding;
}
