/**
 * The worker's side of a channel: takes calls, runs them, answers each exactly once.
 *
 *   receive ─▶ line ─▶ claim ─┐
 *               ▲              ├─▶ run ─▶ answers ─▶ board, or message
 *               │   the board ─┘    │
 *               └── #advance ◀──────┘   while fewer than `concurrency` run
 *
 * The same code serves threads, processes and the event loop; it knows nothing of how messages travel, and
 * their entry files know nothing of tasks.
 *
 * Answers leave before the next task begins, even when it is there already: a task that turns out to be slow
 * must not sit on the results of those before it. For the same reason reports and the values of a stream
 * leave at once: a task that computes for a minute does not go back to its event loop in between. Answers
 * that come from callbacks leave together at the end of the tick.
 */

import type { Transferable } from 'node:worker_threads';
import { type Carried, loadCarriers, runInContext } from '../context.ts';
import { TimeoutError } from '../errors.ts';
import { Fifo } from '../futures/fifo.ts';
import { isThenable } from '../futures/thenable.ts';
import { learnPlaces } from '../memory/arena/places.ts';
import { enterTask, runAs } from '../tasks/current-task.ts';
import type { TaskReference } from '../tasks/reference.ts';
import { type Codec, decodeWhenKnown } from '../wire/codec.ts';
import { packError, unpackError } from '../wire/error-envelope.ts';
import {
  ABORT,
  AS_CHUNK,
  AS_STREAM,
  CALL,
  CARRIES,
  CLOSE,
  CREDIT,
  DEFINE,
  FORGET,
  type FromWorker,
  MEASURE,
  READY,
  SAY_STARTED,
  SETUP,
  SETUP_FAILED,
  type SharedLayout,
  STARTED,
  STOP,
  TIMED,
  type ToWorker,
  WANT,
  WATCH,
  type WorkerSetup,
} from '../wire/protocol.ts';
import { Answers } from './answers.ts';
import { toMachineTime } from './clock.ts';
import { CreditedStream } from './credited-stream.ts';
import { LockNews } from './lock-news.ts';
import { Company, Measuring } from './measuring.ts';
import { runChunk } from './run-chunk.ts';
import { Running } from './running.ts';
import * as record from './shared/record.ts';
import type { Seat } from './shared/seat.ts';
import { findFunction, WorkerFunctions } from './worker-functions.ts';

/** What an entry file brings: how to send, how to end, and what is special about where this runs. */
export interface WorkerHost {
  readonly codec: Codec;
  post(batch: readonly FromWorker[], transfer?: readonly Transferable[]): void;
  /** All work is done and none will come. */
  end(): void;
  /** Whether this worker may run the task now; absent: always. */
  claim?(ticket: number): boolean;
  /** A seat at the board, where tasks travel through shared memory. */
  sit?(layout: SharedLayout): Seat;
  /** Takes the place of the common way to find the function of a task. */
  resolve?(reference: TaskReference): Function;
  /**
   * Milliseconds of tasks in a row after which others get their turn. Where the worker is the program itself,
   * its timers and sockets must not wait for all the tasks that were submitted at once.
   */
  readonly slice?: number;
}

/** Milliseconds of tasks from the board in a row, before the event loop of this worker has its turn. */
const SERVE_MS = 1;

type Call = Extract<ToWorker, readonly [typeof CALL, ...unknown[]]>;

export class WorkerRuntime {
  readonly #host: WorkerHost;
  #setup: WorkerSetup | undefined;
  #seat: Seat | undefined;
  readonly #functions: WorkerFunctions;
  readonly #answers: Answers;
  readonly #lockNews: LockNews;
  readonly #line = new Fifo<Call>();
  /** Tasks that are not over when their function returns. */
  readonly #running = new Map<number, Running>();
  /** Tasks that were taken from the board, and whose calls have been asked for. */
  readonly #wanted = new Map<number, number>();
  /** Those of them that were aborted before their call came, and why. */
  readonly #unwanted = new Map<number, unknown>();
  readonly #company = new Company();
  #stopping = false;
  #serving = false;
  #advancePlanned = false;
  /** When others get their turn; undefined at the beginning of a turn of the loop. */
  #sliceEnd: number | undefined;
  /** The time, as of the end of the last task, if nothing has been waited for since. */
  #now = 0;

  constructor(host: WorkerHost) {
    this.#host = host;
    this.#functions = new WorkerFunctions(host.resolve);
    this.#lockNews = new LockNews((batch) => host.post(batch));
    this.#answers = new Answers(host.codec, (batch, transfer) => host.post(batch, transfer));
  }

  receive(batch: readonly ToWorker[]): void {
    for (const message of batch) this.#take(message);
    this.#advance();
  }

  /** Gives up on a task that cannot be stopped: it counts as over, and what it still says is dropped. */
  abandon(id: number): void {
    const running = this.#running.get(id);
    if (running !== undefined) this.#fail(running, new TimeoutError('The task was given up'));
  }

  #take(message: ToWorker): void {
    switch (message[0]) {
      case SETUP:
        void this.#start(message[1]);
        break;
      case DEFINE:
        this.#functions.define(message[1], message[2]);
        break;
      case FORGET:
        this.#functions.forget(message[1]);
        break;
      case CALL:
        this.#line.push(message);
        break;
      case ABORT:
        this.#abort(message[1], unpackError(message[2], this.#host.codec));
        break;
      case CREDIT:
        this.#running.get(message[1])?.stream?.grant(message[2]);
        break;
      case CLOSE:
        this.#close(message[1]);
        break;
      case WATCH:
        this.#lockNews.watch(message[1]);
        break;
      case STOP:
        this.#stopping = true;
        break;
    }
  }

  async #start(setup: WorkerSetup): Promise<void> {
    this.#setup = setup;
    if (setup.places !== undefined) learnPlaces(setup.places);
    // No fault of the initializer's: the worker ends with this error.
    if (setup.shared !== undefined) this.#seat = this.#host.sit?.(setup.shared);
    this.#answers.seat = this.#seat;
    try {
      if (setup.initializer !== undefined) {
        const { reference, args } = setup.initializer;
        const initializer = await findFunction(reference);
        await initializer(...((await decodeWhenKnown(this.#host.codec, args)) as unknown[]));
      }
    } catch (error) {
      this.#host.post([[SETUP_FAILED, packError(error, this.#host.codec)]]);
      return;
    }
    this.#host.post([[READY]]);
    this.#serve();
  }

  // ── running ─────────────────────────────────────────────────────────────────────────────────────────────

  get #hasRoom(): boolean {
    return this.#running.size + this.#wanted.size < (this.#setup?.concurrency ?? 1);
  }

  /** Begins tasks while there are some, and room for them. */
  #advance(): void {
    while (this.#line.length > 0 && this.#mayBegin() && !this.#isSliceOver()) {
      const call = this.#line.shift() as Call;
      const ticket = call[4];
      if (ticket >= 0 && this.#host.claim?.(ticket) === false) continue;
      this.#answers.send();
      this.#begin(call);
    }
    this.#answers.send();
    this.#serve();
    if (this.#stopping && this.#line.length === 0 && this.#isIdle) this.#host.end();
  }

  get #isIdle(): boolean {
    return this.#running.size === 0 && this.#wanted.size === 0;
  }

  /** A call that was asked for has its room already. */
  #mayBegin(): boolean {
    return this.#hasRoom || this.#wanted.size > 0;
  }

  /**
   * A slice begins with the first task of a turn of the event loop and is over until the next turn, whoever
   * calls `#advance` meanwhile: answers settle futures and bring new calls without the loop ever turning.
   */
  #isSliceOver(): boolean {
    const { slice } = this.#host;
    if (slice === undefined) return false;
    if (this.#sliceEnd === undefined) {
      this.#sliceEnd = performance.now() + slice;
      setImmediate(() => {
        this.#sliceEnd = undefined;
        this.#advance();
      });
    }
    return performance.now() > this.#sliceEnd;
  }

  /**
   * Takes tasks from the board while there are some, and room for them. Between two slices of them timers,
   * sockets and messages of this worker have their turn.
   */
  readonly #serve = (): void => {
    const seat = this.#seat;
    if (seat === undefined || this.#serving || this.#stopping) return;
    this.#serving = true;
    seat.sitDown();
    this.#now = performance.now();
    const end = this.#now + SERVE_MS;
    for (;;) {
      if (!this.#hasRoom) {
        enterTask(undefined);
        seat.standBack();
        break;
      }
      const slot = seat.claim();
      if (slot >= 0) {
        this.#beginSlot(seat, slot);
        this.#answers.send();
        if (this.#now < end) continue;
        enterTask(undefined);
        setImmediate(this.#serve);
        break;
      }
      // While tasks of its own wait for timers and sockets, the loop has to turn.
      if (this.#running.size === 0 && seat.look()) {
        this.#now = performance.now();
        continue;
      }
      enterTask(undefined);
      if (seat.lieDown(this.#serve)) break;
      seat.sitDown();
    }
    this.#serving = false;
  };

  #beginSlot(seat: Seat, slot: number): void {
    const id = seat.wireId(slot);
    const flags = seat.word(slot, record.FLAGS);
    if ((flags & SAY_STARTED) !== 0) this.#host.post([[STARTED, id, toMachineTime(this.#now)]]);
    if (seat.isElsewhere(slot)) {
      this.#wanted.set(id, slot);
      this.#host.post([[WANT, id]]);
      return;
    }
    const functionId = seat.word(slot, record.FUNCTION);
    const attempt = seat.word(slot, record.ATTEMPT);
    const count = seat.word(slot, record.COUNT);
    let fn = this.#functions.get(functionId);
    let args: unknown[];
    let name: string | undefined;
    try {
      args = seat.args(slot);
      if ((flags & record.NAMED) !== 0) name = args.pop() as string;
      if (fn === undefined) fn = this.#functions.find(functionId, seat.reference(slot));
    } catch (error) {
      this.#fail(new Running(id, '', attempt, '', flags, slot, this.#now, this.#report), error);
      return;
    }
    const { name: workerName = '' } = this.#setup ?? {};
    const running = new Running(
      id,
      name ?? this.#functions.label(functionId),
      attempt,
      workerName,
      flags,
      slot,
      this.#now,
      this.#report,
    );
    if (typeof fn === 'function') this.#run(running, fn, args, count);
    else this.#runWhenFound(running, fn, args, count);
  }

  #begin(call: Call): void {
    const [, id, functionId, flags, , packed, details] = call;
    const slot = this.#wanted.get(id);
    const { name = '', attempt = 1, arity = 0, window = 0 } = details ?? {};
    const { name: workerName = '' } = this.#setup ?? {};
    const running = new Running(
      id,
      name,
      attempt,
      workerName,
      flags,
      slot ?? -1,
      performance.now(),
      this.#report,
    );
    if (slot === undefined) {
      if ((flags & SAY_STARTED) !== 0) this.#host.post([[STARTED, id, toMachineTime(running.startedAt)]]);
    } else this.#wanted.delete(id);
    if (this.#unwanted.has(id)) {
      this.#fail(running, this.#unwanted.get(id));
      this.#unwanted.delete(id);
      return;
    }
    let args: unknown[] | Promise<unknown[]>;
    try {
      args = decodeWhenKnown(this.#host.codec, packed) as unknown[] | Promise<unknown[]>;
    } catch (error) {
      this.#fail(running, error);
      return;
    }
    const fn = this.#functions.defined(functionId);
    const count = (flags & AS_STREAM) !== 0 ? window : arity;
    if ((flags & record.NAMED) !== 0) args = withoutLast(args);
    if (typeof fn === 'function' && Array.isArray(args)) this.#run(running, fn, args, count);
    else this.#runWhenFound(running, fn, args, count);
  }

  /** Modules are loaded first: of the function, or of shareable objects among the arguments. */
  #runWhenFound(
    running: Running,
    fn: Function | Promise<Function>,
    args: unknown[] | Promise<unknown[]>,
    count: number,
  ): void {
    this.#running.set(running.id, running);
    Promise.all([fn, args]).then(
      ([found, known]) => {
        running.startedAt = performance.now();
        this.#run(running, found, known, count);
      },
      (error: unknown) => this.#fail(running, error),
    );
  }

  #run(running: Running, fn: Function, args: unknown[], count: number): void {
    const { flags } = running;
    if ((flags & CARRIES) !== 0 && running.context === undefined) {
      this.#runInContext(running, fn, args, count);
      return;
    }
    if ((flags & TIMED) !== 0) this.#noteStart(running);
    const task = fn as (...args: unknown[]) => unknown;
    const { context } = running;
    let outcome: unknown;
    if ((flags & MEASURE) !== 0) running.measuring = new Measuring(this.#company);
    try {
      outcome =
        context === undefined
          ? this.#call(running, task, args, count)
          : runInContext(context, running, () => this.#call(running, task, args, count));
    } catch (error) {
      this.#fail(running, error);
      return;
    }
    if (isThenable(outcome)) {
      this.#running.set(running.id, running);
      this.#company.turns += 1;
      if (running.measuring !== undefined) this.#awaits(running, running.measuring);
      Promise.resolve(outcome).then(
        (value) => this.#succeed(running, value),
        (error: unknown) => this.#fail(running, error),
      );
    } else this.#succeed(running, outcome);
  }

  /** What the task returns. */
  #call(running: Running, task: (...args: unknown[]) => unknown, args: unknown[], count: number): unknown {
    const { flags } = running;
    if ((flags & AS_CHUNK) !== 0) return runAs(running, runChunk, [task, args, count]);
    if ((flags & AS_STREAM) !== 0) {
      this.#running.set(running.id, running);
      const stream = new CreditedStream(count, (item) => this.#item(running, item));
      running.stream = stream;
      if (running.closed) stream.close();
      return runAs(running, () => stream.drain(() => task(...args)), []);
    }
    if (!this.#serving) return runAs(running, task, args);
    enterTask(running);
    return args.length === 0 ? task() : task(...args);
  }

  /** Takes what the call carries from behind its arguments, and runs it when what that needs is loaded. */
  #runInContext(running: Running, fn: Function, args: unknown[], count: number): void {
    const context = args.at(-1) as Carried;
    running.context = context;
    const rest = args.slice(0, -1);
    const loading = loadCarriers(context);
    if (loading === undefined) {
      this.#run(running, fn, rest, count);
      return;
    }
    this.#running.set(running.id, running);
    void loading.then(() => this.#run(running, fn, rest, count));
  }

  /** Said at once: the pool may learn more from this than from the end, which may be long to come. */
  #awaits(running: Running, measuring: Measuring): void {
    measuring.awaits();
    this.#answers.measured(running);
    this.#answers.send();
  }

  /** For those who watch. */
  #noteStart(running: Running): void {
    const { id, slot, flags } = running;
    running.startedAt = performance.now();
    const time = toMachineTime(running.startedAt);
    if (slot >= 0) this.#seat?.stamp(slot, time);
    else if ((flags & SAY_STARTED) === 0) this.#host.post([[STARTED, id, time]]);
  }

  #noteEnd(running: Running): void {
    if (running.measuring === undefined) return;
    running.measuring.over();
    this.#answers.measured(running, this.#now - running.startedAt);
  }

  readonly #report = (running: Running, value: unknown): void => {
    if (!running.over) this.#answers.report(running, value);
  };

  #item(running: Running, value: unknown): void {
    if (!running.over) this.#answers.item(running, value);
  }

  // ── the end of tasks ────────────────────────────────────────────────────────────────────────────────────

  #succeed(running: Running, value: unknown): void {
    if (running.over) return;
    this.#now = performance.now();
    this.#noteEnd(running);
    this.#answers.returned(running, this.#now - running.startedAt, value);
    this.#over(running);
  }

  #fail(running: Running, error: unknown): void {
    if (running.over) return;
    this.#now = performance.now();
    this.#noteEnd(running);
    this.#answers.threw(running, this.#now - running.startedAt, error);
    this.#over(running);
  }

  #over(running: Running): void {
    running.over = true;
    const wasLong = this.#running.delete(running.id);
    if (wasLong) this.#company.turns += 1;
    // Back in `#advance` or `#serve` this costs nothing; from a callback it is what begins the next task.
    if (wasLong || this.#answers.wait) this.#planAdvance();
  }

  #abort(id: number, reason: unknown): void {
    const running = this.#running.get(id);
    if (running !== undefined) {
      running.abort(reason);
      return;
    }
    // It waits in line, where the pool cannot reach it; what never begins need not be stopped.
    if (this.#line.take((call) => call[1] === id) === undefined) {
      if (this.#wanted.has(id)) this.#unwanted.set(id, reason);
      return;
    }
    this.#wanted.delete(id);
    this.#answers.neverBegan(id, reason);
  }

  #close(id: number): void {
    this.#abort(id, new Error('The consumer of the stream has left'));
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.closed = true;
    running.stream?.close();
  }

  #planAdvance(): void {
    if (this.#advancePlanned) return;
    this.#advancePlanned = true;
    process.nextTick(() => {
      this.#advancePlanned = false;
      this.#advance();
    });
  }
}

function withoutLast(values: unknown[] | Promise<unknown[]>): unknown[] | Promise<unknown[]> {
  return Array.isArray(values) ? values.slice(0, -1) : values.then((known) => known.slice(0, -1));
}
