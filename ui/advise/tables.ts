/** The choices, and the calls that were tried. */
import type { Advice } from '../../src/choose/advice.ts';
import { type Child, h } from '../report/dom.ts';
import { duration, megabytes, number } from '../report/format.ts';
import { colourOf, detailsOf, nameOf } from './backends.ts';

export function optionsTable({ options, use, samples }: Advice): HTMLElement {
  if (samples.length === 0)
    return h('p', { class: 'empty' }, 'No call came to its end, so that there are no times.');
  const rows = options.map((option) => {
    const { backend, ms, predicted, startMs, memory, but } = option;
    return [
      [
        h('span', { class: 'swatch', style: `--colour: ${colourOf(backend)}` }),
        h('span', { class: 'lane-name' }, nameOf(backend)),
        backend === use && h('span', { class: 'tag' }, 'use this'),
        h('small', {}, detailsOf(option)),
        but !== undefined && h('small', { class: 'but' }, `Not to be used: ${but}.`),
      ],
      duration(ms),
      duration(predicted),
      duration(startMs),
      megabytes(memory / 1e6),
    ];
  });
  return table('The choices', ['', 'Time', 'Predicted', 'To start', 'Memory'], rows);
}

export function samplesTable({ samples }: Advice): HTMLElement | null {
  if (samples.length === 0) return null;
  return table(
    'What was tried',
    ['Input', 'Calls', 'Computes', 'Blocks', 'Waits', 'Values'],
    samples.map(({ input, calls, cpu, hold, wait, bytes }) => [
      [`${input}`],
      number(calls),
      duration(cpu),
      duration(hold),
      duration(wait),
      bytes >= 1000 ? `${number(bytes / 1000)} kB` : `${number(bytes)} bytes`,
    ]),
  );
}

/** The first cell of a row is its head. The box scrolls when it must, so it has to be reachable by keyboard. */
function table(
  label: string,
  heads: string[],
  rows: [Child[], ...string[]][] | (Child[] | string)[][],
): HTMLElement {
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label },
    h(
      'table',
      { class: 'metrics' },
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
      h(
        'tbody',
        {},
        ...rows.map(([first = [], ...cells]) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, ...(Array.isArray(first) ? first : [first])),
            ...cells.map((cell) => h('td', {}, ...(Array.isArray(cell) ? cell : [cell]))),
          ),
        ),
      ),
    ),
  );
}
