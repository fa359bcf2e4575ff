/**
 * From heats to tables. A table shows one figure: a row for each lane, threads before processes, a column for
 * each number of workers, and below each group how ours compares with the best peer of the same reach.
 */
import type { Environment } from './environment.ts';
import type { Heat, Lane } from './runner.ts';
import { advantage, median, pairedAdvantage } from './statistics.ts';
import type { Figure, Workload, Yardstick } from './workload.ts';

export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What went wrong in the lanes shown. */
  readonly notes: readonly string[];
}

const REACHES = ['thread', 'process'] as const;
const REACH_TITLE = { thread: 'threads', process: 'processes' } as const;

/** The figure in each round; `undefined` where the lane failed or the system does not tell. */
function valuesOf(lane: Lane, { key }: { readonly key: string }): (number | undefined)[] {
  return lane.outcomes.map((outcome) => ('figures' in outcome ? outcome.figures[key] : undefined));
}

function medianOf(lane: Lane, figure: Figure): number | undefined {
  const values = valuesOf(lane, figure).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

/** What a cell holds where there is nothing to say. */
const NOTHING = '-';

function saysAnything(cells: readonly string[]): boolean {
  return cells.some((text) => text !== NOTHING);
}

/** Three digits that matter, with k and M above a thousand and a million. */
export function formatValue(value: number, unit: Figure['unit']): string {
  const [scaled, suffix] =
    value >= 999_500 ? [value / 1e6, ' M'] : value >= 9_995 ? [value / 1e3, ' k'] : [value, ''];
  const digits = scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return `${scaled.toFixed(digits)}${suffix}${unit === 'x' ? 'x' : ''}`;
}

interface Comparison {
  readonly ratio: number;
  readonly peer: string;
}

/** Ours against the peer of the same reach whose median is the best. */
export function compareWithBest(heat: Heat, ours: Lane, figure: Figure): Comparison | undefined {
  let best: { lane: Lane; value: number } | undefined;
  for (const lane of heat.lanes) {
    const value = medianOf(lane, figure);
    if (lane.role !== 'peer' || lane.reach !== ours.reach || value === undefined) continue;
    if (best === undefined || advantage(value, best.value, figure) > 1) best = { lane, value };
  }
  if (best === undefined) return undefined;
  const ratio = pairedAdvantage(valuesOf(ours, figure), valuesOf(best.lane, figure), figure);
  return ratio === undefined ? undefined : { ratio, peer: best.lane.name };
}

/** Ours against the lane that is named; `undefined` where it is a peer of another reach, or did not run. */
export function compareWithNamed(
  heat: Heat,
  ours: Lane,
  figure: Figure,
  { lane: name, key = figure.key, reach = ours.reach }: Yardstick,
): number | undefined {
  const lane = laneOf(heat, name);
  if (reach !== ours.reach) return undefined;
  if (lane === undefined || (lane.role === 'peer' && lane.reach !== ours.reach)) return undefined;
  return pairedAdvantage(valuesOf(ours, figure), valuesOf(lane, { key }), figure);
}

function laneNames(heats: readonly Heat[], test: (lane: Lane) => boolean): string[] {
  return [...new Set(heats.flatMap((heat) => heat.lanes.filter(test).map(({ name }) => name)))];
}

function laneOf(heat: Heat, name: string): Lane | undefined {
  return heat.lanes.find((lane) => lane.name === name);
}

/**
 * How far the rounds lay apart: half of their range, in percent of the median. It is shown from 10 % on, to
 * tell a figure that was disturbed from one that holds.
 */
function spreadOf(lane: Lane, figure: Figure, middle: number): string {
  const values = valuesOf(lane, figure).filter((value) => value !== undefined);
  const percent = Math.round(((Math.max(...values) - Math.min(...values)) / 2 / middle) * 100);
  return Number.isFinite(percent) && percent >= 10 ? ` ±${percent}%` : '';
}

function cell(heat: Heat, name: string, figure: Figure): string {
  const lane = laneOf(heat, name);
  if (lane === undefined) return NOTHING;
  const value = medianOf(lane, figure);
  if (value !== undefined) return `${formatValue(value, figure.unit)}${spreadOf(lane, figure, value)}`;
  return lane.outcomes.some((outcome) => 'error' in outcome) ? 'failed' : NOTHING;
}

function ratioCell(ratio: number | undefined): string {
  return ratio === undefined ? NOTHING : `${ratio.toFixed(2)}x`;
}

function comparisonCell(heat: Heat, ours: Lane, figure: Figure): string {
  const comparison = compareWithBest(heat, ours, figure);
  return comparison === undefined ? NOTHING : `${ratioCell(comparison.ratio)} ${comparison.peer}`;
}

function workersOf(count: number): string {
  return count === 1 ? '1 worker' : `${count} workers`;
}

/** One table for each figure of a workload, from its heats with each number of workers. */
export function tablesOf(heats: readonly Heat[]): Table[] {
  const workload = heats[0]?.workload;
  if (workload === undefined) return [];
  const notes = heats.flatMap((heat) =>
    heat.lanes.flatMap((lane) => {
      const errors = lane.outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
      return [...new Set(errors)].map((error) => `${lane.name}, ${workersOf(heat.workers)}: ${error}`);
    }),
  );
  return workload.figures.map((figure, index) => {
    const rows: string[][] = [];
    for (const reach of REACHES) {
      const names = laneNames(heats, (lane) => lane.reach === reach);
      const ours = laneNames(heats, (lane) => lane.reach === reach && lane.role === 'ours');
      if (names.length > 0) rows.push([`${REACH_TITLE[reach]}:`, ...heats.map(() => '')]);
      for (const name of names) rows.push([name, ...heats.map((heat) => cell(heat, name, figure))]);
      for (const name of ours) {
        const cells = heats.map((heat) => {
          const lane = laneOf(heat, name);
          return lane === undefined ? NOTHING : comparisonCell(heat, lane, figure);
        });
        if (saysAnything(cells)) rows.push([`${name} : best peer`, ...cells]);
      }
    }
    return {
      title: `${workload.title}: ${figure.label} (${figure.unit}, ${figure.better} is better)`,
      header: [workload.name, ...heats.map((heat) => workersOf(heat.workers))],
      rows,
      notes: index === 0 ? notes : [],
    };
  });
}

type Compare = (heat: Heat, ours: Lane) => string;

/** A page of comparisons, of those that there are: a column for each lane of ours and number of workers. */
function pageOf(
  title: string,
  heats: readonly Heat[],
  rowsOf: (workload: Workload, figure: Figure) => readonly (readonly [label: string, compare: Compare])[],
): Table[] {
  const ours = laneNames(heats, (lane) => lane.role === 'ours');
  const counts = [...new Set(heats.map((heat) => heat.workers))].toSorted((a, b) => a - b);
  const columns = ours.flatMap((name) => counts.map((workers) => ({ name, workers })));
  const workloads = [...new Set(heats.map((heat) => heat.workload))];
  const rows = workloads.flatMap((workload) =>
    workload.figures
      .flatMap((figure) => rowsOf(workload, figure))
      .flatMap(([label, compare]) => {
        const cells = columns.map(({ name, workers }) => {
          const heat = heats.find((one) => one.workload === workload && one.workers === workers);
          const lane = heat && laneOf(heat, name);
          return heat === undefined || lane === undefined ? NOTHING : compare(heat, lane);
        });
        return saysAnything(cells) ? [[label, ...cells]] : [];
      }),
  );
  if (rows.length === 0) return [];
  const header = ['figure', ...columns.map(({ name, workers }) => `${name}, ${workers}`)];
  return [{ title, header, rows, notes: [] }];
}

/** All comparisons on two pages: with the best peers, and with those that the figures name. */
export function comparisonsOf(heats: readonly Heat[]): Table[] {
  const best = pageOf(
    'Times better than the best peer of the same reach (above 1: ours is better)',
    heats,
    (workload, figure) => [
      [`${workload.name}: ${figure.label}`, (heat, ours) => comparisonCell(heat, ours, figure)],
    ],
  );
  const named = pageOf(
    'Times better than one that is named (above 1: ours is better)',
    heats,
    (workload, figure) =>
      (figure.against ?? []).map((yardstick) => {
        const other = workload.figures.find(({ key }) => key === yardstick.key && key !== figure.key);
        const theirs = other === undefined ? yardstick.lane : `${yardstick.lane}, ${other.label}`;
        return [
          `${workload.name}: ${figure.label} : ${theirs}`,
          (heat, ours) => ratioCell(compareWithNamed(heat, ours, figure, yardstick)),
        ];
      }),
  );
  return [...best, ...named];
}

export function environmentLines(environment: Environment, loadAfter?: number): string[] {
  const { commit, date, node, system, processor, cores, memoryGB, load, versions } = environment;
  const after = loadAfter === undefined ? '' : `, ${loadAfter.toFixed(2)} after`;
  return [
    `Commit ${commit}, ${date}`,
    `Node ${node} on ${system}; ${cores} x ${processor}, ${memoryGB} GB`,
    `Load average ${load.toFixed(2)} before${after}`,
    `Against ${versions.join(', ')}`,
  ];
}
