/** The queues, for both reaches: `src/queue` and `src/multiprocessing` give them their names. */

export type { QueueOptions, ShutdownOptions } from './base.ts';
export { PriorityQueue, type PriorityQueueOptions } from './priority-queue.ts';
export { JoinableQueue, ProcessQueue, ProcessSimpleQueue } from './process-queue.ts';
export { LifoQueue, Queue, SimpleQueue } from './queue.ts';
export type { Comparable } from './sort-key.ts';
