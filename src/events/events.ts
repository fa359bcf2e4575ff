/**
 * What programs can hear of their executors, while it happens: channels of `node:diagnostics_channel`, and what is
 * published on them.
 *
 *   executor:open ─▶ worker:start ─▶ worker:ready ─▶ ... ─▶ worker:exit ─▶ executor:close
 *                    task:submit ─▶ task:start ─▶ task:settle
 *
 * Nothing is published, and nothing is made to be published, while nobody has subscribed. All times are what
 * `performance.now()` is in the thread that has the executor; durations are in milliseconds.
 *
 * Channels are those of one thread: what a worker does with executors of its own is heard in that worker.
 */

import { channel } from 'node:diagnostics_channel';

/** One object for each executor, the same in all messages about it. */
export interface ExecutorInfo {
  /** Unique among the executors of this thread. */
  readonly id: number;
  /** What its workers are called, without their numbers: `threadNamePrefix`, or the class and a number. */
  readonly name: string;
  readonly backend: 'event-loop' | 'thread' | 'process' | 'cluster';
  readonly maxWorkers: number;
  readonly concurrency: number;
}

/** On `manyhands:executor:open`: it was made; and `manyhands:executor:close`: it has shut down, its workers ended. */
export interface ExecutorEvent {
  readonly executor: ExecutorInfo;
  readonly at: number;
}

/** On `manyhands:worker:start`: a thread or process was asked for. */
export interface WorkerEvent extends ExecutorEvent {
  /** Unique among the workers that its executor has at one time; its successor may have the same. */
  readonly worker: string;
  /** Thread id or process id; absent on the event loop. */
  readonly workerId: number | undefined;
}

/** On `manyhands:worker:ready`: it takes tasks. */
export interface WorkerReadyEvent extends WorkerEvent {
  /** From `worker:start`, with its initializer. */
  readonly startMs: number;
}

/** On `manyhands:worker:exit`. */
export interface WorkerExitEvent extends WorkerEvent {
  /** True if nobody told it to end, and if it was stopped in the middle of a task that would not end. */
  readonly died: boolean;
  readonly reason: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** What all messages about a task have. A task that is submitted while nobody listens has none, also later. */
export interface TaskEvent extends ExecutorEvent {
  /** Unique among the tasks of its executor. */
  readonly id: number;
  /** What `with({ name })` said, or the function's name. */
  readonly name: string;
  /** A chunk is a part of a `map`: one task of many calls. */
  readonly kind: 'call' | 'chunk' | 'stream';
  /** How often the function is called: once, but for chunks. */
  readonly calls: number;
  /** Tasks of this executor that wait for a worker. */
  readonly queued: number;
}

/**
 * On `manyhands:task:start`: a worker has begun it. Where tasks travel through shared memory that is found out up to
 * 50 ms later, at the latest just before it settles; `startedAt` is as measured in the worker all the same. A task
 * whose worker died is started again.
 */
export interface TaskStartEvent extends TaskEvent {
  readonly worker: string;
  /** 1, and one more for each worker that died of it. */
  readonly attempt: number;
  readonly startedAt: number;
  /** From `submit` to its start. */
  readonly waitMs: number;
}

/** On `manyhands:task:settle`: its future is settled. Each `task:submit` is followed by exactly one. */
export interface TaskSettleEvent extends TaskEvent {
  readonly outcome: 'succeeded' | 'failed' | 'cancelled';
  /** What it failed with; of a chunk the first error of its calls, although its outcome is 'succeeded'. */
  readonly error: unknown;
  /** Of its calls, those that threw. */
  readonly failedCalls: number;
  /** The last worker that ran it; absent where none did. So are `startedAt` and `endedAt`. */
  readonly worker: string | undefined;
  readonly attempt: number;
  readonly submittedAt: number;
  readonly startedAt: number | undefined;
  /**
   * When the function was over, as measured in the worker; absent also of a task that was aborted or ran out of time,
   * since its worker may still be at it.
   */
  readonly endedAt: number | undefined;
  /** From `submit` to its start; to its end where it never started. */
  readonly waitMs: number;
  /** From its start to its end in the worker; absent where one of both is. */
  readonly runMs: number | undefined;
}

/**
 * On `manyhands:lock:wait`: a function or a thread begins to wait for a lock, or for another primitive or a queue, that was
 * not to be had at once.
 */
export interface LockEvent {
  readonly kind: 'lock' | 'condition' | 'semaphore' | 'event' | 'barrier' | 'queue';
  /** The same in all threads, and for `multiprocessing` in all processes, while the object lives. */
  readonly lock: string;
  /** Unique among the waits of its thread. */
  readonly wait: number;
  /** The thread that waits, by the number that the system gives it (Linux; of a main thread it is that of its process). */
  readonly thread: number;
  /** True if it blocks its thread. */
  readonly blocking: boolean;
  /** The thread that has the lock, if it is one that a thread has. */
  readonly holder: number | undefined;
  /** Present if it happens in a worker, and is heard in the thread that has the executor. */
  readonly executor?: ExecutorInfo;
  readonly worker?: string;
  readonly at: number;
}

/** On `manyhands:lock:resume`: it has what it waited for, or gave up. */
export interface LockResumeEvent extends LockEvent {
  readonly waitMs: number;
}

/** The names of the channels, and what is published on them. */
export interface Events {
  'manyhands:executor:open': ExecutorEvent;
  'manyhands:executor:close': ExecutorEvent;
  'manyhands:worker:start': WorkerEvent;
  'manyhands:worker:ready': WorkerReadyEvent;
  'manyhands:worker:exit': WorkerExitEvent;
  'manyhands:task:submit': TaskEvent;
  'manyhands:task:start': TaskStartEvent;
  'manyhands:task:settle': TaskSettleEvent;
  'manyhands:lock:wait': LockEvent;
  'manyhands:lock:resume': LockResumeEvent;
}

export type EventName = keyof Events;

/** A channel of `node:diagnostics_channel`, which knows what is published on it. */
export interface EventChannel<M> {
  readonly hasSubscribers: boolean;
  publish(message: M): void;
}

function open<K extends EventName>(name: K): EventChannel<Events[K]> {
  return channel(name);
}

export const executorOpen: EventChannel<ExecutorEvent> = open('manyhands:executor:open');
export const executorClose: EventChannel<ExecutorEvent> = open('manyhands:executor:close');
export const workerStart: EventChannel<WorkerEvent> = open('manyhands:worker:start');
export const workerReady: EventChannel<WorkerReadyEvent> = open('manyhands:worker:ready');
export const workerExit: EventChannel<WorkerExitEvent> = open('manyhands:worker:exit');
export const taskSubmit: EventChannel<TaskEvent> = open('manyhands:task:submit');
export const taskStart: EventChannel<TaskStartEvent> = open('manyhands:task:start');
export const taskSettle: EventChannel<TaskSettleEvent> = open('manyhands:task:settle');
export const lockWait: EventChannel<LockEvent> = open('manyhands:lock:wait');
export const lockResume: EventChannel<LockResumeEvent> = open('manyhands:lock:resume');

/** Whether anybody wants to hear of tasks. */
export function areTasksWatched(): boolean {
  return taskSettle.hasSubscribers || taskStart.hasSubscribers || taskSubmit.hasSubscribers;
}
