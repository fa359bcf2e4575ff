/**
 * What ran where: a row for each worker, time from left to right, a block for each task in the colour of its function.
 *
 * Blocks of tasks that ran at one time on one worker are laid on top of each other, half transparent. Where tasks are left
 * out, the share of time that a worker was busy is drawn as a band behind its blocks: so a row that looks empty is empty.
 */
import type { Tick } from '../../src/observe/dashboard/messages.ts';
import { h } from '../report/dom.ts';
import { duration } from '../report/format.ts';
import type { Palette } from './colours.ts';

export interface Row {
  /** `<executor id>/<worker>`. */
  readonly key: string;
  readonly label: string;
}

export interface View {
  readonly ticks: readonly Tick[];
  readonly rows: readonly Row[];
  /** Milliseconds from left to right. */
  readonly window: number;
  readonly end: number;
  /** Functions whose name holds this; all if it is empty. */
  readonly filter: string;
}

const AXIS = 22;
const FONT = '12px system-ui, sans-serif';

/** Pixels for each row, fewer where there are many: 64 workers have to fit into what one can look at. */
export function rowHeight(rows: number): number {
  return Math.max(9, Math.min(26, Math.floor(560 / Math.max(1, rows))));
}

export class Timeline {
  readonly canvas: HTMLCanvasElement = h('canvas', { class: 'timeline-canvas', role: 'img', tabindex: 0 });
  readonly tip: HTMLElement = h('p', { class: 'tip', role: 'status' });
  /** What was drawn where, for the tip. */
  #drawn: { left: number; right: number; top: number; bottom: number; text: string }[] = [];

  constructor() {
    this.canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
      const hit = this.#drawn.findLast(
        ({ left, right, top, bottom }) =>
          offsetX >= left - 1 && offsetX <= right + 1 && offsetY >= top && offsetY <= bottom,
      );
      this.tip.textContent = hit?.text ?? '';
    });
    this.canvas.addEventListener('pointerleave', () => {
      this.tip.textContent = '';
    });
  }

  draw(width: number, view: View, palette: Palette): void {
    const { rows, window, end } = view;
    const step = rowHeight(rows.length);
    const height = rows.length * step + AXIS;
    const context = fit(this.canvas, width, height);
    this.#drawn = [];
    if (context === null) return;
    context.font = FONT;
    const labels = Math.min(150, width * 0.25);
    const perMs = (width - labels) / window;
    const x = (time: number): number => labels + (time - (end - window)) * perMs;
    const places = new Map(rows.map(({ key }, index) => [key, index * step]));

    drawAxis(context, palette, { labels, width, height, window });
    rows.forEach(({ label }, index) => {
      context.fillStyle = palette.get('grid');
      context.fillRect(labels, (index + 1) * step - 1, width - labels, 1);
      // Every n-th name where rows are lower than letters.
      if (index % Math.ceil(13 / step) !== 0) return;
      context.fillStyle = palette.get('muted');
      context.textAlign = 'left';
      context.textBaseline = 'middle';
      context.fillText(short(label, labels), 0, index * step + Math.max(step, 13) / 2);
    });
    context.save();
    context.beginPath();
    context.rect(labels, 0, width - labels, height);
    context.clip();
    for (const tick of view.ticks) this.#drawBusy(context, tick, places, step, x, palette);
    for (const tick of view.ticks) this.#drawSpans(context, tick, places, step, x, view, palette);
    this.#drawRunning(context, view, places, step, x, palette);
    context.restore();
    const count = this.#drawn.length;
    this.canvas.setAttribute(
      'aria-label',
      `Timeline of ${rows.length} workers, the last ${duration(window)}: ${count} tasks drawn`,
    );
    this.canvas.dataset['spans'] = String(count);
    this.canvas.dataset['rows'] = String(rows.length);
  }

  #drawBusy(
    context: CanvasRenderingContext2D,
    { at, ms, executors }: Tick,
    places: ReadonlyMap<string, number>,
    step: number,
    x: (time: number) => number,
    palette: Palette,
  ): void {
    context.fillStyle = palette.get('busy');
    for (const { id, workers, concurrency } of executors) {
      for (const { name, busy } of workers) {
        const top = places.get(`${id}/${name}`);
        if (top === undefined || busy === null || busy === 0) continue;
        const share = Math.min(1, busy / (concurrency ?? 1)) * (step - 2);
        context.fillRect(x(at - ms), top + step - 1 - share, Math.max(1, x(at) - x(at - ms)), share);
      }
    }
  }

  #drawSpans(
    context: CanvasRenderingContext2D,
    { at, rows, names, spans }: Tick,
    places: ReadonlyMap<string, number>,
    step: number,
    x: (time: number) => number,
    { filter }: View,
    palette: Palette,
  ): void {
    for (const [row, name, start, stop, outcome] of spans) {
      const top = places.get(rows[row] ?? '');
      const title = names[name] ?? '';
      if (top === undefined || !title.includes(filter)) continue;
      const [left, right] = [x(at + start), x(at + stop)];
      this.#block(context, palette.function(title), left, right, top, step, 0.85);
      if (outcome !== 0) {
        context.fillStyle = palette.get(outcome === 1 ? 'bad' : 'muted');
        context.fillRect(left, top + step - 4, Math.max(2, right - left), 3);
      }
      const ended = outcome === 0 ? '' : outcome === 1 ? ', failed' : ', cancelled';
      const text = `${title}: ${duration(stop - start)}${ended}`;
      this.#drawn.push({ left, right, top, bottom: top + step, text });
    }
  }

  #drawRunning(
    context: CanvasRenderingContext2D,
    { ticks, filter, end }: View,
    places: ReadonlyMap<string, number>,
    step: number,
    x: (time: number) => number,
    palette: Palette,
  ): void {
    const tick = ticks.at(-1);
    if (tick === undefined) return;
    for (const [row, name, start] of tick.running) {
      const top = places.get(tick.rows[row] ?? '');
      const title = tick.names[name] ?? '';
      if (top === undefined || !title.includes(filter)) continue;
      const [left, right] = [x(tick.at + start), x(end)];
      this.#block(context, palette.function(title), left, right, top, step, 0.45);
      const text = `${title}: runs for ${duration(-start)}`;
      this.#drawn.push({ left, right, top, bottom: top + step, text });
    }
  }

  #block(
    context: CanvasRenderingContext2D,
    colour: string,
    left: number,
    right: number,
    top: number,
    step: number,
    alpha: number,
  ): void {
    context.globalAlpha = alpha;
    context.fillStyle = colour;
    context.fillRect(left, top + 1, Math.max(1, right - left - 0.5), step - 3);
    context.globalAlpha = 1;
  }
}

function drawAxis(
  context: CanvasRenderingContext2D,
  palette: Palette,
  { labels, width, height, window }: { labels: number; width: number; height: number; window: number },
): void {
  const parts = width < 600 ? 3 : 6;
  context.textBaseline = 'bottom';
  for (let part = 0; part <= parts; part += 1) {
    const x = labels + ((width - labels) * part) / parts;
    context.fillStyle = palette.get('grid');
    context.fillRect(Math.min(x, width - 1), 0, 1, height - AXIS);
    context.fillStyle = palette.get('muted');
    context.textAlign = part === parts ? 'right' : part === 0 ? 'left' : 'center';
    const ago = window - (window * part) / parts;
    context.fillText(ago === 0 ? 'now' : `−${duration(ago)}`, x, height - 3);
  }
}

/** As many letters as there is room for; the end of a worker's name is its number. */
function short(label: string, width: number): string {
  const most = Math.floor(width / 6.6);
  return label.length <= most ? label : `…${label.slice(label.length - most + 1)}`;
}

/** Gives a canvas its size in device pixels, if it has changed, and empties it. */
export function fit(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1;
  const [inner, outer] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== inner || canvas.height !== outer) {
    canvas.width = inner;
    canvas.height = outer;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}
