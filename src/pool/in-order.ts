/**
 * What workers say of a task, in order, also where one of the messages cannot be read yet.
 *
 * A shareable object (`wire/shareable.ts`) may come of a kind whose module this thread has not loaded. While that is
 * imported, whatever else is said of the task waits: its result must not overtake its reports, nor the death of its
 * worker what the worker had said before.
 */

import { loadKind, UnknownKindError } from '../wire/shareable.ts';
import type { Task } from './task.ts';

/**
 * Takes a step with the task, now if that is possible. A step that throws `UnknownKindError` must have done nothing
 * before; it is taken again when the module is there, or is known not to be.
 *
 * @param onLater called after steps that had to wait.
 */
export function inOrder(task: Task, step: () => void, onLater: () => void): void {
  if (task.waiting !== undefined) {
    task.waiting.push(step);
    return;
  }
  try {
    step();
  } catch (error) {
    if (!(error instanceof UnknownKindError)) throw error;
    task.waiting = [step];
    void loadKind(error).then(() => {
      const steps = task.waiting ?? [];
      task.waiting = undefined;
      for (const next of steps) inOrder(task, next, onLater);
      onLater();
    });
  }
}
