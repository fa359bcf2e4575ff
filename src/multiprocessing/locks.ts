/** The locks and their like that all threads of all processes of this family share, under the names of Python's `multiprocessing`. */

import * as sync from '../sync/index.ts';

const REACH = 'process';

/** See {@link sync.Lock}. @see CPython `multiprocessing.Lock` */
export class Lock extends sync.Lock {
  constructor() {
    super(REACH);
  }
}

/** See {@link sync.RLock}. @see CPython `multiprocessing.RLock` */
export class RLock extends sync.RLock {
  constructor() {
    super(REACH);
  }
}

/** See {@link sync.Semaphore}. @see CPython `multiprocessing.Semaphore` */
export class Semaphore extends sync.Semaphore {
  /** @throws RangeError or TypeError if `value` is not a whole number >= 0 */
  constructor(value: number = 1) {
    super(REACH, value);
  }
}

/** See {@link sync.BoundedSemaphore}. @see CPython `multiprocessing.BoundedSemaphore` */
export class BoundedSemaphore extends sync.BoundedSemaphore {
  /** @throws RangeError or TypeError if `value` is not a whole number >= 0 */
  constructor(value: number = 1) {
    super(REACH, value);
  }
}

/** See {@link sync.Event}. @see CPython `multiprocessing.Event` */
export class Event extends sync.Event {
  constructor() {
    super(REACH);
  }
}

/** See {@link sync.Barrier}. @see CPython `multiprocessing.Barrier` */
export class Barrier extends sync.Barrier {
  /** @throws RangeError or TypeError if `parties` is not a whole number >= 1, or an option is wrong */
  constructor(parties: number, options: sync.BarrierOptions = {}) {
    super(REACH, parties, options);
  }
}

/** See {@link sync.Condition}. @see CPython `multiprocessing.Condition` */
export class Condition extends sync.Condition {
  /** `lock`: that goes with it; default: an `RLock` of its own. */
  constructor(lock: Lock | RLock = new RLock()) {
    super(REACH, lock);
  }
}

sync.registerShared(Lock, sync.Lock, 'multiprocessing.Lock', import.meta.url);
sync.registerShared(RLock, sync.RLock, 'multiprocessing.RLock', import.meta.url);
sync.registerShared(Semaphore, sync.Semaphore, 'multiprocessing.Semaphore', import.meta.url);
sync.registerShared(
  BoundedSemaphore,
  sync.BoundedSemaphore,
  'multiprocessing.BoundedSemaphore',
  import.meta.url,
);
sync.registerShared(Event, sync.Event, 'multiprocessing.Event', import.meta.url);
sync.registerShared(Barrier, sync.Barrier, 'multiprocessing.Barrier', import.meta.url);
sync.registerShared(Condition, sync.Condition, 'multiprocessing.Condition', import.meta.url);
