/**
 * The objects of a server, and who has them.
 *
 *      a client has a proxy ── lease ──▶ Entry ──▶ the object ──▶ proxies that are in it ──▶ other entries
 *
 * Leased entries are held here. What only other objects refer to (a list in a list) is held by those, through the proxies
 * in them, and found here by weak references: so the garbage collector finds out what nobody can reach, also where lists
 * contain each other, which counting never would.
 *
 * An object that no other refers to is gone with its last lease, at once.
 */

import { RemoteError } from '../../../errors.ts';
import { shareBy } from '../../../wire/shareable.ts';
import type { ProxyData } from '../channel.ts';
import { KIND, KIND_MODULE } from '../kinds.ts';
import type { BaseProxy } from '../proxies/base.ts';
import { publicMethods } from './public-methods.ts';
import { AUTO, type ManagedType } from './types.ts';

export class Entry {
  readonly typeid: string;
  readonly object: unknown;
  readonly methods: ReadonlySet<string>;
  readonly methodToTypeid: ReadonlyMap<string, string>;
  readonly data: ProxyData;
  leases = 0;
  /** What stands for it in other objects. */
  proxy: WeakRef<BaseProxy> | undefined;
  /** Runs while it is on its way to a client that has not yet said so. */
  lent: NodeJS.Timeout | undefined;

  constructor(
    typeid: string,
    type: ManagedType,
    object: unknown,
    place: Pick<ProxyData, 'server' | 'address' | 'object'>,
  ) {
    this.typeid = typeid;
    this.object = object;
    this.methods = new Set(type.exposed ?? publicMethods(object));
    this.methodToTypeid = type.methodToTypeid;
    const { proxy } = type;
    this.data = { ...place, typeid, proxy, methods: proxy === AUTO ? [...this.methods] : [] };
  }
}

/** In a result: the proxy of this is meant. */
export class Handle {
  readonly entry: Entry;

  static {
    shareBy(Handle, ({ entry }) => ({ kind: KIND, module: KIND_MODULE, data: entry.data }));
  }

  constructor(entry: Entry) {
    this.entry = entry;
  }
}

export class Objects {
  readonly #leased = new Set<Entry>();
  readonly #all = new Map<number, WeakRef<Entry>>();
  readonly #collected = new FinalizationRegistry<number>((object) => this.#all.delete(object));
  readonly #transferTimeout: number;
  #last = 0;

  /** @param transferTimeout for how many milliseconds an object is held that a client has sent somewhere */
  constructor(transferTimeout: number) {
    this.#transferTimeout = transferTimeout;
  }

  /** A new entry, which is gone again unless it is leased or referred to. */
  add(
    typeid: string,
    type: ManagedType,
    object: unknown,
    place: Pick<ProxyData, 'server' | 'address'>,
  ): Entry {
    const { server, address } = place;
    const entry = new Entry(typeid, type, object, { server, address, object: (this.#last += 1) });
    this.#all.set(entry.data.object, new WeakRef(entry));
    this.#collected.register(entry, entry.data.object);
    return entry;
  }

  /** @throws RemoteError where there is none, or none any more */
  get(object: number): Entry {
    const entry = this.find(object);
    if (entry !== undefined) return entry;
    throw new RemoteError(
      `The manager has no object ${object} any more. Keep a proxy of it until whoever it was passed to has one`,
    );
  }

  find(object: number): Entry | undefined {
    return this.#all.get(object)?.deref();
  }

  lease(entry: Entry): void {
    entry.leases += 1;
    this.#leased.add(entry);
  }

  unlease(entry: Entry, count: number): void {
    entry.leases -= count;
    if (entry.leases > 0) return;
    this.#leased.delete(entry);
    if (entry.proxy?.deref() === undefined) this.#all.delete(entry.data.object);
  }

  /** Holds it for as long as it may be on its way. */
  lend(entry: Entry): void {
    if (entry.lent !== undefined) {
      entry.lent.refresh();
      return;
    }
    if (this.#transferTimeout === 0) return;
    this.lease(entry);
    const timer = setTimeout(() => {
      entry.lent = undefined;
      this.unlease(entry, 1);
    }, this.#transferTimeout);
    entry.lent = timer.unref();
  }

  /** How many can be reached, as far as the garbage collector knows. */
  get size(): number {
    let size = 0;
    for (const reference of this.#all.values()) if (reference.deref() !== undefined) size += 1;
    return size;
  }

  *[Symbol.iterator](): Generator<Entry, void> {
    for (const reference of this.#all.values()) {
      const entry = reference.deref();
      if (entry !== undefined) yield entry;
    }
  }
}
