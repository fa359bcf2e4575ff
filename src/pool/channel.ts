/**
 * The path between a pool and all of its workers.
 *
 * The scheduler decides what is to run and in which order; the channel decides which worker gets it, how much
 * may lie ready in a worker's hands, and how the bytes travel. The scheduler sees nothing of transport, so
 * that one channel can be put in place of another without a change above.
 */

import type { Transferable } from 'node:worker_threads';
import type { FromWorker, ToWorker } from '../wire/protocol.ts';
import type { WorkerHandle } from './backend.ts';
import type { Sharing } from './shared/sharing.ts';
import type { Task } from './task.ts';

/** What a worker held when it went. */
export interface Leftover {
  readonly begun: readonly Task[];
  readonly untouched: readonly Task[];
  /** How many it had finished in its life. */
  readonly finished: number;
}

/** What a channel tells that brings outcomes by itself, and not as messages of workers. */
export interface Outcomes {
  succeeded(task: Task, value: unknown): void;
  /** Also when what came cannot be read. */
  failed(task: Task, error: unknown): void;
}

/** When the channel wants to be asked again by `collect`; see `linger`. */
export const REST = 0;
export const SOON = 1;
export const LATER = 2;

export interface Channel {
  readonly kind: 'plain' | 'shared' | 'none';
  /** Why it is not the better one, where that is so. */
  readonly reason?: string;
  /** What a worker that is about to start shares with the pool, if anything. May throw for want of memory. */
  admit(): Sharing | undefined;
  /** The worker that this was for could not be started. */
  dismiss(sharing: Sharing): void;
  /** A worker is ready for tasks. */
  attach(worker: WorkerHandle): void;
  /** A worker takes no more tasks, and is told to end when it has finished those that it has. */
  retire(worker: WorkerHandle): void;
  /** A worker is gone. */
  detach(worker: WorkerHandle): Leftover;
  /**
   * Takes a snapshot of the arguments, as `task.args` and `task.transfer`.
   *
   * @throws NotShareableError
   */
  pack(task: Task, args: readonly unknown[], transfer: readonly Transferable[] | undefined): void;
  /** The task is over, or will never be offered: lets go of what `pack` made. */
  unpack(task: Task): void;
  /** Hands the task to a worker; false when none has room. Nothing leaves before `flush`. */
  offer(task: Task): boolean;
  /** Sends what was offered and told. */
  flush(): void;
  /** Settles what has come without a message; says how many tasks that were. */
  collect(): number;
  /**
   * After `collect`, which gave `taken`, and `flush`: waits a little for more if that is worth it. Says when to
   * collect again: `SOON`, after the promise reactions of what was settled; `LATER`, when the loop has turned;
   * `REST`: there is nothing to wait for, or the channel will say so.
   */
  linger(taken: number): typeof REST | typeof SOON | typeof LATER;
  /** Takes a task back; false when a worker has begun it, or has to be taken to have. */
  withdraw(task: Task): boolean;
  /** Takes back what no worker has begun and is less urgent than `priority`. */
  recall(priority: number): readonly Task[];
  /** Moves tasks from workers that are stuck to workers that are free. */
  rebalance(): void;
  /**
   * Has a worker begun it, as far as one can tell? True also for what only waits where it cannot be taken
   * back.
   */
  hasBegun(task: Task): boolean;
  /** Is it one of those that its worker is at, and not one that lies ready behind them? */
  isUnderWay(task: Task): boolean;
  /** Has the traces of tasks told which have begun, as far as that is seen without a message. */
  noteStarts(): void;
  /** Says something to the worker that holds the task. */
  tell(task: Task, message: ToWorker): void;
  holderOf(task: Task): WorkerHandle | undefined;
  /**
   * Takes note of what a worker said, before the scheduler acts on it. Gives the task that it is about, if it
   * is about one that the worker has.
   */
  observe(worker: WorkerHandle, message: FromWorker): Task | undefined;
  /** Tasks that were taken from the scheduler, and that no worker has a hand free for. */
  readonly backlog: number;
  /** All workers are gone. */
  close(): void;
  /** Tasks that the worker has finished. */
  finished(worker: WorkerHandle): number;
  /** Tasks in the worker's hands. */
  load(worker: WorkerHandle): number;
}
