import { type ExecutorLane, openExecutor } from '../executors.ts';
import { megabytes, milliseconds } from '../format.ts';
import { type Job, workFor } from '../job.ts';
import { pythonLanes } from '../lanes.ts';
import { measure, treeMemoryMb } from '../measure.ts';
import { linger, nothing } from '../tasks.ts';
import { type ExperimentDefinition, metricOf } from './definition.ts';

/** How long workers stay alive to be weighed. */
const STAY_MS = 250;

/** What a worker costs before it has done anything. */
export const start: ExperimentDefinition = {
  id: 'start',
  title: () => 'Start: time and memory of a worker',
  description:
    'From nothing to the answer of the first task, the median of several workers; and what the memory of the ' +
    'whole tree of processes grows by for each worker (shared pages counted in proportion; Linux only).',
  unit: 'ms',
  lanes: [
    'event-loop',
    'threads',
    'threads-gil',
    'processes',
    ...pythonLanes.filter((lane) => lane !== 'python-sequential'),
  ],
  needsServer: false,
  comparable: false,
  columns: [
    ['startMs', 'start'],
    ['memoryMb', 'per worker'],
  ],
  rounds: () => 1,
  work: (lane, settings) => workFor('start', lane, settings, { tasks: 1, waits: false }),
  async run(job) {
    const measured = await measure(() => measureLane(job));
    return { ...measured, metrics: measured.value };
  },
  check(outcome, job) {
    const { startMs } = outcome.metrics;
    const results = `${job.samples} workers`;
    return startMs !== undefined && startMs > 0 ? { results } : { results, wrong: 'no worker answered' };
  },
  conclude(experiment) {
    const [thread, process] = (['threads', 'processes'] as const).map((lane) => {
      const startMs = metricOf(experiment, lane, 'startMs');
      const memoryMb = metricOf(experiment, lane, 'memoryMb');
      if (startMs === undefined) return undefined;
      return `${milliseconds(startMs)}${memoryMb === undefined ? '' : ` and ${megabytes(memoryMb)}`}`;
    });
    if (thread === undefined || process === undefined) return undefined;
    return `A thread takes ${thread} before it has done anything, a process ${process}.`;
  },
};

async function measureLane(job: Job): Promise<Record<string, number>> {
  const lane = job.lane as ExecutorLane;
  const times: number[] = [];
  for (let sample = 0; sample < job.samples; sample++) times.push(await startOnce(lane));
  const startMs = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

  const before = treeMemoryMb(process.pid);
  const during = await memoryWith(lane, job.samples);
  if (before === null || during === null) return { startMs };
  return { startMs, memoryMb: Math.max(0, during - before) / job.samples };
}

async function startOnce(lane: ExecutorLane): Promise<number> {
  const startedAt = performance.now();
  const executor = openExecutor(lane, 1);
  try {
    await executor.submit(nothing);
    return performance.now() - startedAt;
  } finally {
    await executor.shutdown();
  }
}

/** Memory of this process and all below it while `count` workers are alive, each with a task in it. */
async function memoryWith(lane: ExecutorLane, count: number): Promise<number | null> {
  const executor = openExecutor(lane, count);
  try {
    let running = 0;
    const allRun = new Promise<void>((resolve) => {
      const stays = executor.with({ onReport: () => ++running === count && resolve() });
      for (let each = 0; each < count; each++) void stays.submit(linger, STAY_MS).catch(() => resolve());
    });
    await allRun;
    return treeMemoryMb(process.pid);
  } finally {
    await executor.shutdown();
  }
}
