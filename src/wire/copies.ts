/**
 * Copies of values, as both codecs make them, and the memory that is moved instead of being copied.
 */

import { types } from 'node:util';
import type { Transferable } from 'node:worker_threads';
import { encodeBytes } from './bytes.ts';
import type { Packed } from './codec.ts';
import { notShareable, refusal } from './not-shareable.ts';
import { looksLikeShares } from './share-message.ts';

/**
 * A copy, which the MessagePort can clone again.
 *
 * @param value what is named `what` in errors; `root` holds it, if it is not the same.
 * @throws NotShareableError
 */
export function clone(
  root: unknown,
  moved: ReadonlySet<Transferable>,
  what: string,
  value: unknown = root,
): Packed {
  if (moved.size === 0) {
    let copy: unknown;
    try {
      copy = structuredClone(root);
    } catch (error) {
      throw notShareable(value, what, 'thread', error);
    }
    const own = ownBuffers(copy);
    return own === undefined ? { value: copy } : { value: copy, transfer: own };
  }
  const list = [...moved];
  let copy: unknown;
  let arrived: Transferable[];
  try {
    // The list crosses beside the value, and so comes out as the moved objects: what the second hop has to
    // list.
    [copy, arrived] = structuredClone([root, list] as const, { transfer: list as never }) as [
      unknown,
      Transferable[],
    ];
  } catch (error) {
    throw notShareable(value, what, 'thread', error, moved);
  }
  return { value: copy, transfer: [...new Set([...arrived, ...(ownBuffers(copy) ?? [])])] };
}

/**
 * How many elements of an array are looked at for buffers to move on the second hop. Enough for any list of
 * arguments; more would only cost time on arrays of numbers, and missing one costs a copy, nothing else.
 */
const LOOKED_AT = 64;

/**
 * The memory that belongs to a snapshot alone and can therefore be moved on: of itself, or of its elements.
 */
function ownBuffers(root: unknown): Transferable[] | undefined {
  const buffer = ownBuffer(root);
  if (buffer !== undefined) return [buffer];
  const copy = looksLikeShares(root) ? root[1] : root;
  if (!Array.isArray(copy)) return undefined;
  let found: Transferable[] | undefined;
  for (let index = 0; index < copy.length && index < LOOKED_AT; index += 1) {
    const inner = ownBuffer(copy[index]);
    if (inner === undefined) continue;
    // Two views of one buffer: listed twice, it would be refused.
    if (found === undefined) found = [inner];
    else if (!found.includes(inner)) found.push(inner);
  }
  return found;
}

/**
 * Below this many bytes copying again is as fast as moving (about 5 us on the machine this was measured on).
 */
const WORTH_MOVING = 16 * 1024;

function ownBuffer(value: unknown): ArrayBuffer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  return types.isArrayBuffer(buffer) && buffer.byteLength >= WORTH_MOVING ? buffer : undefined;
}

/** Bytes. What lists of memory say to be moved is copied, and emptied here. Otherwise as {@link clone}. */
export function serialize(
  root: unknown,
  moved: ReadonlySet<Transferable>,
  what: string,
  value: unknown = root,
): Packed {
  for (const item of moved) {
    if (!types.isArrayBuffer(item)) {
      throw refusal(`${what}: a ${item.constructor.name} on the transfer list`, 'process');
    }
  }
  const bytes = encodeBytes(root, what, value);
  if (moved.size > 0) {
    try {
      structuredClone(undefined, { transfer: [...moved] as never });
    } catch (error) {
      throw refusal(`${what}: an ArrayBuffer on the transfer list`, 'process', error);
    }
  }
  return { value: bytes };
}
