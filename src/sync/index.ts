/** Locks and the like, for both reaches. `threading` and `multiprocessing` give them their names. */

export { Barrier, type BarrierOptions } from './barrier.ts';
export { Condition } from './condition.ts';
export { type DeadlockMode, detectDeadlocks } from './deadlocks/mode.ts';
export { Event } from './event.ts';
export { Guard } from './guard.ts';
export { Lock } from './lock.ts';
export { RLock } from './rlock.ts';
export { BoundedSemaphore, Semaphore } from './semaphore.ts';
export { registerShared } from './shared-object.ts';
