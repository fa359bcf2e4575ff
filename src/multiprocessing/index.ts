/** `manyhands/multiprocessing`: what Python's `multiprocessing` gives. */

export {
  type Address,
  type AuthKey,
  answerChallenge,
  type Bytes,
  Client,
  type ClientOptions,
  Connection,
  type ConnectionOptions,
  deliverChallenge,
  type Family,
  type HandshakeOptions,
  type HostAndPort,
  Listener,
  type ListenerOptions,
  type Peer,
  Pipe,
  type PipeConnection,
  type PipeOptions,
  type Pollable,
  type ReceiveOptions,
  type ReceiveSyncOptions,
  type Waitable,
  wait,
} from '../connections/index.ts';
export {
  AuthenticationError,
  BrokenBarrierError,
  BufferTooShortError,
  DeadlockError,
  EmptyError,
  FullError,
  OwnerDiedError,
  ShutDownError,
  TimeoutError,
} from '../errors.ts';
export { type DeadlockMode, detectDeadlocks, type Guard } from '../sync/index.ts';
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
export { JoinableQueue, Queue, SimpleQueue } from './queues.ts';
export type { Sentinel } from './sentinel.ts';
export {
  type ListItem,
  ShareableList,
  type ShareableListOptions,
  SharedMemory,
  SharedMemoryManager,
  type SharedMemoryOptions,
} from './shared-memory/index.ts';
export {
  Array,
  type ArrayContent,
  copy,
  type Item,
  type ItemType,
  type LockOptions,
  RawArray,
  RawValue,
  synchronized,
  Value,
  type ValueLock,
  type View,
} from './values/index.ts';
