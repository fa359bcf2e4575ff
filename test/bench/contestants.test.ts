import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chunksOf } from '../../bench/contestant.ts';
import { contestants } from '../../bench/contestants/index.ts';
import { measure } from '../../bench/measure.ts';
import { quick } from '../../bench/workload.ts';
import { workloads } from '../../bench/workloads/index.ts';

const LIMIT = 60_000;

// In measuring processes, as in a run: some of the peers do not always close, which must not hold up the
// tests.
describe('every contestant computes what it is measured for', () => {
  for (const { name } of contestants) {
    it(name, async () => {
      const order = { contestant: name, workers: 2, scale: quick };
      assert.deepEqual(await measure({ ...order, workload: 'check' }, LIMIT), { figures: {} });
      // Bytes go by another way in some of them, and this workload compares what comes back.
      const bytes = await measure({ ...order, workload: 'echo-mebibyte' }, LIMIT);
      assert.ok('figures' in bytes && (bytes.figures['rate'] ?? 0) > 0, JSON.stringify(bytes));
    });
  }

  it('has names that are unique', () => {
    const names = contestants.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });
});

describe('every yardstick', () => {
  for (const { name, figures, baselines = [] } of workloads) {
    it(`of ${name} is a lane and a figure that there is`, () => {
      const lanes = new Set([...contestants, ...baselines].map((lane) => lane.name));
      const keys = new Set(figures.map(({ key }) => key));
      for (const { lane, key } of figures.flatMap(({ against = [] }) => against)) {
        assert.ok(lanes.has(lane), lane);
        assert.ok(key === undefined || keys.has(key), key);
      }
    });
  }
});

describe('chunks made by hand', () => {
  it('keep every number in its place', () => {
    assert.deepEqual(chunksOf([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
    assert.deepEqual(chunksOf([], 2), []);
  });
});
