/**
 * The shares in an item: in memory, where nothing but data can be.
 *
 * A share for threads says where its object is by the SharedArrayBuffer that it is in. In a queue for threads that
 * is the one in which the queue is itself, and a mark stands for it.
 */

import { NotShareableError } from '../errors.ts';
import type { Arena } from '../memory/arena/arena.ts';
import { open, type PlacedReference, retract, share } from '../memory/arena/arenas.ts';
import { looksLikeShares, type ShareMessage } from '../wire/share-message.ts';
import type { Share } from '../wire/shareable.ts';

/** No share has such a string. */
const HERE = '\0manyhands.here';

/** A message as it is written into memory. @throws NotShareableError for other memory than the arena's */
export function toArena([mark, value, standIns, holders, shares]: ShareMessage, arena: Arena): ShareMessage {
  const here = arena.region.buffer;
  const written = shares.map((one) => ({
    ...one,
    data: mapped(one.data, (part) => {
      if (!(part instanceof SharedArrayBuffer)) return part;
      if (part === here) return HERE;
      throw new NotShareableError(
        `item: a ${one.kind} with memory of its own, which cannot be put on a queue.`,
      );
    }),
  }));
  return [mark, value, standIns, holders, written];
}

/** The message that was written. */
export function toMessage(written: unknown, arena: Arena): ShareMessage {
  const [mark, value, standIns, holders, shares] = checked(written);
  const here = arena.region.buffer;
  const restored = shares.map((one) => ({
    ...one,
    data: mapped(one.data, (part) => (part === HERE ? here : part)),
  }));
  return [mark, value, standIns, holders, restored];
}

/** The shares of a message that was written, as they are in memory. */
export function sharesIn(written: unknown): readonly Share[] {
  return checked(written)[4];
}

function checked(written: unknown): ShareMessage {
  if (looksLikeShares(written)) return written;
  throw new TypeError('An item in memory is damaged: no shares');
}

/** From now on the item keeps the objects that its shares are about, whoever else lets go of them. */
export function holdShares([, , , , shares]: ShareMessage): void {
  for (const reference of referencesIn(shares)) share(open(reference));
}

/** The item is gone, or has been read. */
export function releaseShares([, , , , shares]: ShareMessage): void {
  for (const reference of referencesIn(shares)) retract(reference);
}

function referencesIn(data: unknown): PlacedReference[] {
  if (typeof data !== 'object' || data === null || data instanceof SharedArrayBuffer) return [];
  return isReference(data) ? [data] : Object.values(data).flatMap(referencesIn);
}

function isReference(data: object): data is PlacedReference {
  return 'arena' in data && 'offset' in data && 'generation' in data && 'place' in data;
}

function mapped(data: Share['data'], change: (part: unknown) => unknown): unknown {
  if (Array.isArray(data)) return data.map((part: unknown) => mapped(part, change));
  if (typeof data !== 'object' || data === null || Object.getPrototypeOf(data) !== Object.prototype) {
    return change(data);
  }
  return Object.fromEntries(Object.entries(data).map(([key, part]) => [key, mapped(part, change)]));
}
