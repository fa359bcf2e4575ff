export type { ErrorCode, WorkerDeath } from './errors.ts';
export {
  AuthenticationError,
  BrokenExecutorError,
  CancelledError,
  ExecutorShutdownError,
  InvalidStateError,
  ManyhandsError,
  NotShareableError,
  OwnerDiedError,
  QueueFullError,
  TaskNotFoundError,
  TimeoutError,
  WorkerDiedError,
} from './errors.ts';
