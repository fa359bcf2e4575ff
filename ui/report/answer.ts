/** The top of the page: what the figures say, in one sentence and a few cards, before any chart. */
import type { Claim, Experiment, ExperimentId, Lane, Machine, Report } from '../../src/compare/report.ts';
import { differs } from './claims.ts';
import { h } from './dom.ts';
import { capitalized, duration, list, plural, times } from './format.ts';
import { fastest, isAboutTime, laneColour, laneInfo, lanesOf, type Runtime } from './lanes.ts';

/** The two kinds of work that the choice between threads and processes is about. */
const QUESTIONS: { id: ExperimentId; work: string }[] = [
  { id: 'io', work: 'I/O' },
  { id: 'cpu', work: 'CPU work' },
];

interface Answer {
  experiment: Experiment;
  work: string;
  node: Lane[];
  python: Lane[];
}

export function answerSection(report: Report): HTMLElement {
  const answers = findAnswers(report);
  return h(
    'section',
    { class: 'answer', 'aria-labelledby': 'answer' },
    h('p', { class: 'kicker' }, 'Event loop, threads or processes?'),
    h('h1', { id: 'answer' }, ...headline(answers).map((sentence) => h('span', {}, `${sentence} `))),
    h('p', { class: 'lede' }, lede(answers, report.machine)),
    ...cautions(report).map((text) => h('p', { class: 'caution' }, text)),
    h(
      'div',
      { class: 'cards' },
      ...answers.map((answer) => answerCard(answer)),
      report.claims.length > 0 && claimsCard(report.claims),
    ),
  );
}

function findAnswers(report: Report): Answer[] {
  const asked = QUESTIONS.flatMap(({ id, work }) => {
    const experiment = report.experiments.find((candidate) => candidate.id === id);
    return experiment ? [{ experiment, work }] : [];
  });
  // A run of one other experiment still has an answer: its own.
  const rest = report.experiments
    .filter(isAboutTime)
    .slice(0, 1)
    .map((experiment) => ({ experiment, work: `“${experiment.title}”` }));
  return (asked.length > 0 ? asked : rest)
    .map((question) => ({
      ...question,
      node: fastest(question.experiment, 'node'),
      python: fastest(question.experiment, 'python'),
    }))
    .filter(({ node, python }) => node.length > 0 || python.length > 0);
}

/** Sentence by sentence. */
function headline(answers: Answer[]): string[] {
  const here = answers.filter(({ node }) => node.length > 0);
  if (here.length === 0) return ['What was measured here.'];
  const [first, second] = here.map(({ node }) => phrase(node));
  if (second !== undefined && first === second) {
    return [`Fastest here, for I/O and CPU work alike: ${first}.`];
  }
  return here.map(({ work, node }, index) => {
    return `${index === 0 ? 'Fastest here for' : 'For'} ${work}: ${phrase(node)}.`;
  });
}

function lede(answers: Answer[], machine: Machine): string {
  const place = `Measured on ${plural(machine.cores, 'core')} with Node ${machine.node.replace(/^v/, '')}.`;
  if (machine.python === null) return `${place} No Python was found, so there is nothing to compare it with.`;
  const python = answers.filter((answer) => answer.python.length > 0);
  const version = `Python ${machine.python.version}, ${lockState(machine.python.gil)}`;
  if (python.length === 0)
    return `${place} ${capitalized(version)}, was found, but has no times to compare with.`;
  const phrases = python.map((answer) => phrase(answer.python));
  const found =
    phrases.length === 2 && phrases[0] === phrases[1]
      ? `${phrases[0]} for both`
      : list(
          python.map(({ work }, index) => `${phrases[index]} for ${work}`),
          'and',
        );
  return `${place} Fastest under ${version}: ${found}.`;
}

function phrase(lanes: Lane[]): string {
  return list([...new Set(lanes.map(({ lane }) => laneInfo(lane).phrase))], 'or');
}

export function lockState(gil: boolean): string {
  return gil ? 'with its global interpreter lock' : 'free-threaded';
}

/** What the reader must know before trusting a figure. */
function cautions({ machine, options, experiments }: Report): string[] {
  const texts: string[] = [];
  if (options.quick)
    texts.push(
      'A quick run: workloads are small, and some are smaller for Python than for Node. Compare speed-ups between the two, not times.',
    );
  const load = machine.loadAverage[0] ?? 0;
  if (load > machine.cores / 2) {
    texts.push(
      `The machine was busy when the run began (load ${load.toFixed(1)} on ${plural(machine.cores, 'core')}): expect noise.`,
    );
  }
  const failed = experiments.filter(({ error, lanes }) => error !== undefined || lanes.some(({ ok }) => !ok));
  if (failed.length > 0) {
    texts.push(
      `Not everything ran to its end: see ${list(
        failed.map(({ title }) => `“${title}”`),
        'and',
      )}.`,
    );
  }
  return texts;
}

function answerCard({ experiment, node, python }: Answer): HTMLElement {
  return h(
    'article',
    { class: 'card' },
    h('h2', {}, h('a', { href: `#${experiment.id}` }, experiment.title)),
    h('dl', {}, ...winner('Here', node), ...winner('Python', python), ...threadsAlone(experiment)),
  );
}

function winner(place: string, lanes: Lane[]): HTMLElement[] {
  const best = lanes[0];
  if (!best) return [];
  return [
    h('dt', {}, place),
    h(
      'dd',
      {},
      ...[...new Set(lanes.map(({ lane }) => laneColour(lane)))].map((colour) =>
        h('span', { class: 'swatch', style: `--colour: ${colour}` }),
      ),
      h('strong', {}, capitalized(phrase(lanes))),
      h(
        'span',
        { class: 'figures' },
        `${duration(best.wallMs)}${best.speedup === null ? '' : `, speed-up ${times(best.speedup)}`}`,
      ),
    ),
  ];
}

/** The heart of the matter in two figures: what threads gain here, and what they gain under Python. */
function threadsAlone(experiment: Experiment): HTMLElement[] {
  const gain = (runtime: Runtime): number | null =>
    lanesOf(experiment, runtime)
      .filter(({ lane, ok }) => ok && laneInfo(lane).kind === 'threads')
      .reduce<number | null>(
        (most, { speedup }) => (speedup === null ? most : Math.max(most ?? 0, speedup)),
        null,
      );
  const here = gain('node');
  const python = gain('python');
  if (here === null || python === null) return [];
  return [
    h('dt', {}, 'Threads gain'),
    h('dd', {}, h('span', { class: 'figures' }, `${times(here)} here, ${times(python)} in Python`)),
  ];
}

function claimsCard(claims: Claim[]): HTMLElement {
  const count = (test: (claim: Claim) => boolean, text: string): HTMLElement =>
    h('li', {}, h('strong', {}, String(claims.filter(test).length)), text);
  return h(
    'article',
    { class: 'card' },
    h('h2', {}, h('a', { href: '#claims' }, `${plural(claims.length, 'claim')} of the articles`)),
    h(
      'ul',
      { class: 'counts' },
      count(({ holdsPython }) => holdsPython === true, 'hold for Python'),
      count(({ holds }) => holds === true, 'hold here'),
      count(differs, 'differ from Python'),
    ),
  );
}
