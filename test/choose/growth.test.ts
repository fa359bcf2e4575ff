// How costs grow, told from samples that were made by a known law.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { costAt, fitGrowth, type Sample, sizesOf } from '../../src/choose/growth.ts';

const near = (actual: number | undefined, expected: number): void =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-9, `${actual} is not ${expected}`);
const samples = (sizes: readonly number[], law: (size: number) => number): Sample[] =>
  sizes.map((size) => ({ size, ms: law(size) }));

describe('growth', () => {
  it('finds a power', () => {
    const growth = fitGrowth(
      'length',
      samples([10, 100, 1000], (n) => 0.5 * n ** 1.5),
    );
    assert.equal(growth?.kind, 'power');
    near(growth.rate, 1.5);
    near(growth.factor, 0.5);
    near(growth.fit, 1);
    near(costAt(growth, 400), 0.5 * 8000);
  });

  it('finds an exponential, as of fib', () => {
    const growth = fitGrowth(
      'value',
      samples([20, 25, 30, 31], (n) => 1e-3 * 1.618 ** n),
    );
    assert.equal(growth?.kind, 'exponential');
    near(growth.rate, 1.618);
    near(costAt(growth, 10), 1e-3 * 1.618 ** 10);
  });

  it('says so where the size does not matter, or nothing explains the differences', () => {
    assert.deepEqual(
      fitGrowth(
        'bytes',
        samples([10, 100, 1000], () => 4),
      ),
      { kind: 'constant', of: 'bytes', factor: 4, rate: 0, fit: 1 },
    );
    const wild = fitGrowth('bytes', [
      { size: 1, ms: 5 },
      { size: 2, ms: 1 },
      { size: 3, ms: 9 },
      { size: 4, ms: 1 },
    ]);
    assert.deepEqual([wild?.kind, wild?.factor], ['constant', 4]);
    assert.equal(costAt(wild as NonNullable<typeof wild>, 17), 4);
  });

  it('says nothing of inputs of one size', () => {
    assert.equal(
      fitGrowth(
        'value',
        samples([5, 5], () => 1),
      ),
      undefined,
    );
    assert.equal(fitGrowth('value', []), undefined);
  });

  it('does not take the noise of the clock for growth', () => {
    assert.equal(
      fitGrowth(
        'value',
        samples([1, 1000], (n) => n * 1e-6),
      )?.kind,
      'constant',
    );
  });
});

it('sizes are told from numbers, lengths and bytes', () => {
  assert.deepEqual(sizesOf([35], 9), { value: 35, bytes: 9 });
  assert.deepEqual(sizesOf([[1, 2, 3], 'ab', 7], 40), { value: 7, length: 5, bytes: 40 });
  assert.deepEqual(sizesOf([1, 2], 9), { bytes: 9 });
  assert.deepEqual(sizesOf([new Map([[1, 2]]), new Uint8Array(8)], 50), { length: 9, bytes: 50 });
});
