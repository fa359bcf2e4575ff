/** How lanes are named, coloured, ordered and grouped, the same all over the page. */
import type { Experiment, ExperimentId, Lane, LaneId } from '../../src/compare/report.ts';

export type Runtime = 'node' | 'python';

/** A kind has one colour; Python's threads have that of Node's threads, so that the eye pairs them. */
export type Kind = 'sequential' | 'event-loop' | 'threads' | 'threads-gil' | 'processes';

export interface LaneInfo {
  runtime: Runtime;
  kind: Kind;
  /** For tables and charts. */
  name: string;
  /** The name in the API, shown beside it. */
  api: string;
  /** In a sentence: "fastest is ...". */
  phrase: string;
}

/** In the order in which lanes are listed. */
const LANES: Record<LaneId, LaneInfo> = {
  sequential: {
    runtime: 'node',
    kind: 'sequential',
    name: 'Sequential',
    api: 'for … of',
    phrase: 'one task after the other',
  },
  'event-loop': {
    runtime: 'node',
    kind: 'event-loop',
    name: 'Event loop',
    api: 'EventLoopExecutor',
    phrase: 'the event loop',
  },
  threads: {
    runtime: 'node',
    kind: 'threads',
    name: 'Threads',
    api: 'ThreadPoolExecutor',
    phrase: 'threads',
  },
  'threads-gil': {
    runtime: 'node',
    kind: 'threads-gil',
    name: 'Threads under one lock',
    api: 'interpreterLock: true',
    phrase: 'threads under one lock',
  },
  processes: {
    runtime: 'node',
    kind: 'processes',
    name: 'Processes',
    api: 'ProcessPoolExecutor',
    phrase: 'processes',
  },
  'python-sequential': {
    runtime: 'python',
    kind: 'sequential',
    name: 'Sequential',
    api: 'for … in',
    phrase: 'one task after the other',
  },
  'python-threads': {
    runtime: 'python',
    kind: 'threads',
    name: 'Threads',
    api: 'threading.Thread',
    phrase: 'threads',
  },
  'python-thread-pool': {
    runtime: 'python',
    kind: 'threads',
    name: 'Thread pool',
    api: 'ThreadPoolExecutor',
    phrase: 'threads',
  },
  'python-processes': {
    runtime: 'python',
    kind: 'processes',
    name: 'Processes',
    api: 'multiprocessing.Process',
    phrase: 'processes',
  },
  'python-process-pool': {
    runtime: 'python',
    kind: 'processes',
    name: 'Process pool',
    api: 'ProcessPoolExecutor',
    phrase: 'processes',
  },
};

const ORDER = Object.keys(LANES);

/**
 * In these the lanes do different work, or work that is idle by design, and what counts is among the metrics:
 * how long a start takes, what survives a crash. Their wall times name no winner.
 */
const ABOUT_METRICS: ReadonlySet<ExperimentId> = new Set(['communicate', 'start', 'switch', 'crash']);

export function isAboutTime({ id }: Experiment): boolean {
  return !ABOUT_METRICS.has(id);
}

/** A report of a later version may hold a lane this page does not know: it is shown under its own name. */
export function laneInfo(id: LaneId): LaneInfo {
  return (
    LANES[id] ?? {
      runtime: id.startsWith('python') ? 'python' : 'node',
      kind: 'sequential',
      name: id,
      api: '',
      phrase: id,
    }
  );
}

/** With its runtime, where lanes of both are listed together. */
export function laneTitle(id: LaneId): string {
  const { name, runtime } = laneInfo(id);
  return runtime === 'python' ? `Python: ${name.toLowerCase()}` : name;
}

export function laneColour(id: LaneId): string {
  return `var(--lane-${laneInfo(id).kind})`;
}

export function lanesOf(experiment: Experiment, runtime: Runtime): Lane[] {
  return experiment.lanes
    .filter(({ lane }) => laneInfo(lane).runtime === runtime)
    .toSorted((a, b) => ORDER.indexOf(a.lane) - ORDER.indexOf(b.lane));
}

/**
 * Lanes this near to the fastest count as equally fast. Two runs of the same lane differ by about as much on
 * a machine that does other things too, and a page that names a winner by noise misleads.
 */
const LEVEL = 1.05;

/**
 * The fastest lanes of a runtime that got every result right, best first; more than one when they are level.
 * Threads under one lock do not compete: they are there to show what the lock costs.
 */
export function fastest(experiment: Experiment, runtime: Runtime): Lane[] {
  if (!isAboutTime(experiment)) return [];
  const lanes = lanesOf(experiment, runtime)
    .filter(({ lane, ok, wallMs }) => ok && wallMs > 0 && laneInfo(lane).kind !== 'threads-gil')
    .toSorted((a, b) => a.wallMs - b.wallMs);
  const best = lanes[0]?.wallMs ?? 0;
  return lanes.filter(({ wallMs }) => wallMs <= best * LEVEL);
}
