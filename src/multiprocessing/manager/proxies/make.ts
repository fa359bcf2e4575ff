/** Proxies of the class that their object wants. */

import type { Channel, ProxyData } from '../channel.ts';
import { ManagedIterator, ManagedObject } from './auto.ts';
import type { BaseProxy, Inner } from './base.ts';
import { ManagedArray, ManagedMap, ManagedSet } from './containers.ts';
import { ManagedQueue } from './queue.ts';
import {
  ManagedBarrier,
  ManagedCondition,
  ManagedEvent,
  ManagedLock,
  ManagedRLock,
  ManagedSemaphore,
} from './sync.ts';
import { ManagedNamespace, ManagedNumbers, ManagedValue } from './values.ts';

/** By the names that cross. */
const CLASSES: Readonly<Record<string, new (inner: Inner) => BaseProxy>> = {
  ManagedArray,
  ManagedBarrier,
  ManagedCondition,
  ManagedEvent,
  ManagedIterator,
  ManagedLock,
  ManagedMap,
  ManagedNamespace,
  ManagedNumbers,
  ManagedQueue,
  ManagedRLock,
  ManagedSemaphore,
  ManagedSet,
  ManagedValue,
};

export function makeProxy(channel: Channel, data: ProxyData): BaseProxy {
  const type = Object.hasOwn(CLASSES, data.proxy) ? CLASSES[data.proxy] : undefined;
  return new (type ?? ManagedObject)({ channel, data });
}
