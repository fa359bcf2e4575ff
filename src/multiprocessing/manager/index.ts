export { BaseManager, type ManagerOptions, type StartOptions } from './base-manager.ts';
export { type Managed, ManagedIterator, ManagedObject } from './proxies/auto.ts';
export { BaseProxy } from './proxies/base.ts';
export { ManagedArray, ManagedMap, ManagedSet } from './proxies/containers.ts';
export { ManagedQueue } from './proxies/queue.ts';
export {
  ManagedBarrier,
  ManagedCondition,
  ManagedEvent,
  ManagedGuard,
  ManagedLock,
  ManagedRLock,
  ManagedSemaphore,
} from './proxies/sync.ts';
export { ManagedNamespace, ManagedNumbers, ManagedValue } from './proxies/values.ts';
export type { TypeId, TypeOptions } from './registry.ts';
export type { Server } from './server/server.ts';
export { type ManagedNumberType, Manager, SyncManager } from './sync-manager.ts';
