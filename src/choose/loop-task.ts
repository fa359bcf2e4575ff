/**
 * Many calls in a row in a worker, as a program would make them on its own event loop: one by one, or so many under way at a
 * time. What takes a microsecond cannot be measured call by call; and what a loop of calls takes on the event loop can be
 * found out without blocking the caller's.
 */

import { isThenable } from '../futures/thenable.ts';
import { learnErrorClasses } from '../pool/known-errors.ts';
import type { TaskReference } from '../tasks/reference.ts';
import { defineTasks } from '../tasks/registry.ts';
import { resolveTask } from '../tasks/resolve.ts';
import { threadClock } from './thread-cpu.ts';

export interface LoopCall {
  readonly reference: TaskReference;
  /** The arguments of the calls, again from the first when there are more calls. */
  readonly inputs: ReadonlyArray<readonly unknown[]>;
  readonly calls: number;
  readonly concurrency: number;
}

/** Of all calls together, in ms. */
export interface LoopCost {
  readonly wall: number;
  readonly cpu: number;
}

type Task = (...args: unknown[]) => unknown;

/** Makes the calls. What they throw is as good as a result. */
export async function runLoop({ reference, inputs, calls, concurrency }: LoopCall): Promise<LoopCost> {
  const fn = (await resolveTask(reference)) as Task;
  await learnErrorClasses(reference);
  const clock = threadClock();
  const cpu = clock.now();
  const startedAt = performance.now();
  let next = 0;
  const callSome = async (): Promise<void> => {
    while (next < calls) {
      const args = inputs[next % inputs.length] as readonly unknown[];
      next += 1;
      try {
        const outcome = fn(...args);
        // To await what is no promise would turn the loop for nothing.
        if (isThenable(outcome)) await outcome;
      } catch {
        // It took its time all the same.
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, calls) }, callSome));
  return { wall: performance.now() - startedAt, cpu: clock.now() - cpu };
}

defineTasks(import.meta.url, { runLoop });
