/** Pipes: two connections to each other, the ends of which other processes can have. */

import { InvalidStateError, TimeoutError } from '../errors.ts';
import { createPipe } from '../memory/pipes.ts';
import { checkBoolean, checkCount, checkDuration, checkNames } from '../options.ts';
import { encodeBytes } from '../wire/bytes.ts';
import { type Bytes, Connection, type ConnectionOptions, decode, section, unsendable } from './connection.ts';
import { frame } from './framing.ts';
import { PipeLink } from './pipe-link.ts';

export interface PipeOptions {
  /** Whether both ends send and receive. Default `true`; else the first one receives what the second sends. */
  readonly duplex?: boolean | undefined;
}

/** The limit of a wait that blocks: nothing can abort it. */
export interface WaitSyncOptions {
  /** Milliseconds. Absent: for ever. 0: try once. Negative or NaN: `RangeError`. */
  readonly timeout?: number | undefined;
}

/** `maxLength` as for `recvBytes`. */
export interface ReceiveSyncOptions extends WaitSyncOptions {
  readonly maxLength?: number | undefined;
}

/**
 * An end of a pipe: a connection that also has forms that block, for threads that have nothing else to do. They are much
 * faster than those that go by way of the event loop.
 *
 * The pipe is empty at its end when all who have the other end have closed it, or are gone.
 */
export class PipeConnection extends Connection {
  readonly #link: PipeLink;

  constructor(link: PipeLink, options?: ConnectionOptions) {
    super(link, options);
    this.#link = link;
  }

  /**
   * Like `send`, blocking until the system has taken the value.
   *
   * @throws InvalidStateError while a `send` is pending, which it would overtake; else as `send`.
   */
  sendSync(value: unknown): void {
    this.#assertIdle();
    this.#write(encodeBytes(value, 'value'));
  }

  /** Like `sendBytes`, blocking. */
  sendBytesSync(bytes: Bytes, offset = 0, size?: number): void {
    this.#assertIdle();
    this.#write(section(bytes, offset, size));
  }

  /** Like `recv`, blocking until there is a message, and those who wait already have got theirs. */
  recvSync(options: WaitSyncOptions = {}): unknown {
    return decode(this.#receive(options, this.limit));
  }

  /** Like `recvBytes`, blocking. */
  recvBytesSync(options: ReceiveSyncOptions = {}): Uint8Array {
    checkCount('maxLength', options.maxLength, 0, true);
    return this.#receive(options, options.maxLength ?? this.limit);
  }

  /** Like `poll`, blocking for up to `timeout` milliseconds, by default 0. */
  pollSync(options: WaitSyncOptions = {}): boolean {
    this.assertReadable();
    checkDuration('timeout', options.timeout);
    const { timeout = 0 } = options;
    if (this.inbox.isReadable()) return true;
    return timeout > 0 && this.#link.waitSync(performance.now() + timeout) && this.inbox.isReadable();
  }

  #receive({ timeout }: WaitSyncOptions, limit: number): Buffer {
    this.assertReadable();
    checkDuration('timeout', timeout);
    const deadline = timeout === undefined ? Infinity : performance.now() + timeout;
    const message = this.inbox.receiveSync(limit, (isDone) => {
      while (!isDone()) if (!this.#link.waitSync(deadline)) return;
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
