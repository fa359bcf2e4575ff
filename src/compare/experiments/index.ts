/** All experiments, in the order in which they are run and shown. */
import type { ExperimentId } from '../report.ts';
import { communicate } from './communicate.ts';
import { cpu } from './cpu.ts';
import { crash } from './crash.ts';
import type { ExperimentDefinition } from './definition.ts';
import { hybrid } from './hybrid.ts';
import { io } from './io.ts';
import { sleep } from './sleep.ts';
import { start } from './start.ts';
import { sum } from './sum.ts';
import { switching } from './switch.ts';

const experiments: readonly ExperimentDefinition[] = [
  io,
  cpu,
  sleep,
  sum,
  hybrid,
  communicate,
  start,
  switching,
  crash,
];

export const experimentIds: readonly ExperimentId[] = experiments.map(({ id }) => id);

export function experimentById(id: ExperimentId): ExperimentDefinition {
  const found = experiments.find((experiment) => experiment.id === id);
  if (found === undefined) {
    throw new RangeError(
      `There is no experiment ${JSON.stringify(id)}; there are ${experimentIds.join(', ')}.`,
    );
  }
  return found;
}
