/**
 * What a pool tells those who watch it: the one place from which it publishes the messages of `events/`.
 *
 *   scheduler ── submitted ──▶ Observer ──▶ Trace, one for each task that is watched
 *   channel   ── began, ended ───────────────▶ │
 *   scheduler ── settled ────────────────────▶ │ ──▶ task:submit, task:start, task:settle
 *   workers   ── started, ready, exited ─▶ Observer ──▶ worker:...
 *
 * A task has a trace if somebody listened when it was submitted, and then also the flag TIMED, which has its worker
 * say when it begins: in the slot of the task where there is shared memory, which costs nothing, and is read when the
 * task ends, or by one who looks every `LOOK_MS`; else in a message.
 */

import type { WorkerDeath } from '../errors.ts';
import {
  type ExecutorInfo,
  executorClose,
  executorOpen,
  type LockResumeEvent,
  lockResume,
  lockWait,
  type TaskEvent,
  taskSettle,
  taskStart,
  taskSubmit,
  workerExit,
  workerReady,
  workerStart,
} from '../events/events.ts';
import type { ChunkResult, ExecutorStatistics } from '../futures/engine.ts';
import { type Future, hasFailed, outcomeOf } from '../futures/future.ts';
import { nextExecutorId, noteClosed, noteOpen, type OpenExecutor } from '../futures/open-executors.ts';
import { after } from '../futures/waiting.ts';
import { AS_CHUNK, AS_STREAM, type LockChannel, WATCH } from '../wire/protocol.ts';
import type { WorkerHandle } from './backend.ts';
import { fromMachineTime } from './clock.ts';
import type { Task } from './task.ts';

/**
 * How late it may be known that a task has begun, while it runs. Each look costs about a microsecond for each task that
 * workers have.
 */
const LOOK_MS = 50;

/** By how much clocks of two threads may differ, as `clock.ts` compares them; far more than was seen. */
const SKEW_MS = 1;

/** What an observer asks the pool. */
export interface Observed {
  statistics(): ExecutorStatistics;
  /** Tasks that wait for a worker. */
  queued(): number;
  /** Has the traces of tasks told which of them have begun. */
  noteStarts(): void;
  /** Tells all workers whether to pass on who waits for locks there. */
  watchLocks(on: boolean): void;
}

/** A worker, as far as messages about it go. */
interface ObservedWorker {
  readonly name: string;
  readonly id: number | undefined;
  readonly startedAt: number;
}

export class Observer implements OpenExecutor {
  readonly info: ExecutorInfo;
  readonly #pool: Observed;
  #watching = 0;
  #locksWatched = false;
  #looking: NodeJS.Timeout | undefined;

  constructor(info: Omit<ExecutorInfo, 'id'>, pool: Observed) {
    this.info = Object.freeze({ id: nextExecutorId(), ...info });
    this.#pool = pool;
    noteOpen(this);
    if (executorOpen.hasSubscribers) executorOpen.publish({ executor: this.info, at: performance.now() });
  }

  statistics(): ExecutorStatistics {
    return this.#pool.statistics();
  }

  closed(): void {
    noteClosed(this);
    if (executorClose.hasSubscribers) executorClose.publish({ executor: this.info, at: performance.now() });
  }

  // ── workers ─────────────────────────────────────────────────────────────────────────────────────────────

  workerStarted({ name, id }: ObservedWorker): void {
    if (!workerStart.hasSubscribers) return;
    workerStart.publish({ executor: this.info, worker: name, workerId: id, at: performance.now() });
  }

  workerReady({ name, id, startedAt }: ObservedWorker, handle: WorkerHandle): void {
    this.#watchLocks();
    if (this.#locksWatched) handle.post([[WATCH, true]]);
    if (!workerReady.hasSubscribers) return;
    const at = performance.now();
    const startMs = at - startedAt;
    workerReady.publish({ executor: this.info, worker: name, workerId: id, startMs, at });
  }

  workerExited({ name, id }: ObservedWorker, { reason, exitCode, signal }: WorkerDeath, died: boolean): void {
    if (!workerExit.hasSubscribers) return;
    const at = performance.now();
    const executor = this.info;
    workerExit.publish({ executor, worker: name, workerId: id, died, reason, exitCode, signal, at });
  }

  /** A worker says who waits for a lock there. */
  heard({ name }: ObservedWorker, channel: LockChannel, event: object): void {
    const { at, ...rest } = event as LockResumeEvent;
    const message = { ...rest, at: fromMachineTime(at), executor: this.info, worker: name };
    if (channel === 'manyhands:lock:wait') lockWait.publish(message);
    else lockResume.publish(message);
  }

  /** Nobody says when subscribers come and go, so this looks now and then. */
  #watchLocks(): void {
    // The event loop needs no messenger: it is heard where it is.
    const watched =
      this.info.backend !== 'event-loop' && (lockWait.hasSubscribers || lockResume.hasSubscribers);
    if (watched === this.#locksWatched) return;
    this.#locksWatched = watched;
    this.#pool.watchLocks(watched);
  }

  // ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Somebody watches, and the task has just been made of `values` arguments. */
  submitted(task: Task, values: number): Trace {
    const trace = new Trace(this, task, values);
    this.#watching += 1;
    if (taskSubmit.hasSubscribers) taskSubmit.publish(trace.about());
    this.#watchLocks();
    this.#planLook();
    return trace;
  }

  get queued(): number {
    return this.#pool.queued();
  }

  /** For traces: their task has settled. */
  over(): void {
    this.#watching -= 1;
    if (this.#watching > 0) return;
    clearTimeout(this.#looking);
    this.#looking = undefined;
  }

  #planLook(): void {
    if (this.#looking !== undefined || !taskStart.hasSubscribers) return;
    this.#looking = after(LOOK_MS, () => {
      this.#looking = undefined;
      this.#pool.noteStarts();
      if (this.#watching > 0) this.#planLook();
    });
    this.#looking?.unref();
  }
}

/** What is noted of a task that somebody watches. */
export class Trace {
  readonly submittedAt: number = performance.now();
  readonly #observer: Observer;
  readonly #task: Task;
  readonly #calls: number;
  #worker: string | undefined;
  #startedAt: number | undefined;
  #runMs: number | undefined;

  constructor(observer: Observer, task: Task, values: number) {
    this.#observer = observer;
    this.#task = task;
    this.#calls = task.arity > 0 ? values / task.arity : 1;
  }

  /** A worker has begun the task; `time` is what it says about that, of the machine. Told more than once, or never. */
  began(worker: string, time: number): void {
    if (this.#startedAt !== undefined) return;
    const startedAt = fromMachineTime(time);
    const now = performance.now();
    // Not yet written, or by somebody who writes what cannot be.
    if (!(startedAt >= this.submittedAt - SKEW_MS && startedAt <= now + SKEW_MS)) return;
    this.#start(worker, Math.min(Math.max(startedAt, this.submittedAt), now));
  }

  #start(worker: string, startedAt: number): void {
    this.#worker = worker;
    this.#startedAt = startedAt;
    if (!taskStart.hasSubscribers) return;
    taskStart.publish({
      ...this.about(performance.now()),
      worker,
      attempt: this.#task.attempt,
      startedAt,
      waitMs: startedAt - this.submittedAt,
    });
  }

  /** The worker is done with it, `ms` after it began. */
  ended(worker: string, ms: number): void {
    this.#runMs = ms;
    // It never said so: what it was given could not be read, say.
    if (this.#startedAt === undefined) {
      this.#start(worker, Math.max(this.submittedAt, performance.now() - ms));
    }
  }

  /** Its worker died, and it waits for another. */
  again(): void {
    this.#worker = undefined;
    this.#startedAt = undefined;
    this.#runMs = undefined;
  }

  settled(future: Future<unknown>): void {
    this.#observer.over();
    if (!taskSettle.hasSubscribers) return;
    const at = performance.now();
    const { submittedAt } = this;
    const startedAt = this.#startedAt;
    const runMs = startedAt === undefined ? undefined : this.#runMs;
    const failed = hasFailed(future);
    let failedCalls = failed && !future.cancelled() ? this.#calls : 0;
    let error = failed ? outcomeOf(future) : undefined;
    if (!failed && (this.#task.flags & AS_CHUNK) !== 0) {
      const { errors } = outcomeOf(future) as ChunkResult;
      failedCalls = errors.size;
      if (failedCalls > 0) error = errors.values().next().value;
    }
    taskSettle.publish({
      ...this.about(at),
      outcome: future.cancelled() ? 'cancelled' : failed ? 'failed' : 'succeeded',
      error,
      failedCalls,
      worker: this.#worker,
      attempt: this.#task.attempt,
      submittedAt,
      startedAt,
      endedAt: startedAt === undefined || runMs === undefined ? undefined : startedAt + runMs,
      waitMs: (startedAt ?? at) - submittedAt,
      runMs,
    });
  }

  about(at: number = this.submittedAt): TaskEvent {
    const { id, label, flags } = this.#task;
    const kind = (flags & AS_CHUNK) !== 0 ? 'chunk' : (flags & AS_STREAM) !== 0 ? 'stream' : 'call';
    const { info, queued } = this.#observer;
    return { executor: info, id, name: label, kind, calls: this.#calls, queued, at };
  }
}
