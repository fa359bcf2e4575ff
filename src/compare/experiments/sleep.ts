import { workFor } from '../job.ts';
import { nodeLanes, pythonLanes } from '../lanes.ts';
import { pause } from '../tasks.ts';
import type { ExperimentDefinition } from './definition.ts';
import { checkAll, concludeBySpeed, runTasks } from './task-experiment.ts';

/** The first article's program: three workers that sleep. */
export const sleep: ExperimentDefinition = {
  id: 'sleep',
  title: (job) => `Sleep: ${job.tasks} x ${job.sleepMs / 1000} s`,
  description:
    'Waiting for the clock, as the first article does, with a thread or process for each task. ' +
    'A quick run sleeps 0.2 s.',
  unit: 'ms',
  lanes: [...nodeLanes, ...pythonLanes],
  needsServer: false,
  comparable: true,
  columns: [],
  rounds: () => 1,
  work: (lane, settings) => workFor('sleep', lane, settings, { tasks: 3, waits: true }),
  run: (job) => runTasks(job, [pause, job.sleepMs]),
  check: (outcome, job) =>
    checkAll(
      outcome,
      job.tasks,
      `${job.sleepMs / 1000} s asleep`,
      // Timers of Node count whole milliseconds and may be up to one early.
      (result) => typeof result === 'number' && result >= job.sleepMs - 2,
    ),
  conclude: concludeBySpeed,
};
