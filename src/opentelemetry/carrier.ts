/** How a trace travels with calls: as the fields that the program's propagator writes, `traceparent` mostly. */

import type { Context, Span } from '@opentelemetry/api';
import type { Carrier, RunningTask, SubmittedTask } from '../context.ts';
import { isThenable } from '../futures/thenable.ts';

export type Api = typeof import('@opentelemetry/api');

/** Both sides know it by this name. */
export const CARRIER = 'manyhands.opentelemetry';
export const SCOPE = 'manyhands';

/**
 * @param begin makes the span of a task that is submitted in `parent`. Without it the task belongs to what is active there:
 *   so it is with tasks that a task in a worker submits, where nobody has called `instrument`.
 */
export function traceCarrier(
  api: Api,
  begin?: (task: SubmittedTask, parent: Context) => Span,
): Required<Carrier> {
  return {
    module: new URL('./run-span.js', import.meta.url).href,
    capture: () => api.context.active(),
    pack(captured, task) {
      const parent = captured as Context;
      const context =
        begin === undefined || task === undefined ? parent : api.trace.setSpan(parent, begin(task, parent));
      const fields: Record<string, string> = {};
      api.propagation.inject(context, fields);
      return fields;
    },
    run: (fields, task, fn) => runAsSpan(api, fields, task, fn),
  };
}

function runAsSpan<R>(api: Api, fields: unknown, task: RunningTask, fn: () => R): R {
  const parent = api.propagation.extract(api.ROOT_CONTEXT, fields ?? {});
  const attributes = { 'manyhands.task.attempt': task.attempt, 'thread.name': task.workerName };
  const span = api.trace.getTracer(SCOPE).startSpan(`run ${task.name}`, { attributes }, parent);
  try {
    const outcome = api.context.with(api.trace.setSpan(parent, span), fn);
    if (!isThenable(outcome)) {
      span.end();
      return outcome;
    }
    return Promise.resolve(outcome).then(
      (value) => {
        span.end();
        return value;
      },
      (error: unknown) => {
        endFailed(api, span, error);
        throw error;
      },
    ) as R;
  } catch (error) {
    endFailed(api, span, error);
    throw error;
  }
}

/** Ends a span by what was thrown in it. */
export function endFailed(api: Api, span: Span, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  span.recordException(error instanceof Error ? error : message);
  span.setAttribute('error.type', errorType(error));
  span.setStatus({ code: api.SpanStatusCode.ERROR, message });
  span.end();
}

export function errorType(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
