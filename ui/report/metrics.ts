/**
 * What an experiment measured besides time and memory: figures in columns, each with a bar on its column's
 * scale.
 */
import * as Plot from '@observablehq/plot';
import type { Experiment, Lane } from '../../src/compare/report.ts';
import { h } from './dom.ts';
import { metricName, number } from './format.ts';
import { laneColour, lanesOf, laneTitle } from './lanes.ts';
import { chart } from './plot.ts';

const BAR_WIDTH = 88;
const BAR_HEIGHT = 6;

/** `null` where nothing of the kind was measured. */
export function metricsTable(experiment: Experiment): HTMLElement | null {
  const lanes = [...lanesOf(experiment, 'node'), ...lanesOf(experiment, 'python')].filter(
    ({ metrics }) => Object.keys(metrics ?? {}).length > 0,
  );
  const names = [...new Set(lanes.flatMap(({ metrics }) => Object.keys(metrics ?? {})))];
  if (names.length === 0) return null;
  const columns = names.map((name) => ({ name, longest: scaleOf(lanes, name) }));
  const head = names.map((name) => {
    const { label, unit } = metricName(name);
    return h('th', { scope: 'col' }, label, unit !== '' && h('small', {}, ` ${unit}`));
  });
  const rows = lanes.map(({ lane, metrics = {} }) =>
    h(
      'tr',
      { 'data-lane': lane },
      h(
        'th',
        { scope: 'row' },
        h('span', { class: 'swatch', style: `--colour: ${laneColour(lane)}` }),
        laneTitle(lane),
      ),
      ...columns.map(({ name, longest }) => {
        const value = metrics[name];
        if (value === undefined) return h('td', {}, '–');
        return h('td', {}, number(value), longest !== null && drawBar(value, longest, laneColour(lane)));
      }),
    ),
  );
  // The box scrolls when it must, so it has to be reachable by keyboard.
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Measured in ${experiment.title}` },
    h(
      'table',
      { class: 'metrics' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Measured'), ...head)),
      h('tbody', {}, ...rows),
    ),
  );
}

/**
 * The largest value of a column; `null` where bars would show nothing: equal values, one value, negative
 * ones.
 */
function scaleOf(lanes: Lane[], name: string): number | null {
  const values = lanes.flatMap(({ metrics }) => metrics?.[name] ?? []).filter(Number.isFinite);
  if (new Set(values).size < 2 || values.some((value) => value < 0)) return null;
  return Math.max(...values);
}

function drawBar(value: number, longest: number, colour: string): Element {
  return chart({
    width: BAR_WIDTH,
    height: BAR_HEIGHT,
    margin: 0,
    x: { domain: [0, longest], axis: null },
    marks: [Plot.barX([value], { x: (own: number) => own, fill: colour, rx2: 1, className: 'metric-bar' })],
  });
}
