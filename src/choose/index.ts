/** `manyhands/choose`: which backend is right for a function, by measurement. */

export type { Crossing } from './crossing.ts';
export { type MeasuredBackend, type MeasuredOptions, submitMeasured } from './measured.ts';
export type { CallCost } from './measured-task.ts';
