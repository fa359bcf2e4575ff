import { type Call, type CallResults, runCalls } from '../executors.ts';
import { type Job, MOST_AT_ONCE, type Outcome, workFor } from '../job.ts';
import { type NodeLaneId, nodeLanes, pythonLanes } from '../lanes.ts';
import { measure } from '../measure.ts';
import { download, fibonacci } from '../tasks.ts';
import { cpu } from './cpu.ts';
import type { ExperimentDefinition } from './definition.ts';
import { io } from './io.ts';
import { concludeBySpeed, outcomeOf } from './task-experiment.ts';

/** The first article's last program: computing on processes while threads wait for the network. */
export const hybrid: ExperimentDefinition = {
  id: 'hybrid',
  title: (job) => `Hybrid: ${job.tasks} x fib(${job.fib}) beside ${job.tasks} downloads`,
  description:
    'Computing and waiting at once. The lanes of processes are the hybrid: CPU tasks on processes, downloads on ' +
    'threads. The others run both kinds on what they have. Part for part: each half alone, in the same lane.',
  unit: 'ms',
  lanes: [...nodeLanes, ...pythonLanes],
  needsServer: true,
  comparable: true,
  columns: [
    ['cpuAloneMs', 'CPU alone'],
    ['ioAloneMs', 'I/O alone'],
  ],
  rounds: (_lane, quick) => (quick ? 1 : 2),
  work: (lane, settings) => workFor('hybrid', lane, settings, { tasks: 4, waits: false }),
  run: (job) => (job.lane === 'processes' ? runHybrid(job) : runTogether(job)),
  check(outcome, job) {
    const calls = outcome.calls ?? [];
    const computed = cpu.check({ ...outcome, calls: calls.slice(0, job.tasks) }, job);
    const downloaded = io.check({ ...outcome, calls: calls.slice(job.tasks) }, job);
    const wrong = computed.wrong ?? downloaded.wrong;
    return {
      results: `${computed.results}, ${downloaded.results}`,
      ...(wrong === undefined ? {} : { wrong }),
    };
  },
  conclude: concludeBySpeed,
};

function callsOf(job: Job): { computing: Call[]; waiting: Call[] } {
  return {
    computing: Array.from({ length: job.tasks }, () => [fibonacci, job.fib]),
    waiting: Array.from({ length: job.tasks }, () => [download, job.url]),
  };
}

/** Both kinds in one pool, with a worker for each core and one for each download. */
async function runTogether(job: Job): Promise<Outcome> {
  const { computing, waiting } = callsOf(job);
  const size = Math.min(job.workers + job.tasks, MOST_AT_ONCE);
  const measured = await measure(() => runCalls(job.lane as NodeLaneId, [...computing, ...waiting], size));
  return outcomeOf(measured, measured.value.calls);
}

/** Each kind where it does best, first at once and then each by itself. */
async function runHybrid(job: Job): Promise<Outcome> {
  const { computing, waiting } = callsOf(job);
  const compute = (): Promise<CallResults> => runCalls('processes', computing, job.workers);
  const wait = (): Promise<CallResults> => runCalls('threads', waiting, Math.min(job.tasks, MOST_AT_ONCE));
  const both = await measure(() => Promise.all([compute(), wait()]));
  const cpuAlone = await measure(compute);
  const ioAlone = await measure(wait);
  return outcomeOf(
    both,
    both.value.flatMap((half) => half.calls),
    { cpuAloneMs: cpuAlone.wallMs, ioAloneMs: ioAlone.wallMs },
  );
}
