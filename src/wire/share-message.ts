/**
 * A value with shareable objects in it, as one message: what was taken out of it, and the shares.
 *
 * It is a list that begins with a mark, as a value of the user's may as well. Such a value is therefore made a message
 * itself, without any shares; so whatever looks like one, is one.
 */

import type { Transferable } from 'node:worker_threads';
import { NotShareableError } from '../errors.ts';
import { type Reach, refusedItself } from './not-shareable.ts';
import { reviveAll, SHARE, type Share, type Shareable } from './shareable.ts';
import { putBack, type TakenOut } from './taking-out.ts';

const MARK = 'manyhands.shares';

export type ShareMessage = readonly [
  mark: typeof MARK,
  value: unknown,
  standIns: readonly object[],
  holders: readonly object[],
  shares: readonly Share[],
];

export function looksLikeShares(value: unknown): value is ShareMessage {
  return (
    Array.isArray(value) &&
    value[0] === MARK &&
    value.length === 5 &&
    // Lists of primitives cross as they are.
    value.slice(2).every((list) => Array.isArray(list))
  );
}

/** A value of the user's that only looks like a message. */
export function escaped(value: unknown): ShareMessage {
  return [MARK, value, [], [], []];
}

/**
 * The message, and the ports that have to be moved with it.
 *
 * @param original the value before anything was taken out of it; with `what`, for the words of refusals.
 * @throws NotShareableError of an object that does not reach so far
 */
export function messageOf(
  { value, objects, standIns, holders }: TakenOut,
  reach: Reach,
  original: unknown,
  what: string,
): { readonly message: ShareMessage; readonly ports: readonly Transferable[] } {
  const shares = objects.map((object) => shareOf(object, reach, original, what));
  const ports = reach === 'thread' ? portsIn(shares) : [];
  return { message: [MARK, value, standIns, holders, shares], ports };
}

function shareOf(object: Shareable, reach: Reach, original: unknown, what: string): Share {
  try {
    const { kind, module, data } = object[SHARE](reach);
    return { kind, module, data };
  } catch (error) {
    throw refusedItself(object, error, original, what);
  }
}

function portsIn(data: unknown): Transferable[] {
  if (typeof data !== 'object' || data === null) return [];
  if (data instanceof MessagePort) return [data as Transferable];
  const isPlain = Array.isArray(data) || Object.getPrototypeOf(data) === Object.prototype;
  return isPlain ? Object.values(data).flatMap(portsIn) : [];
}

/** The value of a message. @throws UnknownKindError where the module of a share has to be imported before */
export function valueOf([, value, standIns, holders, shares]: ShareMessage): unknown {
  if (shares.length !== standIns.length) {
    throw new NotShareableError(
      `A message came with ${shares.length} shares for ${standIns.length} objects.`,
    );
  }
  return putBack({ value, standIns, holders }, reviveAll(shares));
}
