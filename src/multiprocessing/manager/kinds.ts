/** How proxies cross to other threads and processes, and into the containers of their own manager. */

import { registerKind, shareBy } from '../../wire/shareable.ts';
import type { ProxyData } from './channel.ts';
import { partyTo } from './context.ts';
import { lineFor } from './line.ts';
import { BaseProxy, innerOf } from './proxies/base.ts';

/** What is to be said of an object by shares of it. */
export const KIND = 'multiprocessing.managers.Proxy';
export const KIND_MODULE: string = import.meta.url;

registerKind(KIND, (data) => {
  const it = data as ProxyData;
  const party = partyTo(it.server);
  return party === undefined ? lineFor(it).borrow(it) : party.revive(it);
});

shareBy(BaseProxy, (proxy) => {
  const { channel, data } = innerOf(proxy);
  // Over the connection that keeps it alive nothing has to be said.
  if (partyTo(data.server) === undefined) channel.lend(data.object);
  return { kind: KIND, module: KIND_MODULE, data };
});
