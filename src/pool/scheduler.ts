/**
 * The heart of a pool: every task from `submit` to the settling of its future.
 *
 *   submit ─▶ encode ─▶ queue ─▶ channel.offer ─▶ worker ─▶ done / failed ─▶ settle the future
 *               │         │            │             │
 *               │         │            │             └─ worker died: again (retries), or WorkerDiedError
 *               │         │            └─ cancelled, stolen, recalled: back out of the worker's hands
 *               │         └─ cancelled, aborted, queueTimeout: out of the queue
 *               └─ cannot cross: the future fails, nothing was queued
 *
 * Invariants
 * 1. A task is in exactly one place: the queue, the channel (in a worker's hands), or nowhere (over).
 * 2. Its future settles exactly once, and may do so before the task is over: a caller that aborts or runs out
 *    of time is told at once, while the worker still has to stop. Such a task is `abandoned`: its outcome is
 *    dropped.
 * 3. A task is over when the channel has dropped it or its worker is gone; then, and only then, it stops
 *    counting as work that keeps the process alive and `shutdown` waiting.
 * 4. Tasks are sent at the end of the tick in which there was room for them, never inside `submit`: so what
 *    is submitted together travels together, and is sent in order of priority.
 */

import { type Carried, captureContext, packContext } from '../context.ts';
import { type BrokenExecutorError, QueueFullError, type WorkerDeath, WorkerDiedError } from '../errors.ts';
import { areTasksWatched } from '../events/events.ts';
import type { ChunkResult, StreamSource, TaskRequest } from '../futures/engine.ts';
import { type Future, hasFailed, own } from '../futures/future.ts';
import { Waiters } from '../futures/waiters.ts';
import { referenceTo } from '../tasks/reference.ts';
import { unpackError } from '../wire/error-envelope.ts';
import {
  AS_CHUNK,
  AS_STREAM,
  CARRIES,
  CHUNK,
  CLOSE,
  CREDIT,
  DONE,
  FAILED,
  type FromWorker,
  ITEM,
  MEASURE,
  MEASURED,
  REPORT,
  SAY_STARTED,
  STARTED,
  TIMED,
} from '../wire/protocol.ts';
import { UnknownKindError } from '../wire/shareable.ts';
import type { Backend } from './backend.ts';
import { refusalOf } from './carrying.ts';
import { type Channel, LATER, type Leftover, type Outcomes, SOON } from './channel.ts';
import { endOfWork } from './exiting.ts';
import { functionOf, type TaskFunction } from './functions.ts';
import { inOrder } from './in-order.ts';
import { hold, letGo } from './keep-alive.ts';
import { learnErrorClasses } from './known-errors.ts';
import type { Observer } from './observer.ts';
import type { PoolSettings } from './options.ts';
import { PendingQueue } from './pending-queue.ts';
import { warnOfReport } from './report-warning.ts';
import { StopLadder } from './stop-ladder.ts';
import { SubmitStacks } from './submit-stack.ts';
import { type Keeper, Task, TaskList } from './task.ts';
import type { Workers, WorkersListener } from './workers.ts';

export class Scheduler implements WorkersListener, Keeper, Outcomes {
  readonly #backend: Backend;
  readonly #settings: PoolSettings;
  readonly #channel: Channel;
  readonly #observer: Observer;
  readonly #workers: () => Workers;
  readonly #queue = new PendingQueue<Task>();
  /** All tasks that are not over. */
  readonly #tasks = new TaskList();
  readonly #stacks = new SubmitStacks();
  readonly #ladder: StopLadder;
  #nextId = 1;
  #state: 'open' | 'closing' | 'broken' = 'open';
  #makeBroken: (() => BrokenExecutorError) | undefined;
  /** Nothing more is to begin: what comes back from workers is not queued again. */
  #cancelling = false;
  #turnPlanned = false;
  #laterPlanned = false;
  #lastFn: Function | undefined;
  #lastFunction: TaskFunction | undefined;
  /**
   * More than one priority has been seen, so urgent tasks may have to overtake what lies in workers' hands.
   */
  #mixed = false;
  readonly #idle = new Waiters();
  readonly counts = { submitted: 0, succeeded: 0, failed: 0, cancelled: 0, retried: 0 };

  /** `workers` is asked for late: scheduler and workers know each other, and one has to be made first. */
  constructor(
    backend: Backend,
    settings: PoolSettings,
    channel: Channel,
    observer: Observer,
    workers: () => Workers,
  ) {
    this.#backend = backend;
    this.#settings = settings;
    this.#channel = channel;
    this.#observer = observer;
    this.#workers = workers;
    this.#ladder = new StopLadder(channel, backend.codec, {
      withdraw: (task) => this.withdraw(task),
      tell: (task, message) => this.#tell(task, message),
      stopWorker: (worker, reason) => this.#workers().kill(worker, reason),
    });
  }

  get state(): 'open' | 'closing' | 'broken' {
    return this.#state;
  }

  get pending(): number {
    let pending = 0;
    for (const task of this.#tasks.all()) if (task.future.state === 'pending') pending += 1;
    return pending;
  }

  get running(): number {
    let running = 0;
    for (const task of this.#tasks.all()) if (task.future.state === 'running') running += 1;
    return running;
  }

  /** Tasks that wait for a worker. */
  get queued(): number {
    return this.#queue.size + this.#channel.backlog;
  }

  /** Runs a call or a chunk. Never throws; the future says what is wrong. */
  run(request: TaskRequest): Future<unknown> {
    const task = this.#prepare(request, request.arity === undefined ? 0 : AS_CHUNK);
    if (!task.future.done()) this.#enqueue(task);
    return task.future;
  }

  /** Prepares a generator task: its arguments are read now, and it runs once `start` is called. */
  open(request: TaskRequest, window: number, onItem: (value: unknown) => void): StreamSource {
    const task = this.#prepare(request, AS_STREAM);
    task.window = window;
    task.onItem = onItem;
    return {
      start: () => {
        if (!task.future.done()) this.#enqueue(task);
        return task.future;
      },
      grant: (credits) => this.#tell(task, [CREDIT, task.wireId, credits]),
      close: () => {
        if (task.future.done() || task.future.cancel()) return;
        task.repeatable = false;
        this.#tell(task, [CLOSE, task.wireId]);
        this.#ladder.startGrace(task, 'its consumer had left');
      },
    };
  }

  /**
   * Refuses new work; optionally takes back what no worker has begun, now or when a worker's death gives it
   * back.
   */
  close(cancelPending: boolean): void {
    if (this.#state === 'open') this.#state = 'closing';
    if (!cancelPending) return;
    this.#cancelling = true;
    for (const task of this.#tasks.all()) task.future.cancel();
  }

  /** For tasks: their future has settled. */
  count(future: Future<unknown>): void {
    if (future.cancelled()) this.counts.cancelled += 1;
    else if (hasFailed(future)) this.counts.failed += 1;
    else this.counts.succeeded += 1;
  }

  /** Resolves when no task is left. */
  whenIdle(): Promise<void> {
    if (this.#tasks.size === 0) return Promise.resolve();
    return this.#idle.wait();
  }

  // ── what callers do to a task ───────────────────────────────────────────────────────────────────────────

  /** For `Future.cancel`: out of the queue, or out of a worker's hands. */
  withdraw(task: Task): boolean {
    if (task.place === 'queue') this.#queue.remove(task);
    else if (task.place === 'channel') {
      if (!this.#channel.withdraw(task)) return false;
      // The worker drops it without a word, so nothing else would say that there is room.
      if (this.#queue.size > 0) this.#plan();
    }
    this.#forget(task);
    return true;
  }

  hasBegun(task: Task): boolean {
    return task.place === 'channel' && this.#channel.hasBegun(task);
  }

  #tell(task: Task, message: Parameters<Channel['tell']>[1]): void {
    if (task.place !== 'channel') return;
    this.#channel.tell(task, message);
    this.#plan();
  }

  // ── in ──────────────────────────────────────────────────────────────────────────────────────────────────

  #prepare(request: TaskRequest, shape: number): Task {
    const { options, fn, args, arity = 0 } = request;
    const flags = options.timeout === undefined ? shape : shape | SAY_STARTED;
    const submitted = request.submitted ?? this.#stacks.take(fn);
    const task = new Task(this, this.#nextId++, fn, options, flags, arity, submitted);
    this.counts.submitted += 1;
    if (request.onMeasured !== undefined) {
      task.flags |= MEASURE;
      task.onMeasured = request.onMeasured;
    }
    if (areTasksWatched()) {
      task.flags |= TIMED;
      task.trace = this.#observer.submitted(task, args.length);
    }
    const carried = this.#carry(request, task);
    const refusal = this.#refusal(shape);
    if (refusal !== undefined || options.signal?.aborted) {
      own(task.future, task);
      task.future.setException(refusal ?? options.signal?.reason);
      return task;
    }
    own(task.future, task);
    try {
      const values = carried === undefined ? args : [...args, carried];
      this.#channel.pack(task, values, options.transfer);
      // Naming a function for the first time takes about as long as a worker takes to start; so that comes
      // first.
      if (!this.#workers().any) this.#workers().ensure(1);
      // The start of the first worker may have been all that it took.
      if (this.#makeBroken !== undefined) throw this.#makeBroken();
      task.called = this.#functionOf(fn);
    } catch (error) {
      this.#channel.unpack(task);
      task.future.setException(refusalOf(error, carried, this.#backend.codec));
    }
    return task;
  }

  /** What the call carries. A map, and who held the call back, have looked before: by now somebody else may be at work. */
  #carry({ arity, context }: TaskRequest, task: Task): Carried | undefined {
    const isNew = context === undefined && arity === undefined;
    const captured = isNew ? captureContext(this.#backend.kind === 'event-loop') : context;
    if (captured === undefined) return undefined;
    task.flags |= CARRIES;
    return packContext(captured, task.trace?.about());
  }

  /** Mostly it is the same function as the last time. */
  #functionOf(fn: Function): TaskFunction {
    if (this.#lastFn === fn && this.#lastFunction !== undefined) return this.#lastFunction;
    const reference = this.#backend.reference?.(fn) ?? referenceTo(fn);
    void learnErrorClasses(reference);
    const called = functionOf(reference);
    this.#lastFn = fn;
    this.#lastFunction = called;
    return called;
  }

  #refusal(flags: number): Error | undefined {
    if (this.#makeBroken !== undefined) return this.#makeBroken();
    const ended = endOfWork(this.#state === 'open');
    if (ended !== undefined) return ended;
    // A map keeps itself within bounds. It cannot know of others that fill the queue, and must not fail for
    // them.
    if ((flags & AS_CHUNK) !== 0) return undefined;
    const { maxQueue, maxWorkers, concurrency } = this.#settings;
    if (this.#tasks.size < maxWorkers * concurrency + maxQueue) return undefined;
    return new QueueFullError(
      `${maxQueue} tasks wait already (maxQueue); wait for some to finish, raise maxQueue, or use map().`,
    );
  }

  #enqueue(task: Task): void {
    // Asked again: starting the first worker for it may have broken the pool, and a stream begins later than
    // it is made; a signal that has fired by then fires no more.
    const refusal = this.#refusal(task.flags);
    const { signal } = task.options;
    if (refusal !== undefined || signal?.aborted) {
      this.#channel.unpack(task);
      task.future.setException(refusal ?? signal?.reason);
      return;
    }
    if (this.#tasks.size === 0) hold();
    this.#tasks.add(task);
    this.#push(task);
    this.#ladder.watchPending(task);
  }

  #push(task: Task): void {
    task.place = 'queue';
    this.#queue.push(task);
    if (task.priority !== 0) this.#mixed = true;
    this.#plan();
  }

  #plan(): void {
    // When the rest of the program is to have its turn, what it submits does not go before that.
    if (this.#turnPlanned || this.#laterPlanned) return;
    this.#turnPlanned = true;
    process.nextTick(this.#turn);
  }

  /** Settles what has come, and hands out what there is room for. */
  readonly #turn = (): void => {
    this.#turnPlanned = false;
    this.#stacks.newTurn();
    const taken = this.#channel.collect();
    this.#pump();
    switch (this.#channel.linger(taken)) {
      case SOON:
        // Behind the reactions of the futures that were settled: what they submit is to be handed out first.
        queueMicrotask(this.#planAgain);
        break;
      case LATER:
        if (this.#laterPlanned) break;
        this.#laterPlanned = true;
        setImmediate(this.#later);
        break;
      default:
    }
  };

  readonly #planAgain = (): void => this.#plan();

  readonly #later = (): void => {
    this.#laterPlanned = false;
    this.#turn();
  };

  /** Hands out as much as there is room for, and starts workers for the rest. */
  #pump(): void {
    this.#letUrgentOvertake();
    for (let task = this.#queue.peek(); task !== undefined; task = this.#queue.peek()) {
      if (!this.#channel.offer(task)) break;
      this.#queue.shift();
      task.place = 'channel';
    }
    if (this.#queue.size === 0) this.#channel.rebalance();
    this.#channel.flush();
    const { queued } = this;
    if (queued > 0) this.#workers().ensure(queued);
  }

  #letUrgentOvertake(): void {
    const urgent = this.#mixed ? this.#queue.peek() : undefined;
    if (urgent === undefined) return;
    for (const task of this.#channel.recall(urgent.priority)) {
      task.place = 'queue';
      this.#queue.push(task);
    }
  }

  // ── out ─────────────────────────────────────────────────────────────────────────────────────────────────

  message(task: Task, message: FromWorker): void {
    inOrder(task, () => this.#read(task, message), this.#planAgain);
  }

  /** @throws UnknownKindError, before anything has been done */
  #read(task: Task, message: FromWorker): void {
    const { codec } = this.#backend;
    switch (message[0]) {
      case STARTED:
        this.#ladder.watchRunning(task);
        break;
      case DONE:
        this.#finish(task, () => codec.decode(message[3]));
        break;
      case CHUNK:
        this.#finish(task, () => this.#chunkResult(task, message));
        break;
      case FAILED:
        this.failed(task, unpackError(message[3], codec, task.stackOptions()));
        break;
      case ITEM:
        this.#item(task, message[2]);
        break;
      case REPORT:
        this.#report(task, message[2]);
        break;
      case MEASURED: {
        const [, , asynchronous, blocked, busy, ms] = message;
        task.onMeasured?.({ asynchronous, blocked, busy, wall: ms < 0 ? undefined : ms });
        break;
      }
      default:
    }
  }

  changed(): void {
    this.#turn();
  }

  died(leftover: Leftover, death: WorkerDeath, cause: unknown): void {
    // Once the pool is being killed, or told to begin nothing more, nothing is run again.
    const open = this.#workers().open && !this.#cancelling;
    for (const task of leftover.untouched) {
      if (open && !task.future.done()) {
        this.#push(task);
        continue;
      }
      task.place = 'nowhere';
      // Where nobody can see what a worker has begun, the future may have said that it runs, and cannot take
      // it back.
      if (!task.future.cancel()) this.#lose(task, death, cause);
    }
    for (const task of leftover.begun) {
      const endIt = (): void => {
        if (open && !task.future.done() && task.mayRunAgain) this.#retry(task);
        else this.#lose(task, death, cause);
      };
      inOrder(task, endIt, this.#planAgain);
    }
  }

  /** The task went with its worker. */
  #lose(task: Task, death: WorkerDeath, cause: unknown): void {
    this.#forget(task);
    if (task.future.done()) return;
    const options = cause === undefined ? undefined : { cause };
    task.future.setException(new WorkerDiedError(`task ${task.label}`, death, options));
  }

  broken(makeError: () => BrokenExecutorError): void {
    this.#makeBroken = makeError;
    this.#state = 'broken';
    this.#cancelling = true;
    for (const task of this.#tasks.all()) {
      // What a worker has begun is over when that worker is gone; it is told to go by whoever broke the pool.
      if (task.place === 'queue') this.withdraw(task);
      if (!task.future.done()) task.future.setException(makeError());
    }
  }

  #finish(task: Task, read: () => unknown): void {
    if (task.future.done()) {
      this.#forget(task);
      return;
    }
    let value: unknown;
    try {
      value = read();
    } catch (error) {
      if (error instanceof UnknownKindError) throw error;
      this.failed(task, error);
      return;
    }
    this.succeeded(task, value);
  }

  succeeded(task: Task, value: unknown): void {
    this.#forget(task);
    if (!task.future.done()) task.future.setResult(value);
  }

  failed(task: Task, error: unknown): void {
    this.#forget(task);
    if (!task.future.done()) task.future.setException(error);
  }

  #chunkResult(task: Task, message: Extract<FromWorker, readonly [typeof CHUNK, ...unknown[]]>): ChunkResult {
    const { codec } = this.#backend;
    const [, , ms, values, errors] = message;
    // Making text of a stack takes longer than many a chunk, and few have errors.
    const stack = errors.length > 0 ? task.stackOptions() : {};
    return {
      values: codec.decode(values) as unknown[],
      errors: new Map(errors.map(([index, envelope]) => [index, unpackError(envelope, codec, stack)])),
      ms,
    };
  }

  #item(task: Task, packed: unknown): void {
    // A second run would begin with the first value again.
    task.repeatable = false;
    if (task.future.done()) return;
    let item: unknown;
    try {
      item = this.#backend.codec.decode(packed);
    } catch (error) {
      if (error instanceof UnknownKindError) throw error;
      this.#ladder.abandon(task, error, 'one of its values could not be decoded');
      return;
    }
    task.onItem?.(item);
  }

  #report(task: Task, packed: unknown): void {
    const { onReport } = task.options;
    if (onReport === undefined || task.future.done()) return;
    try {
      onReport(this.#backend.codec.decode(packed));
    } catch (error) {
      if (error instanceof UnknownKindError) throw error;
      warnOfReport(task.label, error);
    }
  }

  #retry(task: Task): void {
    this.counts.retried += 1;
    task.again();
    this.#push(task);
  }

  /** The task is over; its future may still have to be settled by the caller. */
  #forget(task: Task): void {
    const { place } = task;
    if (place === 'over') return;
    task.place = 'over';
    task.release();
    this.#channel.unpack(task);
    if (place === 'new') return;
    this.#tasks.remove(task);
    if (this.#tasks.size > 0) return;
    letGo();
    this.#idle.wake();
  }
}
