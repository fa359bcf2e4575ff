/**
 * The lanes of an experiment as a table with bars in it: text stays text (it wraps, can be selected and is
 * read aloud), and the bars of all rows share one scale whose axis stands in the head.
 *
 *     Lane           0    1    2    3 s    Wall   Speed-up   CPU   Memory
 *     Node
 *     Threads        ████████              1.2 s     1.94×   ...
 *     Python
 *     Thread pool    ███████████████████   3.1 s     1.01×   ...
 */
import * as Plot from '@observablehq/plot';
import type { Experiment, Lane, Machine } from '../../src/compare/report.ts';
import { lockState } from './answer.ts';
import { drawToWidth, h } from './dom.ts';
import { duration, megabytes, number, seconds, times } from './format.ts';
import { fastest, laneColour, laneInfo, lanesOf, type Runtime } from './lanes.ts';
import { chart, tickCount } from './plot.ts';

const BAR_HEIGHT = 30;
const AXIS_HEIGHT = 24;

export function lanesTable(experiment: Experiment, machine: Machine): HTMLElement {
  // The fastest of one is no news.
  const best = new Set(
    (['node', 'python'] as const)
      .filter((runtime) => lanesOf(experiment, runtime).length > 1)
      .flatMap((runtime) => fastest(experiment, runtime)),
  );
  const longest = Math.max(1e-3, ...experiment.lanes.filter(({ ok }) => ok).map(({ wallMs }) => wallMs));
  const hasSpeedups = experiment.lanes.some(({ speedup }) => speedup !== null);
  const axis = h('div', { class: 'bar', 'aria-hidden': 'true' });
  const bars: { lane: Lane; place: HTMLElement }[] = [];

  const groups = (['node', 'python'] as const).flatMap((runtime) => {
    const lanes = lanesOf(experiment, runtime);
    if (lanes.length === 0) return [];
    return h(
      'tbody',
      { role: 'rowgroup' },
      h(
        'tr',
        { role: 'row', class: 'group' },
        h(
          'th',
          { role: 'rowheader', scope: 'rowgroup', colspan: hasSpeedups ? 6 : 5 },
          runtime === 'node' ? 'Node' : 'Python',
          h('span', {}, runtimeText(runtime, machine)),
        ),
      ),
      ...lanes.map((lane) => {
        const place = h('div', { class: 'bar', 'aria-hidden': 'true' });
        if (lane.ok) bars.push({ lane, place });
        return laneRow(lane, place, best.has(lane), hasSpeedups);
      }),
    );
  });

  // The head's axis cell has the width of every bar, so it alone is watched.
  drawToWidth(axis, (width) => {
    axis.replaceChildren(drawAxis(width, longest));
    for (const { lane, place } of bars) place.replaceChildren(drawBar(lane, width, longest));
  });
  return h(
    'table',
    { class: 'lanes', role: 'table', 'aria-label': `Lanes of ${experiment.title}` },
    h(
      'thead',
      { role: 'rowgroup' },
      h(
        'tr',
        { role: 'row' },
        column('Lane'),
        h(
          'th',
          { role: 'columnheader', scope: 'col', class: 'bar-cell' },
          visuallyHidden('Wall time as a bar'),
          axis,
        ),
        column('Wall'),
        hasSpeedups && column('Speed-up', 'How many times faster than Sequential of the same runtime'),
        column('CPU', 'Processor time of the lane and all it started'),
        column('Memory', 'Peak memory'),
      ),
    ),
    ...groups,
  );
}

function column(name: string, title?: string): HTMLElement {
  return h('th', { role: 'columnheader', scope: 'col', title }, name);
}

function visuallyHidden(text: string): HTMLElement {
  return h('span', { class: 'visually-hidden' }, text);
}

function runtimeText(runtime: Runtime, { node, python }: Machine): string {
  if (runtime === 'node') return node.replace(/^v/, '');
  return python === null ? '' : `${python.version}, ${lockState(python.gil)}`;
}

function laneRow(lane: Lane, place: HTMLElement, isBest: boolean, hasSpeedups: boolean): HTMLElement {
  const { name, api } = laneInfo(lane.lane);
  const head = h(
    'th',
    { role: 'rowheader', scope: 'row' },
    h('span', { class: 'swatch', style: `--colour: ${laneColour(lane.lane)}` }),
    h('span', { class: 'lane-name' }, name, isBest && h('span', { class: 'tag' }, 'fastest')),
    h('code', {}, api),
  );
  if (!lane.ok) {
    return h(
      'tr',
      { role: 'row', class: 'lane failed', 'data-lane': lane.lane },
      head,
      h('td', { role: 'cell', colspan: hasSpeedups ? 5 : 4 }, failure(lane.error)),
    );
  }
  const cell = (label: string, text: string): HTMLElement =>
    h('td', { role: 'cell', 'data-label': label }, text);
  return h(
    'tr',
    { role: 'row', class: isBest ? 'lane best' : 'lane', 'data-lane': lane.lane },
    head,
    h('td', { role: 'cell', class: 'bar-cell' }, place),
    cell('Wall', duration(lane.wallMs)),
    hasSpeedups && cell('Speed-up', lane.speedup === null ? '–' : times(lane.speedup)),
    cell('CPU', seconds(lane.cpuMs)),
    cell('Memory', lane.peakRssMb === null ? '–' : megabytes(lane.peakRssMb)),
  );
}

export function failure(error: string | undefined): HTMLElement {
  return h(
    'p',
    { class: 'failure' },
    h('strong', {}, h('span', { 'aria-hidden': 'true' }, '✗ '), 'Failed. '),
    error ?? 'Its results were not what they should be.',
  );
}

function drawAxis(width: number, longest: number): Element {
  return chart({
    width,
    height: AXIS_HEIGHT,
    ...margins(AXIS_HEIGHT - 2),
    x: { domain: [0, longest] },
    marks: [
      Plot.axisX({
        anchor: 'top',
        ticks: tickCount(width),
        tickFormat: axisTime(longest),
        tickSize: 4,
        label: null,
      }),
    ],
  });
}

function drawBar(lane: Lane, width: number, longest: number): Element {
  return chart({
    width,
    height: BAR_HEIGHT,
    ...margins(0),
    x: { domain: [0, longest], axis: null },
    marks: [
      Plot.gridX({ ticks: tickCount(width), strokeOpacity: 1, stroke: 'var(--grid)' }),
      Plot.barX([lane], {
        x: 'wallMs',
        fill: laneColour(lane.lane),
        insetTop: 7,
        insetBottom: 7,
        rx2: 2,
        className: 'lane-bar',
      }),
      Plot.ruleX([0], { stroke: 'var(--muted)' }),
    ],
  });
}

/** Half of the outermost tick labels' width, so that neither is cut off. */
function margins(top: number): Plot.PlotOptions {
  return { marginTop: top, marginBottom: 0, marginLeft: 4, marginRight: 18 };
}

/** The axis in one unit all along, chosen by its longest value. */
export function axisTime(longest: number): (ms: number) => string {
  const [divisor, unit] = longest >= 1000 ? [1000, 's'] : longest >= 1 ? [1, 'ms'] : [0.001, 'µs'];
  return (ms) => (ms === 0 ? '0' : `${number(ms / divisor)} ${unit}`);
}
