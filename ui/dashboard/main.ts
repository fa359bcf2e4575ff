/**
 * The dashboard: what a running program's executors do, as its feed tells.
 *
 *   connection ─▶ History ─▶ render(): timeline, charts, tables
 *                               ▲ filter, executor, window, pause
 */
import './style.css';
import { h, segmented } from '../report/dom.ts';
import { duration, number } from '../report/format.ts';
import { themeControl } from '../report/theme.ts';
import { Chart } from './chart.ts';
import { Palette } from './colours.ts';
import { type ConnectionState, connect } from './connection.ts';
import { History } from './history.ts';
import * as series from './series.ts';
import { ErrorList, functionsTable, workersTable } from './tables.ts';
import { type Row, Timeline } from './timeline.ts';

/** `worker-2` before `worker-10`. */
const byName = new Intl.Collator('en', { numeric: true });
const ALL = 'all';

const history = new History();
const timeline = new Timeline();
const errors = new ErrorList();
/** Milliseconds that are shown. */
let span = 30_000;
let paused = false;
let chosen: number | undefined;
let filter = '';
let planned = false;

const charts: { readonly chart: Chart; columns(): series.Columns }[] = [
  {
    chart: new Chart('Throughput', [line('tasks/s', 'line-1'), line('failed/s', 'bad')], number),
    columns: () => series.throughput(history.ticks, chosen),
  },
  {
    chart: new Chart('Queue', [line('waiting', 'line-1'), line('running', 'line-2')], number),
    columns: () => series.queue(history.ticks, chosen),
  },
  {
    chart: new Chart('Time waited', percentileLines(), duration),
    columns: () => series.times(history.ticks, chosen, 'wait'),
  },
  {
    chart: new Chart('Time run', percentileLines(), duration),
    columns: () => series.times(history.ticks, chosen, 'run'),
  },
  {
    chart: new Chart('CPU', [line('program', 'line-1'), line('worker processes', 'line-2')], cores),
    columns: () => series.cpu(history.ticks, chosen),
  },
  {
    chart: new Chart(
      'Memory',
      [line('program', 'line-1'), line('its heap', 'line-3'), line('worker processes', 'line-2')],
      mebibytes,
    ),
    columns: () => series.memory(history.ticks, chosen),
  },
  {
    chart: new Chart(
      'Delay of the event loop',
      [line('p50', 'line-1'), line('p99', 'line-2'), line('longest', 'line-3')],
      duration,
    ),
    columns: () => series.loop(history.ticks),
  },
];

const title = h('h1', {}, 'manyhands');
const about = h('p', { class: 'about' });
const banner = h('p', { class: 'banner', role: 'status', hidden: true });
const sampled = h('p', { class: 'hint sampled' });
const pauseButton = h('button', { type: 'button', class: 'pause', 'aria-pressed': 'false' }, 'Pause');
const filterInput = h('input', {
  type: 'search',
  placeholder: 'all functions',
  'aria-label': 'Functions whose name holds',
});
const executorSelect = h(
  'select',
  { 'aria-label': 'Executor' },
  h('option', { value: ALL }, 'All executors'),
);
const place = h('div', { class: 'timeline' }, timeline.canvas);
const workers = h('div', { class: 'scroll' });
const functions = h('div', { class: 'scroll' });

pauseButton.addEventListener('click', () => setPaused(!paused));
filterInput.addEventListener('input', () => {
  filter = filterInput.value;
  plan(true);
});
executorSelect.addEventListener('change', () => {
  chosen = executorSelect.value === ALL ? undefined : Number(executorSelect.value);
  plan(true);
});
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && !isEditing(event.target)) {
    event.preventDefault();
    filterInput.focus();
  }
  if (event.key === 'Escape' && event.target === filterInput) {
    filterInput.value = '';
    filter = '';
    filterInput.blur();
    plan(true);
  }
  // Not where the space bar already means something.
  if (
    event.key === ' ' &&
    !isEditing(event.target) &&
    !(event.target as Element).closest('button, summary')
  ) {
    event.preventDefault();
    setPaused(!paused);
  }
});

document.body.append(
  h('a', { class: 'skip', href: '#main' }, 'Skip to the timeline'),
  h('header', { class: 'top' }, title, about, themeControl()),
  banner,
  h(
    'div',
    { class: 'controls', role: 'toolbar', 'aria-label': 'What is shown' },
    pauseButton,
    executorSelect,
    filterInput,
    segmented(
      'Time shown',
      'window',
      [
        { value: '10000', label: '10 s' },
        { value: '30000', label: '30 s' },
        { value: '120000', label: '2 min' },
      ],
      String(span),
      (value) => {
        span = Number(value);
        plan(true);
      },
    ),
    h('p', { class: 'keys' }, h('kbd', {}, 'space'), ' pause ', h('kbd', {}, '/'), ' filter'),
  ),
  h(
    'main',
    { id: 'main', tabindex: -1 },
    h('section', { class: 'card wide' }, h('h2', {}, 'What runs where'), sampled, place, timeline.tip),
    h('div', { class: 'charts' }, ...charts.map(({ chart }) => chart.element)),
    h(
      'div',
      { class: 'pair' },
      h('section', { class: 'card' }, h('h2', {}, 'Functions'), functions),
      h('section', { class: 'card' }, h('h2', {}, 'Workers'), workers),
    ),
    h('section', { class: 'card wide' }, h('h2', {}, 'Errors'), errors.element),
  ),
);

new ResizeObserver(() => plan(true)).observe(place);
// A theme is an attribute, or what the system says.
new MutationObserver(() => plan(true)).observe(document.documentElement, { attributes: true });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plan(true));
document.addEventListener('visibilitychange', () => plan());

connect({
  onProgram(program) {
    history.begin(program);
    title.textContent = program.title;
    about.textContent = `Process ${program.pid}, Node ${program.node}, ${program.cores} cores`;
    document.title = `${program.title} – manyhands`;
    plan();
  },
  onTick(tick) {
    // What is paused stands still: it is looked at. What comes meanwhile is kept for later, as far as there is room.
    history.add(tick);
    document.body.dataset['ticks'] = String(history.ticks.length);
    plan();
  },
  onState: showState,
});

function showState(state: ConnectionState): void {
  const texts: Record<ConnectionState, string> = {
    connecting: 'Connecting …',
    open: '',
    lost: 'The connection is lost. Trying again …',
    refused:
      'The program does not know this page. If it was started again, open the address that it printed.',
  };
  document.body.dataset['state'] = state;
  banner.textContent = texts[state];
  banner.hidden = state === 'open';
}

/** At most one drawing for each frame, and none for a page that nobody sees. */
function plan(evenPaused = false): void {
  if (planned || (paused && !evenPaused) || document.hidden) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
    render();
  });
}

let frozenAt: number | undefined;

function setPaused(value: boolean): void {
  paused = value;
  frozenAt = value ? history.last?.at : undefined;
  pauseButton.textContent = value ? 'Go on' : 'Pause';
  pauseButton.setAttribute('aria-pressed', String(value));
  document.body.classList.toggle('paused', value);
  plan(true);
}

function render(): void {
  const until = frozenAt ?? Infinity;
  const ticks = history.ticks.filter(({ at }) => at <= until);
  const last = ticks.at(-1);
  if (last === undefined) return;
  listExecutors();
  const shown = ticks.filter(({ at }) => at > last.at - span);
  const executors = series.chosenOf(last, chosen);
  const palette = new Palette();
  timeline.draw(
    Math.floor(place.clientWidth),
    { ticks: shown, rows: rowsOf(shown), window: span, end: last.at, filter },
    palette,
  );
  for (const { chart, columns } of charts) chart.draw(cut(columns(), last.at), span);
  functions.replaceChildren(functionsTable(shown, filter));
  workers.replaceChildren(workersTable(executors));
  errors.show(history.errors, history.moreErrors);
  const ended = shown.reduce((sum, tick) => sum + tick.ended, 0);
  const drawn = shown.reduce((sum, tick) => sum + tick.spans.length, 0);
  const least = shown.reduce((most, { oneOf }) => Math.max(most, oneOf), 1);
  sampled.textContent =
    drawn === ended
      ? `All ${number(ended)} tasks of this time are shown.`
      : `${number(drawn)} of ${number(ended)} tasks are shown: all that took long or failed, and of the others ` +
        `${least === 1 ? 'most' : `as few as 1 of ${least}`}. ` +
        'The band behind them is how busy a worker was, with all tasks.';
}

/** Workers of the ticks shown, also those that have ended since, as long as they ran something there. */
function rowsOf(ticks: typeof history.ticks): Row[] {
  const rows = new Map<string, Row & { readonly executor: number }>();
  for (const tick of ticks) {
    for (const { id, name, workers: own } of series.chosenOf(tick, chosen)) {
      for (const worker of own) {
        const key = `${id}/${worker.name}`;
        if (!rows.has(key))
          rows.set(key, { key, label: worker.name === '' ? name : worker.name, executor: id });
      }
    }
  }
  return [...rows.values()].toSorted((a, b) => a.executor - b.executor || byName.compare(a.label, b.label));
}

function cut(columns: series.Columns, end: number): series.Columns {
  const times = columns[0] ?? [];
  const from = times.findIndex((time) => (time ?? 0) * 1000 > end - span);
  const over = times.findIndex((time) => (time ?? 0) * 1000 > end);
  return columns.map((column) => column.slice(Math.max(0, from), over === -1 ? undefined : over));
}

/** Executors come and go; the one that is looked at stays in the list. */
function listExecutors(): void {
  const known = new Map(
    history.ticks.flatMap(({ executors }) =>
      executors.map(({ id, name, backend }) => [id, `${name} (${backend})`]),
    ),
  );
  const ids = [ALL, ...[...known.keys()].map(String)];
  const options = [...executorSelect.options].map(({ value }) => value);
  if (ids.join() === options.join()) return;
  if (chosen !== undefined && !known.has(chosen)) chosen = undefined;
  executorSelect.replaceChildren(
    h('option', { value: ALL }, 'All executors'),
    ...[...known].map(([id, label]) => h('option', { value: id, selected: id === chosen }, label)),
  );
}

function isEditing(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input[type=search], select') !== null;
}

function line(label: string, colour: string): { label: string; colour: string } {
  return { label, colour };
}

function percentileLines(): { label: string; colour: string }[] {
  return [line('p50', 'line-1'), line('p95', 'line-2'), line('p99', 'line-3')];
}

function cores(value: number): string {
  return `${Math.round(value * 100)} %`;
}

function mebibytes(value: number): string {
  return `${number(value)} MB`;
}
