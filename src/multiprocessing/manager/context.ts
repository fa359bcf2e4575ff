/**
 * Who is packing or unpacking just now. What a share of a managed object means depends on it: on the way to its own server
 * it is a number, on the way elsewhere it must be lent; and it is revived by who it came to.
 *
 * A variable and not an argument, since there are codecs between. Both directions are synchronous.
 */

import { bytesCodec } from '../../wire/codec.ts';
import { loadKind, UnknownKindError } from '../../wire/shareable.ts';
import type { ProxyData } from './channel.ts';

export interface Party {
  readonly server: string;
  revive(data: ProxyData): object;
}

let party: Party | undefined;

/** Whoever packs or unpacks, if it is one of the ends of a connection to the server of this identity. */
export function partyTo(server: string): Party | undefined {
  return party?.server === server ? party : undefined;
}

export function packing<T>(who: Party, pack: () => T): T {
  const outer = party;
  party = who;
  try {
    return pack();
  } finally {
    party = outer;
  }
}

/** Unpacks what came over a connection. Modules of shared objects in it are imported before, if need be. */
export function unpack(who: Party, packed: unknown): unknown {
  try {
    return packing(who, () => bytesCodec.decode(packed));
  } catch (error) {
    if (!(error instanceof UnknownKindError)) throw error;
    return loadKind(error).then(() => unpack(who, packed));
  }
}
