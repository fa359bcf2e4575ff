/** `manyhands/choose`: which backend is right for a function, by measurement. */
export type { Advice, Check, Crossover, Curve, Finding, Option, SampleCost, Words } from './advice.ts';
export { type AdviseOptions, advise } from './advise.ts';

export {
  AutoExecutor,
  type AutoExecutorOptions,
  type AutoOptions,
  type AutoStatistics,
  type FunctionPlacement,
  map,
  type PlacingExecutor,
  run,
} from './auto/index.ts';

export type { Crossing } from './crossing.ts';
export type { Growth, SizeOf } from './growth.ts';
export type { BackendCosts, MachineCosts, MessageCosts } from './machine-costs.ts';
export { type MeasuredBackend, type MeasuredOptions, submitMeasured } from './measured.ts';
export type { CallCost } from './measured-task.ts';
export type { BackendKind, CallProfile, Conditions, Limit, Plan, Prediction } from './predict.ts';
export { renderAdvice, type TextStyle } from './text.ts';
