/**
 * The connection of one thread to one server, which all proxies of that server share here.
 *
 *      opening ── hello ──▶ open ── end, error, garbage ──▶ broken
 *
 * Requests are numbered, and answered in any order. While some are not answered something is received, which holds the
 * process open; else nothing does. What a thread holds at the server (leases, locks) hangs on its connection, and a broken
 * one is not mended: its proxies reject from then on.
 */

import { type Address, type AuthKey, Client, type Connection } from '../../connections/index.ts';
import { BrokenConnectionError, EndOfFileError, NotShareableError, RemoteError } from '../../errors.ts';
import { onAbort } from '../../futures/abort-listeners.ts';
import type { WaitOptions } from '../../options.ts';
import { encodeBytes } from '../../wire/bytes.ts';
import { bytesCodec, encodeArguments } from '../../wire/codec.ts';
import { isErrorClass, registeredClass } from '../../wire/error-classes.ts';
import { type ErrorEnvelope, unpackError } from '../../wire/error-envelope.ts';
import { currentProcess } from '../process/current.ts';
import type { Channel, ProxyData } from './channel.ts';
import { type Party, packing, unpack } from './context.ts';
import { type Answer, asAnswer, asHello, type Request } from './protocol.ts';
import type { BaseProxy } from './proxies/base.ts';
import { makeProxy } from './proxies/make.ts';

interface Pending {
  readonly signal: AbortSignal | undefined;
  readonly offSignal: (() => void) | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A proxy here, and how many leases the server counts for it. */
interface Held {
  proxy: WeakRef<BaseProxy>;
  leases: number;
}

/** One for each server. */
const lines = new Map<string, Line>();
/** Of servers that were connected to with a key of their own. */
const keys = new Map<string, AuthKey>();

const collected = new FinalizationRegistry<{ readonly line: Line; readonly object: number }>(
  ({ line, object }) => line.forget(object),
);

/**
 * The line to the server at `address`, opened if there is none to that server yet.
 *
 * @throws whatever `Client` throws; BrokenConnectionError where no manager answers.
 */
export async function connectTo(address: Address, key: AuthKey, limits: WaitOptions = {}): Promise<Line> {
  const line = new Line(address, undefined, key, limits);
  await line.opened;
  const known = lines.get(line.server);
  if (known !== undefined && known !== line) {
    line.close();
    return known;
  }
  lines.set(line.server, line);
  keys.set(line.server, key);
  return line;
}

/** The line that a proxy goes by which came from elsewhere: with the key of this family, unless another is known. */
export function lineFor({ server, address }: ProxyData): Line {
  let line = lines.get(server);
  if (line === undefined) {
    const key = keys.get(server) ?? currentProcess().authkey.export();
    lines.set(server, (line = new Line(address, server, key)));
  }
  return line;
}

export class Line implements Channel, Party {
  readonly address: Address;
  /** Rejects where it could not be opened. Nobody has to look at it. */
  readonly opened: Promise<void>;
  #server: string | undefined;
  #connection: Connection | undefined;
  /** The longest message that the server takes. */
  #limit = Infinity;
  /** What is to be sent once it is open. */
  #early: Uint8Array[] = [];
  #broken: Error | undefined;
  #receiving = false;
  #lastNumber = 0;
  readonly #pending = new Map<number, Pending>();
  readonly #held = new Map<number, Held>();

  /** @param server which one is expected; `undefined`: any. */
  constructor(address: Address, server: string | undefined, key: AuthKey, limits: WaitOptions = {}) {
    this.address = address;
    this.#server = server;
    this.opened = this.#open(key, limits);
    this.opened.catch(() => undefined);
  }

  get server(): string {
    return this.#server as string;
  }

  call(
    object: number,
    method: string,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    return this.#request((number) => ['call', number, object, method, this.#pack(args)], signal);
  }

  /** A new object of a registered type. */
  async create(typeid: string, args: readonly unknown[]): Promise<BaseProxy> {
    const proxy = await this.#request((number) => ['create', number, typeid, this.#pack(args)]);
    return proxy as BaseProxy;
  }

  snapshot(object: number): Promise<unknown> {
    return this.#request((number) => ['snapshot', number, object]);
  }

  /** Asks the server something about itself, or to end. */
  ask(op: 'count' | 'info' | 'shutdown', limits: WaitOptions = {}): Promise<unknown> {
    return this.#request((number) => [op, number], limits.signal ?? undefined);
  }

  lend(object: number): void {
    this.#send(['lend', object]);
  }

  release(object: number): void {
    const held = this.#held.get(object);
    if (held === undefined) return;
    this.#held.delete(object);
    this.#send(['release', object, held.leases]);
  }

  /** A proxy was collected; another one may have come in its place. */
  forget(object: number): void {
    if (this.#held.get(object)?.proxy.deref() === undefined) this.release(object);
  }

  /** The proxy of an object that came from the server, which has counted a lease for it. */
  revive(data: ProxyData): BaseProxy {
    const held = this.#held.get(data.object);
    const known = held?.proxy.deref();
    if (held !== undefined) held.leases += 1;
    if (known !== undefined) return known;
    // The address that works here: the server may know itself by another.
    const proxy = makeProxy(this, { ...data, address: this.address });
    if (held !== undefined) held.proxy = new WeakRef(proxy);
    else this.#held.set(data.object, { proxy: new WeakRef(proxy), leases: 1 });
    collected.register(proxy, { line: this, object: data.object });
    return proxy;
  }

  /** The proxy of an object that came from elsewhere. */
  borrow(data: ProxyData): BaseProxy {
    const known = this.#held.get(data.object)?.proxy.deref();
    if (known !== undefined) return known;
    this.#send(['lease', data.object]);
    return this.revive(data);
  }

  close(): void {
    this.#fail(new BrokenConnectionError('The connection to the manager was closed here'));
  }

  async #open(key: AuthKey, limits: WaitOptions): Promise<void> {
    let connection: Connection | undefined;
    try {
      connection = await Client(this.address, { authkey: key, ...limits });
      const [, server, limit] = asHello(await connection.recv(limits));
      if (this.#server !== undefined && server !== this.#server) {
        throw new BrokenConnectionError(
          'The manager at this address is another than the one that this object was in',
        );
      }
      this.#server = server;
      this.#limit = limit;
    } catch (error) {
      connection?.destroy();
      this.#fail(error);
      throw error;
    }
    if (this.#broken !== undefined) {
      connection.destroy();
      throw this.#broken;
    }
    this.#connection = connection;
    for (const bytes of this.#early.splice(0)) this.#write(connection, bytes);
    this.#receive();
  }

  #pack(args: readonly unknown[]): unknown {
    return packing(this, () => encodeArguments(bytesCodec, args).value);
  }

  #request(make: (number: number) => Request, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#broken !== undefined) throw brokenBy(this.#broken);
      const number = (this.#lastNumber += 1);
      // Before it counts as pending: arguments that cannot cross are an error of this call alone.
      const bytes = encodeBytes(make(number), 'request');
      if (bytes.length > this.#limit) {
        throw new NotShareableError(
          `A call of ${bytes.length} bytes is longer than the ${this.#limit} that the manager takes`,
        );
      }
      // The answer is waited for all the same: whether a lock was acquired before only the server can tell.
      const offSignal = signal && onAbort(signal, () => this.#send(['cancel', number]));
      this.#pending.set(number, { signal, offSignal, resolve, reject });
      this.#transmit(bytes);
      this.#receive();
    });
  }

  /** What needs no answer. */
  #send(request: Request): void {
    if (this.#broken === undefined) this.#transmit(encodeBytes(request, 'request'));
  }

  #transmit(bytes: Uint8Array): void {
    if (this.#connection === undefined) this.#early.push(bytes);
    else this.#write(this.#connection, bytes);
  }

  #write(connection: Connection, bytes: Uint8Array): void {
    connection.sendBytes(bytes).catch((error: unknown) => this.#fail(error));
  }

  /** Receives as long as an answer is outstanding. */
  #receive(): void {
    if (this.#receiving || this.#connection === undefined) return;
    this.#receiving = true;
    void this.#pump(this.#connection);
  }

  async #pump(connection: Connection): Promise<void> {
    try {
      while (this.#pending.size > 0) await this.#answer(asAnswer(await connection.recv()));
    } catch (error) {
      this.#fail(error);
    } finally {
      // In the same moment as the last look at what is pending, so that the next request begins anew.
      this.#receiving = false;
    }
  }

  async #answer([is, number, content]: Answer): Promise<void> {
    const pending = this.#pending.get(number);
    if (pending === undefined) throw new BrokenConnectionError(`An answer came to request ${number}`);
    const { signal, offSignal, resolve, reject } = pending;
    this.#pending.delete(number);
    offSignal?.();
    if (is === 'error') {
      reject(signal?.aborted ? signal.reason : thrownBy(content as ErrorEnvelope, this));
      return;
    }
    try {
      // Only what has modules to import is waited for, so that answers arrive in their order.
      const value = unpack(this, content);
      // Not `resolve(value)` for an object with a `then`: what was sent is data.
      resolve(value instanceof Promise ? await value : value);
    } catch (error) {
      reject(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#broken !== undefined) return;
    this.#broken = error instanceof Error ? error : new Error(String(error));
    this.#early = [];
    this.#connection?.destroy();
    if (this.#server !== undefined && lines.get(this.#server) === this) lines.delete(this.#server);
    for (const { offSignal, reject } of this.#pending.values()) {
      offSignal?.();
      reject(brokenBy(this.#broken));
    }
    this.#pending.clear();
    this.#held.clear();
  }
}

function brokenBy(cause: Error): BrokenConnectionError {
  const why = cause instanceof EndOfFileError ? 'its process has ended, or was shut down' : cause.message;
  return new BrokenConnectionError(`The manager cannot be reached: ${why}`, { cause });
}

/** The error itself where its class is known here, else a RemoteError that has it as its cause. */
function thrownBy(envelope: ErrorEnvelope, party: Party): unknown {
  const error = packing(party, () => unpackError(envelope, bytesCodec));
  if (envelope.kind === 'value') return error;
  const [own] = envelope.nodes[0]?.classes ?? [];
  if (own === undefined || isErrorClass(registeredClass(own))) return error;
  const { message } = error as Error;
  return new RemoteError(`The manager's object threw ${own.name}: ${message}`, { cause: error });
}
