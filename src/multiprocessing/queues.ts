/** The queues that all threads of all processes of this family share, under the names of Python's `multiprocessing`. */

import * as queues from '../queues/index.ts';
import { registerShared } from '../sync/index.ts';

const REACH = 'process';

/** See {@link queues.ProcessQueue}. @see CPython `multiprocessing.Queue` */
export class Queue<T = unknown> extends queues.ProcessQueue<T> {
  /** @throws RangeError or TypeError for a wrong option, OutOfSharedMemoryError, SharedMemoryUnavailableError */
  constructor(options: queues.QueueOptions = {}) {
    super(REACH, options);
  }
}

/** See {@link queues.JoinableQueue}. @see CPython `multiprocessing.JoinableQueue` */
export class JoinableQueue<T = unknown> extends queues.JoinableQueue<T> {
  /** @throws as `new Queue()` */
  constructor(options: queues.QueueOptions = {}) {
    super(REACH, options);
  }
}

/** See {@link queues.ProcessSimpleQueue}. @see CPython `multiprocessing.SimpleQueue` */
export class SimpleQueue<T = unknown> extends queues.ProcessSimpleQueue<T> {
  /** @throws OutOfSharedMemoryError, SharedMemoryUnavailableError */
  constructor() {
    super(REACH);
  }
}

registerShared(Queue, queues.ProcessQueue, 'multiprocessing.Queue', import.meta.url);
registerShared(JoinableQueue, queues.JoinableQueue, 'multiprocessing.JoinableQueue', import.meta.url);
registerShared(SimpleQueue, queues.ProcessSimpleQueue, 'multiprocessing.SimpleQueue', import.meta.url);
