/** One experiment: the question, the lanes with their bars, what else was measured, the timelines. */
import type { Experiment, Machine } from '../../src/compare/report.ts';
import { failure, lanesTable } from './bars.ts';
import { h } from './dom.ts';
import { isAboutTime, laneTitle } from './lanes.ts';
import { metricsTable } from './metrics.ts';
import { timelines } from './timeline.ts';

export function experimentSection(experiment: Experiment, machine: Machine): HTMLElement {
  const { id, title, description, conclusion, error, lanes } = experiment;
  const titleId = `${id}-title`;
  return h(
    'section',
    { id, class: 'experiment', 'data-experiment': id, 'aria-labelledby': titleId },
    h('h2', { id: titleId }, title),
    conclusion !== undefined && h('p', { class: 'conclusion' }, conclusion),
    h('p', { class: 'description' }, description),
    error !== undefined && failure(error),
    lanes.length === 0 && error === undefined && h('p', { class: 'empty' }, 'No lane of it was run.'),
    ...(lanes.length === 0 ? [] : findings(experiment, machine)),
    timelines(experiment),
  );
}

/** What the experiment is about comes first. */
function findings(experiment: Experiment, machine: Machine): (HTMLElement | null)[] {
  const metrics = metricsTable(experiment);
  const lanes = lanesTable(experiment, machine);
  const results = resultsText(experiment);
  return isAboutTime(experiment) || metrics === null
    ? [lanes, results, metrics && h('details', { class: 'also' }, h('summary', {}, 'Also measured'), metrics)]
    : [metrics, results, h('h3', {}, 'Time and memory of the whole lane'), lanes];
}

/** What came out, once if all lanes agree, and lane by lane if they do not. */
function resultsText({ lanes }: Experiment): HTMLElement | null {
  const found = lanes.filter(({ ok, results }) => ok && results !== undefined && results !== '');
  const distinct = [...new Set(found.map(({ results }) => results))];
  if (found.length === 0) return null;
  if (distinct.length === 1) {
    return h('p', { class: 'results' }, 'Checked results: ', h('span', {}, distinct[0]));
  }
  const items = found.map(({ lane, results }) =>
    h('div', {}, h('dt', {}, laneTitle(lane)), h('dd', {}, results)),
  );
  return h(
    'details',
    { class: 'results' },
    h('summary', {}, 'What each lane returned'),
    h('dl', { class: 'facts' }, ...items),
  );
}
