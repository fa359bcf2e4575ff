/** `manyhands/threading`: what Python's `threading` gives. */

export { BrokenBarrierError, DeadlockError, OwnerDiedError } from '../errors.ts';
export { TIMEOUT_MAX } from '../futures/waiting.ts';
export { type DeadlockMode, detectDeadlocks, type Guard } from '../sync/index.ts';
export {
  type ExceptHook,
  type ExceptHookArgs,
  excepthook,
  originalExcepthook,
  setExcepthook,
} from './excepthook.ts';
export { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from './locks.ts';
export { ownIdent as getIdent } from './own-ident.ts';
export { stackSize } from './stack-size.ts';
export { Thread, type ThreadOptions } from './thread.ts';
export { ThreadLocal } from './thread-local.ts';
export { activeCount, currentThread, enumerate, mainThread } from './threads.ts';
export { Timer, type TimerOptions } from './timer.ts';
