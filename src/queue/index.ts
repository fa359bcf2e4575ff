/** `manyhands/queue`: the queues that all threads of this process share, under the names of Python's `queue`. */

import * as queues from '../queues/index.ts';
import { registerShared } from '../sync/index.ts';

export { EmptyError, FullError, ShutDownError } from '../errors.ts';
export type { Comparable, PriorityQueueOptions, QueueOptions, ShutdownOptions } from '../queues/index.ts';

const REACH = 'thread';

/**
 * A queue for the threads of this process: first in, first out. See {@link queues.Queue}. @see CPython `queue.Queue`
 *
 * @example
 * const queue = new Queue<string>({ maxSize: 100 });
 * await queue.put('job');
 * for await (const job of queue) run(job);
 */
export class Queue<T = unknown> extends queues.Queue<T> {
  /** @throws RangeError or TypeError for a wrong option, OutOfSharedMemoryError */
  constructor(options: queues.QueueOptions = {}) {
    super(REACH, options);
  }
}

/** The item that was put last comes first. See {@link queues.LifoQueue}. @see CPython `queue.LifoQueue` */
export class LifoQueue<T = unknown> extends queues.LifoQueue<T> {
  /** @throws as `new Queue()` */
  constructor(options: queues.QueueOptions = {}) {
    super(REACH, options);
  }
}

/**
 * The least item comes first. See {@link queues.PriorityQueue}. @see CPython `queue.PriorityQueue`
 *
 * @example
 * const queue = new PriorityQueue<Job>({ priority: (job) => job.deadline });
 */
export class PriorityQueue<T = unknown> extends queues.PriorityQueue<T> {
  /** @throws as `new Queue()` */
  constructor(options: queues.PriorityQueueOptions<T> = {}) {
    super(REACH, options);
  }
}

/** Without limit, and without counting what is done. See {@link queues.SimpleQueue}. @see CPython `queue.SimpleQueue` */
export class SimpleQueue<T = unknown> extends queues.SimpleQueue<T> {
  /** @throws OutOfSharedMemoryError */
  constructor() {
    super(REACH);
  }
}

/** There, the order is always that of coming. */
const ONE_FOR_PROCESSES = 'multiprocessing.Queue';

registerShared(Queue, queues.Queue, 'queue.Queue', import.meta.url);
registerShared(LifoQueue, queues.LifoQueue, 'queue.LifoQueue', import.meta.url, ONE_FOR_PROCESSES);
registerShared(
  PriorityQueue,
  queues.PriorityQueue,
  'queue.PriorityQueue',
  import.meta.url,
  ONE_FOR_PROCESSES,
);
registerShared(SimpleQueue, queues.SimpleQueue, 'queue.SimpleQueue', import.meta.url);
