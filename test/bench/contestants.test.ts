import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Outcome } from '../../bench/child.ts';
import { chunksOf } from '../../bench/contestant.ts';
import { contestants } from '../../bench/contestants/index.ts';
import { measure } from '../../bench/measure.ts';
import { quick, type Workload, workersFor } from '../../bench/workload.ts';
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

// They check what comes out themselves, and fail where it is wrong.
describe('every rival yields its figures', () => {
  for (const workload of workloads) {
    if (!('rivals' in workload)) continue;
    for (const { name } of workload.rivals) {
      for (const workers of workload.workers) {
        it(`${name} in ${workload.name}, ${workers} at once`, { timeout: LIMIT }, async () => {
          const order = { contestant: name, workload: workload.name, workers, scale: quick };
          assert.deepEqual(figuresIn(await measure(order, LIMIT)), keysOf(workload));
        });
      }
    }
    for (const baseline of workload.baselines ?? []) {
      it(`${baseline.name} in ${workload.name}`, { timeout: LIMIT }, async (t) => {
        if (baseline.version() === undefined) {
          t.skip('there is no python3 here');
          return;
        }
        const figures = await baseline.measure({ workers: 2, scale: quick });
        const known = new Set(keysOf(workload));
        assert.ok(figures !== undefined);
        for (const [key, figure] of Object.entries(figures)) assert.ok(known.has(key) && figure > 0, key);
      });
    }
  }
});

function keysOf({ figures }: Workload): string[] {
  return figures.map(({ key }) => key);
}

/** Those that say something; or why there are none. */
function figuresIn(outcome: Outcome): string[] {
  if ('error' in outcome) return [outcome.error];
  return Object.keys(outcome.figures).filter((key) => (outcome.figures[key] ?? 0) > 0);
}

describe('the numbers of workers', () => {
  it('are those asked for with pools, and those that make sense with rivals', () => {
    const [pools, rivals] = [workloads[0], workloads.find((workload) => 'rivals' in workload)];
    assert.ok(pools !== undefined && rivals !== undefined && 'rivals' in rivals);
    assert.deepEqual(workersFor(pools, [3, 4]), [3, 4]);
    assert.deepEqual(workersFor(rivals, [3, 4]), rivals.workers);
  });
});

describe('every yardstick', () => {
  for (const workload of workloads) {
    const { name, figures, baselines = [] } = workload;
    it(`of ${name} is a lane and a figure that there is`, () => {
      const measured = 'rivals' in workload ? workload.rivals : contestants;
      const lanes = new Set([...measured, ...baselines].map((lane) => lane.name));
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
