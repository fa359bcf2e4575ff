export { AuthenticationKey } from './authentication-key.ts';
export {
  type Context,
  getAllStartMethods,
  getContext,
  getStartMethod,
  type StartMethod,
  setStartMethod,
} from './context.ts';
export { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from './locks.ts';
export { getLogger, type Logger, type LogLevel, type LogRecord, logToStderr } from './logger.ts';
export {
  BaseManager,
  BaseProxy,
  type Managed,
  ManagedArray,
  ManagedBarrier,
  ManagedCondition,
  ManagedEvent,
  ManagedGuard,
  ManagedIterator,
  ManagedLock,
  ManagedMap,
  ManagedNamespace,
  ManagedNumbers,
  type ManagedNumberType,
  ManagedObject,
  ManagedQueue,
  ManagedRLock,
  ManagedSemaphore,
  ManagedSet,
  ManagedValue,
  Manager,
  type ManagerOptions,
  type Server,
  type StartOptions,
  SyncManager,
  type TypeId,
  type TypeOptions,
} from './manager/index.ts';
export { type AsyncCallbacks, AsyncResult } from './pool/async-result.ts';
export type { ChunkOptions } from './pool/base-pool.ts';
export { IMapIterator } from './pool/imap-iterator.ts';
export { Pool, type PoolOptions, ThreadPool } from './pool/pool.ts';
export { cpuCount, currentProcess, type ParentProcess, parentProcess } from './process/current.ts';
export { setExecutable } from './process/executable.ts';
export type { ProcessExit } from './process/link.ts';
export { activeChildren, Process, type ProcessOptions } from './process/process.ts';
export type { Sentinel } from './sentinel.ts';
