/**
 * The path between a pool and all of its workers.
 *
 * The scheduler decides what is to run and in which order; the channel decides which worker gets it, how much
 * may lie ready in a worker's hands, and how the bytes travel. The scheduler sees task numbers and nothing of
 * transport, so that one channel can be put in place of another without a change above.
 */

import type { Transferable } from 'node:worker_threads';
import type { TaskReference } from '../tasks/reference.ts';
import type { CallDetails, FromWorker, PackedValue, ToWorker } from '../wire/protocol.ts';
import type { WorkerHandle } from './backend.ts';

/** A task, ready to be sent. */
export interface OutgoingCall {
  readonly id: number;
  readonly reference: TaskReference;
  readonly flags: number;
  readonly args: PackedValue;
  /** Must travel with `args`; spends them. */
  readonly transfer: Transferable[] | undefined;
  /** Sent only to a worker that can begin it now: what it moves (ports) cannot be taken back. */
  readonly direct: boolean;
  /** May be sent a second time, so that `args` must not be spent by the first. */
  readonly repeatable: boolean;
  readonly details: CallDetails | undefined;
  readonly priority: number;
}

/** What a worker held when it went. */
export interface Leftover {
  readonly begun: readonly number[];
  readonly untouched: readonly number[];
}

export interface Channel {
  readonly kind: 'plain' | 'shared' | 'none';
  /** Why it is not the better one, where that is so. */
  readonly reason?: string;
  /** A worker is ready for tasks. */
  attach(worker: WorkerHandle): void;
  /** A worker takes no more tasks, and is told to end when it has finished those that it has. */
  retire(worker: WorkerHandle): void;
  /** A worker is gone. */
  detach(worker: WorkerHandle): Leftover;
  /** Hands the task to a worker; false when none has room. Nothing leaves before `flush`. */
  offer(call: OutgoingCall): boolean;
  /** Sends what was offered and told. */
  flush(): void;
  /** Takes a task back; false when a worker has begun it, or has to be taken to have. */
  withdraw(id: number): boolean;
  /** Takes back what no worker has begun and is less urgent than `priority`. */
  recall(priority: number): readonly number[];
  /** Moves tasks from workers that are stuck to workers that are free. */
  rebalance(): void;
  /**
   * Has a worker begun it, as far as one can tell? True also for what only waits where it cannot be taken
   * back.
   */
  hasBegun(id: number): boolean;
  /** Is it one of those that its worker is at, and not one that lies ready behind them? */
  isUnderWay(id: number): boolean;
  /** Says something to the worker that holds the task. */
  tell(id: number, message: ToWorker): void;
  holderOf(id: number): WorkerHandle | undefined;
  /** Takes note of what a worker said, before the scheduler acts on it. False: stale, ignore it. */
  observe(worker: WorkerHandle, message: FromWorker): boolean;
  /** Tasks in the worker's hands. */
  load(worker: WorkerHandle): number;
}
