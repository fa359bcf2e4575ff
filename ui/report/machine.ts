/** Where and how the figures were taken: the part of a benchmark that lets others judge it. */
import type { Report } from '../../src/compare/report.ts';
import { lockState } from './answer.ts';
import { h } from './dom.ts';
import { number } from './format.ts';

export function machineSection({ machine, options }: Report): HTMLElement {
  const { python } = machine;
  const facts: [name: string, value: string][] = [
    ['Processor', `${machine.cpuModel || 'unknown'}, ${machine.cores} × ${machine.arch}`],
    ['Memory', `${number(machine.memoryMb / 1024)} GiB`],
    ['System', machine.platform],
    [
      'Load at the start',
      machine.loadAverage.length === 0
        ? 'unknown'
        : `${machine.loadAverage.map((load) => load.toFixed(2)).join(', ')} (1, 5 and 15 minutes)`,
    ],
    ['Node', machine.node.replace(/^v/, '')],
    [
      'Python',
      python === null ? 'none found' : `${python.version}, ${lockState(python.gil)} (${python.path})`,
    ],
    ['manyhands', machine.version],
    ['Workers', String(options.workers)],
    ['Tasks', options.n === null ? 'each experiment’s own number' : String(options.n)],
    ['Workloads', options.quick ? 'quick' : 'full'],
    ['Experiments', options.only.length === 0 ? 'all' : options.only.join(', ')],
    ['Date', dateText(machine.date)],
  ];
  return h(
    'section',
    { id: 'machine', 'aria-labelledby': 'machine-title' },
    h('h2', { id: 'machine-title' }, 'The machine'),
    h(
      'dl',
      { class: 'facts' },
      ...facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
    ),
  );
}

/** In UTC, so that two readers of one file see the same. */
export function dateText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const text = date.toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  return `${text} UTC`;
}
