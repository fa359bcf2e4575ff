/**
 * `Timer`: a function that is called later, unless that is cancelled.
 *
 *   initial ──start()──▶ waiting ──interval──▶ calling ──▶ finished
 *                           └────── cancel() ───────────────▲
 *
 * In Python the wait needs a thread. An event loop waits by itself, so only who asks for a thread gets one: it then
 * calls the function even though the thread that set the timer computes, or is blocked.
 */

import { InvalidStateError, TimeoutError } from '../errors.ts';
import { after, waitWithin } from '../futures/waiting.ts';
import { checkArray, checkBoolean, checkDuration, checkNames, type WaitOptions } from '../options.ts';
import { hold, letGo } from '../pool/keep-alive.ts';
import { findFunction } from '../pool/worker-functions.ts';
import { referenceTo, type TaskReference } from '../tasks/reference.ts';
import { defineTasks } from '../tasks/registry.ts';
import { nextName, report, setReady, Thread, type ThreadOptions } from './thread.ts';

export interface TimerOptions<A extends readonly unknown[] = readonly unknown[]>
  extends Omit<ThreadOptions<A>, 'target'> {
  /**
   * Whether the wait and the call are on a thread of their own, to which the rules of `Thread` for functions and arguments
   * then apply. Default: on the event loop of this thread.
   */
  readonly thread?: boolean | undefined;
}

const WAITING = 0;
const CALLING = 1;
const CANCELLED = 2;
const FINISHED = 3;
const STATES = ['waiting', 'calling', 'cancelled', 'finished'] as const;

/**
 * Calls a function once, `interval` milliseconds after `start()`. A timer that is not cancelled holds the program open
 * until then, unless it is a daemon. Python's `threading.Timer`, in seconds there.
 *
 * What the function throws goes to `excepthook`.
 *
 * @example
 * const timer = new Timer(1000, remind, { args: ['tea'] });
 * timer.start();
 * timer.cancel();
 */
export class Timer<A extends readonly unknown[] = readonly unknown[]> extends Thread {
  readonly interval: number;
  readonly function: (...args: A) => unknown;
  /** A list of its own: changed before the call, or on a thread before `start()`, it is what the function gets. */
  readonly args: unknown[];
  readonly #onThread: boolean;
  /** Shared, so that a cancel reaches the thread, whatever event loop may be blocked. */
  readonly #state: Int32Array;
  #isStarted = false;
  #timeout: NodeJS.Timeout | undefined;
  readonly #waiting = new Set<() => void>();

  /** @throws RangeError or TypeError naming a wrong option; NotShareableError if `thread` is set, and `fn` cannot cross. */
  constructor(interval: number, fn: (...args: A) => unknown, options: TimerOptions<NoInfer<A>> = {}) {
    checkNames(options, OPTIONS, 'Timer');
    const { thread = false, args, ...others } = options;
    checkDuration('interval', interval);
    if (typeof fn !== 'function') throw new TypeError(`function must be a function, received ${String(fn)}`);
    checkArray('args', args);
    checkBoolean('thread', thread);
    const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const own = [...(args ?? [])];
    super(thread ? onThread(others, [interval, state, referenceTo(fn), own]) : others);
    this.interval = interval;
    this.function = fn;
    this.args = own;
    this.#onThread = thread;
    this.#state = state;
  }

  /** @throws InvalidStateError the second time, and as `Thread.start` does if it is on a thread. */
  override start(): void {
    if (this.#isStarted) throw new InvalidStateError(`${this} was started before; timers start once`);
    if (this.#onThread) super.start();
    this.#isStarted = true;
    if (this.#onThread) return;
    setReady(this);
    // One that was cancelled before has nothing to wait for.
    if (this.finished) return;
    if (!this.daemon) hold();
    this.#timeout = after(this.interval, () => void this.#call())?.unref();
  }

  /** Calls the function never, if it has not begun; else it changes nothing. */
  cancel(): void {
    if (Atomics.compareExchange(this.#state, 0, WAITING, CANCELLED) !== WAITING) return;
    Atomics.notify(this.#state, 0);
    clearTimeout(this.#timeout);
    if (!this.#onThread) this.#finish();
  }

  /** True once the function is over, or was cancelled. */
  get finished(): boolean {
    return Atomics.load(this.#state, 0) >= CANCELLED;
  }

  /** True from `start()` until it is finished. */
  override isAlive(): boolean {
    return this.#onThread ? super.isAlive() : this.#isStarted && !this.finished;
  }

  /** Waits until it is finished, as `Thread.join` waits for the end of a thread. */
  override async join(options: WaitOptions = {}): Promise<boolean> {
    if (this.#onThread) return super.join(options);
    if (!this.#isStarted) throw new InvalidStateError(`${this} cannot be joined before it was started`);
    try {
      await waitWithin(
        options,
        () => `${this} did not finish`,
        (resolve: (value: undefined) => void) => {
          const done = (): void => resolve(undefined);
          if (this.finished) done();
          else this.#waiting.add(done);
          return () => this.#waiting.delete(done);
        },
      );
      return true;
    } catch (error) {
      if (!(error instanceof TimeoutError) || error === options.signal?.reason) throw error;
      return false;
    }
  }

  /** @throws InvalidStateError if it waits on the event loop of this thread, which would be blocked */
  override joinSync(options: { readonly timeout?: number | undefined } = {}): boolean {
    if (this.#onThread) return super.joinSync(options);
    if (this.#isStarted && this.finished) return true;
    throw new InvalidStateError(
      `${this} cannot be joined by a blocked event loop: make it with { thread: true }`,
    );
  }

  override get daemon(): boolean {
    return super.daemon;
  }

  override set daemon(daemon: boolean) {
    if (this.#isStarted) throw new InvalidStateError(`${this} was started: set daemon before start()`);
    super.daemon = daemon;
  }

  /** `Timer(Thread-1, waiting)` */
  override toString(): string {
    if (this.#onThread) return super.toString();
    const state = this.#isStarted || this.finished ? STATES[this.#state[0] as number] : 'initial';
    return `${this.constructor.name}(${this.name}, ${state}${this.daemon ? ' daemon' : ''})`;
  }

  async #call(): Promise<void> {
    if (Atomics.compareExchange(this.#state, 0, WAITING, CALLING) !== WAITING) return;
    try {
      await this.function(...(this.args as unknown as A));
    } catch (error) {
      report(error, this);
    }
    Atomics.store(this.#state, 0, FINISHED);
    this.#finish();
  }

  #finish(): void {
    if (this.#isStarted && !this.daemon) letGo();
    for (const done of this.#waiting) done();
    this.#waiting.clear();
  }
}

const OPTIONS: readonly string[] = ['args', 'name', 'daemon', 'resourceLimits', 'transfer', 'thread'];

type Wait = [interval: number, state: Int32Array, reference: TaskReference, args: readonly unknown[]];

function onThread({ name, ...others }: ThreadOptions, args: Wait): ThreadOptions {
  const isNamed = name !== undefined && name !== '';
  const target = waitThenCall as Function as (...args: readonly unknown[]) => Promise<void>;
  return { ...others, name: isNamed ? name : nextName(undefined), target, args };
}

const { waitThenCall } = defineTasks(import.meta.url, {
  /** In the thread: waits, and calls unless it was cancelled. */
  waitThenCall: async (...[interval, state, reference, args]: Wait): Promise<void> => {
    const deadline = performance.now() + interval;
    const fn = await findFunction(reference);
    // A pending wait is nothing that holds an event loop open.
    hold();
    await Atomics.waitAsync(state, 0, WAITING, Math.max(0, deadline - performance.now())).value;
    letGo();
    if (Atomics.compareExchange(state, 0, WAITING, CALLING) !== WAITING) return;
    try {
      await fn(...args);
    } finally {
      Atomics.store(state, 0, FINISHED);
    }
  },
});
