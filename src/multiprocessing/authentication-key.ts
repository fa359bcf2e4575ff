/** The secret that the processes of a program prove to each other that they belong together by. */

import { inspect } from 'node:util';
import { stayHere } from './stays-here.ts';

/**
 * Bytes that are not to be passed on by accident: not to be cloned, not to be serialized, not to be printed. Processes
 * that are started here get them by a way of their own.
 *
 * @see CPython `multiprocessing.process.AuthenticationString`, which refuses to be pickled.
 */
export class AuthenticationKey {
  readonly #bytes: Uint8Array;

  static {
    Object.defineProperty(AuthenticationKey.prototype, inspect.custom, {
      value: () => 'AuthenticationKey {}',
    });
  }

  /**
   * @param secret is copied; a string stands for its UTF-8.
   * @throws TypeError for anything else.
   */
  constructor(secret: Uint8Array | string | AuthenticationKey) {
    if (secret instanceof AuthenticationKey) this.#bytes = secret.#bytes;
    else if (typeof secret === 'string') this.#bytes = new TextEncoder().encode(secret);
    else if (secret instanceof Uint8Array) this.#bytes = Uint8Array.from(secret);
    else throw new TypeError(`authkey must be bytes or a string, received ${inspect(secret, { depth: 0 })}`);
    stayHere(this);
  }

  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  /** The bytes themselves, for those who know what they do: a copy. */
  export(): Uint8Array {
    return this.#bytes.slice();
  }

  /** @throws TypeError always. */
  toJSON(): never {
    throw new TypeError('An authkey is a secret, and is not written as JSON; see AuthenticationKey.export()');
  }
}
