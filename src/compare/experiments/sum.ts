import { workFor } from '../job.ts';
import { isPython, nodeLanes, pythonLanes } from '../lanes.ts';
import { addUp } from '../tasks.ts';
import type { ExperimentDefinition } from './definition.ts';
import { checkAll, concludeBySpeed, runTasks } from './task-experiment.ts';

/** The fourth article's program: two sums. */
export const sum: ExperimentDefinition = {
  id: 'sum',
  title: (job) => `Sum: ${job.tasks} x the sum to 10^${Math.log10(job.sumTo)}`,
  description:
    'Two sums, as the fourth article has them: seconds of work for CPython, so little for V8 that the start of ' +
    'a worker shows.',
  unit: 'ms',
  lanes: [...nodeLanes, ...pythonLanes],
  needsServer: false,
  comparable: true,
  columns: [],
  rounds: (lane, quick) => (isPython(lane) ? (quick ? 1 : 2) : quick ? 2 : 5),
  work: (lane, settings) => workFor('sum', lane, settings, { tasks: 2, waits: false }),
  run: (job) => runTasks(job, [addUp, job.sumTo]),
  check(outcome, job) {
    const right = (job.sumTo * (job.sumTo - 1)) / 2;
    return checkAll(outcome, job.tasks, `a sum of ${right}`, (result) => result === right);
  },
  conclude: concludeBySpeed,
};
