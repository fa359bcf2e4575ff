/**
 * Two ends prove to each other that they have the same key, without sending it: CPython's handshake.
 *
 *      who listens                                           who connects
 *      deliverChallenge                                      answerChallenge
 *        "#CHALLENGE#" "{sha256}" 40 random bytes  ------->
 *                             <-------  "{sha256}" HMAC(key, "{sha256}" and the random bytes)
 *        "#WELCOME#", or "#FAILURE#" and the end  -------->
 *      answerChallenge                                       deliverChallenge
 *        ...the same with parts exchanged
 *
 * The name of the digest is part of what is signed, so that nobody on the way can have a weaker one used.
 *
 * Python before 3.12 knows only HMAC-MD5: its challenges are 20 bytes without a name, and it answers any challenge with
 * the 16 bytes of that digest. Both are refused unless `legacyDigest` is set: with it, whoever is on the way can have the
 * weaker digest used.
 *
 * What this does not do: it does not encrypt, and it does not keep somebody on the way from passing the handshake on, and
 * taking over the connection afterwards. For networks that others are in, connect over TLS.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { AuthenticationError } from '../errors.ts';
import { waitWithin } from '../futures/waiting.ts';
import { checkBoolean, type WaitOptions } from '../options.ts';
import type { Connection } from './connection.ts';

/** What both ends know. A string is its UTF-8 bytes. May be empty, and is a key then like any other. */
export type AuthKey = string | Uint8Array;

export interface HandshakeOptions extends WaitOptions {
  /** Whether to accept, and to give, the HMAC-MD5 of Python before 3.12. Default `false`. */
  readonly legacyDigest?: boolean | undefined;
}

const CHALLENGE = Buffer.from('#CHALLENGE#');
const WELCOME = Buffer.from('#WELCOME#');
const FAILURE = Buffer.from('#FAILURE#');

/** Nobody who has not shown the key can have us take a longer message. As in CPython. */
const LONGEST = 256;
const NONCE_SIZE = 40;
const LEGACY_NONCE_SIZE = 20;
const LEGACY_DIGEST_SIZE = 16;

/** Python's names of the digests that a challenge may ask for, and Node's. */
const DIGESTS: Readonly<Record<string, string>> = {
  sha256: 'sha256',
  sha384: 'sha384',
  sha3_256: 'sha3-256',
  sha3_384: 'sha3-384',
};

/** Where a handshake remembers the challenges that nobody has answered yet. */
type Outstanding = Set<string>;

/**
 * Those of all clients of this thread. Listeners answer nobody who has not answered them, but clients answer first: an
 * impostor whom a client challenges could send that challenge to another client, and pass the answer off as his own.
 */
const outstandingOfClients: Outstanding = new Set();

/**
 * Has the other end prove that it has the key, and tells it whether it did.
 *
 * @throws AuthenticationError when it did not; whatever receiving throws, with the limits of `options`.
 * @see CPython `multiprocessing.connection.deliver_challenge`.
 */
export async function deliverChallenge(
  connection: Connection,
  authkey: AuthKey,
  options: HandshakeOptions = {},
): Promise<void> {
  await deliver(connection, keyBytes(authkey), options, new Set());
}

/**
 * Proves to the other end that we have the key.
 *
 * @throws AuthenticationError when it does not believe it, or asks for something that is no such proof; whatever
 *   receiving throws, with the limits of `options`.
 * @see CPython `multiprocessing.connection.answer_challenge`.
 */
export async function answerChallenge(
  connection: Connection,
  authkey: AuthKey,
  options: HandshakeOptions = {},
): Promise<void> {
  await answer(connection, keyBytes(authkey), options, new Set());
}

/** Both halves, in the order of the side that we are on; `timeout` is for all of it. */
export async function handshake(
  connection: Connection,
  authkey: AuthKey,
  side: 'listening' | 'connecting',
  options: HandshakeOptions,
): Promise<void> {
  const { timeout, signal, legacyDigest } = options;
  const key = keyBytes(authkey);
  const over = new AbortController();
  const limits = { signal: over.signal, legacyDigest };
  const bothHalves = async (): Promise<void> => {
    if (side === 'connecting') await answer(connection, key, limits, outstandingOfClients);
    await deliver(connection, key, limits, side === 'connecting' ? outstandingOfClients : new Set());
    if (side === 'listening') await answer(connection, key, limits, new Set());
  };
  await waitWithin<void>(
    { timeout, signal },
    () => 'The handshake did not end',
    (resolve, reject) => {
      void bothHalves().then(resolve, reject);
      return () => over.abort();
    },
  );
}

async function deliver(
  connection: Connection,
  key: Uint8Array,
  options: HandshakeOptions,
  outstanding: Outstanding,
): Promise<void> {
  const { legacyDigest, ...limits } = checkHandshake(options);
  const challenge = Buffer.concat([Buffer.from('{sha256}'), randomBytes(NONCE_SIZE)]);
  const name = challenge.toString('latin1');
  outstanding.add(name);
  try {
    await connection.sendBytes(Buffer.concat([CHALLENGE, challenge]));
    const reply = await connection.recvBytes({ ...limits, maxLength: LONGEST });
    if (!isRight(key, challenge, reply, legacyDigest)) {
      await connection.sendBytes(FAILURE);
      throw new AuthenticationError(wrongReply(reply, legacyDigest));
    }
  } finally {
    outstanding.delete(name);
  }
  await connection.sendBytes(WELCOME);
}

async function answer(
  connection: Connection,
  key: Uint8Array,
  options: HandshakeOptions,
  outstanding: Outstanding,
): Promise<void> {
  const { legacyDigest, ...limits } = checkHandshake(options);
  const message = Buffer.from(await connection.recvBytes({ ...limits, maxLength: LONGEST }));
  if (!message.subarray(0, CHALLENGE.length).equals(CHALLENGE)) {
    throw new AuthenticationError('The other end sent no challenge; does it expect a key at all?');
  }
  const challenge = message.subarray(CHALLENGE.length);
  if (outstanding.has(challenge.toString('latin1'))) {
    throw new AuthenticationError('The other end sent a challenge of our own back');
  }
  await connection.sendBytes(replyTo(key, challenge, legacyDigest));
  const verdict = await connection.recvBytes({ ...limits, maxLength: LONGEST });
  if (WELCOME.equals(verdict)) return;
  throw new AuthenticationError('The other end did not accept our key; both must be given the same authkey');
}

/** @throws TypeError for what is no key. */
export function checkAuthKey(authkey: unknown): void {
  if (authkey === undefined || typeof authkey === 'string' || authkey instanceof Uint8Array) return;
  // Not the value: it may be a key, in some other form.
  throw new TypeError(`authkey must be a string or a Uint8Array, received ${typeof authkey}`);
}

function keyBytes(authkey: AuthKey): Uint8Array {
  checkAuthKey(authkey);
  if (authkey === undefined)
    throw new TypeError('authkey must be a string or a Uint8Array, received undefined');
  return typeof authkey === 'string' ? Buffer.from(authkey, 'utf8') : authkey;
}

function checkHandshake(options: HandshakeOptions): WaitOptions & { readonly legacyDigest: boolean } {
  checkBoolean('legacyDigest', options.legacyDigest);
  const { timeout, signal, legacyDigest = false } = options;
  return { timeout, signal, legacyDigest };
}

function isRight(key: Uint8Array, challenge: Uint8Array, reply: Uint8Array, legacyDigest: boolean): boolean {
  if (legacyDigest && reply.length === LEGACY_DIGEST_SIZE) {
    return timingSafeEqual(hmac('md5', key, challenge), reply);
  }
  const right = Buffer.concat([Buffer.from('{sha256}'), hmac('sha256', key, challenge)]);
  return reply.length === right.length && timingSafeEqual(right, reply);
}

function replyTo(key: Uint8Array, challenge: Buffer, legacyDigest: boolean): Uint8Array {
  if (challenge.length === LEGACY_NONCE_SIZE) {
    if (legacyDigest) return hmac('md5', key, challenge);
    throw new AuthenticationError(
      'The other end asks for HMAC-MD5, as Python before 3.12 does; set { legacyDigest: true } to allow it',
    );
  }
  const name = /^\{(\w+)\}/.exec(challenge.toString('latin1'))?.[1] ?? '';
  const digest = Object.hasOwn(DIGESTS, name)
    ? DIGESTS[name]
    : name === 'md5' && legacyDigest
      ? 'md5'
      : undefined;
  if (digest === undefined || challenge.length <= name.length + 2 + LEGACY_NONCE_SIZE) {
    throw new AuthenticationError(`The other end sent a challenge of ${challenge.length} bytes that is none`);
  }
  return Buffer.concat([Buffer.from(`{${name}}`), hmac(digest, key, challenge)]);
}

function wrongReply(reply: Uint8Array, legacyDigest: boolean): string {
  return !legacyDigest && reply.length === LEGACY_DIGEST_SIZE
    ? 'The other end answered with HMAC-MD5, as Python before 3.12 does; set { legacyDigest: true } to allow it'
    : 'The other end does not have our key; both must be given the same authkey';
}

function hmac(digest: string, key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac(digest, key).update(message).digest();
}
