/**
 * Starts the worker of a `Thread`: one of the thread backend's, that runs one call and ends like a program.
 *
 * All it will ever need is sent at once: setup, function, call, and the wish that it end. From then on it needs nothing
 * of the thread that started it, which may block in `joinSync` in the next line.
 */

import { readdirSync } from 'node:fs';
import type { ResourceLimits } from 'node:worker_threads';
import { ThreadBackend } from '../backends/thread/thread-backend.ts';
import { WorkerDiedError } from '../errors.ts';
import { type Place, threadTable } from '../memory/thread-table.ts';
import { learnErrorClasses } from '../pool/known-errors.ts';
import type { TaskReference } from '../tasks/reference.ts';
import { cloneCodec, type Packed } from '../wire/codec.ts';
import { unpackError } from '../wire/error-envelope.ts';
import { CALL, DEFINE, FAILED, FAULT, type FromWorker, NO_RESULT, READY, STOP } from '../wire/protocol.ts';
import { ownIdent } from './own-ident.ts';

export interface Order {
  readonly name: string;
  readonly daemon: boolean;
  readonly reference: TaskReference;
  readonly args: Packed;
  readonly resourceLimits: ResourceLimits | undefined;
  /** It has come to its first line. */
  onReady(): void;
  /** Something that nothing caught: what the function threw, or a listener of its; or it ran out of memory. */
  onError(error: unknown): void;
}

/** Those of this thread that have not ended, by ident. */
export const launched: Map<number, Launched> = new Map();

export class Launched {
  readonly place: Place;
  readonly daemon: boolean;
  readonly #order: Order;
  readonly #waiting = new Set<() => void>();
  /** Threads of the system that appeared when this one was started; undefined: the system does not say. */
  readonly #newborn: readonly string[] | undefined;
  #isReady = false;

  /** @throws Error where the system, or Node, refuses to start one. Nothing is left of it then. */
  constructor(order: Order) {
    const { name, daemon, reference, args, resourceLimits } = order;
    this.#order = order;
    this.daemon = daemon;
    const table = threadTable();
    const row = table.reserve({ name, parent: ownIdent(), daemon, foreign: false });
    try {
      const before = threadsOfProcess();
      const worker = new ThreadBackend({ resourceLimits }).start(
        { name, concurrency: 1, threadRow: row },
        {
          messages: (batch) => this.#receive(batch),
          exited: (death, error) =>
            this.#exited(new WorkerDiedError(undefined, death, { cause: error }), error),
        },
      );
      this.#newborn = threadsOfProcess()?.filter((id) => !before?.includes(id));
      this.place = { row, ident: (worker.id as number) + 1 };
      table.settle(this.place);
      launched.set(this.place.ident, this);
      void learnErrorClasses(reference);
      const call = [
        CALL,
        0,
        0,
        NO_RESULT,
        -1,
        args.value,
        { name, attempt: 1, window: 0, arity: 0 },
      ] as const;
      worker.post([[DEFINE, 0, reference], call, [STOP]], args.transfer);
    } catch (error) {
      table.release(row);
      throw error;
    }
  }

  /** Calls `fn` once the thread has ended, and all that it printed and threw has come; returns what takes it off. */
  onEnd(fn: () => void): () => void {
    if (!launched.has(this.place.ident)) {
      fn();
      return () => undefined;
    }
    this.#waiting.add(fn);
    return () => this.#waiting.delete(fn);
  }

  /**
   * For one who waits blocked, and hears nothing of Node: a thread that dies before its first line, by a `--import` that
   * throws in threads or a heap that is too small, never says so.
   */
  readonly lookForStillborn = (): void => {
    const table = threadTable();
    if (this.#newborn === undefined || !table.isStarting(this.place)) return;
    const alive = threadsOfProcess() ?? [];
    if (!this.#newborn.some((id) => alive.includes(id))) table.end(this.place);
  };

  #receive(batch: readonly FromWorker[]): void {
    for (const message of batch) {
      if (message[0] === READY) {
        this.#isReady = true;
        this.#order.onReady();
      } else if (message[0] === FAILED) this.#order.onError(unpackError(message[3], cloneCodec));
      else if (message[0] === FAULT) this.#order.onError(unpackError(message[1], cloneCodec));
    }
  }

  #exited(death: WorkerDiedError, error: unknown): void {
    threadTable().end(this.place);
    launched.delete(this.place.ident);
    // A thread that leaves by process.exit() does so in silence.
    if (error !== undefined || !this.#isReady) this.#order.onError(error ?? death);
    for (const fn of this.#waiting) fn();
    this.#waiting.clear();
  }
}

function threadsOfProcess(): string[] | undefined {
  try {
    return readdirSync('/proc/self/task');
  } catch {
    return undefined;
  }
}
