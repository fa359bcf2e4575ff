/** Running a call of any function the measured way: the caller's half. The worker's half is measured-task.ts. */

import type { Executor } from '../futures/executor.ts';
import type { Future } from '../futures/future.ts';
import type { SubmitOptions } from '../futures/submit-options.ts';
import { learnErrorClasses } from '../pool/known-errors.ts';
import { referenceTo } from '../tasks/reference.ts';
import { type CallCost, type CostReport, forgetHere, keepHere, runMeasured } from './measured-task.ts';

/** Where a measured call runs: on the event loop it is the caller's own function that is called, by no name. */
export type MeasuredBackend = 'event-loop' | 'thread' | 'process';

export interface MeasuredOptions extends SubmitOptions {
  /** Also measure arguments and result: copies all of them once more. Default true. */
  readonly sizes?: boolean | undefined;
  /** Also ask the system for how long the thread stood in line for a processor: takes some 50 us. Default true. */
  readonly queued?: boolean | undefined;
}

/**
 * As `executor.submit(fn, ...args)`, with the same result or error, and calls `onCost` with what the call cost, before the
 * future settles. It is not called for a task that was stopped, or whose worker died.
 *
 * @param executor one that runs tasks on `backend`
 * @throws NotShareableError for a function that cannot go to another thread, as `submit` says it in its future
 */
export function submitMeasured<A extends unknown[], R>(
  executor: Executor,
  backend: MeasuredBackend,
  fn: (...args: A) => R,
  args: A,
  onCost: (cost: CallCost) => void,
  { sizes = true, queued = true, ...options }: MeasuredOptions = {},
): Future<Awaited<R>> {
  const isHere = backend === 'event-loop';
  const reference = isHere ? keepHere(fn) : referenceTo(fn);
  const label = typeof reference === 'number' ? fn.name : reference.label;
  // What it throws is known by the classes of its own module.
  if (typeof reference !== 'number') void learnErrorClasses(reference);
  const { onReport } = options;
  const measured = executor.with({
    ...options,
    name: options.name ?? label,
    onReport(value) {
      if (isCost(value)) onCost(value['manyhands:cost']);
      else onReport?.(value);
    },
  });
  const future = measured.submit(runMeasured, ...args, { reference, sizes, queued }) as Future<Awaited<R>>;
  if (typeof reference === 'number') future.addDoneCallback(() => forgetHere(reference));
  return future;
}

function isCost(value: unknown): value is CostReport {
  return typeof value === 'object' && value !== null && 'manyhands:cost' in value;
}
