/**
 * What client and server of a manager say to each other, once both have shown that they have the key.
 *
 *      client                              server
 *        ◀────────────────────── Hello ──    which server this is
 *        ── call 1: queue.get() ───────▶
 *        ── call 2: list.push(5) ──────▶    served beside each other
 *        ◀──────────────── answer to 2 ──
 *        ── cancel 1 ──────────────────▶    (a signal of the client's fired)
 *        ◀──────────────── answer to 1 ──    every request with a number gets exactly one
 *
 * A message is a list; what it begins with says what it is. Values in it are packed by `bytesCodec`, and objects of managers
 * in them are shares (`kinds.ts`). What is no such message ends the connection that it came by, and nothing else.
 */

import { inspect } from 'node:util';
import { BrokenConnectionError } from '../../errors.ts';
import type { ErrorEnvelope } from '../../wire/error-envelope.ts';

/** The version is the first thing that is compared. */
export const HELLO = 'manyhands.manager.1';

export type Hello = readonly [mark: typeof HELLO, server: string, maxMessageBytes: number];

/** Those with a number are answered. */
export type Request =
  | readonly [op: 'create', number: number, typeid: string, args: unknown]
  | readonly [op: 'call', number: number, object: number, method: string, args: unknown]
  | readonly [op: 'snapshot', number: number, object: number]
  | readonly [op: 'count' | 'info' | 'shutdown', number: number]
  /** Gives up request `number`, which is still answered: by its result, if that was there before. */
  | readonly [op: 'cancel', number: number]
  /** This client has the object, from somewhere else. */
  | readonly [op: 'lease', object: number]
  /** It has it no more: so many leases are given back. */
  | readonly [op: 'release', object: number, count: number]
  /** It sends the object somewhere, and whoever gets it will say `lease` later. */
  | readonly [op: 'lend', object: number];

export type Answer =
  | readonly [is: 'value', number: number, value: unknown]
  | readonly [is: 'error', number: number, error: ErrorEnvelope];

/** What follows the op: a number, a text, or anything. */
const FORMS: Readonly<Record<string, string>> = {
  create: 'nta',
  call: 'nnta',
  snapshot: 'nn',
  count: 'n',
  info: 'n',
  shutdown: 'n',
  cancel: 'n',
  lease: 'n',
  release: 'nn',
  lend: 'n',
};

/** @throws BrokenConnectionError for what is no request. */
export function asRequest(message: unknown): Request {
  if (!Array.isArray(message) || typeof message[0] !== 'string') throw notA('request', message);
  const [op, ...rest] = message as [string, ...unknown[]];
  const form = Object.hasOwn(FORMS, op) ? (FORMS[op] as string) : '';
  const fits =
    form.length > 0 && rest.length === form.length && rest.every((part, i) => fitsForm(form[i], part));
  if (!fits) throw notA('request', message);
  return message as unknown as Request;
}

/** @throws BrokenConnectionError for what is no answer. */
export function asAnswer(message: unknown): Answer {
  const [is, number] = Array.isArray(message) ? (message as unknown[]) : [];
  if ((is !== 'value' && is !== 'error') || typeof number !== 'number') throw notA('answer', message);
  return message as unknown as Answer;
}

/** @throws BrokenConnectionError for what is no greeting, or that of another version. */
export function asHello(message: unknown): Hello {
  const [mark, server, limit] = Array.isArray(message) ? (message as unknown[]) : [];
  if (mark !== HELLO || typeof server !== 'string' || typeof limit !== 'number') {
    throw notA(`greeting of a manager (${HELLO})`, message);
  }
  return message as unknown as Hello;
}

function fitsForm(form: string | undefined, part: unknown): boolean {
  if (form === 'n') return Number.isSafeInteger(part) && (part as number) >= 0;
  return form === 'a' || typeof part === 'string';
}

function notA(what: string, message: unknown): BrokenConnectionError {
  return new BrokenConnectionError(
    `What came is no ${what}: ${inspect(message, { depth: 0, maxStringLength: 50 })}`,
  );
}
