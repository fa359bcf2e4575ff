/**
 * Which task ran on which worker when: one chart for each lane, all of an experiment on one time axis.
 *
 * A worker that holds many tasks at once (the event loop awaiting a hundred answers) cannot show them in one
 * row, so its spans are packed into as few *tracks* as keep them apart:
 *
 *     worker 1   [task 1  ][task 3    ]
 *     worker 2   [task 2       ][task 4]
 *     main       [task 5         ]          three tracks, one worker
 *                [task 6      ][task 8]
 *                [task 7  ]
 */
import * as Plot from '@observablehq/plot';
import type { Experiment, Lane, Span } from '../../src/compare/report.ts';
import { axisTime } from './bars.ts';
import { drawToWidth, h } from './dom.ts';
import { duration, plural } from './format.ts';
import { fastest, laneColour, laneInfo, lanesOf, laneTitle } from './lanes.ts';
import { chart, tickCount } from './plot.ts';

/** Pixels a track takes where there are few of them: room for the name of a task. */
const TRACK = 20;
/**
 * Pixels all tracks of a lane take at most: beyond, they get thinner, so that the next lane stays in sight.
 */
const TALLEST = 300;
/** Pixels between two names of workers. */
const LINE = 13;
/** Width of a letter of a task's or a worker's name, on average. */
const LETTER = 6.2;

interface Placed extends Span {
  track: number;
  /**
   * Every second task of a track, which is drawn in another shade, to tell where one ends and the next
   * begins.
   */
  isEven: boolean;
}

interface Worker {
  name: string;
  first: number;
  tracks: number;
}

export function timelines(experiment: Experiment): HTMLElement | null {
  const lanes = [...lanesOf(experiment, 'node'), ...lanesOf(experiment, 'python')].filter(
    ({ timeline }) => timeline !== undefined && timeline.length > 0,
  );
  if (lanes.length === 0) return null;
  // A loop instead of Math.max(...spans): a hundred thousand arguments overflow the stack.
  let end = 0;
  for (const { wallMs, timeline = [] } of lanes) {
    end = Math.max(end, wallMs);
    for (const { endMs } of timeline) end = Math.max(end, endMs);
  }
  const names = lanes.flatMap(({ timeline = [] }) => timeline.map(({ worker }) => shortName(worker).length));
  const letters = names.reduce((most, length) => Math.max(most, length), 0);
  const telling = mostTelling(experiment);
  return h(
    'div',
    { class: 'timelines' },
    h('h3', {}, 'Which task ran where, when'),
    h(
      'p',
      { class: 'hint' },
      'A row for each worker, or more where it has several tasks in hand at once; a block for each task. ',
      `All lanes share one axis of ${duration(end)}; the dashed line is where a lane was done.`,
    ),
    ...lanes.map((lane) => laneTimeline(lane, end, letters, telling.has(lane))),
  );
}

/**
 * The lanes opened at first: the fastest, and the threads of both runtimes, as the difference between these
 * is what the page is about. Without Python, threads under one lock stand in for it.
 */
function mostTelling(experiment: Experiment): Set<Lane> {
  const node = lanesOf(experiment, 'node');
  const python = lanesOf(experiment, 'python');
  const hasSpans = ({ timeline }: Lane): boolean => timeline !== undefined && timeline.length > 0;
  const threads = ({ lane }: Lane): boolean => laneInfo(lane).kind === 'threads';
  const telling = [
    fastest(experiment, 'node').find(hasSpans),
    node.filter(hasSpans).find(threads),
    python.filter(hasSpans).find(threads) ?? node.filter(hasSpans).find(({ lane }) => lane === 'threads-gil'),
  ].filter((lane) => lane !== undefined);
  return new Set(telling.length > 0 ? telling : experiment.lanes.filter(hasSpans).slice(0, 1));
}

function laneTimeline(lane: Lane, end: number, letters: number, open: boolean): HTMLElement {
  const spans = lane.timeline ?? [];
  const { placed, workers } = pack(spans);
  const title = laneTitle(lane.lane);
  const summary = `${plural(spans.length, 'task')} on ${plural(workers.length, 'worker')}, ${atOnce(spans)}`;
  const place = h('div', { class: 'chart', role: 'img', 'aria-label': `Timeline of ${title}: ${summary}` });
  drawToWidth(place, (width) => place.replaceChildren(draw(lane, placed, workers, end, letters, width)));
  return h(
    'details',
    { class: 'timeline', 'data-lane': lane.lane, open },
    h(
      'summary',
      {},
      h('span', { class: 'swatch', style: `--colour: ${laneColour(lane.lane)}` }),
      h('span', { class: 'lane-name' }, title),
      h('span', { class: 'figures' }, summary),
    ),
    place,
  );
}

/** Python appends what a thread runs, `Thread-1 (work)`, which costs the room that the number needs. */
function shortName(worker: string): string {
  return worker.replace(/ \([^()]*\)$/, '');
}

/** `worker-2` before `worker-10`. */
const byName = new Intl.Collator('en', { numeric: true });

/**
 * Workers by name, so that they stand alike in every lane, and each span on its worker's first free track.
 */
function pack(spans: Span[]): { placed: Placed[]; workers: Worker[] } {
  const sorted = spans.toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const byWorker = Map.groupBy(sorted, ({ worker }) => worker);
  const placed: Placed[] = [];
  const workers: Worker[] = [];
  let first = 0;
  for (const [name, own] of [...byWorker].toSorted(([a], [b]) => byName.compare(a, b))) {
    const freeFrom: number[] = [];
    const counts: number[] = [];
    for (const span of own) {
      const free = freeFrom.findIndex((time) => time <= span.startMs);
      const track = free === -1 ? freeFrom.length : free;
      freeFrom[track] = span.endMs;
      counts[track] = (counts[track] ?? 0) + 1;
      placed.push({ ...span, track: first + track, isEven: counts[track] % 2 === 0 });
    }
    workers.push({ name, first, tracks: freeFrom.length });
    first += freeFrom.length;
  }
  return { placed, workers };
}

function atOnce(spans: Span[]): string {
  // Ends sort before starts of the same moment: one task after the other is one at a time.
  const edges = spans
    .flatMap(({ startMs, endMs }) => [
      { at: startMs, step: 1 },
      { at: endMs, step: -1 },
    ])
    .toSorted((a, b) => a.at - b.at || a.step - b.step);
  let now = 0;
  let most = 0;
  for (const { step } of edges) {
    now += step;
    most = Math.max(most, now);
  }
  return most <= 1 ? 'one at a time' : `up to ${most} in progress`;
}

function draw(
  lane: Lane,
  placed: Placed[],
  workers: Worker[],
  end: number,
  letters: number,
  width: number,
): Element {
  const tracks = workers.reduce((sum, worker) => sum + worker.tracks, 0);
  const track = Math.min(TRACK, TALLEST / tracks);
  const wanted = letters * LETTER + 12;
  const marginLeft = Math.ceil(Math.min(wanted, width * 0.28));
  const marginRight = 18;
  const pixelsPerMs = (width - marginLeft - marginRight) / end;
  const colour = laneColour(lane.lane);
  const shade = `color-mix(in oklab, ${colour} 80%, var(--shade))`;
  const labelled =
    track >= 14
      ? placed.filter(
          ({ task, startMs, endMs }) => (endMs - startMs) * pixelsPerMs > task.length * LETTER + 8,
        )
      : [];
  return chart({
    width,
    height: Math.ceil(tracks * track) + 30,
    marginLeft,
    marginRight,
    marginTop: 4,
    marginBottom: 26,
    x: { domain: [0, end] },
    y: { domain: [0, tracks], reverse: true, axis: null },
    marks: [
      Plot.gridX({ ticks: tickCount(width), stroke: 'var(--grid)', strokeOpacity: 1 }),
      Plot.axisX({ ticks: tickCount(width), tickFormat: axisTime(end), label: null, tickSize: 4 }),
      Plot.axisY(spaced(workers, track), {
        y: ({ first, tracks: own }: Worker) => first + own / 2,
        text: ({ name }: Worker) => shortName(name),
        tickSize: 0,
        label: null,
        // In ems of the 11 px type, and somewhat less, as Plot only estimates the width of a text.
        lineWidth: wanted > marginLeft ? (marginLeft - 10) / 12 : Infinity,
        textOverflow: 'ellipsis-middle',
      }),
      track >= 6 ? Plot.ruleY(workers.slice(1), { y: 'first', stroke: 'var(--grid)' }) : null,
      Plot.rect(placed, {
        x1: 'startMs',
        x2: 'endMs',
        y1: 'track',
        y2: ({ track: top }: Placed) => top + 1,
        // Colours as they are, not names to be given colours by a scale.
        fill: { value: ({ isEven }: Placed) => (isEven ? shade : colour), scale: null },
        insetTop: track > 6 ? 2 : 0,
        insetBottom: track > 6 ? 2 : 0,
        className: 'span',
        title: ({ task, worker, startMs, endMs }: Placed) =>
          `Task ${task}\non ${worker}\n${duration(startMs)} to ${duration(endMs)}\ntook ${duration(endMs - startMs)}`,
        tip: { fill: 'var(--surface)', stroke: 'var(--line)', lineHeight: 1.35 },
      }),
      Plot.text(labelled, {
        x: 'startMs',
        y: ({ track: top }: Placed) => top + 0.5,
        text: 'task',
        textAnchor: 'start',
        dx: 5,
        fill: 'var(--on-lane)',
        pointerEvents: 'none',
      }),
      Plot.ruleX([lane.wallMs], { stroke: 'var(--ink)', strokeDasharray: '3 3', strokeOpacity: 0.7 }),
    ],
  });
}

/** Those workers whose names find room: all of them, or every so many. */
function spaced(workers: Worker[], track: number): Worker[] {
  let free = 0;
  return workers.filter(({ first, tracks }) => {
    const centre = (first + tracks / 2) * track;
    if (centre < free) return false;
    free = centre + LINE;
    return true;
  });
}
