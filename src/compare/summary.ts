/** Threads or processes, and when? The answer of one run, in a few sentences, each made from its figures. */
import { findLane, metricOf } from './experiments/definition.ts';
import { fastest, times } from './experiments/task-experiment.ts';
import { megabytes, microseconds, milliseconds } from './format.ts';
import type { Experiment, ExperimentId, Report } from './report.ts';

export interface Advice {
  readonly when: string;
  readonly answer: string;
}

/** As much of the answer as the run's experiments give. */
export function summarize(report: Report): Advice[] {
  const find = (id: ExperimentId): Experiment | undefined =>
    report.experiments.find((experiment) => experiment.id === id);
  const advice: [when: string, answer: string | undefined][] = [
    ['Tasks that wait', adviseBySpeed(find('io') ?? find('sleep'))],
    ['Tasks that compute', adviseBySpeed(find('cpu'))],
    ['A little computing', adviseBySpeed(find('sum'))],
    ['Both at once', adviseBySpeed(find('hybrid'))],
    ['Many short tasks', adviseOnMessages(find('communicate'))],
    ['Workers come and go', adviseOnStart(find('start'))],
    ['Tasks that may crash', adviseOnCrash(find('crash'))],
    ['In Python', adviseOnPython(find('io'), find('cpu'))],
    ['The claims', countClaims(report)],
  ];
  return advice.flatMap(([when, answer]) => (answer === undefined ? [] : [{ when, answer }]));
}

function adviseBySpeed(experiment: Experiment | undefined): string | undefined {
  const best = experiment && fastest(experiment);
  const threads = findLane(experiment, 'threads');
  const processes = findLane(experiment, 'processes');
  if (!best || !threads || !processes) return undefined;
  const pair = `threads ${times(threads.speedup)}, processes ${times(processes.speedup)}`;
  if (best.lane === 'sequential') return `one after the other; no worker pays (${pair})`;
  if (best.lane === 'event-loop')
    return `the event loop, ${times(best.speedup)}, without any worker (${pair})`;
  const better = threads.wallMs <= processes.wallMs ? 'threads' : 'processes';
  return `${better} (${pair})`;
}

function adviseOnMessages(experiment: Experiment | undefined): string | undefined {
  const threads = metricOf(experiment, 'threads', 'roundTripUs');
  const processes = metricOf(experiment, 'processes', 'roundTripUs');
  if (threads === undefined || processes === undefined) return undefined;
  const better = threads <= processes ? 'threads' : 'processes';
  return `${better} (a task there and back: ${microseconds(threads)} on a thread, ${microseconds(processes)} on a process)`;
}

function adviseOnStart(experiment: Experiment | undefined): string | undefined {
  const [threads, processes] = (['threads', 'processes'] as const).map((lane) => ({
    startMs: metricOf(experiment, lane, 'startMs'),
    memoryMb: metricOf(experiment, lane, 'memoryMb'),
  }));
  if (threads?.startMs === undefined || processes?.startMs === undefined) return undefined;
  const better = threads.startMs <= processes.startMs ? 'threads' : 'processes';
  const cost = ({ startMs = 0, memoryMb }: { startMs?: number | undefined; memoryMb?: number | undefined }) =>
    milliseconds(startMs) + (memoryMb === undefined ? '' : ` and ${megabytes(memoryMb)}`);
  return `${better} (a thread takes ${cost(threads)}, a process ${cost(processes)})`;
}

function adviseOnCrash(experiment: Experiment | undefined): string | undefined {
  const threads = metricOf(experiment, 'threads', 'survivorsOfFault');
  const processes = metricOf(experiment, 'processes', 'survivorsOfFault');
  const others = metricOf(experiment, 'processes', 'others');
  if (threads === undefined || processes === undefined) return undefined;
  const better = processes > threads ? 'processes' : 'no difference';
  return `${better} (of ${others} other tasks ${processes} survive on processes, ${threads} on threads)`;
}

function adviseOnPython(io: Experiment | undefined, cpu: Experiment | undefined): string | undefined {
  const parts = [adviseOnPythonFor('waiting', io), adviseOnPythonFor('computing', cpu)];
  return parts.filter(Boolean).join('; ') || undefined;
}

function adviseOnPythonFor(what: string, experiment: Experiment | undefined): string | undefined {
  const threads = findLane(experiment, 'python-threads');
  const processes = findLane(experiment, 'python-processes');
  if (threads === undefined || processes === undefined) return undefined;
  const better = threads.wallMs <= processes.wallMs ? 'threads' : 'processes';
  return `for ${what} ${better} (threads ${times(threads.speedup)}, processes ${times(processes.speedup)})`;
}

function countClaims({ claims }: Report): string | undefined {
  const count = (holds: boolean | null): number => claims.filter((claim) => claim.holds === holds).length;
  if (count(null) === claims.length) return undefined;
  const pythonOnly = claims.filter((claim) => claim.holdsPython === true && claim.holds === false).length;
  return (
    `of ${claims.length}, ${count(true)} hold here and ${count(false)} do not` +
    `${count(null) > 0 ? ` (${count(null)} not measured)` : ''}; ${pythonOnly} are true of Python and false of Node`
  );
}
