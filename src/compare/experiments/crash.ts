import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type Job, workFor } from '../job.ts';
import { pythonLanes } from '../lanes.ts';
import { measure } from '../measure.ts';
import { nodeArguments } from '../program.ts';
import { type ExperimentDefinition, metricOf } from './definition.ts';

/** How many tasks run beside the one that dies. */
export const OTHERS = 4;

/** What is left when a worker dies. */
export const crash: ExperimentDefinition = {
  id: 'crash',
  title: () => 'Crash: what is left when a worker dies',
  description:
    `${OTHERS} tasks run, and beside them one that dies: of an error that nobody catches, and of a fault that ends ` +
    'the process it is in. Counted are the others that reach their end, whether the program itself is still ' +
    'there, and whether its pool can still be used. Each scene has a process of its own to lose.',
  unit: 'tasks',
  lanes: [
    'event-loop',
    'threads',
    'processes',
    ...pythonLanes.filter((lane) => lane !== 'python-sequential'),
  ],
  needsServer: false,
  comparable: false,
  columns: [
    ['survivorsOfError', 'after error'],
    ['survivorsOfFault', 'after fault'],
    ['worksAfterFault', 'usable'],
  ],
  rounds: () => 1,
  work: (lane, settings) => workFor('crash', lane, settings, { tasks: 1, waits: false }),
  async run(job) {
    const measured = await measure(() => Promise.all([playScene(job, 'error'), playScene(job, 'fault')]));
    const [error, fault] = measured.value;
    const count = (lines: string[], word: string): number => lines.filter((line) => line === word).length;
    return {
      ...measured,
      metrics: {
        others: OTHERS,
        survivorsOfError: count(error, 'finished'),
        survivorsOfFault: count(fault, 'finished'),
        ownerSurvivedFault: count(fault, 'owner'),
        worksAfterFault: count(fault, 'usable'),
      },
    };
  },
  check(outcome) {
    const { survivorsOfError = 0, survivorsOfFault = 0, others = 0 } = outcome.metrics;
    const results = `${survivorsOfError} and ${survivorsOfFault} of ${others} survive`;
    return Math.max(survivorsOfError, survivorsOfFault) <= others
      ? { results }
      : { results, wrong: 'more tasks survived than there were' };
  },
  conclude(experiment) {
    const threads = metricOf(experiment, 'threads', 'survivorsOfFault');
    const processes = metricOf(experiment, 'processes', 'survivorsOfFault');
    const threadsAfterError = metricOf(experiment, 'threads', 'survivorsOfError');
    if (threads === undefined || processes === undefined) return undefined;
    return (
      `Of ${OTHERS} other tasks, ${threads} survive a fault on threads and ${processes} on processes; an error ` +
      `that nobody catches leaves ${threadsAfterError} on threads.`
    );
  },
};

/** The lines that a scene printed before its end, whatever that end was. */
function playScene(job: Job, death: 'error' | 'fault'): Promise<string[]> {
  const meeting = mkdtempSync(join(job.scratch, 'meeting-'));
  const args = [...nodeArguments(import.meta.url, '../crash-scene'), job.lane, death, meeting];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (_error, stdout) => resolve(stdout.split('\n')));
  });
}
