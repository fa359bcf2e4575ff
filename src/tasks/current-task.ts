/** What a task can know of itself, from anywhere below it, also after an `await`. */

import { AsyncLocalStorage } from 'node:async_hooks';

export interface CurrentTask {
  /** The function's name, or what `with({ name })` said. */
  readonly name: string;
  /** 1 on the first run; one more for every run that a worker's death cut short. */
  readonly attempt: number;
  /** Fires when the task is to stop: aborted by its caller, out of time, or its consumer has left. */
  readonly signal: AbortSignal;
  readonly workerName: string;
  /** Sends a value to the `onReport` of whoever submitted the task. */
  report(value: unknown): void;
}

const storage = new AsyncLocalStorage<CurrentTask | undefined>();

/**
 * The task that this code runs in, or `undefined` outside of any.
 *
 * @example
 * export async function download(url: string) {
 *   return fetch(url, { signal: currentTask()?.signal });
 * }
 */
export function currentTask(): CurrentTask | undefined {
  return storage.getStore();
}

/** For workers: runs `fn(...args)` as `task`. */
export function runAs<A extends readonly unknown[], R>(task: CurrentTask, fn: (...args: A) => R, args: A): R {
  return storage.run(task, fn, ...args);
}

/**
 * For workers whose thread belongs to tasks: what runs from here on, in this turn of the loop, runs as `task`. To
 * put back what was before, as `runAs` does, would cost as much again, and there is nothing to put back.
 */
export function enterTask(task: CurrentTask | undefined): void {
  storage.enterWith(task);
}
