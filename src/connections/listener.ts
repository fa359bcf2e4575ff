/**
 * Somebody to connect to.
 *
 *      a peer connects --> handshake (all at once, each within a time of its own) --> [ ready ] --> accept()
 *                              | wrong key, silence, garbage
 *                              v
 *                          destroyed, `onRejected`
 *
 * A peer that fails the handshake is nobody's business but its own: `accept()` goes on to the next, where in Python it
 * throws, and a server that does not expect that is ended by any stranger. And as handshakes run beside each other, a peer
 * that is silent holds up nobody, where in Python it holds up all.
 */

import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { AuthenticationError, InvalidStateError, NotShareableError, TimeoutError } from '../errors.ts';
import { waitWithin } from '../futures/waiting.ts';
import {
  checkBoolean,
  checkChoice,
  checkCount,
  checkDuration,
  checkFunction,
  checkNames,
  checkWait,
  type WaitOptions,
} from '../options.ts';
import { shareBy } from '../wire/shareable.ts';
import {
  type Address,
  arbitraryAddress,
  type Endpoint,
  FAMILIES,
  type Family,
  families,
  type HostAndPort,
  parseAddress,
} from './address.ts';
import { type AuthKey, checkAuthKey, handshake } from './authentication.ts';
import { Connection, type ConnectionOptions } from './connection.ts';

export interface ListenerOptions extends ConnectionOptions {
  /**
   * Default: an arbitrary one of `family` that is free: a Unix socket that only this user can reach, or a port of
   * 127.0.0.1. Port 0 is any that is free.
   */
  readonly address?: Address | undefined;
  /** Default: what the address looks like; without one `'unix'`, on Windows `'pipe'`. */
  readonly family?: Family | undefined;
  /** How many connections the system holds that this process has not noticed yet. Default 511. */
  readonly backlog?: number | undefined;
  /** The key that peers must have. Without one whoever reaches the address is let in. */
  readonly authkey?: AuthKey | undefined;
  /** Milliseconds that a peer has for the handshake. Default 10,000. */
  readonly handshakeTimeout?: number | undefined;
  /** How many may be in the handshake, or wait to be accepted; further ones are turned away. Default 1024. */
  readonly maxPending?: number | undefined;
  /** Whether the HMAC-MD5 of Python before 3.12 will do; see `deliverChallenge`. Default `false`. */
  readonly legacyDigest?: boolean | undefined;
  /** Called with why a peer was turned away, and where it came from. Must not throw. */
  readonly onRejected?: ((error: unknown, peer: Peer) => void) | undefined;
}

/** Where somebody connected from: host and port, or `''` over a Unix socket, where peers have no address. */
export type Peer = HostAndPort | '';

interface Settings {
  readonly authkey: AuthKey | undefined;
  readonly handshakeTimeout: number;
  readonly legacyDigest: boolean;
  readonly maxPending: number;
  readonly maxMessageBytes: number | undefined;
  readonly onRejected: (error: unknown, peer: Peer) => void;
}

interface Arrival {
  readonly connection: Connection;
  readonly peer: Peer;
}

interface Waiter {
  /** Absent: only to be told that there is somebody. */
  readonly take: ((arrival: Arrival) => void) | undefined;
  readonly ready: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * A bound address, and the connections made to it. It holds the process open while somebody waits in `accept`.
 *
 * @see CPython `multiprocessing.connection.Listener`.
 *
 * @example
 * await using listener = await Listener.listen({ authkey });
 * for await (const connection of listener) serve(connection);
 */
export class Listener implements AsyncDisposable, Disposable {
  readonly #server: Server;
  readonly #settings: Settings;
  readonly #address: string | HostAndPort;
  readonly #remove: () => void;
  /** In the handshake. */
  readonly #newcomers = new Set<Connection>();
  readonly #ready: Arrival[] = [];
  #waiters: Waiter[] = [];
  #lastAccepted: Peer | undefined;
  #closed = false;

  static {
    shareBy(Listener, () => {
      throw new NotShareableError('a Listener stays in its process; its address can be passed on');
    });
  }

  /** Binds the address, and listens there. */
  static async listen(options: ListenerOptions = {}): Promise<Listener> {
    const settings = check(options);
    const { endpoint, remove } =
      options.address === undefined
        ? arbitraryAddress(options.family ?? (families()[0] as Family))
        : { endpoint: parseAddress(options.address, options.family), remove: () => undefined };
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    try {
      await bind(server, endpoint, options.backlog);
    } catch (error) {
      remove();
      throw error;
    }
    return new Listener(server, endpoint, settings, remove);
  }

  private constructor(server: Server, endpoint: Endpoint, settings: Settings, remove: () => void) {
    this.#server = server;
    this.#settings = settings;
    this.#remove = remove;
    if (endpoint.family === 'tcp') {
      const { address: host, port } = server.address() as AddressInfo;
      this.#address = { host, port };
    } else this.#address = endpoint.path;
    server.unref();
    server.on('connection', (socket) => void this.#greet(socket));
    // Errors of single connections (no descriptors left, say): the next may fare better.
    server.on('error', (error) => this.#settings.onRejected(error, ''));
  }

  /** The address that it is bound to, with the port that it was given. For `Client`. */
  get address(): string | HostAndPort {
    return this.#address;
  }

  /** Where the connection came from that was accepted last. */
  get lastAccepted(): Peer | undefined {
    return this.#lastAccepted;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * The next connection, of a peer that has shown that it has the key, if there is one. In the order in which
   * handshakes ended. A wait that was given up loses no connection.
   *
   * @throws TimeoutError; `signal.reason`; InvalidStateError when the listener is closed, or is closed meanwhile.
   */
  async accept(options: WaitOptions = {}): Promise<Connection> {
    this.#assertOpen();
    if (options.timeout === 0) await this.#settle();
    const { connection, peer } = await waitWithin<Arrival>(
      options,
      () => 'Nobody connected',
      (resolve, reject) => this.#enter({ take: resolve, ready: () => undefined, fail: reject }),
    );
    this.#lastAccepted = peer;
    return connection;
  }

  /**
   * Whether `accept` would give a connection at once. Waits for that for up to `timeout` milliseconds, by default 0.
   * For `wait`.
   */
  async poll(options: WaitOptions = {}): Promise<boolean> {
    this.#assertOpen();
    checkWait(options);
    const { timeout = 0, signal } = options;
    if (timeout === 0) {
      await this.#settle();
      return this.#ready.length > 0;
    }
    try {
      await waitWithin<void>(
        { timeout, signal },
        () => 'Nobody connected',
        (resolve, reject) => this.#enter({ take: undefined, ready: resolve, fail: reject }),
      );
      return true;
    } catch (error) {
      if (error instanceof TimeoutError && error !== signal?.reason) return false;
      throw error;
    }
  }

  /** Connections as they come, until the listener is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Connection, void> {
    while (!this.#closed) {
      let connection: Connection;
      try {
        connection = await this.accept();
      } catch (error) {
        if (this.#closed) return;
        throw error;
      }
      yield connection;
    }
  }

  /**
   * Nobody can connect any more; those who are not accepted yet are turned away. Accepted connections stay open. The
   * address is free again, and the path of a Unix socket gone.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.close();
    this.#remove();
    for (const connection of this.#newcomers) connection.destroy();
    for (const { connection } of this.#ready.splice(0)) connection.destroy();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { fail } of waiters) fail(new InvalidStateError('The listener was closed'));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw new InvalidStateError('The listener is closed');
  }

  /** Gives connections that wait in the system the time to arrive here: a turn of the event loop, and what follows. */
  async #settle(): Promise<void> {
    this.#server.ref();
    for (let turns = 0; turns < 2; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    this.#hold();
  }

  async #greet(socket: Socket): Promise<void> {
    const { authkey, handshakeTimeout, legacyDigest, maxMessageBytes, maxPending, onRejected } =
      this.#settings;
    const { remoteAddress: host, remotePort: port } = socket;
    const peer = host === undefined || port === undefined ? '' : { host, port };
    const connection = new Connection(socket, { maxMessageBytes });
    if (this.#newcomers.size + this.#ready.length >= maxPending) {
      connection.destroy();
      onRejected(new AuthenticationError(`More than ${maxPending} peers wait to be let in`), peer);
      return;
    }
    if (authkey !== undefined) {
      this.#newcomers.add(connection);
      try {
        await handshake(connection, authkey, 'listening', { timeout: handshakeTimeout, legacyDigest });
      } catch (error) {
        connection.destroy();
        if (!this.#closed) onRejected(error, peer);
        return;
      } finally {
        this.#newcomers.delete(connection);
      }
    }
    if (this.#closed) connection.destroy();
    else {
      this.#ready.push({ connection, peer });
      this.#serve();
    }
  }

  #enter(waiter: Waiter): () => void {
    if (this.#closed) waiter.fail(new InvalidStateError('The listener was closed'));
    else {
      this.#waiters.push(waiter);
      this.#serve();
    }
    return () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      this.#hold();
    };
  }

  #serve(): void {
    for (
      let first = this.#waiters[0];
      first !== undefined && this.#ready.length > 0;
      first = this.#waiters[0]
    ) {
      this.#waiters.shift();
      if (first.take === undefined) first.ready();
      else first.take(this.#ready.shift() as Arrival);
    }
    this.#hold();
  }

  #hold(): void {
    if (this.#waiters.length > 0) this.#server.ref();
    else this.#server.unref();
  }
}

const OPTIONS = [
  'address',
  'family',
  'backlog',
  'authkey',
  'handshakeTimeout',
  'maxPending',
  'maxMessageBytes',
  'legacyDigest',
  'onRejected',
];

/** All options before anything is bound. */
function check(options: ListenerOptions): Settings {
  checkNames(options, OPTIONS, 'Listener.listen');
  checkAuthKey(options.authkey);
  checkChoice('family', options.family, FAMILIES);
  checkCount('backlog', options.backlog, 1);
  checkDuration('handshakeTimeout', options.handshakeTimeout);
  checkCount('maxPending', options.maxPending, 1, true);
  checkCount('maxMessageBytes', options.maxMessageBytes, 0, true);
  checkBoolean('legacyDigest', options.legacyDigest);
  checkFunction('onRejected', options.onRejected);
  return {
    authkey: options.authkey,
    handshakeTimeout: options.handshakeTimeout ?? 10_000,
    legacyDigest: options.legacyDigest ?? false,
    maxPending: options.maxPending ?? 1024,
    maxMessageBytes: options.maxMessageBytes,
    onRejected: options.onRejected ?? (() => undefined),
  };
}

function bind(server: Server, endpoint: Endpoint, backlog: number | undefined): Promise<void> {
  const place: ListenOptions =
    endpoint.family === 'tcp' ? { host: endpoint.host, port: endpoint.port } : { path: endpoint.path };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(backlog === undefined ? place : { ...place, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
