// The model, on a machine of round numbers: each expectation can be reckoned from the formula that predict.ts opens with.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { carryOf, type Plan, predict } from '../../src/choose/predict.ts';
import { machine, model, waiting } from './synthetic.ts';

const eventLoop: Plan = { backend: 'event-loop', workers: 1, concurrency: 1, chunkSize: 1 };
const threads = (plan: Partial<Plan> = {}): Plan => ({
  backend: 'thread',
  workers: 4,
  concurrency: 1,
  chunkSize: 1,
  ...plan,
});

describe('the model, on the event loop', () => {
  it('adds up calls that compute, and blocks for all of them', () => {
    const { ms, blocked, limit, startMs, memory } = predict(model(), eventLoop, 10);
    assert.equal(ms, 1000);
    assert.equal(blocked, 1000);
    assert.equal(limit, 'computing');
    assert.equal(startMs, 0);
    assert.equal(memory, 0);
  });

  it('takes longer when a processor is had half of the time', () => {
    assert.equal(predict(model({}, { conditions: { alone: 0.5, together: 2 } }), eventLoop, 10).ms, 2000);
  });

  it('has calls wait together, as many as may be under way', () => {
    const at = (concurrency: number): number => predict(model(waiting), { ...eventLoop, concurrency }, 10).ms;
    // 10 rounds of 1 + 99 + 0.25; 2 rounds; or all at once: 10 x (1 + 0.25) to begin them, and 99 for the last.
    assert.equal(at(1), 1002.5);
    assert.equal(at(5), 200.5);
    assert.equal(at(10), 111.5);
    assert.equal(predict(model(waiting), { ...eventLoop, concurrency: 10 }, 10).limit, 'waiting');
  });

  it('counts the first calls as slower, unless it is warm', () => {
    const cold = predict(model({ cold: 7, load: 30 }, { warm: false }), eventLoop, 10);
    // The caller has loaded its module.
    assert.equal(cold.startMs, 7);
    assert.equal(cold.ms, 1007);
    assert.equal(predict(model({ cold: 7 }), eventLoop, 10).ms, 1000);
  });
});

describe('the model, in a pool', () => {
  it('divides calls that compute among the workers', () => {
    // The worker with most has 3 of 10 calls, of 100 + 1 each; and a round trip.
    const { ms, limit, blocked } = predict(model(), threads(), 10);
    assert.equal(ms, 3 * 101 + 1);
    assert.equal(limit, 'computing');
    assert.equal(blocked, 5);
  });

  it('starts workers, loads the function in each, and warms up', () => {
    const cold = model({ load: 30, cold: 7 }, { warm: false });
    const { ms, startMs } = predict(cold, threads(), 10);
    // Four are started at once, on processors enough.
    assert.equal(startMs, 50 + 30 + 7);
    assert.equal(ms, 87 + 3 * 101 + 1);
    // 20 for the first, 10 for each more; and no more are started than there are calls.
    assert.equal(predict(cold, threads({ workers: 2 }), 10).startMs, 30 + 37);
    assert.equal(predict(cold, threads(), 1).startMs, 20 + 37);
    assert.equal(predict(cold, threads(), 1).workers, 1);
  });

  it('gains nothing from more workers than cores', () => {
    const eight = predict(model(), threads({ workers: 8 }), 80);
    // Calls, and both ends of their messages, on four processors.
    assert.equal(eight.ms, (80 * 101.5) / 4 + 1);
    assert.equal(predict(model(), threads(), 80).ms, eight.ms);
    assert.ok(eight.memory > predict(model(), threads(), 80).memory);
  });

  it('knows what others leave of the machine', () => {
    const busy = model({}, { conditions: { alone: 1, together: 2 } });
    // Four threads, and who sends to them, get two processors.
    assert.equal(predict(busy, threads(), 8).ms, (8 * 101.5) / 2 + 1);
  });

  it('knows that calls can disturb each other', () => {
    assert.equal(predict(model({ stretch: 1.5 }), threads(), 8).ms, (8 * 151.5) / 4 + 1);
    // One alone is not disturbed.
    assert.equal(predict(model({ stretch: 1.5 }), threads({ workers: 1 }), 8).ms, 8 * 101 + 1);
  });

  it('has each worker wait for several calls', () => {
    const plan = threads({ workers: 2, concurrency: 5 });
    // All ten under way: five calls to begin in each, 1 + 1 ms, and 99 for the last.
    const { ms, limit } = predict(model(waiting), plan, 10);
    assert.equal(ms, 5 * 2 + 99 + 1);
    assert.equal(limit, 'waiting');
  });

  it('has calls that block while they wait in as many threads as there are', () => {
    const sleepers = model({ cpu: 1, hold: 100 });
    const { ms } = predict(sleepers, threads({ workers: 10 }), 10);
    assert.equal(ms, 101 + 1);
  });

  it('pays less for messages in chunks', () => {
    const trivial = model({ cpu: 0.25, hold: 0.25, longest: 0.25, blocked: 0.25 });
    const alone = predict(trivial, threads({ workers: 1 }), 1000);
    assert.equal(alone.ms, 1000 * (0.25 + 1) + 1);
    assert.equal(alone.limit, 'messages');
    const chunked = predict(trivial, threads({ workers: 1, chunkSize: 100 }), 1000);
    assert.equal(chunked.ms, 1000 * (0.25 + 0.5 + 0.01) + 1);
    // The caller makes the messages, of 100 items each.
    assert.equal(chunked.blocked, 100 * (0.25 + 0.005));
  });

  it('is never faster than the caller, who makes the messages', () => {
    const trivial = model({ cpu: 0, hold: 0, longest: 0, blocked: 0 });
    // Four workers could do it in 250 ms.
    assert.equal(predict(trivial, threads(), 1000).ms, 1000 * 0.5 + 1);
  });

  it('carries values, as long as measured, or as long as the machine takes for so many bytes', () => {
    const measured = model({ carry: { thread: 8, process: 30 } });
    assert.equal(predict(measured, threads({ workers: 1 }), 10).ms, 10 * (100 + 1 + 4) + 1);
    assert.equal(
      predict(measured, { ...threads({ workers: 1 }), backend: 'process' }, 10).ms,
      10 * (100 + 1 + 15) + 2,
    );
    const unmeasured = model({ carry: { thread: null, process: null }, bytes: 5500 });
    assert.equal(predict(unmeasured, threads({ workers: 1 }), 10).ms, 10 * (100 + 1 + 5.5) + 1);
  });

  it('waits for a long call that begins last', () => {
    // Twenty of 100 on average, one of which takes 500.
    assert.equal(predict(model({ longest: 500 }), threads(), 20).ms, 5 * 101 + 400 * 0.75 + 1);
    assert.equal(predict(model({ longest: 500 }), threads({ workers: 1 }), 20).ms, 20 * 101 + 1);
  });

  it('says what memory it takes', () => {
    const { memory } = predict(model({ heap: 1e6, bytes: 1000 }), threads({ chunkSize: 2 }), 20);
    assert.equal(memory, 4 * (10e6 + 1e6) + 2000);
    assert.equal(predict(model(), { ...threads(), backend: 'process' }, 20).memory, 4 * 40e6);
  });
});

describe('carrying bytes', () => {
  it('takes time along the line between what was measured, and in proportion beyond', () => {
    const at = (bytes: number): number => carryOf(machine.thread, bytes);
    assert.deepEqual([0, 500, 1000, 5500, 10_000, 100_000].map(at), [0, 1, 2, 11, 20, 200]);
  });
});
