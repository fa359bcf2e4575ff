/** `manyhands/observe`: what executors and their tasks do, while they do it. */

export type {
  EventName,
  Events,
  ExecutorEvent,
  ExecutorInfo,
  LockEvent,
  LockResumeEvent,
  TaskEvent,
  TaskSettleEvent,
  TaskStartEvent,
  WorkerEvent,
  WorkerExitEvent,
  WorkerReadyEvent,
} from '../events/events.ts';
export { subscribe } from '../events/subscribe.ts';
export type { Dashboard, DashboardOptions } from '../futures/dashboard.ts';
export { type OpenExecutor, openExecutors } from '../futures/open-executors.ts';
export { dashboard } from './dashboard/dashboard.ts';
export { collectMetrics, type Metrics, type MetricsOptions, metrics } from './metrics.ts';
