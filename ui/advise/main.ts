/** The page of `manyhands advise --html`: reads the advice that the command wrote into the page, and lays it out. */
import '../report/style.css';
import './style.css';
import type { Advice } from '../../src/choose/advice.ts';
import { h } from '../report/dom.ts';
import { duration, number } from '../report/format.ts';
import { dateText } from '../report/machine.ts';
import { themeControl } from '../report/theme.ts';
import { checksSection } from './checks.ts';
import { curvesSection } from './curves.ts';
import { optionsTable, samplesTable } from './tables.ts';

function readAdvice(): Advice | null {
  const text = document.querySelector('#report')?.textContent?.trim() ?? '';
  return text === '' ? null : (JSON.parse(text) as Advice);
}

function page(advice: Advice): Node[] {
  const { words, date, machine } = advice;
  return [
    h('a', { class: 'skip', href: '#main' }, 'Skip to the advice'),
    h(
      'header',
      { class: 'top' },
      h('p', { class: 'brand' }, h('strong', {}, 'manyhands'), ' advise'),
      h('p', { class: 'when' }, dateText(date)),
      themeControl(),
    ),
    h(
      'nav',
      { class: 'contents', 'aria-label': 'Contents' },
      h(
        'ol',
        {},
        ...[
          ['advice', 'The advice'],
          ['options', 'The choices'],
          ...(advice.curves.length > 0 ? [['curves', 'By number of calls']] : []),
          ['checks', 'Predicted and measured'],
          ['samples', 'What was tried'],
          ['machine', 'Machine'],
        ].map(([id, text]) => h('li', {}, h('a', { href: `#${id}` }, text))),
      ),
    ),
    h(
      'main',
      { id: 'main', tabindex: -1 },
      h(
        'section',
        { id: 'advice', class: 'answer' },
        h('p', { class: 'kicker' }, 'Where should ', h('code', {}, advice.function.name), ' run?'),
        // A figure and its unit stay together.
        h('h1', {}, words.use.replaceAll(/(\d) (ms|µs|ns|s)\b/g, '$1\u00A0$2')),
        ...advice.findings.map(({ text }) => h('p', { class: 'caution' }, text)),
        listOf(
          'Because',
          'because',
          words.because.filter((text) => !isFinding(advice, text)),
        ),
        listOf('From how many calls on it pays', 'pays', words.pays),
        listOf('What would change the answer', 'changes', words.changes),
        h('h3', {}, 'The code'),
        h('pre', { class: 'code', tabindex: 0 }, h('code', {}, words.code)),
      ),
      section(
        'options',
        'The choices',
        `The best way on each backend, for ${number(advice.calls)} calls.`,
        optionsTable(advice),
      ),
      advice.curves.length > 0 &&
        section(
          'curves',
          'By number of calls',
          'Predicted time, each point with the best number of workers, calls at a time and chunks. Starting workers counts, unless they run already.',
          curvesSection(advice),
        ),
      section(
        'checks',
        'Predicted and measured',
        'The best two were carried out, with as many calls as there was time for.',
        checksSection(advice),
      ),
      section('samples', 'What was tried', growthText(advice), samplesTable(advice)),
      machineSection(advice),
    ),
    h(
      'footer',
      {},
      `Written by manyhands ${machine.version}. Times are predicted unless it says that they were measured.`,
    ),
  ].filter((part): part is HTMLElement => part instanceof HTMLElement);
}

function isFinding({ findings }: Advice, sentence: string): boolean {
  return findings.some(({ text }) => text === sentence);
}

function listOf(title: string, name: string, items: readonly string[]): HTMLElement | null {
  if (items.length === 0) return null;
  return h(
    'div',
    { class: 'words', 'data-words': name },
    h('h3', {}, title),
    h('ul', {}, ...items.map((item) => h('li', {}, item))),
  );
}

function section(id: string, title: string, text: string, ...children: (Node | null)[]): HTMLElement {
  return h(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    h('h2', { id: `${id}-title` }, title),
    text !== '' && h('p', { class: 'description' }, text),
    ...children,
  );
}

function growthText({ growth, samples, inputs }: Advice): string {
  const tried = `${number(samples.length)} of ${number(inputs)} ${inputs === 1 ? 'input' : 'inputs'}, in a process of their own.`;
  if (growth === null || growth.kind === 'constant') return tried;
  const of = {
    value: 'the number given',
    length: 'the length of the input',
    bytes: 'the bytes of the input',
  }[growth.of];
  const law =
    growth.kind === 'power'
      ? `as ${of} to the power of ${number(growth.rate)}`
      : `${number(growth.rate)} times for each 1 more of ${of}`;
  return `${tried} Cost grows ${law}; that explains ${number(growth.fit * 100)} % of the differences.`;
}

function machineSection({ machine, conditions, maxWorkers, warm, maxBlocked }: Advice): HTMLElement {
  const facts: [name: string, value: string][] = [
    ['Processor', `${machine.cpuModel || 'unknown'}, ${machine.cores} cores`],
    ['To be had while measuring', `${number(conditions.together)} cores`],
    ['Node', machine.node.replace(/^v/, '')],
    ['System', machine.platform],
    [
      'A thread',
      `${duration(machine.thread.start.first)} to start, ${duration(machine.thread.roundTrip)} there and back`,
    ],
    [
      'A process',
      `${duration(machine.process.start.first)} to start, ${duration(machine.process.roundTrip)} there and back`,
    ],
    ['Workers at most', String(maxWorkers)],
    ['Pool', warm ? 'runs already' : 'is started for this'],
    [
      'The event loop may be blocked',
      maxBlocked === null ? 'as long as it takes' : `${duration(maxBlocked)} at a time`,
    ],
    ['Machine measured', dateText(machine.measuredAt)],
  ];
  return section(
    'machine',
    'The machine',
    '',
    h(
      'dl',
      { class: 'facts' },
      ...facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
    ),
  );
}

const advice = readAdvice();
document.body.replaceChildren(
  ...(advice === null
    ? [
        h(
          'main',
          {},
          h('h1', {}, 'This page holds no advice yet'),
          h('p', {}, 'It is the template that ', h('code', {}, 'manyhands advise --html FILE'), ' fills in.'),
        ),
      ]
    : page(advice)),
);
