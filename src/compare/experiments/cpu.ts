import { type Call, runCalls } from '../executors.ts';
import { type Job, workFor } from '../job.ts';
import { isPython, nodeLanes, pythonLanes } from '../lanes.ts';
import { measure } from '../measure.ts';
import { fibonacci } from '../tasks.ts';
import type { ExperimentDefinition } from './definition.ts';
import { checkAll, concludeBySpeed, runTasks } from './task-experiment.ts';

/** The third article's other program: ten Fibonacci numbers, the slow way. */
export const cpu: ExperimentDefinition = {
  id: 'cpu',
  title: (job) => `CPU: ${job.tasks} x fib(${job.fib})`,
  description:
    'Computing, and nothing else. Pools have one worker for each core; the Python lanes of plain threads and ' +
    'processes start one for each task, as the article does. A quick run computes fib(29) under Python.',
  unit: 'ms',
  lanes: [...nodeLanes, ...pythonLanes],
  needsServer: false,
  comparable: true,
  columns: [],
  rounds: (lane, quick) => (quick || isPython(lane) ? 2 : 3),
  work: (lane, settings) => workFor('cpu', lane, settings, { tasks: 10, waits: false }),
  run: (job) => runTasks(job, [fibonacci, job.fib]),
  async more(job) {
    return job.lane === 'processes' && job.tooMany > job.workers ? measureTooMany(job) : {};
  },
  check(outcome, job) {
    const right = fibonacciNumber(job.fib);
    return checkAll(outcome, job.tasks, `fib(${job.fib}) = ${right}`, (result) => result === right);
  },
  conclude: concludeBySpeed,
};

/** The same work on as many processes as there are workers, and on four times as many. */
async function measureTooMany(job: Job): Promise<Record<string, number>> {
  const calls = Array.from({ length: Math.max(job.tasks, job.tooMany) }, (): Call => [fibonacci, job.fib]);
  const rightSize = await measure(() => runCalls('processes', calls, job.workers));
  const tooMany = await measure(() => runCalls('processes', calls, job.tooMany));
  return { rightSizeMs: rightSize.wallMs, tooManyMs: tooMany.wallMs };
}

/** The quick way, to check the slow one by. */
function fibonacciNumber(n: number): number {
  let [previous, current] = [0, 1];
  for (let i = 1; i < n; i++) [previous, current] = [current, previous + current];
  return current;
}
