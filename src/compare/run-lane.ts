/**
 * One lane, from the side of the command: a fresh process, so that CPU time and peak memory are the lane's
 * own and a lane that breaks takes nothing along; its memory watched from outside; its results judged.
 */
import type { ExperimentDefinition } from './experiments/definition.ts';
import type { Job, Outcome, Timed } from './job.ts';
import { isPython } from './lanes.ts';
import { watchMemory } from './measure.ts';
import { nodeArguments, startProgram } from './program.ts';
import { pythonArguments } from './python.ts';
import type { Lane, LaneId, PythonInfo, Span } from './report.ts';

/** A lane that takes longer hangs. The slowest honest one, ten fib(35) in CPython, takes a tenth of it. */
const LANE_LIMIT_MS = 120_000;
/** On top of it for each task, for those who ask for many. */
const LIMIT_PER_TASK_MS = 5_000;

export interface LaneSurroundings {
  readonly python: PythonInfo | null;
  readonly signal: AbortSignal;
  /** Called with the lane's process id as soon as it runs. */
  readonly onStart?: (pid: number) => void;
}

/** Runs one lane to its end. Rejects only when aborted: a lane that fails says so in its `error`. */
export async function runLane(
  definition: ExperimentDefinition,
  job: Job,
  surroundings: LaneSurroundings,
): Promise<Lane> {
  const { python, signal, onStart } = surroundings;
  const [command, args] =
    isPython(job.lane) && python !== null
      ? [python.path, pythonArguments()]
      : [process.execPath, nodeArguments(import.meta.url, 'lane-main')];
  let outcome: Outcome | undefined;
  let failure: string | undefined;
  let peak: number | null = null;
  const program = startProgram(command, args, {
    job,
    signal,
    onMessage(message) {
      if (message['type'] === 'measured') peak = memory.stop();
      if (message['type'] === 'outcome') outcome = message as unknown as Outcome;
      if (message['type'] === 'failed') failure = String(message['error']);
    },
  });
  const memory = watchMemory(program.pid);
  onStart?.(program.pid);
  const limit = LANE_LIMIT_MS + LIMIT_PER_TASK_MS * job.tasks;
  const timer = setTimeout(() => {
    failure = `it did not end within ${limit / 1000} s`;
    program.kill();
  }, limit);
  const end = await program.ended;
  clearTimeout(timer);
  peak ??= memory.stop();
  memory.stop();
  signal.throwIfAborted();

  if (outcome === undefined) {
    const how = end.signal === null ? `exit code ${end.exitCode}` : `signal ${end.signal}`;
    const reason = failure ?? `its process ended without a result (${how})`;
    return failedLane(job.lane, [reason, end.stderr].filter(Boolean).join('\n'), peak);
  }
  return judge(definition, job, outcome, peak);
}

/** A lane that never came to figures. Its times are zero, and `ok` is false. */
export function failedLane(lane: LaneId, error: string, peakRssMb: number | null = null): Lane {
  return { lane, wallMs: 0, cpuMs: 0, speedup: null, peakRssMb, ok: false, error };
}

function judge(definition: ExperimentDefinition, job: Job, outcome: Outcome, peak: number | null): Lane {
  const verdict = definition.check(outcome, job);
  // A short lane may fall between two samples; what it says of its own maximum is a lower bound then.
  const most = Math.max(peak ?? 0, outcome.maxRssMb ?? 0);
  return {
    lane: job.lane,
    wallMs: outcome.wallMs,
    cpuMs: outcome.cpuMs,
    speedup: null,
    peakRssMb: most > 0 ? most : null,
    ok: verdict.wrong === undefined,
    ...(verdict.wrong === undefined ? {} : { error: verdict.wrong }),
    results: verdict.results,
    ...(outcome.calls === undefined ? {} : { timeline: timelineOf(outcome.calls, outcome.startedAt) }),
    metrics: { ...outcome.metrics },
  };
}

function timelineOf(calls: readonly Timed<unknown>[], startedAt: number): Span[] {
  return calls.map(({ worker, startedAt: start, endedAt: end }, index) => ({
    task: `${index + 1}`,
    worker,
    startMs: start - startedAt,
    endMs: end - startedAt,
  }));
}
