/**
 * What the experiments that run a number of equal tasks have in common: io, cpu, sleep, sum, and half of
 * hybrid.
 */
import { type Call, runCalls } from '../executors.ts';
import type { Job, Outcome, Timed } from '../job.ts';
import { isPython, labelOf, type NodeLaneId, nodeLanes } from '../lanes.ts';
import { knowsChildrenCpu, type Measured, measure } from '../measure.ts';
import type { Experiment, Lane } from '../report.ts';
import { findLane, type Verdict } from './definition.ts';

/** Runs `job.tasks` calls in the job's lane. */
export async function runTasks(job: Job, call: Call): Promise<Outcome> {
  const calls = Array.from({ length: job.tasks }, () => call);
  const measured = await measure(() => runCalls(job.lane as NodeLaneId, calls, job.poolSize));
  const { doneBeforeJoin } = measured.value;
  return outcomeOf(
    measured,
    measured.value.calls,
    doneBeforeJoin === null ? {} : { doneBeforeJoin, doneAfterJoin: measured.value.calls.length },
  );
}

/** From what was measured of some calls to a lane's outcome. */
export function outcomeOf(
  measured: Measured<unknown>,
  calls: readonly Timed<unknown>[],
  metrics: Record<string, number> = {},
): Outcome {
  return {
    wallMs: measured.wallMs,
    cpuMs: measured.cpuMs + (knowsChildrenCpu() ? 0 : reportedCpuMs(calls)),
    startedAt: measured.startedAt,
    calls,
    metrics: { ...metrics, processes: new Set(calls.map((call) => call.pid)).size },
  };
}

/**
 * Where the system does not tell what children used, their tasks do; only the end of each child is missing.
 */
function reportedCpuMs(calls: readonly Timed<unknown>[]): number {
  const most = new Map<number, number>();
  for (const { pid, processCpuMs } of calls) {
    if (pid !== process.pid) most.set(pid, Math.max(most.get(pid) ?? 0, processCpuMs ?? 0));
  }
  return [...most.values()].reduce((sum, each) => sum + each, 0);
}

/** Checks that all tasks ran and that `isRight` says so of each result. */
export function checkAll(
  outcome: Outcome,
  expected: number,
  what: string,
  isRight: (result: unknown) => boolean,
): Verdict {
  const results = (outcome.calls ?? []).map((call) => call.result);
  const summary = `${results.length} x ${what}`;
  const wrong = results.find((result) => !isRight(result));
  if (results.length !== expected) {
    return { results: summary, wrong: `${results.length} of ${expected} tasks came back` };
  }
  if (wrong !== undefined) {
    return { results: summary, wrong: `a task returned ${JSON.stringify(wrong)}, which is not ${what}` };
  }
  return { results: summary };
}

/** The lane with the shortest time among Node's own. */
export function fastest(experiment: Experiment): Lane | undefined {
  return experiment.lanes
    .filter((lane) => lane.ok && !isPython(lane.lane))
    .reduce<Lane | undefined>((best, lane) => (best && best.wallMs <= lane.wallMs ? best : lane), undefined);
}

/** "Fastest here: threads, 1.8x...; for Python: ..." */
export function concludeBySpeed(experiment: Experiment): string | undefined {
  const best = fastest(experiment);
  const baseline = findLane(experiment, 'sequential');
  if (best === undefined || baseline === undefined) return undefined;
  const others = nodeLanes
    .filter((id) => id !== best.lane && id !== 'sequential')
    .map((id) => findLane(experiment, id))
    .filter((lane) => lane?.speedup)
    .map((lane) => `${labelOf(lane!.lane)} ${times(lane!.speedup)}`);
  const here =
    best.lane === 'sequential'
      ? `Here nothing beats one after the other`
      : `Fastest here: ${labelOf(best.lane)}, ${times(best.speedup)} as fast as one after the other`;
  return [`${here} (${others.join(', ')}).`, concludePython(experiment)].filter(Boolean).join(' ');
}

function concludePython(experiment: Experiment): string | undefined {
  const threads = findLane(experiment, 'python-threads');
  const processes = findLane(experiment, 'python-processes');
  if (!threads?.speedup || !processes?.speedup) return undefined;
  return `Python: threads ${times(threads.speedup)}, processes ${times(processes.speedup)}.`;
}

/** A speed-up as it is read aloud. */
export function times(factor: number | null): string {
  return factor === null ? '–' : `${factor.toFixed(factor >= 10 ? 0 : factor >= 0.95 ? 1 : 2)}x`;
}
