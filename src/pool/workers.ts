/**
 * The workers of one pool: started on demand, watched, replaced, and ended.
 *
 *             start            ready            retire            exited
 *   (none) ────────▶ starting ───────▶ serving ─────────▶ stopping ──────▶ (none)
 *                       │                 │                   │
 *                       └──── exited ─────┴───── exited ──────┘
 *
 * Invariants
 * 1. The channel knows exactly the workers that are serving or stopping: attached on ready, detached on exit.
 * 2. At most `maxWorkers` are starting or serving. One that is stopping takes no tasks and does not count, so
 *    its successor need not wait for it.
 * 3. An exit is a death unless the worker was stopping and had nothing left to do.
 */

import { BrokenExecutorError, type WorkerDeath, WorkerDiedError } from '../errors.ts';
import { Waiters } from '../futures/waiters.ts';
import { after } from '../futures/waiting.ts';
import { workerEnded } from '../memory/arena/places.ts';
import { type ErrorEnvelope, packError, unpackError } from '../wire/error-envelope.ts';
import {
  FAULT,
  type FromWorker,
  HEARD,
  READY,
  SETUP_FAILED,
  type ToWorker,
  type WorkerSetup,
} from '../wire/protocol.ts';
import type { Backend, WorkerHandle } from './backend.ts';
import type { Channel, Leftover } from './channel.ts';
import type { Observer } from './observer.ts';
import type { PoolSettings } from './options.ts';
import type { Sharing } from './shared/sharing.ts';
import type { Task } from './task.ts';

/** Workers that may die one after the other before they are ready, until the pool gives up. */
const START_ATTEMPTS = 3;
/**
 * How often a pool that has workers, and fails to start more, tries again. A try costs some 50 ms of a
 * processor.
 */
const START_PAUSE_MS = 1000;
/** A worker that was told to end and has nothing to do ends in a few ms, unless user code holds it up. */
const STOP_LIMIT_MS = 5000;

/** What the scheduler hears. */
export interface WorkersListener {
  message(task: Task, message: FromWorker): void;
  /** A batch of messages, a start or an exit has been dealt with: there may be room for tasks. */
  changed(): void;
  /**
   * A worker died with these tasks in its hands. `cause` is the error that it died of, where it could say.
   */
  died(leftover: Leftover, death: WorkerDeath, cause: unknown): void;
  /** Nothing can be run any more. Each call makes a new error, since each future needs its own. */
  broken(makeError: () => BrokenExecutorError): void;
}

interface Member {
  readonly index: number;
  readonly name: string;
  readonly startedAt: number;
  /** Thread or process id, once known. */
  id: number | undefined;
  handle: WorkerHandle | undefined;
  state: 'starting' | 'serving' | 'stopping';
  /** For the idle timeout: since when it has finished no more than so many tasks, as far as was seen. */
  idleSince: number;
  finished: number;
  /** Why the pool itself ended it, if it did. */
  killedFor: string | undefined;
  /** What it said it died of. */
  fault: ErrorEnvelope | undefined;
  stopTimer: NodeJS.Timeout | undefined;
}

export class Workers {
  readonly #backend: Backend;
  readonly #settings: PoolSettings;
  readonly #channel: Channel;
  readonly #observer: Observer;
  readonly #listener: WorkersListener;
  readonly #makeSetup: (name: string, sharing: Sharing | undefined) => WorkerSetup;
  readonly #members = new Set<Member>();
  readonly #byHandle = new Map<WorkerHandle, Member>();
  #startFailures = 0;
  #lastStartFailure = 0;
  #closed = false;
  #sweep: NodeJS.Timeout | undefined;
  readonly #emptied = new Waiters();
  started = 0;
  dead = 0;

  constructor(
    backend: Backend,
    settings: PoolSettings,
    channel: Channel,
    observer: Observer,
    makeSetup: (name: string, sharing: Sharing | undefined) => WorkerSetup,
    listener: WorkersListener,
  ) {
    this.#backend = backend;
    this.#settings = settings;
    this.#channel = channel;
    this.#observer = observer;
    this.#makeSetup = makeSetup;
    this.#listener = listener;
  }

  /** Whether there is any worker, or will be in a moment. */
  get any(): boolean {
    return this.#members.size > 0;
  }

  /** False once all workers are ending: none will be started any more. */
  get open(): boolean {
    return !this.#closed;
  }

  /** Starts workers for `pending` tasks that found no room, and for `minWorkers`, within `maxWorkers`. */
  ensure(pending: number): void {
    const { maxWorkers, minWorkers, concurrency } = this.#settings;
    if (this.#closed) return;
    let starting = 0;
    let serving = 0;
    for (const { state } of this.#members) {
      if (state === 'starting') starting += 1;
      if (state === 'serving') serving += 1;
    }
    const active = starting + serving;
    if (serving > 0 && this.#isRestingFromFailures()) return;
    // `concurrency` may be Infinity, and one task still needs one worker.
    const needed = pending > 0 ? Math.max(1, Math.ceil(pending / concurrency)) : 0;
    const wanted = Math.max(needed - starting, minWorkers - active);
    const missing = Math.min(wanted, maxWorkers - active);
    for (let n = 0; n < missing && !this.#closed; n += 1) if (!this.#start()) break;
  }

  /**
   * Workers fail to start, one after the other: those that serve go on, and another is tried only now and
   * then.
   */
  #isRestingFromFailures(): boolean {
    if (this.#startFailures < START_ATTEMPTS) return false;
    return performance.now() - this.#lastStartFailure < START_PAUSE_MS;
  }

  /** Ends a worker when it has finished what it holds. */
  retire(handle: WorkerHandle): void {
    const member = this.#byHandle.get(handle);
    if (member === undefined || member.state === 'stopping') return;
    member.state = 'stopping';
    this.#channel.retire(handle);
    this.#limitStop(member, handle);
  }

  /** Not a way to make it faster: user code that blocks at exit must not keep the pool from ending. */
  #limitStop(member: Member, handle: WorkerHandle): void {
    member.stopTimer = after(STOP_LIMIT_MS, () => {
      // It took one more task before it heard that it is to end.
      if (this.#channel.load(handle) > 0) this.#limitStop(member, handle);
      else handle.kill('kill');
    });
    member.stopTimer?.unref();
  }

  /** Ends a worker now; `reason` is what its tasks are told. */
  kill(handle: WorkerHandle, reason: string): void {
    const member = this.#byHandle.get(handle);
    if (member === undefined) return;
    member.killedFor ??= reason;
    handle.kill('kill');
  }

  /** A worker, or somebody, wrote into shared memory what cannot be. */
  corrupted(handle: WorkerHandle | undefined, error: Error): void {
    if (handle === undefined) this.#break(`its shared memory is damaged: ${error.message}`, error);
    else this.kill(handle, `it damaged the memory that it shares with the pool: ${error.message}`);
  }

  /**
   * Takes no more work: all workers end, when they have finished (`'stop'`) or now. Resolves when all have
   * ended.
   */
  close(how: 'stop' | 'terminate' | 'kill', reason?: string): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#sweep);
    for (const member of this.#members) {
      const { handle } = member;
      if (handle === undefined) continue;
      if (how !== 'stop') {
        member.killedFor ??= reason;
        handle.kill(how);
      } else if (member.state === 'serving') this.retire(handle);
      // Nothing waits for one that is still starting.
      else if (member.state === 'starting') handle.kill('kill');
    }
    this.#channel.flush();
    if (this.#members.size === 0) return Promise.resolve();
    return this.#emptied.wait();
  }

  /** Sends something to all workers that are ready. */
  tell(message: ToWorker): void {
    for (const { handle, state } of this.#members) if (state !== 'starting') handle?.post([message]);
  }

  snapshot(): Array<{
    name: string;
    id: number | undefined;
    state: Member['state'];
    load: number;
    tasks: number;
  }> {
    return [...this.#members].map(({ name, handle, state }) => {
      const load = handle === undefined ? 0 : this.#channel.load(handle);
      const tasks = handle === undefined ? 0 : this.#channel.finished(handle);
      return { name, id: handle?.id, state, load, tasks };
    });
  }

  /** False when the system refuses to start one just now. */
  #start(): boolean {
    const index = this.#freeIndex();
    const name = `${this.#settings.namePrefix}_${index}`;
    const member: Member = {
      index,
      name,
      startedAt: performance.now(),
      id: undefined,
      handle: undefined,
      state: 'starting',
      idleSince: 0,
      finished: 0,
      killedFor: undefined,
      fault: undefined,
      stopTimer: undefined,
    };
    let sharing: Sharing | undefined;
    let setup: WorkerSetup;
    this.started += 1;
    try {
      sharing = this.#channel.admit();
    } catch (error) {
      this.#refused(error);
      return false;
    }
    try {
      setup = this.#makeSetup(name, sharing);
    } catch (error) {
      if (sharing !== undefined) this.#channel.dismiss(sharing);
      this.#break('its initializer cannot cross to a worker', error);
      return false;
    }
    this.#members.add(member);
    try {
      member.handle = this.#backend.start(
        setup,
        {
          messages: (batch) => this.#receive(member, batch),
          exited: (death) => this.#exited(member, death),
        },
        sharing,
      );
      this.#byHandle.set(member.handle, member);
      member.id = member.handle.id;
      this.#observer.workerStarted(member);
      return true;
    } catch (error) {
      if (sharing !== undefined) this.#channel.dismiss(sharing);
      this.#members.delete(member);
      this.#refused(error);
      return false;
    }
  }

  /** As good as a worker that dies at once: a system that is short of something may have it in a moment. */
  #refused(error: unknown): void {
    this.#startFailed(error);
    setImmediate(() => this.#listener.changed());
  }

  /** The lowest number that no living worker has, so that names stay within `maxWorkers`. */
  #freeIndex(): number {
    const taken = new Set([...this.#members].map(({ index }) => index));
    let index = 0;
    while (taken.has(index)) index += 1;
    return index;
  }

  #receive(member: Member, batch: readonly FromWorker[]): void {
    const { handle } = member;
    if (handle === undefined || !this.#members.has(member)) return;
    member.idleSince = performance.now();
    for (const message of batch) {
      switch (message[0]) {
        case READY:
          if (member.state !== 'starting') break;
          member.state = 'serving';
          this.#startFailures = 0;
          this.#channel.attach(handle);
          this.#observer.workerReady(member, handle);
          break;
        case SETUP_FAILED:
          this.#initializerFailed(message[1]);
          return;
        case HEARD:
          this.#observer.heard(member, message[1], message[2]);
          break;
        case FAULT:
          member.fault = message[1];
          break;
        default:
          this.#observe(handle, message);
      }
    }
    this.#listener.changed();
    this.#planSweep();
  }

  #observe(handle: WorkerHandle, message: FromWorker): void {
    const task = this.#channel.observe(handle, message);
    if (task !== undefined) this.#listener.message(task, message);
  }

  #exited(member: Member, observed: WorkerDeath): void {
    const { handle } = member;
    if (handle === undefined || !this.#members.delete(member)) return;
    this.#byHandle.delete(handle);
    clearTimeout(member.stopTimer);
    const codec = this.#backend.codec;
    const cause = member.fault === undefined ? undefined : unpackError(member.fault, codec);
    const said = member.fault === undefined ? undefined : `an error that nothing caught: ${String(cause)}`;
    const death: WorkerDeath = { ...observed, reason: member.killedFor ?? said ?? observed.reason };
    const leftover = this.#channel.detach(handle);
    const expected = member.state === 'stopping' && leftover.begun.length === 0;
    // One that shares memory may take tasks before the pool has read that it is ready.
    const neverServed = member.state === 'starting' && leftover.begun.length + leftover.finished === 0;
    if (!expected && !neverServed && !this.#closed) this.dead += 1;
    this.#observer.workerExited(member, death, !expected && !this.#closed);
    this.#listener.died(leftover, death, cause);
    workerEnded();
    if (neverServed) {
      if (!this.#closed) this.#startFailed(cause ?? new WorkerDiedError(undefined, death));
    } else {
      // What the pool itself has stopped did not die; its task had its own limit, and has been told.
      const died = !expected && member.killedFor === undefined && !this.#closed;
      if (died && this.#settings.onWorkerDeath === 'break') {
        this.#break(
          'a worker died, and onWorkerDeath is "break"',
          new WorkerDiedError('a task', death, { cause }),
        );
      }
    }
    // There may be no task that would ask for a successor; `minWorkers` are kept all the same.
    this.ensure(0);
    this.#listener.changed();
    if (this.#members.size === 0) this.#emptied.wake();
  }

  #startFailed(cause: unknown): void {
    this.#startFailures += 1;
    this.#lastStartFailure = performance.now();
    this.dead += 1;
    // While others serve, a start that fails only keeps the pool from growing: a full machine may have room
    // later.
    const serving = [...this.#members].some(({ state }) => state === 'serving');
    if (this.#startFailures >= START_ATTEMPTS && !serving) {
      const why = String(cause).replace(/\.$/, '');
      this.#break(`${START_ATTEMPTS} workers in a row died before they were ready (${why})`, cause);
    }
  }

  #initializerFailed(envelope: ErrorEnvelope): void {
    const cause = unpackError(envelope, this.#backend.codec);
    this.#break(`its initializer failed: ${String(cause)}`, cause);
  }

  #break(what: string, cause: unknown): void {
    if (this.#closed) return;
    // One cause object under many errors would be shared state; each future gets a copy of the cause as well.
    const envelope = packError(cause, this.#backend.codec);
    const makeError = (): BrokenExecutorError =>
      new BrokenExecutorError(`The executor is broken and runs nothing any more: ${what}. Make a new one.`, {
        cause: unpackError(envelope, this.#backend.codec),
      });
    this.#listener.broken(makeError);
    void this.close('kill', `the executor broke: ${what}`);
  }

  /**
   * Looks for idle workers, twice in the time that they may be idle. One timer for all; to note the time of each task
   * would cost more than the timer.
   */
  #planSweep(): void {
    if (this.#sweep !== undefined || this.#closed) return;
    this.#sweep = after(this.#settings.idleTimeout / 2, () => {
      this.#sweep = undefined;
      this.#sweepIdle();
    });
    this.#sweep?.unref();
  }

  #sweepIdle(): void {
    const { idleTimeout, minWorkers } = this.#settings;
    const serving = [...this.#members].filter(({ state }) => state === 'serving');
    const now = performance.now();
    let spare = serving.length - minWorkers;
    let left = false;
    for (const member of serving) {
      const { handle } = member;
      if (handle === undefined || spare <= 0) break;
      const finished = this.#channel.finished(handle);
      if (this.#channel.load(handle) > 0 || finished !== member.finished) {
        member.finished = finished;
        member.idleSince = now;
      }
      if (now - member.idleSince >= idleTimeout) {
        spare -= 1;
        this.retire(handle);
      } else left = true;
    }
    this.#channel.flush();
    if (left) this.#planSweep();
  }
}
