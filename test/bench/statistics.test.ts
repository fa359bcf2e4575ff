import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { advantage, median, pairedAdvantage } from '../../bench/statistics.ts';

describe('the statistics of the benchmarks', () => {
  it('takes the middle, or the mean of the two in the middle', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.ok(Number.isNaN(median([])));
  });

  it('leaves its input alone and stays within its range', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
        const before = [...values];
        const middle = median(values);
        assert.ok(middle >= Math.min(...values) && middle <= Math.max(...values));
        assert.deepEqual(values, before);
      }),
    );
  });

  it('is above 1 when ours is better, whichever way the figure points', () => {
    assert.equal(advantage(200, 100, { better: 'higher' }), 2);
    assert.equal(advantage(50, 100, { better: 'lower' }), 2);
    assert.equal(advantage(100, 50, { better: 'lower' }), 0.5);
  });

  it('does not tell apart what lies below the floor', () => {
    assert.equal(advantage(0, 3, { better: 'lower', floor: 10 }), 1);
    assert.equal(advantage(0, 20, { better: 'lower', floor: 10 }), 2);
  });

  it('compares within each round, and leaves out rounds that one of them failed', () => {
    // The second round met a machine three times slower: both suffered, and the ratio did not.
    assert.equal(pairedAdvantage([200, 66, 210], [100, 33, 100], { better: 'higher' }), 2);
    assert.equal(pairedAdvantage([200, undefined], [100, 1], { better: 'higher' }), 2);
    assert.equal(pairedAdvantage([undefined], [1], { better: 'higher' }), undefined);
  });
});
