/**
 * Time by number of calls, both on logarithmic scales: a line for each backend, a rule where the question was asked, and a dot
 * where one line crosses another. The crossings are listed below in words as well.
 */
import * as Plot from '@observablehq/plot';
import type { Advice } from '../../src/choose/advice.ts';
import { drawToWidth, h } from '../report/dom.ts';
import { duration, number } from '../report/format.ts';
import { chart } from '../report/plot.ts';
import { colourOf, nameOf } from './backends.ts';

interface Point {
  readonly calls: number;
  readonly ms: number;
}

const HEIGHT = 340;

export function curvesSection(advice: Advice): HTMLElement {
  const place = h('div', { class: 'chart', role: 'img', 'aria-label': description(advice) });
  drawToWidth(place, (width) => place.replaceChildren(draw(advice, width)));
  return h(
    'div',
    {},
    h(
      'p',
      { class: 'legend' },
      ...advice.curves.map(({ backend }) =>
        h(
          'span',
          {},
          h('span', { class: 'swatch', style: `--colour: ${colourOf(backend)}` }),
          nameOf(backend),
        ),
      ),
    ),
    place,
    h('ul', { class: 'crossings' }, ...advice.words.pays.map((text) => h('li', {}, text))),
  );
}

function description({ curves, calls }: Advice): string {
  const at = curves.map(
    ({ backend, points }) => `${nameOf(backend)} ${duration(timeAt(points, calls) ?? Number.NaN)}`,
  );
  return `Predicted time by number of calls; for ${number(calls)} calls: ${at.join(', ')}.`;
}

function draw(advice: Advice, width: number): Element {
  const { curves, crossings, calls } = advice;
  const most = Math.max(...curves.flatMap(({ points }) => points.map((point) => point.calls)));
  const times = curves.flatMap(({ points }) => points.map(({ ms }) => ms));
  const dots = crossings.flatMap(({ faster, than, calls: at }) => {
    const curve = curves.find(({ backend }) => backend === than);
    const ms =
      at === null || at <= 1 || at > most || curve === undefined ? undefined : timeAt(curve.points, at);
    return ms === undefined ? [] : [{ calls: at as number, ms, backend: faster }];
  });
  return chart({
    width,
    height: HEIGHT,
    marginLeft: 56,
    marginBottom: 36,
    marginRight: 20,
    x: {
      type: 'log',
      label: 'calls',
      ticks: powersOfTen(1, most),
      tickFormat: (value: number) => number(value),
    },
    y: {
      type: 'log',
      label: 'time',
      grid: true,
      ticks: powersOfTen(Math.min(...times), Math.max(...times)),
      tickFormat: (value: number) => duration(value),
    },
    marks: [
      Plot.ruleX([calls], { stroke: 'var(--muted)', strokeDasharray: '4 4' }),
      ...curves.map(({ backend, points }) =>
        Plot.line(points, {
          x: 'calls',
          y: 'ms',
          stroke: colourOf(backend),
          strokeWidth: 2.5,
          className: 'curve',
        }),
      ),
      Plot.dot(dots, {
        x: 'calls',
        y: 'ms',
        r: 5,
        fill: 'var(--paper)',
        stroke: (dot: { backend: Advice['use'] }) => colourOf(dot.backend),
        strokeWidth: 2.5,
        className: 'crossing',
      }),
      Plot.text(dots, {
        x: 'calls',
        y: 'ms',
        text: (dot: Point) => `${number(dot.calls)} calls`,
        dy: 16,
        textAnchor: 'start',
        fill: 'var(--ink)',
        stroke: 'var(--paper)',
        strokeWidth: 4,
      }),
    ],
  });
}

function powersOfTen(from: number, to: number): number[] {
  const first = Math.ceil(Math.log10(from) - 1e-9);
  const last = Math.floor(Math.log10(to) + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => 10 ** (first + index));
}

/** Along a straight line between two points, on scales that are logarithmic both. */
function timeAt(points: readonly Point[], calls: number): number | undefined {
  const above = points.findIndex((point) => point.calls >= calls);
  const to = points[above];
  const from = points[above - 1];
  if (to === undefined || from === undefined) return to?.ms;
  const part = Math.log(calls / from.calls) / Math.log(to.calls / from.calls);
  return Math.exp(Math.log(from.ms) + part * Math.log(to.ms / from.ms));
}
