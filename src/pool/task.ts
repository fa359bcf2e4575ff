/** One task on its way through a pool. */

import { Future, type Owner, subscribe } from '../futures/future.ts';
import type { SubmitOptions } from '../futures/submit-options.ts';
import type { OutgoingCall } from './channel.ts';
import type { Queued } from './pending-queue.ts';
import type { SubmitStack } from './submit-stack.ts';

/** Where a task is; see the invariants in `scheduler.ts`. */
export type Place = 'nowhere' | 'queue' | 'channel' | 'over';

/** Who looks after tasks: the scheduler. */
export interface Keeper {
  /** The future of a task has settled. */
  count(future: Future<unknown>): void;
  hasBegun(task: Task): boolean;
  withdraw(task: Task): boolean;
}

/** How a frame of this library begins: callers look for their own line. */
const OWN_CODE = new URL('../', import.meta.url).href;

export class Task implements Owner, Queued {
  readonly id: number;
  readonly label: string;
  readonly options: SubmitOptions;
  readonly priority: number;
  readonly future: Future<unknown>;
  place: Place = 'nowhere';
  attempt = 1;
  /** False once part of its outcome has been given away, or nobody wants it any more. */
  repeatable = true;
  call: OutgoingCall | undefined;
  onItem: ((value: unknown) => void) | undefined;
  queueTimer: NodeJS.Timeout | undefined;
  runTimer: NodeJS.Timeout | undefined;
  graceTimer: NodeJS.Timeout | undefined;
  offSignal: (() => void) | undefined;
  readonly #keeper: Keeper;
  readonly #submitted: SubmitStack;

  constructor(keeper: Keeper, id: number, fn: Function, options: SubmitOptions, submitted: SubmitStack) {
    this.#keeper = keeper;
    this.id = id;
    this.options = options;
    this.priority = options.priority ?? 0;
    this.label = options.name ?? (typeof fn === 'function' && fn.name !== '' ? fn.name : '(anonymous)');
    this.future = new Future();
    subscribe(this.future, (future) => keeper.count(future));
    this.#submitted = submitted;
  }

  /** Whether it may be given to another worker after its own has died in the middle of it. */
  get mayRunAgain(): boolean {
    return this.repeatable && this.attempt <= (this.options.retries ?? 0);
  }

  get outgoing(): OutgoingCall {
    if (this.call === undefined) throw new Error(`Task ${this.label} was queued before it was encoded`);
    return this.call;
  }

  started(): boolean {
    return this.#keeper.hasBegun(this);
  }

  withdraw(): boolean {
    return this.#keeper.withdraw(this);
  }

  /** For errors: the frames of whoever submitted this task. */
  stackOptions(): { submitStack?: string } {
    const { stack } = this.#submitted;
    if (stack === undefined) return {};
    const lines = stack.split('\n').filter((line) => !line.includes(OWN_CODE));
    return { submitStack: lines.join('\n') };
  }

  /** The worker died; the next run is another attempt. */
  again(): void {
    this.attempt += 1;
    clearTimeout(this.runTimer);
    // It has had its worker; what it waits for now is another one.
    clearTimeout(this.queueTimer);
    const { call } = this;
    if (call?.details === undefined) return;
    this.call = { ...call, details: { ...call.details, attempt: this.attempt } };
  }

  /** Lets go of timers and listeners. */
  release(): void {
    clearTimeout(this.queueTimer);
    clearTimeout(this.runTimer);
    clearTimeout(this.graceTimer);
    this.offSignal?.();
    this.offSignal = undefined;
  }
}
