/**
 * The server of a manager: objects, and the clients that use them, in one event loop.
 *
 *      Listener ── who has shown the key ──▶ Session ── invoke ──▶ Objects
 *                                                │                    │ a method of an object may use others
 *                                                ▼                    ▼ by proxies, which come here directly
 *                                            answer              LocalChannel
 */

import { isPromise } from 'node:util/types';
import type { Address, AuthKey, Family } from '../../../connections/index.ts';
import { Listener } from '../../../connections/index.ts';
import { RemoteError } from '../../../errors.ts';
import { bytesCodec, encodeArguments } from '../../../wire/codec.ts';
import type { Channel, ProxyData } from '../channel.ts';
import { type Party, packing, unpack } from '../context.ts';
import { BaseProxy, innerOf } from '../proxies/base.ts';
import { makeProxy } from '../proxies/make.ts';
import { type Call, callFor, contentsOf, type Owner } from '../referents/call.ts';
import type { Contents } from '../referents/contents.ts';
import { bindAnew } from './bind.ts';
import { type Entry, Handle, Objects } from './objects.ts';
import { Session } from './session.ts';
import type { ManagedType, Types } from './types.ts';

export interface ServerSettings {
  readonly types: Types;
  readonly address: Address | undefined;
  readonly family: Family | undefined;
  readonly authkey: AuthKey;
  readonly maxMessageBytes: number;
  readonly transferTimeout: number;
}

/** A value as it is sent, and the objects that the receiver gets a lease of by it. */
export interface Result {
  readonly value: unknown;
  readonly entries: readonly Entry[];
}

export interface ObjectInfo {
  readonly object: number;
  readonly typeid: string;
  /** How many proxies of clients keep it; 0 for one that only other objects refer to. */
  readonly leases: number;
}

/** @see CPython `multiprocessing.managers.Server` */
export class Server implements Party, Contents, AsyncDisposable {
  /** Its identity. */
  readonly server: string = crypto.randomUUID();
  readonly objects: Objects;
  readonly maxMessageBytes: number;
  readonly #types: Types;
  readonly #listener: Listener;
  readonly #sessions = new Set<Session>();
  /** In the name of this: calls of objects to each other. */
  readonly #self: Owner = { ended: new AbortController().signal, holds: new Map() };

  /** Binds the address. Clients are let in by {@link serveForever}. */
  static async listen(settings: ServerSettings): Promise<Server> {
    const { address, family, authkey, maxMessageBytes } = settings;
    const listener = await bindAnew(address, () =>
      Listener.listen({ address, family, authkey, maxMessageBytes }),
    );
    return new Server(listener, settings);
  }

  private constructor(listener: Listener, { types, maxMessageBytes, transferTimeout }: ServerSettings) {
    this.#listener = listener;
    this.#types = types;
    this.maxMessageBytes = maxMessageBytes;
    this.objects = new Objects(transferTimeout);
  }

  /** Where it listens. */
  get address(): Address {
    return this.#listener.address;
  }

  /** Serves clients until it is closed, or one of them has it shut down. */
  async serveForever(): Promise<void> {
    for await (const connection of this.#listener) {
      const session = new Session(this, connection);
      this.#sessions.add(session);
      void session.serve().then(() => this.#sessions.delete(session));
    }
  }

  /** Ends all connections, and with them all objects. */
  close(): void {
    this.#listener.close();
    for (const session of this.#sessions) session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** How many objects there are. */
  numberOfObjects(): number {
    return this.objects.size;
  }

  /** All objects. */
  debugInfo(): ObjectInfo[] {
    return [...this.objects].map(({ data, typeid, leases }) => ({ object: data.object, typeid, leases }));
  }

  // For sessions, and for objects that use others.

  /** @throws RemoteError for a type that is not registered; what making the object throws */
  async create(call: Call, typeid: string, packed: unknown): Promise<Result> {
    const type = this.#type(typeid);
    const unpacked = unpack(this, packed);
    const args = argumentsOf(unpacked instanceof Promise ? await unpacked : unpacked);
    if (type.make === undefined && args.length !== 1) {
      throw new TypeError(`'${typeid}' was registered without a callable, and takes the object itself`);
    }
    const made = callFor(call, () => (type.make === undefined ? args[0] : type.make(args, this)));
    // Promises only: an object that is to be kept may have a `then` of its own.
    const object = isPromise(made) ? await made : made;
    return this.result(new Handle(this.#add(typeid, object)));
  }

  /** @throws RemoteError for a method that is not exposed, and a result that cannot be sent; what the method throws */
  async invoke(call: Call, entry: Entry, method: string, packed: unknown): Promise<Result> {
    const fn = methodOf(entry, method);
    const unpacked = unpack(this, packed);
    // No await unless there is something to wait for: calls are to begin in the order in which they came.
    const args = argumentsOf(unpacked instanceof Promise ? await unpacked : unpacked);
    const returned = callFor(call, () => Reflect.apply(fn, entry.object, args) as unknown);
    // A method that returns its object, so that calls can be chained, gives its proxy.
    if (returned === entry.object) return this.result(new Handle(entry));
    const result = await returned;
    const typeid = entry.methodToTypeid.get(method);
    if (typeid !== undefined) return this.result(new Handle(this.#add(typeid, this.#made(typeid, result))));
    return this.result(result === entry.object ? new Handle(entry) : result, `${entry.typeid}.${method}()`);
  }

  snapshot(entry: Entry): Result {
    return this.result(contentsOf(entry.object), `A copy of ${entry.typeid}`);
  }

  /** @throws RemoteError for what cannot be sent */
  result(value: unknown, what = 'The result'): Result {
    try {
      const packed = packing(this, () => bytesCodec.encode(value, 'result'));
      return {
        value: packed.value,
        entries: (packed.shared ?? []).flatMap((object) => this.#entryOf(object)),
      };
    } catch (cause) {
      throw new RemoteError(`${what} cannot be sent: ${(cause as Error).message}`, { cause });
    }
  }

  // As a party: what a proxy means that came from a client.

  revive(data: ProxyData): BaseProxy {
    const entry = this.objects.get(data.object);
    const known = entry.proxy?.deref();
    if (known !== undefined) return known;
    const proxy = makeProxy(new LocalChannel(this, entry, this.#self), entry.data);
    entry.proxy = new WeakRef(proxy);
    return proxy;
  }

  // As contents: what a container is to do with it.

  isProxy(value: unknown): boolean {
    return value instanceof BaseProxy;
  }

  of(value: unknown): unknown {
    const [entry] = this.#entryOf(value);
    if (entry === undefined) return value;
    return contentsOf(entry.object);
  }

  #entryOf(object: unknown): Entry[] {
    if (object instanceof Handle) return [object.entry];
    if (!(object instanceof BaseProxy)) return [];
    const { channel } = innerOf(object);
    return channel instanceof LocalChannel && channel.server === this.server ? [channel.entry] : [];
  }

  #add(typeid: string, object: unknown): Entry {
    return this.objects.add(typeid, this.#type(typeid), object, this);
  }

  #made(typeid: string, result: unknown): unknown {
    const { make } = this.#type(typeid);
    return make === undefined ? result : make([result], this);
  }

  #type(typeid: string): ManagedType {
    const type = this.#types.get(typeid);
    if (type !== undefined) return type;
    const known = [...this.#types.keys()].join(', ');
    throw new RemoteError(
      `The manager has no type '${typeid}'; it has ${known}. Register it before the start`,
    );
  }
}

/** How objects in the server use each other: values are copied as on any other way. */
class LocalChannel implements Channel {
  readonly entry: Entry;
  readonly #server: Server;
  readonly #owner: Owner;

  constructor(server: Server, entry: Entry, owner: Owner) {
    this.entry = entry;
    this.#server = server;
    this.#owner = owner;
  }

  get server(): string {
    return this.#server.server;
  }

  get address(): Address {
    return this.#server.address;
  }

  async call(
    _object: number,
    method: string,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    const call: Call = { owner: this.#owner, signal: signal ?? this.#owner.ended };
    const packed = packing(this.#server, () => encodeArguments(bytesCodec, args).value);
    return this.#unpacked(await this.#server.invoke(call, this.entry, method, packed));
  }

  async snapshot(): Promise<unknown> {
    return this.#unpacked(this.#server.snapshot(this.entry));
  }

  lend(): void {
    this.#server.objects.lend(this.entry);
  }

  /** The proxy keeps the object by itself, as long as there is one. */
  release(): void {}

  #unpacked({ value }: Result): unknown {
    return unpack(this.#server, value);
  }
}

/** @throws RemoteError */
function methodOf(entry: Entry, method: string): Function {
  const fn: unknown = entry.methods.has(method)
    ? (entry.object as Record<string, unknown>)[method]
    : undefined;
  if (typeof fn === 'function') return fn;
  const methods = [...entry.methods].join(', ') || 'nothing';
  throw new RemoteError(`${entry.typeid} exposes no method '${method}'; it exposes ${methods}`);
}

function argumentsOf(unpacked: unknown): unknown[] {
  if (Array.isArray(unpacked)) return unpacked;
  throw new RemoteError('The arguments of a call must come as a list');
}
