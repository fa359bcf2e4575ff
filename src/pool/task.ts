/** One task on its way through a pool. */

import type { Transferable } from 'node:worker_threads';
import type { Measurement } from '../futures/engine.ts';
import { Future, type Owner } from '../futures/future.ts';
import type { SubmitOptions } from '../futures/submit-options.ts';
import type { CallDetails } from '../wire/protocol.ts';
import type { TaskFunction } from './functions.ts';
import type { Trace } from './observer.ts';
import type { Queued } from './pending-queue.ts';
import { framesOf, type SubmitStack } from './submit-stack.ts';

/** Where a task is; see the invariants in `scheduler.ts`. */
export type Place = 'new' | 'nowhere' | 'queue' | 'channel' | 'over';

/** Who looks after tasks: the scheduler. */
export interface Keeper {
  /** The future of a task has settled. */
  count(future: Future<unknown>): void;
  hasBegun(task: Task): boolean;
  withdraw(task: Task): boolean;
}

/** What watches over a task that has a signal or limits; most have none. */
export class Watches {
  queueTimer: NodeJS.Timeout | undefined;
  runTimer: NodeJS.Timeout | undefined;
  graceTimer: NodeJS.Timeout | undefined;
  offSignal: (() => void) | undefined;

  release(): void {
    clearTimeout(this.queueTimer);
    clearTimeout(this.runTimer);
    clearTimeout(this.graceTimer);
    this.offSignal?.();
    this.offSignal = undefined;
  }
}

export class Task implements Owner, Queued {
  readonly id: number;
  readonly fn: Function;
  readonly options: SubmitOptions;
  readonly priority: number;
  readonly future: Future<unknown> = new Future();
  place: Place = 'new';
  attempt = 1;
  /** False once part of its outcome has been given away, or nobody wants it any more. */
  repeatable = true;

  /** See `wire/protocol.ts`. */
  flags: number;
  /** Arguments per call of a chunk. */
  readonly arity: number;
  /** Values that a stream may yield before it is granted more. */
  window = 0;
  onItem: ((value: unknown) => void) | undefined = undefined;
  onMeasured: ((measurement: Measurement) => void) | undefined = undefined;
  called: TaskFunction | undefined = undefined;
  /** The arguments, as the channel packed them. */
  args: unknown = undefined;
  /** Must travel with `args`; spends them. */
  transfer: Transferable[] | undefined = undefined;
  /** The shareable objects in the arguments, alive until it is over: only then no worker will look for them. */
  shared: readonly object[] | undefined = undefined;
  /** What is to be done with it when a module is loaded; see `in-order.ts`. */
  waiting: Array<() => void> | undefined = undefined;

  /** What it is called in messages, while a worker has it. For the channel. */
  wireId = 0;
  // For the channel, while it has the task: what it keeps of it, and where its arguments are.
  held: unknown = undefined;
  form = 0;
  slot = -1;
  block = -1;
  size = 0;
  watches: Watches | undefined = undefined;
  /** Present while somebody watches. */
  trace: Trace | undefined = undefined;
  /** Its neighbours among the tasks that are not over. */
  previous: Task | undefined = undefined;
  next: Task | undefined = undefined;
  readonly #keeper: Keeper;
  readonly #submitted: SubmitStack;

  constructor(
    keeper: Keeper,
    id: number,
    fn: Function,
    options: SubmitOptions,
    flags: number,
    arity: number,
    submitted: SubmitStack,
  ) {
    this.#keeper = keeper;
    this.id = id;
    this.fn = fn;
    this.options = options;
    this.priority = options.priority ?? 0;
    this.flags = flags;
    this.arity = arity;
    this.#submitted = submitted;
  }

  get label(): string {
    const { name } = this.options;
    if (name !== undefined) return name;
    return typeof this.fn === 'function' && this.fn.name !== '' ? this.fn.name : '(anonymous)';
  }

  /** What its worker is told of it. */
  get details(): CallDetails {
    return { name: this.label, attempt: this.attempt, window: this.window, arity: this.arity };
  }

  /** May be sent a second time, so that `args` must not be spent by the first. */
  get mayBeSentAgain(): boolean {
    return (this.options.retries ?? 0) > 0;
  }

  /**
   * Sent only to a worker that can begin it now: what it moves (ports) cannot be taken back.
   */
  get isDirect(): boolean {
    return this.transfer?.some((item) => !(item instanceof ArrayBuffer)) ?? false;
  }

  /** Whether it may be given to another worker after its own has died in the middle of it. */
  get mayRunAgain(): boolean {
    return this.repeatable && this.attempt <= (this.options.retries ?? 0);
  }

  started(): boolean {
    return this.#keeper.hasBegun(this);
  }

  withdraw(): boolean {
    return this.#keeper.withdraw(this);
  }

  settled(future: Future<unknown>): void {
    this.#keeper.count(future);
    this.trace?.settled(future);
  }

  /** For errors: the frames of whoever submitted this task. */
  stackOptions(): { submitStack?: string } {
    const submitStack = framesOf(this.#submitted);
    return submitStack === undefined ? {} : { submitStack };
  }

  /** The worker died; the next run is another attempt. */
  again(): void {
    this.attempt += 1;
    this.trace?.again();
    clearTimeout(this.watches?.runTimer);
    // It has had its worker; what it waits for now is another one.
    clearTimeout(this.watches?.queueTimer);
  }

  /** Lets go of timers and listeners. */
  release(): void {
    this.watches?.release();
  }
}

/** Tasks, in no order that matters. They are their own links: a Set would cost more than all else here. */
export class TaskList {
  #first: Task | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(task: Task): void {
    task.next = this.#first;
    if (this.#first !== undefined) this.#first.previous = task;
    this.#first = task;
    this.#size += 1;
  }

  /** Must be in this list. */
  remove(task: Task): void {
    if (task.previous === undefined) this.#first = task.next;
    else task.previous.next = task.next;
    if (task.next !== undefined) task.next.previous = task.previous;
    task.previous = undefined;
    task.next = undefined;
    this.#size -= 1;
  }

  /** A snapshot, oldest first: tasks may leave the list while somebody walks it. */
  all(): Task[] {
    const tasks: Task[] = [];
    for (let task = this.#first; task !== undefined; task = task.next) tasks.push(task);
    return tasks.toReversed();
  }
}
