/**
 * Takes each call to the pool where its function belongs, and learns from what becomes of it.
 *
 *   run ─▶ what is known of the function ─▶ choose ─▶ a pool ─▶ the pool's own future
 *               ▲            │
 *               │            └─ nothing, and enough calls are out to find out ─▶ HeldCall
 *               │                                                                    │ released by the first news
 *               ├── measured calls on workers                                        ▼
 *               ├── every call on the event loop ◀── guard ──▶ a thread, once the function has become slow
 *               └── calls that went with their worker
 *
 * Most calls get the future of the pool that runs them: nothing stands between, and signals, limits, retries, reports and
 * cancelling are the pool's.
 *
 * Invariants
 * 1. No call of a function runs on the event loop before `required` calls of it were measured on a worker.
 * 2. On the event loop each call is measured. The one that takes too long is the last there: what waits behind it, and
 *    has been handed to the event loop already, is sent to a thread as its turn comes.
 * 3. While nothing is known of a function, no more calls of it are out than can run at one time; others are held back, if
 *    they may be. Some call is always out while one is held.
 */

import type { ResourceLimits } from 'node:worker_threads';
import { EventLoopBackend } from '../../backends/event-loop/event-loop-backend.ts';
import { TimeoutError, WorkerDiedError } from '../../errors.ts';
import type { Engine, StreamSource, TaskRequest } from '../../futures/engine.ts';
import { type Future, hasFailed, outcomeOf, subscribe } from '../../futures/future.ts';
import { isThenable } from '../../futures/thenable.ts';
import { Waiters } from '../../futures/waiters.ts';
import { poolSettings } from '../../pool/options.ts';
import { Pool } from '../../pool/pool.ts';
import { SubmitStacks } from '../../pool/submit-stack.ts';
import { currentTask } from '../../tasks/current-task.ts';
import { Functions } from './functions.ts';
import { HeldCall, mayBeHeld } from './held-call.ts';
import type { AutoOptions } from './hints.ts';
import type { Knowledge } from './knowledge.ts';
import { LoopWatch } from './loop-watch.ts';
import { AWAIT_MS, choose, INLINE_MS, isExplored, mostOut, type Placement, STRIKE_MS } from './placement.ts';
import { Pools, type Room } from './pools.ts';
import { type AutoStatistics, statisticsOf } from './statistics.ts';

export interface AutoSettings {
  readonly maxWorkers: number;
  readonly concurrency: number;
  readonly idleTimeout: number;
  readonly resourceLimits: ResourceLimits | undefined;
}

/** Milliseconds between looks at the processor time of the program, which take a microsecond or two. */
const CPU_MS = 1;

/** A part of the calls that may await at one time, for maps of functions of which nothing is known. */
const SLOTS_TO_EXPLORE = 1 / 4;

export class AutoEngine implements Engine {
  readonly #settings: AutoSettings;
  readonly #pools: Pools;
  readonly #functions = new Functions();
  readonly #stacks = new SubmitStacks();
  readonly #loop = new LoopWatch();
  readonly #held = new Map<Knowledge, HeldCall[]>();
  readonly #noneHeld = new Waiters();
  /** Calls that are out, of functions of which none has come back. */
  readonly #out = new Map<Knowledge, number>();
  /** One object for all choices, as they are many. */
  readonly #situation = { waiting: 0, isChunk: false, isLoopBusy: false };
  #resetPlanned = false;
  /** What processor time the program had used, at most `CPU_MS` before the call that runs. */
  #cpu = process.cpuUsage();
  #cpuAt: number = performance.now();
  #state: 'open' | 'closing' | 'closed' = 'open';
  #refusing: Pool | undefined;
  readonly #counts = { submitted: 0, cancelled: 0, sentAway: 0, moved: { succeeded: 0, failed: 0 } };

  constructor(settings: AutoSettings) {
    this.#settings = settings;
    this.#pools = new Pools({ ...settings, guard: (fn) => this.#guard(fn) });
  }

  get slots(): number {
    return this.#settings.concurrency;
  }

  get lookAhead(): number {
    return 2 * this.slots;
  }

  /** How many chunks of a map of `fn` make sense at one time: workers compute, and one worker awaits many. */
  slotsFor(fn: Function, { backend, isolate }: AutoOptions): number {
    const { maxWorkers, concurrency } = this.#settings;
    if (isolate || backend === 'process') return maxWorkers;
    const known = this.#functions.seen(fn);
    if (known === undefined || !isExplored(known)) {
      return Math.max(maxWorkers, Math.ceil(concurrency * SLOTS_TO_EXPLORE));
    }
    return known.asynchronous && known.crashes === 0 ? concurrency : maxWorkers;
  }

  run(request: TaskRequest): Future<unknown> {
    this.#counts.submitted += 1;
    if (this.#state !== 'open') return this.#refuse().run(request);
    const hinted = this.#hinted(request);
    if (hinted !== undefined) return this.#pools.get(hinted).run(request);
    const known = this.#knownOf(request);
    // What is no function, or cannot cross, is told so by a pool.
    if (known === undefined) return this.#pools.get('thread').run(request);
    known.calls += callsIn(request);
    const placement = this.#choose(known, request);
    if (this.#isToBeHeld(known, request)) {
      const call = this.#hold(known, request);
      if (call !== undefined) return call.future;
    }
    return this.#send(known, placement, request);
  }

  open(request: TaskRequest, window: number, onItem: (value: unknown) => void): StreamSource {
    this.#counts.submitted += 1;
    if (this.#state !== 'open') return this.#refuse().open(request, window, onItem);
    // A stream waits for its consumer most of the time, and must not keep others from a thread.
    const known = this.#knownOf(request);
    const room =
      this.#hinted(request) ?? (known !== undefined && known.crashes > 0 ? 'process' : 'shared-thread');
    return this.#pools.get(room).open(request, window, onItem);
  }

  async shutdown({ wait, cancelFutures }: { wait: boolean; cancelFutures: boolean }): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing';
    if (cancelFutures) for (const call of [...this.#held.values()].flat()) call.future.cancel();
    const ending = this.#end(cancelFutures);
    if (wait) await ending;
  }

  async #end(cancelFutures: boolean): Promise<void> {
    while (this.#held.size > 0) await this.#noneHeld.wait();
    await this.#pools.shutdown(cancelFutures);
    this.#state = 'closed';
  }

  statistics(): AutoStatistics {
    const { submitted, cancelled, sentAway, moved } = this.#counts;
    return statisticsOf({
      settings: this.#settings,
      state: this.#state,
      pools: this.#pools.statistics(),
      functions: this.#functions.all(),
      held: [...this.#held.values()].reduce((count, { length }) => count + length, 0),
      submitted,
      cancelled,
      sentAway,
      moved,
    });
  }

  #knownOf({ fn }: TaskRequest): Knowledge | undefined {
    return this.#functions.seen(fn) ?? this.#functions.of(fn, this.#pools.has('thread'));
  }

  // ── placing ─────────────────────────────────────────────────────────────────────────────────────────────

  #hinted({ fn, options }: TaskRequest): Room | undefined {
    const { backend, isolate } = options as AutoOptions;
    if (isolate) return 'process';
    if (backend === 'event-loop') return 'unguarded';
    if (backend !== 'thread') return backend;
    return this.#functions.seen(fn)?.asynchronous ? 'shared-thread' : 'thread';
  }

  #choose(known: Knowledge, { arity }: TaskRequest): Placement {
    const situation = this.#situation;
    situation.isChunk = arity !== undefined;
    situation.isLoopBusy = known.asynchronous === true && this.#loop.isBusy();
    const placement = choose(known, situation);
    known.place = placement.home;
    known.why = placement.why;
    return placement;
  }

  #send(known: Knowledge, { place }: Placement, request: TaskRequest): Future<unknown> {
    if (place === 'inline') return this.#runInline(known, request);
    if (place === 'event-loop') {
      // Now and then one goes to a worker, where all of it can be seen, and not the beginning alone.
      if (!known.isDueElsewhere()) return this.#pools.get(place).run(request);
      return this.#runOnWorker(known, 'shared-thread', request);
    }
    return this.#runOnWorker(known, place, request);
  }

  #runInline(known: Knowledge, request: TaskRequest): Future<unknown> {
    this.#situation.waiting += known.busy ?? 0;
    if (!this.#resetPlanned) {
      this.#resetPlanned = true;
      setImmediate(this.#reset);
    }
    return this.#pools.get('inline').run(request);
  }

  /** Calls that were cancelled never begin; what they count as waiting must not stay. */
  readonly #reset = (): void => {
    this.#resetPlanned = false;
    this.#situation.waiting = 0;
  };

  #runOnWorker(known: Knowledge, room: Room, request: TaskRequest): Future<unknown> {
    const isFirst = this.#mostOut(known) < Infinity;
    const isMeasured = known.shouldMeasure(performance.now());
    const toRun = isMeasured ? this.#measured(known, request) : request;
    if (isFirst) this.#out.set(known, this.#countOut(known) + 1);
    const future = this.#pools.get(room).run(toRun);
    this.#functions.bind(request.fn, known);
    subscribe(future, () => {
      if (isMeasured) known.measured();
      if (hasFailed(future)) this.#failed(known, room, outcomeOf(future));
      else known.survive();
      if (isFirst) this.#back(known);
    });
    return future;
  }

  #measured(known: Knowledge, request: TaskRequest): TaskRequest {
    const calls = callsIn(request);
    return {
      ...request,
      onMeasured: (measurement) => {
        known.learn(measurement, calls);
        this.#release(known);
      },
    };
  }

  #failed(known: Knowledge, room: Room, error: unknown): void {
    if (error instanceof WorkerDiedError) known.crash(room !== 'shared-thread');
    else if (!(error instanceof TimeoutError)) known.survive();
  }

  // ── holding back ────────────────────────────────────────────────────────────────────────────────────────

  #mostOut(known: Knowledge): number {
    return mostOut(known, this.#settings);
  }

  #isToBeHeld(known: Knowledge, request: TaskRequest): boolean {
    const most = this.#mostOut(known);
    return most < Infinity && this.#countOut(known) >= most && mayBeHeld(request);
  }

  #countOut(known: Knowledge): number {
    return this.#out.get(known) ?? 0;
  }

  /** Undefined: its arguments cannot cross, which a pool will say. */
  #hold(known: Knowledge, request: TaskRequest): HeldCall | undefined {
    let call: HeldCall;
    try {
      call = new HeldCall(request, this.#stacks.take(request.fn), (settled) => {
        if (!settled.wasReleased) this.#dropHeld(known, settled);
      });
    } catch {
      return undefined;
    }
    this.#keepHeld(known, call);
    return call;
  }

  #keepHeld(known: Knowledge, call: HeldCall): void {
    const others = this.#held.get(known);
    if (others === undefined) this.#held.set(known, [call]);
    else others.push(call);
  }

  #dropHeld(known: Knowledge, call: HeldCall): void {
    const others = this.#held.get(known) ?? [];
    others.splice(others.indexOf(call), 1);
    this.#counts.cancelled += 1;
    if (others.length === 0) this.#letGo(known);
  }

  /** There is news of the function, or a call less that is out. */
  #release(known: Knowledge): void {
    const calls = this.#held.get(known);
    if (calls === undefined) return;
    this.#stacks.newTurn();
    const room = Math.max(0, this.#mostOut(known) - this.#countOut(known));
    for (const call of calls.splice(0, room)) {
      call.release((request) => this.#send(known, this.#choose(known, request), request));
    }
    if (calls.length === 0) this.#letGo(known);
  }

  #letGo(known: Knowledge): void {
    this.#held.delete(known);
    if (this.#held.size === 0) this.#noneHeld.wake();
  }

  #back(known: Knowledge): void {
    const left = this.#countOut(known) - 1;
    if (left > 0) this.#out.set(known, left);
    else this.#out.delete(known);
    this.#release(known);
  }

  // ── on the event loop ───────────────────────────────────────────────────────────────────────────────────

  /** What the event loop calls in place of `fn`. */
  #guard(fn: Function): Function {
    const task = fn as (...args: unknown[]) => unknown;
    let known: Knowledge | undefined;
    return (...args: unknown[]): unknown => {
      known ??= this.#functions.seen(fn);
      if (known !== undefined && known.place !== 'inline' && known.place !== 'event-loop') {
        return this.#sendAway(known, fn, args);
      }
      if (known?.place === 'inline') this.#begun(known);
      const begun = performance.now();
      if (begun - this.#cpuAt > CPU_MS) {
        this.#cpu = process.cpuUsage();
        this.#cpuAt = begun;
      }
      let outcome: unknown;
      try {
        outcome = task(...args);
      } finally {
        if (known !== undefined) this.#looked(known, performance.now() - begun);
      }
      if (known !== undefined && isThenable(outcome)) known.asynchronous = true;
      return outcome;
    };
  }

  #begun({ busy = 0 }: Knowledge): void {
    this.#situation.waiting = Math.max(0, this.#situation.waiting - busy);
  }

  #looked(known: Knowledge, blocked: number): void {
    known.learnHere(blocked, INLINE_MS);
    const { busy = 0, asynchronous } = known;
    const isTypical = busy > (asynchronous ? AWAIT_MS : INLINE_MS);
    if (isTypical) known.place = asynchronous ? 'shared-thread' : 'thread';
    if (blocked < STRIKE_MS) return;
    const { user, system } = process.cpuUsage(this.#cpu);
    known.doubt((user + system) / 1000 >= STRIKE_MS);
    const { place, why } = choose(known, this.#situation);
    known.place = place;
    known.why = why;
  }

  /** Runs a call on a thread that was about to begin on the event loop. */
  #sendAway(known: Knowledge, fn: Function, args: readonly unknown[]): PromiseLike<unknown> {
    const task = currentTask();
    const options =
      task === undefined
        ? {}
        : { signal: task.signal, name: task.name, onReport: (value: unknown) => task.report(value) };
    const room = known.asynchronous ? 'shared-thread' : 'thread';
    this.#counts.sentAway += 1;
    const future = this.#runOnWorker(known, room, { fn, args, options });
    future.addDoneCallback(() => {
      this.#counts.sentAway -= 1;
      if (hasFailed(future)) this.#counts.moved.failed += 1;
      else this.#counts.moved.succeeded += 1;
    });
    return future;
  }

  // ── afterwards ──────────────────────────────────────────────────────────────────────────────────────────

  /** A pool that says to all who come that the executor was shut down. */
  #refuse(): Pool {
    if (this.#refusing === undefined) {
      const settings = poolSettings({ maxWorkers: 1 }, 'AutoExecutor');
      this.#refusing = new Pool(new EventLoopBackend(true), settings);
      void this.#refusing.shutdown({ wait: false, cancelFutures: false });
    }
    return this.#refusing;
  }
}

function callsIn({ arity, args }: TaskRequest): number {
  return arity === undefined ? 1 : args.length / Math.max(1, arity);
}
