/** Figures over time, as lines: what uPlot draws, in the colours of the page. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { h } from '../report/dom.ts';
import { Palette } from './colours.ts';

export interface Line {
  readonly label: string;
  /** A custom property of the style sheet, without its dashes. */
  readonly colour: string;
}

const HEIGHT = 150;
/** Pixels: enough for "1,000 ms". */
const AXIS_WIDTH = 62;

export class Chart {
  readonly element: HTMLElement;
  readonly #place = h('div', { class: 'plot' });
  readonly #now = h('p', { class: 'now' });
  readonly #lines: readonly Line[];
  readonly #format: (value: number) => string;
  #plot: uPlot | undefined;
  #theme = '';

  constructor(title: string, lines: readonly Line[], format: (value: number) => string) {
    this.#lines = lines;
    this.#format = format;
    this.element = h('section', { class: 'card' }, h('h2', {}, title), this.#now, this.#place);
  }

  /** `data` is the times, in seconds, and then the values of each line. */
  draw(data: (number | null)[][], window: number): void {
    const width = Math.floor(this.#place.clientWidth);
    if (width === 0) return;
    const palette = new Palette();
    const theme = `${palette.get('ink')} ${palette.get('paper')}`;
    if (this.#plot === undefined || theme !== this.#theme) this.#make(width, palette, theme);
    const plot = this.#plot as uPlot;
    if (plot.width !== width) plot.setSize({ width, height: HEIGHT });
    const end = data[0]?.at(-1) ?? 0;
    const ago = (data[0] ?? []).map((time) => (time ?? 0) - end);
    plot.batch(() => {
      plot.setData([ago, ...data.slice(1)] as uPlot.AlignedData, false);
      plot.setScale('x', { min: -window / 1000, max: 0 });
    });
    this.#now.replaceChildren(
      ...this.#lines.flatMap(({ label, colour }, index) => {
        const value = data[index + 1]?.at(-1);
        const key = h('span', { class: `key ${colour}` });
        return [
          h(
            'span',
            { class: 'figure' },
            key,
            `${label} `,
            h('b', {}, value == null ? '–' : this.#format(value)),
          ),
        ];
      }),
    );
  }

  #make(width: number, palette: Palette, theme: string): void {
    this.#plot?.destroy();
    this.#theme = theme;
    const grid = { stroke: palette.get('grid'), width: 1 };
    const ticks = { show: false };
    const axis = { stroke: palette.get('muted'), grid, ticks, font: '11px system-ui, sans-serif' };
    this.#plot = new uPlot(
      {
        width,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, auto: false },
          y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
        },
        axes: [
          { ...axis, size: 24, space: 60, values: (_plot, splits) => splits.map(secondsAgo) },
          { ...axis, size: AXIS_WIDTH, space: 28, values: (_plot, splits) => splits.map(this.#format) },
        ],
        series: [
          {},
          ...this.#lines.map(({ label, colour }) => ({
            label,
            stroke: palette.get(colour),
            width: 1.5,
            points: { show: false },
            spanGaps: false,
          })),
        ],
      },
      [[], ...this.#lines.map(() => [])],
      this.#place,
    );
  }
}

function secondsAgo(seconds: number): string {
  return seconds === 0 ? 'now' : `−${-seconds} s`;
}
