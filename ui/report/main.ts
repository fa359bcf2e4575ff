/** The report page: reads the report that the command wrote into the page, and lays it out. */
import './style.css';
import type { Report } from '../../src/compare/report.ts';
import { answerSection } from './answer.ts';
import { claimsSection } from './claims.ts';
import { h } from './dom.ts';
import { experimentSection } from './experiment.ts';
import { dateText, machineSection } from './machine.ts';
import { themeControl } from './theme.ts';

function readReport(): Report | null {
  const text = document.querySelector('#report')?.textContent?.trim() ?? '';
  return text === '' ? null : (JSON.parse(text) as Report);
}

function page(report: Report): Node[] {
  const { machine, experiments, claims } = report;
  return [
    h('a', { class: 'skip', href: '#main' }, 'Skip to the report'),
    h(
      'header',
      { class: 'top' },
      h('p', { class: 'brand' }, h('strong', {}, 'manyhands'), ' compare'),
      h('p', { class: 'when' }, dateText(machine.date)),
      themeControl(),
    ),
    h('nav', { class: 'contents', 'aria-label': 'Contents' }, contents(report)),
    h(
      'main',
      { id: 'main', tabindex: -1 },
      answerSection(report),
      ...experiments.map((experiment) => experimentSection(experiment, machine)),
      claimsSection(claims),
      machineSection(report),
    ),
    h(
      'footer',
      {},
      `Written by manyhands ${machine.version}. Times are wall times; speed-ups are over the sequential lane of the same runtime.`,
    ),
  ];
}

function contents({ experiments }: Report): HTMLElement {
  const link = (id: string, text: string): HTMLElement => h('li', {}, h('a', { href: `#${id}` }, text));
  return h(
    'ol',
    {},
    link('answer', 'The answer'),
    // "CPU: 10 x fib(35)" is "CPU" here.
    ...experiments.map(({ id, title }) => link(id, title.split(':', 1)[0] ?? title)),
    link('claims', 'Claims'),
    link('machine', 'Machine'),
  );
}

function emptyPage(): Node[] {
  return [
    h(
      'main',
      {},
      h('h1', {}, 'This page holds no report yet'),
      h('p', {}, 'It is the template that ', h('code', {}, 'manyhands compare --html FILE'), ' fills in.'),
    ),
  ];
}

const report = readReport();
document.body.replaceChildren(...(report === null ? emptyPage() : page(report)));
