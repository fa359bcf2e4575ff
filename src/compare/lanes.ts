/**
 * The lanes: ways to run the same tasks. Five of Node's and five of Python's, in the order in which they are
 * shown. What a lane does with an experiment is the experiment's own affair; this file only names them.
 */
import type { LaneId } from './report.ts';

export type NodeLaneId = Exclude<LaneId, `python-${string}`>;
export type PythonLaneId = Extract<LaneId, `python-${string}`>;

export const nodeLanes: readonly NodeLaneId[] = [
  'sequential',
  'event-loop',
  'threads',
  'threads-gil',
  'processes',
];

export const pythonLanes: readonly PythonLaneId[] = [
  'python-sequential',
  'python-threads',
  'python-processes',
  'python-thread-pool',
  'python-process-pool',
];

const labels: Readonly<Record<LaneId, string>> = {
  sequential: 'one after the other',
  'event-loop': 'event loop',
  threads: 'threads',
  'threads-gil': 'threads under a GIL',
  processes: 'processes',
  'python-sequential': 'Python: one by one',
  'python-threads': 'Python: threading',
  'python-processes': 'Python: multiproc.',
  'python-thread-pool': 'Python: ThreadPool',
  'python-process-pool': 'Python: ProcessPool',
};

/** What a reader is shown for a lane. */
export function labelOf(lane: LaneId): string {
  return labels[lane];
}

export function isPython(lane: LaneId): lane is PythonLaneId {
  return lane.startsWith('python-');
}

/** The lane that a lane's speed-up is measured against: one after the other, in the same runtime. */
export function baselineOf(lane: LaneId): LaneId {
  return isPython(lane) ? 'python-sequential' : 'sequential';
}
