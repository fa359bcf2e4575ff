/**
 * The worker's side of a channel: takes calls, runs them, answers each exactly once.
 *
 *   receive ─▶ line ─▶ claim ─▶ run ─▶ encode ─▶ outbox ─▶ post
 *               ▲                │
 *               └── #advance ◀───┘   while fewer than `concurrency` run
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
import { TimeoutError } from '../errors.ts';
import { Fifo } from '../futures/fifo.ts';
import { isThenable } from '../futures/thenable.ts';
import { type CurrentTask, runAs } from '../tasks/current-task.ts';
import type { TaskReference } from '../tasks/reference.ts';
import { resolveTask } from '../tasks/resolve.ts';
import { type Codec, encodeResults, type Packed } from '../wire/codec.ts';
import { packError, unpackError } from '../wire/error-envelope.ts';
import {
  ABORT,
  AS_CHUNK,
  AS_STREAM,
  CALL,
  type CallDetails,
  CHUNK,
  CLOSE,
  CREDIT,
  DEFINE,
  DONE,
  FAILED,
  FORGET,
  type FromWorker,
  ITEM,
  READY,
  REPORT,
  SAY_STARTED,
  SETUP,
  SETUP_FAILED,
  STARTED,
  STOP,
  type ToWorker,
  type WorkerSetup,
} from '../wire/protocol.ts';
import { CreditedStream } from './credited-stream.ts';
import { learnErrorClasses } from './known-errors.ts';
import { runChunk } from './run-chunk.ts';

/** What an entry file brings: how to send, how to end, and what is special about where this runs. */
export interface WorkerHost {
  readonly codec: Codec;
  post(batch: readonly FromWorker[], transfer?: readonly Transferable[]): void;
  /** All work is done and none will come. */
  end(): void;
  /** Whether this worker may run the task now; absent: always. */
  claim?(ticket: number): boolean;
  /** Takes the place of the common way to find the function of a task. */
  resolve?(reference: TaskReference): Function;
  /**
   * Milliseconds of tasks in a row after which others get their turn. Where the worker is the program itself,
   * its timers and sockets must not wait for all the tasks that were submitted at once.
   */
  readonly slice?: number;
}

type Call = Extract<ToWorker, readonly [typeof CALL, ...unknown[]]>;

/** A task that runs here, as the runtime sees it and (`CurrentTask`) as the task does. */
class Running implements CurrentTask {
  readonly id: number;
  readonly name: string;
  readonly attempt: number;
  readonly workerName: string;
  readonly startedAt: number = performance.now();
  stream: CreditedStream | undefined;
  /** The consumer of its stream has left, perhaps before the function was loaded. */
  closed = false;
  /**
   * Made when the task first asks for its signal: most never do, and a controller costs more than a small
   * task.
   */
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  readonly #report: (id: number, value: unknown) => void;

  constructor(
    id: number,
    details: CallDetails | undefined,
    workerName: string,
    report: (id: number, value: unknown) => void,
  ) {
    this.id = id;
    this.name = details?.name ?? '';
    this.attempt = details?.attempt ?? 1;
    this.workerName = workerName;
    this.#report = report;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  /** A value of its own, so that a task may take it out of the object: `const { report } = currentTask()`. */
  get report(): (value: unknown) => void {
    return (value) => this.#report(this.id, value);
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }
}

export class WorkerRuntime {
  readonly #host: WorkerHost;
  #setup: WorkerSetup | undefined;
  readonly #functions = new Map<number, Function | Promise<Function>>();
  readonly #references = new Map<number, TaskReference>();
  readonly #line = new Fifo<Call>();
  readonly #running = new Map<number, Running>();
  #stopping = false;
  #outbox: FromWorker[] = [];
  #transfer: Transferable[] = [];
  #flushPlanned = false;
  /** When others get their turn; undefined at the beginning of a turn of the loop. */
  #sliceEnd: number | undefined;

  constructor(host: WorkerHost) {
    this.#host = host;
  }

  receive(batch: readonly ToWorker[]): void {
    for (const message of batch) this.#take(message);
    this.#advance();
  }

  /** Gives up on a task that cannot be stopped: it counts as over, and what it still says is dropped. */
  abandon(id: number): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#fail(running, new TimeoutError('The task was given up'));
  }

  #take(message: ToWorker): void {
    switch (message[0]) {
      case SETUP:
        void this.#start(message[1]);
        break;
      case DEFINE:
        this.#references.set(message[1], message[2]);
        break;
      case FORGET:
        this.#references.delete(message[1]);
        this.#functions.delete(message[1]);
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
      case STOP:
        this.#stopping = true;
        break;
    }
  }

  async #start(setup: WorkerSetup): Promise<void> {
    this.#setup = setup;
    try {
      if (setup.initializer !== undefined) {
        const { reference, args } = setup.initializer;
        const initializer = await this.#resolve(reference);
        await initializer(...(this.#host.codec.decode(args) as unknown[]));
      }
    } catch (error) {
      this.#host.post([[SETUP_FAILED, packError(error, this.#host.codec)]]);
      return;
    }
    this.#host.post([[READY]]);
  }

  // ── running ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Begins tasks while there are some, and room for them. */
  #advance(): void {
    const { concurrency = 1 } = this.#setup ?? {};
    while (this.#line.length > 0 && this.#running.size < concurrency && !this.#isSliceOver()) {
      const call = this.#line.shift() as Call;
      const ticket = call[4];
      if (ticket >= 0 && this.#host.claim?.(ticket) === false) continue;
      this.#flush();
      this.#begin(call);
    }
    this.#flush();
    if (this.#stopping && this.#line.length === 0 && this.#running.size === 0) this.#host.end();
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

  #begin(call: Call): void {
    const [, id, functionId, flags] = call;
    const running = new Running(id, call[6], this.#setup?.name ?? '', this.#report);
    this.#running.set(id, running);
    if ((flags & SAY_STARTED) !== 0) this.#host.post([[STARTED, id]]);
    const fn = this.#functionOf(functionId);
    if (typeof fn === 'function') {
      this.#run(running, call, fn);
      return;
    }
    fn.then(
      (found) => this.#run(running, call, found),
      (error: unknown) => this.#fail(running, error),
    );
  }

  #functionOf(functionId: number): Function | Promise<Function> {
    const known = this.#functions.get(functionId);
    if (known !== undefined) return known;
    const reference = this.#references.get(functionId);
    if (reference === undefined) return Promise.reject(new Error(`Function ${functionId} was never defined`));
    if (this.#host.resolve !== undefined) {
      // At once, since tasks that begin in promise reactions would not be counted in any slice.
      const fn = this.#host.resolve(reference);
      this.#functions.set(functionId, fn);
      return fn;
    }
    const finding = this.#resolve(reference);
    this.#functions.set(functionId, finding);
    finding.then(
      (fn) => this.#functions.set(functionId, fn),
      // Not remembered: what failed to load may load the next time.
      () => this.#functions.delete(functionId),
    );
    return finding;
  }

  async #resolve(reference: TaskReference): Promise<Function> {
    const fn = await resolveTask(reference);
    await learnErrorClasses(reference);
    return fn;
  }

  #run(running: Running, call: Call, fn: Function): void {
    const [, , , flags, , packed, details] = call;
    let outcome: unknown;
    try {
      const args = this.#host.codec.decode(packed) as unknown[];
      const task = fn as (...args: unknown[]) => unknown;
      if ((flags & AS_CHUNK) !== 0) {
        outcome = runAs(running, runChunk, [task, args, details?.arity ?? 1]);
      } else if ((flags & AS_STREAM) !== 0) {
        running.stream = new CreditedStream(details?.window ?? 1, (item) => this.#sendItem(running, item));
        if (running.closed) running.stream.close();
        outcome = runAs(running, () => running.stream?.drain(() => task(...args)), []);
      } else {
        outcome = runAs(running, task, args);
      }
    } catch (error) {
      this.#fail(running, error);
      return;
    }
    if (isThenable(outcome)) {
      Promise.resolve(outcome).then(
        (value) => this.#succeed(running, flags, value),
        (error: unknown) => this.#fail(running, error),
      );
    } else this.#succeed(running, flags, outcome);
  }

  readonly #report = (id: number, value: unknown): void => {
    if (!this.#running.has(id)) return;
    this.#send([REPORT, id, this.#pack(value, 'report').value]);
    this.#flush();
  };

  // ── answering ───────────────────────────────────────────────────────────────────────────────────────────

  #succeed(running: Running, flags: number, value: unknown): void {
    if (!this.#running.has(running.id)) return;
    const ms = performance.now() - running.startedAt;
    try {
      if ((flags & AS_CHUNK) !== 0) this.#send(this.#chunkAnswer(running.id, ms, value));
      else this.#send([DONE, running.id, ms, this.#pack(value, 'result').value]);
    } catch (error) {
      this.#send([FAILED, running.id, ms, packError(error, this.#host.codec)]);
    }
    this.#over(running);
  }

  #chunkAnswer(id: number, ms: number, value: unknown): FromWorker {
    const { values, errors } = value as { values: unknown[]; errors: Array<[number, unknown]> };
    const { codec } = this.#host;
    let packed: unknown;
    try {
      packed = this.#noteTransfer(encodeResults(codec, values)).value;
    } catch {
      // One of the results cannot cross; the others can. Each is tried alone to find out which. To try one
      // moves what it was marked to move, so it is the copy that goes on.
      const moved: Transferable[] = [];
      for (const [index, result] of values.entries()) {
        try {
          const alone = codec.encode(result, 'result');
          values[index] = codec.decode(alone.value);
          if (alone.transfer !== undefined) moved.push(...alone.transfer);
        } catch (error) {
          values[index] = undefined;
          errors.push([index, error]);
        }
      }
      packed = this.#noteTransfer(codec.encode(values, 'results', moved)).value;
    }
    return [CHUNK, id, ms, packed, errors.map(([index, error]) => [index, packError(error, codec)] as const)];
  }

  #fail(running: Running, error: unknown): void {
    if (!this.#running.has(running.id)) return;
    const ms = performance.now() - running.startedAt;
    this.#send([FAILED, running.id, ms, packError(error, this.#host.codec)]);
    this.#over(running);
  }

  #over(running: Running): void {
    this.#running.delete(running.id);
    // Back in `#advance` this costs nothing; from a callback it is what begins the next task.
    this.#planFlush();
  }

  #abort(id: number, reason: unknown): void {
    const running = this.#running.get(id);
    if (running !== undefined) {
      running.abort(reason);
      return;
    }
    // It waits in line, where the pool cannot reach it; what never begins need not be stopped.
    if (this.#line.take((call) => call[1] === id) === undefined) return;
    this.#send([FAILED, id, 0, packError(reason, this.#host.codec)]);
  }

  #close(id: number): void {
    this.#abort(id, new Error('The consumer of the stream has left'));
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.closed = true;
    running.stream?.close();
  }

  #sendItem(running: Running, item: unknown): void {
    if (!this.#running.has(running.id)) return;
    this.#send([ITEM, running.id, this.#pack(item, 'item').value]);
    this.#flush();
  }

  #pack(value: unknown, what: string): Packed {
    return this.#noteTransfer(this.#host.codec.encode(value, what));
  }

  #noteTransfer(packed: Packed): Packed {
    if (packed.transfer !== undefined) this.#transfer.push(...packed.transfer);
    return packed;
  }

  #send(message: FromWorker): void {
    this.#outbox.push(message);
  }

  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    process.nextTick(() => {
      this.#flushPlanned = false;
      this.#advance();
    });
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    const batch = this.#outbox;
    const transfer = this.#transfer;
    this.#outbox = [];
    this.#transfer = [];
    this.#host.post(batch, transfer.length > 0 ? transfer : undefined);
  }
}
