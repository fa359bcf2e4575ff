/** The report as text for a terminal of 100 columns. Every function returns text and prints nothing. */
import Table from 'cli-table3';
import pc from 'picocolors';
import { wrapText } from '../wrap-text.ts';
import { experimentById } from './experiments/index.ts';
import { times } from './experiments/task-experiment.ts';
import { megabytes, microseconds, milliseconds, perSecond, whole } from './format.ts';
import { isPython, labelOf } from './lanes.ts';
import type { Claim, Experiment, Lane, Machine, Report } from './report.ts';
import { summarize } from './summary.ts';

const WIDTH = 100;
const RIGHT = pc.green('✓');
const WRONG = pc.red('✗');
const UNKNOWN = pc.dim('–');

/** No lines but one under the head: figures are told apart by being aligned. */
const chars = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' ',
};
const style = { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 1 };

/** What the figures were measured on. */
export function renderMachine(machine: Machine): string {
  const { python } = machine;
  const lines = [
    `${pc.bold('manyhands compare')} ${machine.version}: threads or processes, and when?`,
    `Node ${machine.node} on ${machine.platform} ${machine.arch}, ${machine.cores} cores (${machine.cpuModel}), ` +
      `${whole(machine.memoryMb)} MB, load ${machine.loadAverage.map((load) => load.toFixed(1)).join(' ')}`,
    python === null
      ? 'No python3 was found: there are no Python lanes.'
      : `Python ${python.version} with its GIL ${python.gil ? 'on' : 'off'} (${python.path})`,
  ];
  return `${lines.flatMap((line) => wrapText(line, WIDTH)).join('\n')}\n`;
}

/** One experiment: what was done, a table of its lanes, and what they say. */
export function renderExperiment(experiment: Experiment): string {
  const { title, description, lanes, error, conclusion } = experiment;
  const parts = [`\n${pc.bold(pc.cyan(title))}`, ...wrapText(description, WIDTH).map((line) => pc.dim(line))];
  if (lanes.length > 0) parts.push('', renderLanes(experiment));
  if (error !== undefined) parts.push('', pc.red(`The experiment failed: ${error}`));
  if (experimentById(experiment.id).comparable && lanes.some((lane) => lane.ok))
    parts.push(...wrapText(`Results: ${renderResults(lanes)}.`, WIDTH).map(pc.dim));
  for (const lane of lanes) {
    if (lane.error !== undefined) parts.push(pc.red(`${labelOf(lane.lane)} failed: ${lane.error}`));
  }
  if (conclusion !== undefined) parts.push('', ...wrapText(conclusion, WIDTH));
  return `${parts.join('\n')}\n`;
}

function renderLanes(experiment: Experiment): string {
  const { columns, comparable } = experimentById(experiment.id);
  const used = columns.filter(([metric]) =>
    experiment.lanes.some((lane) => lane.metrics?.[metric] !== undefined),
  );
  const heads = [
    '',
    'wall',
    'CPU',
    ...(comparable ? ['speed-up'] : []),
    'peak memory',
    ...used.map(([, head]) => head),
    'right?',
  ];
  const table = new Table({
    head: heads.map((head) => pc.dim(head)),
    colAligns: ['left', ...heads.slice(1, -1).map(() => 'right' as const), 'center'],
    chars,
    style,
  });
  const best = Math.min(...experiment.lanes.filter((lane) => lane.ok).map((lane) => lane.wallMs));
  for (const lane of experiment.lanes) {
    const ran = lane.wallMs > 0;
    const wall = ran ? milliseconds(lane.wallMs) : '–';
    table.push([
      isPython(lane.lane) ? pc.yellow(labelOf(lane.lane)) : labelOf(lane.lane),
      comparable && lane.ok && lane.wallMs === best ? pc.green(wall) : wall,
      ran ? milliseconds(lane.cpuMs) : '–',
      ...(comparable ? [times(lane.speedup)] : []),
      lane.peakRssMb === null ? '–' : megabytes(lane.peakRssMb),
      ...used.map(([metric]) => renderMetric(metric, lane)),
      lane.ok ? RIGHT : WRONG,
    ]);
  }
  return table.toString();
}

/** What was checked, said once where lanes agree. */
function renderResults(lanes: readonly Lane[]): string {
  const of = (python: boolean): string =>
    [
      ...new Set(
        lanes.filter((lane) => lane.ok && isPython(lane.lane) === python).map((lane) => lane.results),
      ),
    ].join(', ');
  const [here, python] = [of(false), of(true)];
  return python === '' || python === here ? here : here === '' ? python : `${here}; Python: ${python}`;
}

/** The end of a metric's name is its unit. */
function renderMetric(metric: string, lane: Lane): string {
  const value = lane.metrics?.[metric];
  if (value === undefined) return '–';
  if (metric.endsWith('Us')) return microseconds(value);
  if (metric.endsWith('Ms')) return milliseconds(value);
  if (metric.endsWith('Mb')) return megabytes(value);
  if (metric === 'mbPerSecond') return perSecond(value);
  if (metric === 'worksAfterFault') return value > 0 ? 'yes' : 'no';
  const others = lane.metrics?.['others'];
  return others !== undefined && metric.startsWith('survivors') ? `${value} of ${others}` : whole(value);
}

/** The claims on which this run says something: what is said, and what was measured, for both runtimes. */
export function renderClaims(claims: readonly Claim[]): string {
  const judged = claims.filter(({ holds, holdsPython }) => holds !== null || holdsPython !== null);
  if (judged.length === 0) return '';
  const table = new Table({
    head: ['Claim', 'Python', 'Node, here'].map((head) => pc.dim(head)),
    colWidths: [36, 31, 31],
    wordWrap: true,
    chars: { ...chars, mid: '─', 'mid-mid': '─', 'left-mid': '', 'right-mid': '' },
    style: { ...style, compact: false },
  });
  for (const claim of judged) {
    const note = claim.note === undefined ? '' : `\n${pc.yellow(claim.note)}`;
    table.push([
      `${claim.text}${note}`,
      `${mark(claim.holdsPython)} ${claim.python}`,
      `${mark(claim.holds)} ${claim.here}`,
    ]);
  }
  const legend = `${RIGHT} holds   ${WRONG} does not hold   ${UNKNOWN} not measured in this run`;
  return `\n${pc.bold(pc.cyan('What the articles claim'))}   ${legend}\n\n${table.toString()}\n`;
}

/** Threads or processes, and when. */
export function renderSummary(report: Report): string {
  const advice = summarize(report);
  if (advice.length === 0) return '';
  const indent = Math.max(...advice.map(({ when }) => when.length)) + 3;
  const lines = advice.map(({ when, answer }) => {
    const [first = '', ...rest] = wrapText(answer, WIDTH - indent);
    return [
      `${pc.bold(`${when}:`.padEnd(indent))}${first}`,
      ...rest.map((line) => ' '.repeat(indent) + line),
    ].join('\n');
  });
  return `\n${pc.bold(pc.cyan('Threads or processes, and when?'))}\n\n${lines.join('\n')}\n`;
}

function mark(holds: boolean | null): string {
  return holds === null ? UNKNOWN : holds ? RIGHT : WRONG;
}
