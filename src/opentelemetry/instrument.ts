/**
 * Traces and metrics by OpenTelemetry.
 *
 *   the program:  span "submit f" ── from submit until the future settles
 *                      │  traceparent travels with the call
 *   the worker:        └─ span "run f" ── while the function runs
 *                              └─ what the function makes of its own
 */

import { createRequire } from 'node:module';
import type { Context, MeterProvider, Span, TracerProvider } from '@opentelemetry/api';
import { registerCarrier, type SubmittedTask, unregisterCarrier } from '../context.ts';
import type { TaskSettleEvent } from '../events/events.ts';
import { subscribe } from '../events/subscribe.ts';
import { checkNames } from '../options.ts';
import { type Api, CARRIER, endFailed, SCOPE, traceCarrier } from './carrier.ts';
import { attributesOf, countWith } from './instruments.ts';

export interface InstrumentOptions {
  /** Default: the one that is registered with `@opentelemetry/api`. */
  readonly tracerProvider?: TracerProvider | undefined;
  readonly meterProvider?: MeterProvider | undefined;
}

/** What {@link instrument} returns. */
export interface Instrumentation extends Disposable {
  /** Makes no more spans, and counts no more. Spans of tasks that have not settled end now. */
  stop(): void;
}

/**
 * Makes a span for each task, from its submit until its future settles, and in the worker another around the function,
 * as its child; and counts tasks, calls, times and workers. Call it once, when the program has set up OpenTelemetry. Spans in
 * workers are recorded if the pool's `initializer` sets it up there.
 *
 * @throws Error if `@opentelemetry/api` is not installed; TypeError for an option that there is not.
 * @see W3C Trace Context, https://www.w3.org/TR/trace-context/
 * @example
 * new NodeSDK({ traceExporter }).start();
 * instrument();
 * const pool = new ThreadPoolExecutor({ initializer: setUpTracing });
 */
export function instrument(options: InstrumentOptions = {}): Instrumentation {
  checkNames(options, ['tracerProvider', 'meterProvider'], 'instrument');
  const api = loadApi();
  const tracer = (options.tracerProvider ?? api.trace).getTracer(SCOPE);
  /** Of tasks that have not settled, by executor and task. */
  const spans = new Map<string, Span>();
  const begin = (task: SubmittedTask, parent: Context): Span => {
    const attributes = { ...attributesOf(task.executor), 'manyhands.calls': task.calls };
    const span = tracer.startSpan(`submit ${task.name}`, { attributes }, parent);
    spans.set(keyOf(task), span);
    return span;
  };
  registerCarrier(CARRIER, traceCarrier(api, begin));
  const stops = [
    subscribe('manyhands:task:settle', (task) => {
      const span = spans.get(keyOf(task));
      if (span === undefined) return;
      spans.delete(keyOf(task));
      endBy(api, span, task);
    }),
    ...countWith((options.meterProvider ?? api.metrics).getMeter(SCOPE)),
    () => unregisterCarrier(CARRIER),
  ];
  const stop = (): void => {
    for (const end of stops.splice(0)) end();
    for (const span of spans.values()) span.end();
    spans.clear();
  };
  return { stop, [Symbol.dispose]: stop };
}

function keyOf({ executor, id }: SubmittedTask): string {
  return `${executor.id} ${id}`;
}

function endBy(api: Api, span: Span, { outcome, error, failedCalls, ...task }: TaskSettleEvent): void {
  span.setAttributes({
    'manyhands.outcome': outcome,
    'manyhands.calls.failed': failedCalls,
    'manyhands.task.attempt': task.attempt,
    'manyhands.wait_ms': task.waitMs,
    ...(task.worker === undefined ? {} : { 'manyhands.worker': task.worker }),
    ...(task.runMs === undefined ? {} : { 'manyhands.run_ms': task.runMs }),
  });
  if (outcome === 'failed') endFailed(api, span, error);
  else span.end();
}

function loadApi(): Api {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as Api;
  } catch (cause) {
    throw new Error(
      'instrument() needs the package @opentelemetry/api, which could not be loaded: npm install @opentelemetry/api',
      { cause },
    );
  }
}
