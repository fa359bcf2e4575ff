/** What `npm run bench -- regret` prints. */
import type { Table } from '../report.ts';
import { lanes, type Regret } from './regret.ts';

/** What is wanted: at most `WITHIN` in `SHARE` of the workloads, and never more than `WORST`. */
const WITHIN = 1.1;
const SHARE = 0.9;
const WORST = 1.5;

export function regretTable(regrets: readonly Regret[]): Table {
  const names = lanes.map(({ name }) => name);
  return {
    title:
      'Regret: what auto takes for each ms of the best fixed choice. Milliseconds, medians; start of workers included',
    header: ['workload', 'regret', 'best', ...names],
    rows: regrets.map(({ workload, ratio, best, times }) => [
      workload.name,
      `${ratio.toFixed(2)}${ratio > WORST ? ' !!' : ratio > WITHIN ? ' !' : ''}`,
      best,
      ...names.map((name) => (times.get(name) ?? Number.NaN).toFixed(0)),
    ]),
    notes: [],
  };
}

export function verdict(regrets: readonly Regret[]): string {
  const within = regrets.filter(({ ratio }) => ratio <= WITHIN).length;
  const worst = regrets.reduce((most, one) => (one.ratio > most.ratio ? one : most));
  const share = within / regrets.length;
  const holds = share >= SHARE && worst.ratio <= WORST;
  return [
    `${within} of ${regrets.length} workloads (${(100 * share).toFixed(0)} %) within ${WITHIN} of the best fixed choice;`,
    `worst: ${worst.workload.name} at ${worst.ratio.toFixed(2)}.`,
    `Wanted: ${100 * SHARE} % within ${WITHIN}, none above ${WORST}: ${holds ? 'met' : 'not met'}.`,
  ].join(' ');
}
