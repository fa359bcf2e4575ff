export { AutoExecutor, type AutoExecutorOptions, PlacingExecutor } from './auto-executor.ts';
export type { AutoOptions } from './hints.ts';
export { map, run } from './shared.ts';
export type { AutoStatistics, FunctionPlacement } from './statistics.ts';
