/**
 * What ends a task before it is done: its signal, its limits, a consumer that has left.
 *
 *   pending  ──▶ taken back: off the queue, or out of a worker's hands; nothing else happens
 *   running  ──▶ its `currentTask().signal` fires ──grace──▶ its worker alone is stopped
 *
 * The caller does not climb along: the future settles at the first step, whatever it takes to stop the task.
 */

import { TimeoutError } from '../errors.ts';
import { onAbort } from '../futures/abort-listeners.ts';
import { after } from '../futures/waiting.ts';
import type { Codec } from '../wire/codec.ts';
import { packError } from '../wire/error-envelope.ts';
import { ABORT, type ToWorker } from '../wire/protocol.ts';
import type { WorkerHandle } from './backend.ts';
import type { Channel } from './channel.ts';
import { type Task, Watches } from './task.ts';

/** What a task that ignores its abort signal is given before its worker is stopped. */
const DEFAULT_GRACE_MS = 500;

/** What the scheduler does for the ladder. */
export interface LadderControls {
  /** False when a worker has begun the task. */
  withdraw(task: Task): boolean;
  tell(task: Task, message: ToWorker): void;
  stopWorker(worker: WorkerHandle, reason: string): void;
}

export class StopLadder {
  readonly #channel: Channel;
  readonly #codec: Codec;
  readonly #controls: LadderControls;

  constructor(channel: Channel, codec: Codec, controls: LadderControls) {
    this.#channel = channel;
    this.#codec = codec;
    this.#controls = controls;
  }

  /** From the moment in which a task is queued: its signal, and how long it may wait. */
  watchPending(task: Task): void {
    const { signal, queueTimeout } = task.options;
    if (signal !== undefined) {
      watchesOf(task).offSignal = onAbort(signal, (reason) =>
        this.abandon(task, reason, 'its signal had fired'),
      );
    }
    if (queueTimeout === undefined) return;
    watchesOf(task).queueTimer = after(queueTimeout, () => {
      if (this.#channel.isUnderWay(task)) return;
      const limit = `longer than ${queueTimeout} ms (queueTimeout)`;
      const error = new TimeoutError(`Task ${task.label} waited in the queue for ${limit}`);
      this.abandon(task, error, 'its time in the queue was over');
    });
  }

  /** From the moment in which a worker says that it begins the task: how long it may run. */
  watchRunning(task: Task): void {
    const { timeout } = task.options;
    if (timeout === undefined || task.future.done()) return;
    watchesOf(task).runTimer = after(timeout, () => {
      const error = new TimeoutError(`Task ${task.label} ran for longer than ${timeout} ms (timeout)`);
      this.abandon(task, error, 'its time was over');
    });
  }

  /** Settles the future with `error` now, and has the task itself stopped. */
  abandon(task: Task, error: unknown, why: string): void {
    if (task.future.done()) return;
    const stopped = this.#controls.withdraw(task);
    task.future.setException(error);
    if (stopped) return;
    this.#controls.tell(task, [ABORT, task.wireId, packError(error, this.#codec)]);
    this.startGrace(task, why);
  }

  /** The task has been asked to stop; when its grace is over, its worker is. `why` goes into the reason. */
  startGrace(task: Task, why: string): void {
    this.#graceAfter(task, why, task.options.grace ?? DEFAULT_GRACE_MS);
  }

  #graceAfter(task: Task, why: string, ms: number): void {
    const watches = watchesOf(task);
    watches.graceTimer ??= after(ms, () => {
      const holder = this.#channel.holderOf(task);
      if (holder === undefined) return;
      if (!this.#channel.isUnderWay(task)) {
        // Whatever keeps that worker busy is another task, which has done nothing wrong. Looked at again in
        // a while, however short the grace.
        watches.graceTimer = undefined;
        this.#graceAfter(task, why, Math.max(ms, DEFAULT_GRACE_MS));
        return;
      }
      const grace = task.options.grace ?? DEFAULT_GRACE_MS;
      const reason = `it was stopped because task ${task.label} went on for ${grace} ms after ${why}`;
      if (holder.abandon === undefined) this.#controls.stopWorker(holder, reason);
      else holder.abandon(task.wireId);
    });
  }
}

function watchesOf(task: Task): Watches {
  task.watches ??= new Watches();
  return task.watches;
}
