/** One end of a connection: messages in both directions, or in one, in order and whole. */

import { Socket } from 'node:net';
import {
  BrokenConnectionError,
  BufferTooShortError,
  EndOfFileError,
  InvalidStateError,
  NotShareableError,
  TimeoutError,
} from '../errors.ts';
import { checkCount, checkNames, checkWait, type WaitOptions } from '../options.ts';
import { decodeBytes, encodeBytes } from '../wire/bytes.ts';
import { areAnyShareable, shareBy } from '../wire/shareable.ts';
import { takeOut } from '../wire/taking-out.ts';
import { frame, LONGEST_MESSAGE } from './framing.ts';
import { Inbox } from './inbox.ts';
import type { Link } from './link.ts';
import { SocketLink } from './socket-link.ts';

/** Bytes to send: what is looked at are the bytes, whatever the elements are. */
export type Bytes = ArrayBufferView | ArrayBufferLike;

export interface ConnectionOptions {
  /**
   * The longest message that is received, in bytes; a longer one is refused by its header, and nothing more can be
   * received then. Default 256 MiB for sockets, whose peer may be anybody.
   */
  readonly maxMessageBytes?: number | undefined;
}

export interface ReceiveOptions extends WaitOptions {
  /** The longest message that is taken, in bytes; for a longer one see `maxMessageBytes` of the connection. */
  readonly maxLength?: number | undefined;
}

/** Far more than what should be sent in one piece, and not yet all the memory of a machine. */
const MOST_FROM_SOCKETS = 256 * 2 ** 20;

/**
 * A connection to another process, or within this one. `Pipe`, `Client` and `Listener` make them; a socket that was
 * connected in another way (over TLS, say) becomes one by `new Connection(socket)`.
 *
 * What is pending holds the process open: a `recv`, a `poll`, a `send`. A connection that merely is open does not.
 *
 * After `close`, and in a direction that the connection does not have, all methods reject with an `InvalidStateError`.
 *
 * @see CPython `multiprocessing.connection.Connection`. Framing is the same, so that `sendBytes` and `recvBytes` can talk
 *   to Python; values have a form of our own (pickled ones would be programs).
 */
export class Connection implements AsyncDisposable, Disposable {
  readonly #link: Link;
  readonly #inbox: Inbox;
  readonly #limit: number;
  #closed = false;

  static {
    shareBy(Connection, () => {
      throw new NotShareableError('a socket stays in its process; a Pipe has ends that can be passed on');
    });
  }

  /** @throws TypeError for what is no socket; RangeError for a wrong `maxMessageBytes`. */
  constructor(carrier: Socket | Link, options: ConnectionOptions = {}) {
    checkNames(options, ['maxMessageBytes'], 'A connection');
    checkCount('maxMessageBytes', options.maxMessageBytes, 0, true);
    const isSocket = carrier instanceof Socket;
    if (!isSocket && typeof (carrier as Partial<Link> | undefined)?.pull !== 'function') {
      throw new TypeError(`A connection is made of a net.Socket, received ${String(carrier)}`);
    }
    const longest = options.maxMessageBytes ?? (isSocket ? MOST_FROM_SOCKETS : LONGEST_MESSAGE);
    this.#limit = Math.min(longest, LONGEST_MESSAGE);
    this.#link = isSocket ? new SocketLink(carrier) : carrier;
    this.#inbox = new Inbox(this.#link, this.#limit);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether messages can be received: open, of that direction, and not broken by what came. */
  get readable(): boolean {
    return !this.#closed && this.#link.readable && !this.#inbox.broken;
  }

  /** Whether messages can be sent. */
  get writable(): boolean {
    return !this.#closed && this.#link.writable;
  }

  /**
   * Sends a copy of `value`, as it is now; what can be copied is what tasks take and return. Resolves when the system has
   * taken all of it: not before the other side has received most of what came earlier.
   *
   * @throws NotShareableError; BrokenConnectionError when nobody is there to receive it.
   */
  async send(value: unknown): Promise<void> {
    this.assertWritable();
    await this.#write(this.encode(value));
  }

  /**
   * Sends bytes as one message, which may be empty: `size` of them (default: all) from `offset` on. They must not be
   * changed before the promise resolves.
   *
   * @throws RangeError when `offset` and `size` reach beyond `bytes`; BrokenConnectionError.
   */
  async sendBytes(bytes: Bytes, offset = 0, size?: number): Promise<void> {
    this.assertWritable();
    await this.#write(section(bytes, offset, size));
  }

  /**
   * The next value. Several that wait are served in the order of their calls. A wait that was given up has consumed
   * nothing.
   *
   * @throws EndOfFileError when the other end was closed; BrokenConnectionError when that was inside of a message, or
   *   what came is no value; TimeoutError; `signal.reason`.
   */
  recv(options: WaitOptions = {}): Promise<unknown> {
    return this.#receive(options, this.#limit, (message) => this.decode(message));
  }

  /** The next message as bytes. The same as `recv` in all else. */
  async recvBytes(options: ReceiveOptions = {}): Promise<Uint8Array> {
    const { maxLength, ...limits } = options;
    checkCount('maxLength', maxLength, 0, true);
    return await this.#receive(limits, maxLength ?? this.#limit, (message) => message);
  }

  /**
   * Puts the bytes of the next message into `buffer`, from `offset` on, and resolves to how many there were.
   *
   * @throws BufferTooShortError, which has the message; RangeError for an `offset` beyond `buffer`; else as `recv`.
   */
  async recvBytesInto(buffer: Bytes, offset = 0, options: WaitOptions = {}): Promise<number> {
    const room = section(buffer, offset);
    return await this.#receive(options, this.#limit, (message) => {
      if (message.length > room.length) throw new BufferTooShortError(message, room.length);
      room.set(message);
      return message.length;
    });
  }

  /**
   * Whether there is something to receive: a message, the beginning of one, or the end. Waits for it up to `timeout`
   * milliseconds, by default 0, as in Python; `Infinity` is for ever. Takes nothing.
   *
   * @throws `signal.reason`.
   */
  async poll(options: WaitOptions = {}): Promise<boolean> {
    this.assertReadable();
    checkWait(options);
    const { timeout = 0, signal } = options;
    if (this.#inbox.isReadable()) return true;
    if (timeout === 0) {
      signal?.throwIfAborted();
      await this.#link.settle();
      return !this.#closed && this.#inbox.isReadable();
    }
    return await orFalse(this.#inbox.readable({ timeout, signal }), signal);
  }

  /** Values until the other end is closed, or this one. */
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void> {
    for (;;) {
      let value: unknown;
      try {
        value = await this.recv();
      } catch (error) {
        if (error instanceof EndOfFileError || this.#closed) return;
        throw error;
      }
      yield value;
    }
  }

  /**
   * Closes this end, once what is being sent has left. Those who still wait for a message get an `InvalidStateError`.
   * The other side hears of it when all who have this end have closed it.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#link.close();
    this.#inbox.close();
  }

  /** Closes this end without regard for what is being sent: for peers that are not to be trusted. */
  destroy(): void {
    this.#closed = true;
    this.#link.destroy();
    this.#inbox.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  protected assertReadable(): void {
    this.#assertOpen();
    if (!this.#link.readable) throw new InvalidStateError('This end of the connection is for sending only');
  }

  protected assertWritable(): void {
    this.#assertOpen();
    if (!this.#link.writable) throw new InvalidStateError('This end of the connection is for receiving only');
  }

  /**
   * Values as messages. Whoever is at the other end of a socket may have us decode anything; what arrives as an object
   * that is shared has its module imported, so that only pipes, whose ends are all of this program, carry such.
   */
  protected encode(value: unknown): Uint8Array {
    if (areAnyShareable()) refuseShared(value);
    return encodeBytes(value, 'value');
  }

  protected decode(message: Uint8Array): unknown {
    try {
      return decodeBytes(message);
    } catch (cause) {
      throw noValue(message, cause);
    }
  }

  /** For the forms that block. */
  protected get inbox(): Inbox {
    return this.#inbox;
  }

  protected get limit(): number {
    return this.#limit;
  }

  #assertOpen(): void {
    if (this.#closed) throw new InvalidStateError('The connection is closed');
  }

  async #receive<T>(options: WaitOptions, limit: number, take: (message: Buffer) => T): Promise<T> {
    this.assertReadable();
    if (options.timeout === 0) {
      await this.#link.settle();
      this.assertReadable();
    }
    return this.#inbox.receive(options, limit, take);
  }

  async #write(message: Uint8Array): Promise<void> {
    try {
      await this.#link.write(frame(message));
    } catch (cause) {
      throw unsendable(cause);
    }
  }
}

function refuseShared(value: unknown): void {
  let found: object | undefined;
  try {
    found = takeOut(value)?.objects[0];
  } catch {
    // What cannot be looked through cannot be copied either, which says so better.
  }
  if (found === undefined) return;
  throw new NotShareableError(
    `value: a ${found.constructor.name} is shared with processes of this program, and cannot cross a socket; send it through a Pipe`,
  );
}

/** The bytes of `bytes` from `offset` on. */
export function section(bytes: Bytes, offset: number, size?: number): Uint8Array {
  let all: Uint8Array;
  if (ArrayBuffer.isView(bytes)) all = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  else if (bytes instanceof ArrayBuffer || bytes instanceof SharedArrayBuffer) all = new Uint8Array(bytes);
  else throw new TypeError(`bytes must be an ArrayBuffer or a view of one, received ${typeof bytes}`);
  checkCount('offset', offset, 0);
  checkCount('size', size, 0);
  const end = size === undefined ? all.length : offset + size;
  if (offset > all.length || end > all.length) {
    const wanted = size === undefined ? `offset ${offset} lies` : `offset ${offset} and size ${size} reach`;
    throw new RangeError(`${wanted} beyond the ${all.length} bytes that were given`);
  }
  return all.subarray(offset, end);
}

/** That a message holds no value. */
export function noValue(message: Uint8Array, cause: unknown): BrokenConnectionError {
  return new BrokenConnectionError(
    `A message of ${message.length} bytes holds no value; what was sent by sendBytes is received by recvBytes`,
    { cause },
  );
}

/** Of an error of the system while writing. */
export function unsendable(cause: unknown): BrokenConnectionError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BrokenConnectionError(`The message could not be sent: ${why}`, { cause });
}

/** `true` when it comes, `false` when the time is over. */
async function orFalse(ready: Promise<void>, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await ready;
    return true;
  } catch (error) {
    // A caller may abort with a TimeoutError of its own; that one is a reason, not the end of `timeout`.
    if (error instanceof TimeoutError && error !== signal?.reason) return false;
    throw error;
  }
}
