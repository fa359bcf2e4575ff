import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Latencies, oneAtATime, throughput } from '../../bench/load.ts';

describe('the load', () => {
  it('keeps as many calls going as it is told, and counts all of them', async () => {
    let calls = 0;
    let now = 0;
    let most = 0;
    const call = async () => {
      calls += 1;
      now += 1;
      most = Math.max(most, now);
      await turn();
      now -= 1;
    };
    const { done, rate } = await throughput(call, 5, 20);
    assert.equal(most, 5);
    assert.equal(now, 0);
    assert.equal(done, calls);
    assert.ok(rate > 0);
  });

  it('ends also where calls never leave the microtasks, and has timed one of 61 of them', async () => {
    let calls = 0;
    const { done, latencies } = await throughput(async () => void (calls += 1), 64, 5);
    assert.equal(done, calls);
    assert.equal(latencies.count, Math.floor(calls / 61));
    assert.ok(latencies.percentile(50) <= latencies.percentile(99));
  });

  it('counts the calls under way at the end', async () => {
    // The look after the third result ends it. By then the two other callers have gone on to a second call.
    assert.equal((await throughput(() => turn(), 3, 0)).done, 5);
  });

  it('times each call when there is one at a time', async () => {
    let calls = 0;
    const latencies = await oneAtATime(async () => {
      calls += 1;
      await turn();
    }, 5);
    assert.ok(calls > 0);
    assert.equal(latencies.count, calls);
  });

  it('passes on what a call throws', async () => {
    const fail = () => Promise.reject(new Error('fell over'));
    await assert.rejects(throughput(fail, 2, 10), /fell over/);
    await assert.rejects(oneAtATime(fail, 10), /fell over/);
  });
});

describe('latencies', () => {
  it('are told in microseconds, to three digits', () => {
    const latencies = new Latencies();
    assert.ok(Number.isNaN(latencies.percentile(50)));
    for (let us = 1; us <= 1000; us++) latencies.add(us);
    assert.equal(latencies.count, 1000);
    for (const rank of [1, 50, 99, 100]) {
      const told = latencies.percentile(rank);
      assert.ok(Math.abs(told - rank * 10) <= rank / 100, `p${rank} is told as ${told} us`);
    }
  });
});
