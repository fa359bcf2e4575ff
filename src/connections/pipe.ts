/** Pipes: two connections to each other, the ends of which other processes can have. */

import { InvalidStateError, ManyhandsError, TimeoutError } from '../errors.ts';
import { createPipe } from '../memory/pipes.ts';
import { checkBoolean, checkCount, checkDuration, checkNames, type SyncWaitOptions } from '../options.ts';
import { encodeBytes } from '../wire/bytes.ts';
import { bytesCodec, decodeWhenKnown, encodeUnmoved, isPrimitive } from '../wire/codec.ts';
import { registerKind, shareBy } from '../wire/shareable.ts';
import { type Bytes, Connection, noValue, section, unsendable } from './connection.ts';
import { frame } from './framing.ts';
import { giveReceipt, type Offer } from './handing-over.ts';
import { PipeLink } from './pipe-link.ts';

export interface PipeOptions {
  /** Whether both ends send and receive. Default `true`; else the first one receives what the second sends. */
  readonly duplex?: boolean | undefined;
}

/** `maxLength` as for `recvBytes`. */
export interface ReceiveSyncOptions extends SyncWaitOptions {
  readonly maxLength?: number | undefined;
}

const KIND = 'multiprocessing.Connection';

/** The ends that this thread has passed on, or got, so that one that comes back is the same object. */
const known = new Map<string, WeakRef<PipeConnection>>();

/** Who forgets to close an end has it closed when it is collected, if that happens. */
const abandoned = new FinalizationRegistry<PipeLink>((link) => link.abandon());

/**
 * An end of a pipe: a connection that also has forms that block, for threads that have nothing else to do. They are much
 * faster than those that go by way of the event loop.
 *
 * It can be passed to other threads and processes, as an argument or in a message, which then have this end as well; who
 * does not need it himself any more closes it. The other end learns that it is over when all who had this one have
 * closed it, or are gone.
 */
export class PipeConnection extends Connection {
  readonly #link: PipeLink;
  /** Under which it is known, if it is. */
  #name: string | undefined;

  static {
    shareBy(PipeConnection, (connection) => {
      if (connection.closed) throw new InvalidStateError('The connection is closed');
      connection.#know();
      return { kind: KIND, module: import.meta.url, data: connection.#link.offer() };
    });
    registerKind(KIND, (data) => {
      const offer = data as Offer;
      const open = known.get(`${offer.read?.pipe ?? ''}-${offer.write?.pipe ?? ''}`)?.deref();
      if (open !== undefined) {
        giveReceipt(offer);
        return open;
      }
      const connection = new PipeConnection(PipeLink.from(offer));
      connection.#know();
      return connection;
    });
  }

  constructor(link: PipeLink) {
    super(link);
    this.#link = link;
    abandoned.register(this, link);
  }

  override close(): void {
    if (this.#name !== undefined) known.delete(this.#name);
    super.close();
  }

  override destroy(): void {
    if (this.#name !== undefined) known.delete(this.#name);
    super.destroy();
  }

  #know(): void {
    this.#name ??= this.#link.name;
    known.set(this.#name, new WeakRef(this));
  }

  /**
   * Like `send`, blocking until the system has taken the value.
   *
   * @throws InvalidStateError while a `send` is pending, which it would overtake; else as `send`.
   */
  sendSync(value: unknown): void {
    this.#assertIdle();
    this.#write(this.encode(value));
  }

  /** Like `sendBytes`, blocking. */
  sendBytesSync(bytes: Bytes, offset = 0, size?: number): void {
    this.#assertIdle();
    this.#write(section(bytes, offset, size));
  }

  /**
   * Like `recv`, blocking until there is a message, and those who wait already have got theirs.
   *
   * @throws NotShareableError for a message with an object whose module has never been imported in this thread: that
   *   cannot be done while blocking.
   */
  recvSync(options: SyncWaitOptions = {}): unknown {
    const message = this.#receive(options, this.limit);
    try {
      return bytesCodec.decode(message);
    } catch (error) {
      throw asValueError(message, error);
    }
  }

  /** Like `recvBytes`, blocking. */
  recvBytesSync(options: ReceiveSyncOptions = {}): Uint8Array {
    checkCount('maxLength', options.maxLength, 0, true);
    return this.#receive(options, options.maxLength ?? this.limit);
  }

  /** Like `poll`, blocking for up to `timeout` milliseconds, by default 0. */
  pollSync(options: SyncWaitOptions = {}): boolean {
    this.assertReadable();
    checkDuration('timeout', options.timeout);
    const { timeout = 0 } = options;
    if (this.inbox.isReadable()) return true;
    return timeout > 0 && this.#link.waitSync(performance.now() + timeout) && this.inbox.isReadable();
  }

  protected override encode(value: unknown): Uint8Array {
    return isPrimitive(value)
      ? encodeBytes(value, 'value')
      : (encodeUnmoved(bytesCodec, value, 'value') as Uint8Array);
  }

  protected override decode(message: Uint8Array): unknown {
    try {
      return decodeWhenKnown(bytesCodec, message);
    } catch (error) {
      throw asValueError(message, error);
    }
  }

  #receive({ timeout }: SyncWaitOptions, limit: number): Buffer {
    this.assertReadable();
    checkDuration('timeout', timeout);
    const deadline = timeout === undefined ? Infinity : performance.now() + timeout;
    const message = this.inbox.receiveSync(limit, (isDone) => {
      do if (!this.#link.waitSync(deadline)) return;
      while (!isDone());
    });
    if (message === undefined) throw new TimeoutError(`No message came within ${timeout} ms`);
    return message;
  }

  #assertIdle(): void {
    this.assertWritable();
    if (!this.#link.writing) return;
    throw new InvalidStateError('A send is pending, which one that blocks would overtake: await it first');
  }

  #write(message: Uint8Array): void {
    try {
      this.#link.writeSync(frame(message));
    } catch (cause) {
      throw unsendable(cause);
    }
  }
}

/** Errors of ours say what is wrong with a message; others come of bytes that are no value. */
function asValueError(message: Uint8Array, error: unknown): unknown {
  return error instanceof ManyhandsError ? error : noValue(message, error);
}

/**
 * Two connections to each other. With `duplex: false` the first can only receive, and the second only send.
 *
 * Several may have the same end, as long as one at a time sends or receives there.
 *
 * @throws SharedMemoryUnavailableError where there are no such pipes: they need Linux and koffi.
 * @see CPython `multiprocessing.Pipe`.
 *
 * @example
 * const [ours, theirs] = Pipe();
 * await ours.send({ hello: 'world' });
 * console.log(await theirs.recv()); // { hello: 'world' }
 */
export function Pipe(options: PipeOptions = {}): [PipeConnection, PipeConnection] {
  checkNames(options, ['duplex'], 'Pipe');
  checkBoolean('duplex', options.duplex);
  const there = createPipe();
  if (options.duplex === false) {
    return [
      new PipeConnection(new PipeLink(there.read, -1)),
      new PipeConnection(new PipeLink(-1, there.write)),
    ];
  }
  const back = createPipe();
  return [
    new PipeConnection(new PipeLink(there.read, back.write)),
    new PipeConnection(new PipeLink(back.read, there.write)),
  ];
}
