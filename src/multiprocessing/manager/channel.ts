/** What a proxy reaches its object by: a connection to the server, or, in the server itself, no connection. */

import type { Address } from '../../connections/index.ts';

export interface Channel {
  /** The identity of the server; another one after a restart at the same address. */
  readonly server: string;
  readonly address: Address;
  /** @throws what the method throws there; `signal.reason`, when the server has given up the call. */
  call(
    object: number,
    method: string,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<unknown>;
  /** A copy of the object as it is now. */
  snapshot(object: number): Promise<unknown>;
  /** The object is about to leave for somewhere else, which has no lease yet. */
  lend(object: number): void;
  /** Its proxy is no longer used here. */
  release(object: number): void;
}

/** What crosses in the place of a proxy. There is no key in it. */
export interface ProxyData {
  readonly server: string;
  readonly address: Address;
  readonly object: number;
  /** The type that it was registered under. */
  readonly typeid: string;
  /** Which proxy class it has. */
  readonly proxy: string;
  /** For proxies that are made from the methods of their object. */
  readonly methods: readonly string[];
}
