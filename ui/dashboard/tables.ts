/** What is best read as text: workers, functions, errors. */
import type { ExecutorTick, FunctionTick, Tick } from '../../src/observe/dashboard/messages.ts';
import { h } from '../report/dom.ts';
import { duration, megabytes, number } from '../report/format.ts';
import { colourIndex } from './colours.ts';
import type { KnownError } from './history.ts';

const MIB = 1024 * 1024;

export function workersTable(executors: readonly ExecutorTick[]): HTMLElement {
  const rows = executors.flatMap((executor) =>
    executor.workers.map((worker) => {
      const { cpu, memory, busy } = worker;
      return row(
        h('th', { scope: 'row' }, worker.name),
        cell('Backend', executor.backend),
        cell('State', worker.state),
        cell('In hand', number(worker.inFlight)),
        cell('Busy', busyText(busy, executor.concurrency)),
        cell('CPU', cpu === null ? '–' : percent(cpu)),
        cell('Memory', memory === null ? '–' : megabytes(memory / MIB)),
      );
    }),
  );
  if (rows.length === 0) return h('p', { class: 'hint' }, 'There are no workers at this moment.');
  return table('workers', ['Worker', 'Backend', 'State', 'In hand', 'Busy', 'CPU', 'Memory'], rows);
}

/** Functions by the time they took, in all ticks that are shown. They are the key to the colours, too. */
export function functionsTable(ticks: readonly Tick[], filter: string): HTMLElement {
  const sums = new Map<string, { count: number; failed: number; runMs: number }>();
  for (const { functions } of ticks) for (const entry of functions) addTo(sums, entry);
  const rows = [...sums]
    .filter(([name]) => name.includes(filter))
    .toSorted(([, a], [, b]) => b.runMs - a.runMs)
    .slice(0, 20)
    .map(([name, { count, failed, runMs }]) =>
      row(
        h('th', { scope: 'row' }, h('span', { class: `key function-${colourIndex(name)}` }), name),
        cell('Tasks', number(count)),
        cell('Failed', failed === 0 ? '0' : number(failed), failed > 0),
        cell('Mean', duration(runMs / count)),
        cell('Total', duration(runMs)),
      ),
    );
  if (rows.length === 0) return h('p', { class: 'hint' }, 'No task has ended in this time.');
  return table('functions', ['Function', 'Tasks', 'Failed', 'Mean', 'Total'], rows);
}

function addTo(
  sums: Map<string, { count: number; failed: number; runMs: number }>,
  { name, count, failed, runMs }: FunctionTick,
): void {
  const sum = sums.get(name) ?? { count: 0, failed: 0, runMs: 0 };
  sums.set(name, { count: sum.count + count, failed: sum.failed + failed, runMs: sum.runMs + runMs });
}

/** One is kept as it is where it has not changed: what the reader has opened, stays open. */
export class ErrorList {
  readonly element: HTMLElement = h('div', { class: 'errors' });
  readonly #shown = new Map<KnownError, HTMLElement>();

  show(errors: readonly KnownError[], more: number): void {
    const wasOpen = new Set(
      [...this.#shown].filter(([, element]) => element.hasAttribute('open')).map(([error]) => keyOf(error)),
    );
    for (const error of this.#shown.keys()) if (!errors.includes(error)) this.#shown.delete(error);
    for (const error of errors) {
      if (!this.#shown.has(error)) this.#shown.set(error, describe(error, wasOpen.has(keyOf(error))));
    }
    const elements = errors.map((error) => this.#shown.get(error) as HTMLElement);
    const same = elements.every((element, index) => this.element.children[index] === element);
    if (!same || this.element.childElementCount < elements.length || elements.length === 0) {
      this.element.replaceChildren(
        ...(elements.length === 0
          ? [h('p', { class: 'hint' }, 'Nothing has gone wrong while this page was open.')]
          : elements),
        ...(more === 0
          ? []
          : [h('p', { class: 'hint' }, `And ${number(more)} more, too many to be told one by one.`)]),
      );
    }
  }
}

function keyOf({ source, message }: KnownError): string {
  return `${source}\n${message}`;
}

function describe({ at, source, executor, message, stack, count }: KnownError, open: boolean): HTMLElement {
  const time = new Date(at).toLocaleTimeString();
  return h(
    'details',
    { class: 'error', open },
    h(
      'summary',
      {},
      h('span', { class: 'message' }, message.split('\n', 1)[0] ?? ''),
      h(
        'span',
        { class: 'where' },
        `${source} on ${executor}, ${time}${count > 1 ? `, ${number(count)} times` : ''}`,
      ),
    ),
    h('pre', { tabindex: 0 }, stack === '' ? message : stack),
  );
}

function table(name: string, titles: readonly string[], rows: HTMLElement[]): HTMLElement {
  return h(
    'table',
    { class: name },
    h('thead', {}, h('tr', {}, ...titles.map((title) => h('th', { scope: 'col' }, title)))),
    h('tbody', {}, ...rows),
  );
}

function row(...cells: HTMLElement[]): HTMLElement {
  return h('tr', {}, ...cells);
}

function cell(label: string, text: string, isBad = false): HTMLElement {
  return h('td', { 'data-label': label, class: isBad ? 'bad' : undefined }, text);
}

/** Where any number of tasks can run at one time, how many there were. */
function busyText(busy: number | null, concurrency: number | null): string {
  if (busy === null) return '–';
  return concurrency === null ? `${number(busy)} at once` : percent(busy / concurrency);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
