/**
 * Many tiny items: a million squares in the quickest way each library has, and some as one writes it first.
 */
import { pythonMaps } from '../baselines/python.ts';
import { expect, type Measured, type Workload } from '../workload.ts';

type Map = (numbers: readonly number[]) => Promise<readonly number[]>;

/** The inputs are made before, and results checked after, the time that counts. */
async function itemsPerSecond(map: Map, items: number): Promise<Measured> {
  const numbers = Array.from({ length: items }, (_, i) => i);
  await map(numbers.slice(0, items / 10));
  const start = performance.now();
  const squares = await map(numbers);
  const elapsed = performance.now() - start;
  expect(
    squares.length === items && squares.every((value, i) => value === i * i),
    `${squares.length} squares of ${items} numbers, or some of them wrong`,
  );
  return { rate: (items * 1000) / elapsed };
}

export const map: Workload = {
  name: 'map',
  title: 'map of a million squares (200,000 with --quick): own map, or chunks of 1000 by hand',
  figures: [
    {
      key: 'rate',
      label: 'throughput',
      unit: 'items/s',
      better: 'higher',
      against: [{ lane: 'python-pool' }],
    },
  ],
  baselines: pythonMaps,
  async run(open, { scale }) {
    const pool = await open();
    return itemsPerSecond((numbers) => pool.map(numbers), scale.mapItems);
  },
};

export const mapEach: Workload = {
  name: 'map-each',
  title: 'map of 20,000 squares (4,000 with --quick): own map, or one task for each number',
  figures: [{ key: 'rate', label: 'throughput', unit: 'items/s', better: 'higher' }],
  async run(open, { scale }) {
    const pool = await open();
    return itemsPerSecond((numbers) => pool.mapEach(numbers), scale.eachItems);
  },
};
