/**
 * One run of the comparison: every experiment, lane after lane, and what follows from it.
 *
 *   compare ─▶ experiments/ say which lanes there are and what each has to do
 *           ─▶ run-lane.ts gives each lane a process of its own (Node or Python) and judges its results
 *           ─▶ claims/ judges the articles' claims by the figures
 *           ─▶ Report, which terminal.ts, html.ts and --json show
 *
 * Lanes never run at the same time: they would measure each other.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { judgeClaims } from './claims/index.ts';
import type { ExperimentDefinition } from './experiments/definition.ts';
import { experimentById, experimentIds } from './experiments/index.ts';
import { SERVER_LATENCY_MS } from './experiments/io.ts';
import { defaultSettings, type Job, type Settings } from './job.ts';
import { baselineOf, isPython } from './lanes.ts';
import { findPython } from './python.ts';
import type { Experiment, ExperimentId, Lane, LaneId, Machine, PythonInfo, Report } from './report.ts';
import { failedLane, runLane } from './run-lane.ts';
import { type Server, startServer } from './server.ts';

export interface CompareOptions {
  /** Tasks per experiment, for those that run a number of tasks. */
  readonly n?: number;
  /** Workers for CPU work. Default: as many as cores. */
  readonly workers?: number;
  /** A fraction of the work. */
  readonly quick?: boolean;
  /** Default: all. */
  readonly only?: readonly ExperimentId[];
  /** Ends the run early: all that was started is killed, and `compare` rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Where a run is. `pid` is the process that runs the lane. */
export type Progress =
  | { readonly type: 'machine'; readonly machine: Machine }
  | {
      readonly type: 'lane';
      readonly experiment: ExperimentDefinition;
      readonly lane: LaneId;
      readonly pid: number;
      /** Lanes that have been run, and all that will be, each round counted. */
      readonly done: number;
      readonly total: number;
    }
  | { readonly type: 'experiment'; readonly experiment: Experiment };

interface Run {
  readonly settings: Settings;
  readonly python: PythonInfo | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly total: number;
  /** Files of the lanes, which go with the run however it ends. */
  readonly scratch: string;
  done: number;
  /** Started by the first experiment that needs it. A failed start fails each of them. */
  server: Promise<Server> | undefined;
}

/** Runs the comparison. Rejects only when aborted: what goes wrong in an experiment is in the report. */
export async function compare(options: CompareOptions = {}): Promise<Report> {
  const settings: Settings = {
    ...defaultSettings(),
    ...(options.n === undefined ? {} : { n: options.n }),
    ...(options.workers === undefined ? {} : { workers: options.workers }),
    quick: options.quick ?? false,
  };
  const only = options.only ?? experimentIds;
  const definitions = experimentIds.filter((id) => only.includes(id)).map(experimentById);
  // Aborted in `finally` too, so that nothing which is still running when this returns stays.
  const ending = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ending.signal]) : ending.signal;
  const python = await findPython(signal);
  const machine = describeMachine(python);
  const run: Run = {
    settings,
    python,
    signal,
    onProgress: options.onProgress ?? (() => {}),
    total: definitions.reduce((sum, definition) => sum + plan(definition, python, settings).length, 0),
    scratch: mkdtempSync(join(tmpdir(), 'manyhands-')),
    done: 0,
    server: undefined,
  };
  try {
    run.onProgress({ type: 'machine', machine });
    const experiments: Experiment[] = [];
    for (const definition of definitions) {
      const experiment = await runExperiment(definition, run);
      experiments.push(experiment);
      run.onProgress({ type: 'experiment', experiment });
    }
    const measured = { machine, options: { ...settings, only: [...only] }, experiments };
    return { ...measured, claims: judgeClaims(measured) };
  } finally {
    await (await run.server?.catch(() => undefined))?.close();
    ending.abort();
    rmSync(run.scratch, { recursive: true, force: true });
  }
}

/** Did an experiment fail, or was a result wrong? */
export function hasFailed(report: Report): boolean {
  return report.experiments.some(({ error, lanes }) => error !== undefined || lanes.some((lane) => !lane.ok));
}

/**
 * Every lane of an experiment, once per round, the rounds alternating so that a noisy minute hits all lanes.
 */
function plan(definition: ExperimentDefinition, python: PythonInfo | null, { quick }: Settings): LaneId[] {
  const lanes = definition.lanes.filter((lane) => python !== null || !isPython(lane));
  const rounds = Math.max(...lanes.map((lane) => definition.rounds(lane, quick)));
  return Array.from({ length: rounds }, (_, round) =>
    lanes.filter((lane) => round < definition.rounds(lane, quick)),
  ).flat();
}

async function runExperiment(definition: ExperimentDefinition, run: Run): Promise<Experiment> {
  const { id, description, unit } = definition;
  const lanes = plan(definition, run.python, run.settings);
  // The first lane is one of Node's, which have the articles' sizes also in a quick run.
  const title = definition.title(definition.work(lanes[0] ?? 'event-loop', run.settings));
  const experiment: Experiment = { id, title, description, unit, lanes: [] };
  try {
    const url = definition.needsServer ? (await serverOf(run)).url : '';
    const rounds = new Map<LaneId, Lane[]>();
    for (const lane of lanes) {
      const earlier = rounds.get(lane) ?? [];
      const work = definition.work(lane, run.settings);
      const job = { ...work, url, scratch: run.scratch, more: earlier.length === 0 };
      rounds.set(lane, [...earlier, await runOneLane(definition, job, run)]);
      run.done++;
    }
    experiment.lanes = [...rounds.values()].map(leastDisturbed);
    if (definition.comparable) addSpeedups(experiment.lanes);
    const conclusion = definition.conclude(experiment);
    if (conclusion !== undefined) experiment.conclusion = conclusion;
  } catch (error) {
    run.signal.throwIfAborted();
    experiment.error = error instanceof Error ? error.message : String(error);
  }
  return experiment;
}

async function runOneLane(definition: ExperimentDefinition, job: Job, run: Run): Promise<Lane> {
  const { lane } = job;
  const { signal, python, onProgress, done, total } = run;
  try {
    return await runLane(definition, job, {
      python,
      signal,
      onStart: (pid) => onProgress({ type: 'lane', experiment: definition, lane, pid, done, total }),
    });
  } catch (error) {
    signal.throwIfAborted();
    return failedLane(lane, error instanceof Error ? error.message : String(error));
  }
}

function serverOf(run: Run): Promise<Server> {
  run.server ??= startServer(SERVER_LATENCY_MS, run.signal);
  return run.server;
}

/**
 * Of several rounds the fastest: others on the machine can make a lane slower, and nothing makes it faster
 * than it is. But a round that failed is not outvoted by those that did not.
 */
function leastDisturbed(rounds: readonly Lane[]): Lane {
  const failed = rounds.find((lane) => !lane.ok);
  if (failed !== undefined) return failed;
  const best = rounds.reduce((fastest, lane) => (lane.wallMs < fastest.wallMs ? lane : fastest));
  // What was measured beside a lane is in its first round only.
  return { ...best, metrics: { ...rounds[0]?.metrics, ...best.metrics } };
}

function addSpeedups(lanes: readonly Lane[]): void {
  for (const lane of lanes) {
    const baseline = lanes.find(({ lane: id, ok }) => ok && id === baselineOf(lane.lane));
    if (baseline !== undefined && lane.ok) lane.speedup = baseline.wallMs / lane.wallMs;
  }
}

function describeMachine(python: PythonInfo | null): Machine {
  const { version } = createRequire(import.meta.url)('manyhands/package.json') as { version: string };
  return {
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    cpuModel: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / 2 ** 20),
    loadAverage: loadavg(),
    python,
    date: new Date().toISOString(),
    version,
  };
}
