/** What was predicted beside what was measured, for the plans that were carried out: two bars each, on one scale. */
import * as Plot from '@observablehq/plot';
import type { Advice, Check } from '../../src/choose/advice.ts';
import { axisTime } from '../report/bars.ts';
import { drawToWidth, h } from '../report/dom.ts';
import { duration, megabytes, number } from '../report/format.ts';
import { chart, tickCount } from '../report/plot.ts';
import { colourOf, detailsOf, nameOf } from './backends.ts';

export function checksSection({ checks }: Advice): HTMLElement {
  if (checks.length === 0) {
    return h('p', { class: 'empty' }, 'Nothing was carried out: there was no time left, or it could not be.');
  }
  return h('div', { class: 'checks' }, ...checks.map(checkPart));
}

function checkPart(check: Check): HTMLElement {
  const { plan, calls, predicted, measured, memory } = check;
  const off = Math.abs(predicted - measured) / measured;
  const place = h('div', { class: 'chart', 'aria-hidden': 'true' });
  drawToWidth(place, (width) => place.replaceChildren(draw(check, width)));
  const more =
    memory === null
      ? ''
      : `; ${megabytes(memory / 1e6)} of memory, predicted ${megabytes(plan.memory / 1e6)}`;
  return h(
    'div',
    { class: 'check', 'data-backend': plan.backend },
    h(
      'h3',
      {},
      h('span', { class: 'swatch', style: `--colour: ${colourOf(plan.backend)}` }),
      nameOf(plan.backend),
      h('small', {}, detailsOf(plan)),
    ),
    place,
    h(
      'p',
      { class: 'figures' },
      `${number(calls)} ${calls === 1 ? 'call' : 'calls'}: predicted ${duration(predicted)}, measured ${duration(measured)} `,
      `(off by ${number(off * 100)} %)${more}.`,
    ),
  );
}

function draw({ plan, predicted, measured }: Check, width: number): Element {
  const rows = [
    { what: 'predicted', ms: predicted },
    { what: 'measured', ms: measured },
  ];
  const longest = Math.max(predicted, measured);
  return chart({
    width,
    height: 84,
    marginLeft: 70,
    marginRight: 24,
    marginTop: 4,
    marginBottom: 24,
    x: { domain: [0, longest], ticks: tickCount(width), tickFormat: axisTime(longest), label: null },
    y: { domain: rows.map(({ what }) => what), label: null, tickSize: 0 },
    marks: [
      Plot.gridX({ ticks: tickCount(width), strokeOpacity: 1, stroke: 'var(--grid)' }),
      Plot.barX(rows, {
        x: 'ms',
        y: 'what',
        fill: colourOf(plan.backend),
        fillOpacity: (row: { what: string }) => (row.what === 'predicted' ? 0.45 : 1),
        rx2: 2,
        className: 'check-bar',
      }),
      Plot.ruleX([0], { stroke: 'var(--muted)' }),
    ],
  });
}
