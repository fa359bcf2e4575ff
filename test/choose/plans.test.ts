// Which plan is best, and from when on: on the machine of round numbers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bestPlan, callCounts, paysFrom } from '../../src/choose/plans.ts';
import { machine, model, waiting } from './synthetic.ts';

const bounds = { maxWorkers: 4 };

describe('the best plan', () => {
  it('for calls that compute has a worker for each core', () => {
    const { workers, concurrency, chunkSize, ms } = bestPlan(model(), bounds, 'thread', 100);
    assert.deepEqual({ workers, concurrency, chunkSize }, { workers: 4, concurrency: 1, chunkSize: 1 });
    assert.equal(ms, (100 * 101.5) / 4 + 1);
  });

  it('has no more workers than are worth it', () => {
    assert.equal(bestPlan(model(), bounds, 'thread', 1).workers, 1);
    assert.equal(bestPlan(model(), { maxWorkers: 2 }, 'thread', 100).workers, 2);
    // One processor for all of them.
    const crowded = model({}, { conditions: { alone: 1, together: 1 } });
    assert.equal(bestPlan(crowded, bounds, 'thread', 100).workers, 1);
  });

  it('for calls that wait has one worker, and many calls in it', () => {
    const { workers, concurrency } = bestPlan(model(waiting), bounds, 'thread', 100);
    assert.ok(concurrency > 8, `${workers} workers, ${concurrency} each`);
    const here = bestPlan(model(waiting), bounds, 'event-loop', 20);
    // All at a time: nothing waits for its turn.
    assert.equal(here.concurrency, 20);
    assert.equal(here.ms, 20 * 1.25 + 99);
  });

  it('for calls that block while they wait has more workers than cores', () => {
    assert.equal(bestPlan(model({ cpu: 0, hold: 100 }), bounds, 'thread', 32).workers, 32);
  });

  it('for trivial calls has chunks', () => {
    const trivial = model({ cpu: 0.001, hold: 0.001, longest: 0.001, blocked: 0.001 });
    assert.ok(bestPlan(trivial, bounds, 'thread', 100_000).chunkSize >= 16);
    assert.equal(bestPlan(trivial, bounds, 'thread', 4).chunkSize, 1);
  });
});

describe('the crossing point', () => {
  it('is where the start of the workers is made up for', () => {
    const cold = model({}, { warm: false });
    // One call: 100 against 20 + 101 + 1. Two: 200 against 30 + 101 + 1.
    assert.equal(paysFrom(cold, bounds, 'thread', 'event-loop'), 2);
    assert.equal(paysFrom(cold, bounds, 'event-loop', 'thread'), 1);
    const short = model({ cpu: 10, hold: 10, longest: 10, blocked: 10 }, { warm: false });
    const from = paysFrom(short, bounds, 'thread', 'event-loop') as number;
    const wins = (calls: number): boolean =>
      bestPlan(short, bounds, 'thread', calls).ms < bestPlan(short, bounds, 'event-loop', calls).ms;
    assert.deepEqual([wins(from - 1), wins(from)], [false, true]);
  });

  it('is nowhere if messages take longer than calls', () => {
    const trivial = model({ cpu: 0.001, hold: 0.001, longest: 0.001, blocked: 0.001 });
    assert.equal(paysFrom(trivial, bounds, 'process', 'event-loop'), null);
  });

  it('is at the first call if there is nothing to start', () => {
    const unfair = { ...machine, process: { ...machine.process, roundTrip: 100 } };
    assert.equal(paysFrom(model({}, { machine: unfair }), bounds, 'thread', 'process'), 1);
  });
});

it('counts of calls reach beyond those asked for', () => {
  assert.deepEqual(callCounts(1), [1, 2, 5, 10]);
  assert.deepEqual(callCounts(7), [1, 2, 5, 10, 20, 50, 100]);
});
