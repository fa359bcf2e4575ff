export { EventLoopExecutor, type EventLoopOptions } from './backends/event-loop/event-loop-executor.ts';
export { ProcessPoolExecutor, type ProcessPoolOptions } from './backends/process/process-pool-executor.ts';
export { ThreadPoolExecutor, type ThreadPoolOptions } from './backends/thread/thread-pool-executor.ts';
export { carryContext } from './context.ts';
export type { ErrorCode, WorkerDeath } from './errors.ts';
export {
  AuthenticationError,
  BrokenBarrierError,
  BrokenConnectionError,
  BrokenExecutorError,
  BufferTooShortError,
  CancelledError,
  DeadlockError,
  EmptyError,
  EndOfFileError,
  ExecutorShutdownError,
  FullError,
  InvalidStateError,
  ManyhandsError,
  NotShareableError,
  OutOfSharedMemoryError,
  OwnerDiedError,
  QueueFullError,
  RemoteError,
  SharedMemoryExistsError,
  SharedMemoryNotFoundError,
  SharedMemoryUnavailableError,
  ShutDownError,
  TaskNotFoundError,
  TimeoutError,
  WorkerDiedError,
} from './errors.ts';
export type { ExecutorStatistics, ShutdownOptions, WorkerStatistics } from './futures/engine.ts';
export { Executor, type Iterables } from './futures/executor.ts';
export { Future, type FutureState } from './futures/future.ts';
export type { MapResult } from './futures/map.ts';
export type { MapOptions, SubmitOptions } from './futures/submit-options.ts';
export {
  asCompleted,
  type DoneAndNotDone,
  type ReturnWhen,
  type WaitForOptions,
  wait,
} from './futures/wait.ts';
export type { WaitOptions } from './options.ts';
export type { PoolOptions } from './pool/options.ts';
export { type CurrentTask, currentTask } from './tasks/current-task.ts';
export { isMain } from './tasks/is-main.ts';
export { defineTasks } from './tasks/registry.ts';
export { transfer } from './wire/codec.ts';
