// Advice for real functions of every kind. Which backend wins depends on the machine and on what else it does; what is tested
// is what must hold anyway, and what the findings say. Which wins when is tested on synthetic profiles.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Advice, Finding } from '../../src/choose/advice.ts';
import { type AdviseOptions, advise } from '../../src/choose/advise.ts';
import { renderAdvice } from '../../src/choose/text.ts';
import { NotShareableError } from '../../src/index.ts';
import * as fixtures from './fixtures/functions.ts';

let cacheFolder = '';

before(() => {
  cacheFolder = mkdtempSync(join(tmpdir(), 'manyhands-advise-'));
});

after(() => rmSync(cacheFolder, { recursive: true, force: true }));

/** In little time: what the figures are worth is not the question. */
function ask<A extends unknown[], R>(
  fn: (...args: A) => R,
  inputs: readonly A[],
  options: AdviseOptions = {},
): Promise<Advice> {
  return advise(fn, inputs, { budget: 2000, cacheFolder, ...options });
}

function codes({ findings }: Advice): Array<Finding['code']> {
  return findings.map(({ code }) => code).toSorted();
}

describe('advice', { timeout: 120_000 }, () => {
  it('for a function that computes is complete, and plain data', async () => {
    const steps: string[] = [];
    const inputs = [18, 20, 22, 24].map((n): [number] => [n]);
    const advice = await ask(fixtures.fib, inputs, { calls: 1000, onStep: (what) => steps.push(what) });
    assert.deepEqual(JSON.parse(JSON.stringify(advice)), advice);
    assert.deepEqual(codes(advice), []);
    assert.equal(advice.function.name, 'fib');
    assert.match(String(advice.function.url), /fixtures\/functions\.js$/);
    assert.equal(advice.function.export, 'fib');
    assert.deepEqual([advice.calls, advice.inputs, advice.arity], [1000, 4, 1]);

    const { call, samples, growth } = advice;
    assert.equal(call.async, false);
    assert.equal(call.wait, 0);
    assert.ok(call.cpu > 0 && call.hold >= call.cpu);
    assert.ok(samples.length >= 1);
    assert.ok((samples.at(-1)?.cpu ?? 0) > (samples.length > 1 ? (samples[0]?.cpu ?? 0) : 0));
    assert.ok(growth === null || growth.of === 'value' || samples.length < 4, JSON.stringify(growth));

    assert.deepEqual(advice.options.map(({ backend }) => backend).toSorted(), [
      'event-loop',
      'process',
      'thread',
    ]);
    assert.ok(advice.options.every(({ ms, predicted }) => ms > 0 && predicted > 0));
    assert.ok(advice.options.some(({ backend }) => backend === advice.use));
    for (const { points } of advice.curves) {
      assert.ok((points.at(-1)?.calls ?? 0) >= 10_000);
      assert.ok(points.every(({ ms }) => ms > 0));
    }
    assert.equal(advice.crossings.length, 2);
    assert.ok(steps.includes('the processors'), steps.join(', '));
    assert.ok(advice.words.use.length > 0 && advice.words.because.length > 0);
    assert.match(advice.words.code, /fib/);
    const text = renderAdvice(advice);
    for (const part of [advice.words.use.split(' ')[0], 'Because', 'The code', 'Predicted for 1,000 calls']) {
      assert.ok(text.includes(String(part)), `${part} is not in\n${text}`);
    }
    assert.ok(text.split('\n').every((line) => line.length <= 200));
  });

  it('for a function that waits has many calls under way', async () => {
    const advice = await ask(fixtures.nap, [[30]], { calls: 400, budget: 3000 });
    assert.deepEqual(codes(advice), []);
    assert.equal(advice.call.async, true);
    assert.ok(advice.call.wait > advice.call.hold, JSON.stringify(advice.call));
    assert.ok(advice.call.cpu < advice.call.wait);
    for (const { concurrency, workers } of advice.options) assert.ok(concurrency * workers >= 4);
    assert.match(advice.words.because[0] ?? '', /waits for/);
    assert.match(advice.words.code, /concurrency: \d+/);
  });

  it('for one that blocks while it waits has more threads than cores', async () => {
    const advice = await ask(fixtures.sleepBlocking, [[20]], { calls: 5000 });
    assert.ok(advice.call.cpu < advice.call.hold / 2, JSON.stringify(advice.call));
    const threads = advice.options.find(({ backend }) => backend === 'thread');
    assert.ok((threads?.workers ?? 0) > advice.machine.cores, JSON.stringify(threads));
  });

  it('for a trivial function is to call it', async () => {
    const advice = await ask(fixtures.add, [[1, 2]], { calls: 1000 });
    assert.equal(advice.use, 'event-loop');
    assert.match(advice.words.use, /^Call add as it is/);
    assert.match(advice.words.code, /inputs\.map\(\(args\) => add\(\.\.\.args\)\)/);
    assert.ok(advice.call.cpu < 0.1);
  });

  it('knows what large arguments take', async () => {
    const advice = await ask(fixtures.lengthOf, [[new Uint8Array(2e6)]], { calls: 20 });
    assert.ok(advice.call.bytes > 2e6 && advice.call.bytes < 2.1e6);
    assert.notEqual(advice.call.carry.process, null);
    assert.equal(advice.use, 'event-loop');
  });

  it('for one that blocks for long is not the event loop, unless that may be', async () => {
    const options = { calls: 1, maxBlocked: 1 };
    const advice = await ask(fixtures.fib, [[31]], options);
    const loop = advice.options.find(({ backend }) => backend === 'event-loop');
    assert.match(String(loop?.but), /block it for \d+ ms/);
    assert.notEqual(advice.use, 'event-loop');
    const script = await ask(fixtures.fib, [[31]], { ...options, maxBlocked: Infinity });
    assert.equal(script.maxBlocked, null);
    assert.equal(script.options.find(({ backend }) => backend === 'event-loop')?.but, undefined);
  });

  it('for one that ends its worker is processes', async () => {
    const advice = await ask(fixtures.exit, [[3]]);
    assert.deepEqual(codes(advice), ['crashes']);
    assert.equal(advice.use, 'process');
    assert.match(advice.words.use, /^Use processes/);
    assert.ok(advice.options.filter(({ but }) => but !== undefined).length === 2);
    assert.match(renderAdvice(advice), /ended its worker/);
  });

  it('for one that does not end is there in time, with what is known', async () => {
    const turns: number[] = [];
    const timer = setInterval(() => turns.push(1), 20);
    const advice = await ask(fixtures.forEver, [[]], { budget: 1000 });
    clearInterval(timer);
    assert.ok(turns.length > 3, 'the event loop was blocked');
    assert.deepEqual(codes(advice), ['unfinished']);
    assert.notEqual(advice.use, 'event-loop');
    assert.deepEqual([advice.checks, advice.curves], [[], []]);
    assert.doesNotThrow(() => renderAdvice(advice));
  });

  it('points out state that changes, chance, and the place where it runs', async () => {
    const [state, chance, place] = [
      await ask(fixtures.nextNumber, [[]]),
      await ask(fixtures.random, [[]]),
      await ask(fixtures.whereAmI, [[]]),
    ];
    assert.deepEqual(codes(state), ['changing-state']);
    assert.deepEqual(codes(chance), ['varying-result']);
    assert.deepEqual(codes(place), ['state-of-its-worker']);
    assert.match(state.words.because.join('\n'), /changes state of its module: the first call gave 1/);
  });

  it('measures what throws as well', async () => {
    const advice = await ask(fixtures.fail, [['no']], { calls: 10 });
    assert.deepEqual(codes(advice), ['throws']);
    assert.match(advice.findings[0]?.text ?? '', /OutOfRange: no/);
    assert.ok(advice.options.every(({ ms }) => ms > 0));
  });

  it('knows what cannot come back from a process', async () => {
    const advice = await ask(fixtures.port, [[]], { calls: 10 });
    assert.deepEqual(codes(advice), ['not-shareable']);
    assert.notEqual(advice.use, 'process');
    assert.notEqual(advice.options.find(({ backend }) => backend === 'process')?.but, undefined);
  });

  it('goes by the source of functions that have no module', async () => {
    const advice = await ask((n: number) => n * 2, [[1]], { calls: 10 });
    assert.deepEqual([advice.function.url, advice.function.export], [null, null]);
    assert.doesNotMatch(advice.words.code, /import .* from "file:/);
  });

  it('can be stopped', async () => {
    const controller = new AbortController();
    const onStep = (what: string): void => {
      if (what.startsWith('input')) controller.abort(new Error('enough'));
    };
    await assert.rejects(
      ask(fixtures.forEver, [[]], { signal: controller.signal, onStep, budget: 60_000 }),
      /enough/,
    );
  });

  it('is refused to what cannot be run, and to wrong options', async () => {
    const outside = {};
    await assert.rejects(
      ask(() => outside, [[]]),
      NotShareableError,
    );
    await assert.rejects(ask(fixtures.fib, []), /inputs must hold the arguments of at least one call/);
    await assert.rejects(ask(fixtures.fib, [5] as never), /inputs\[0\] must be an array/);
    await assert.rejects(ask(fixtures.fib, [[1]], { calls: 0 }), /calls must be >= 1, received 0/);
    await assert.rejects(ask(fixtures.fib, [[1]], { budget: -1 }), /budget must be >= 0 milliseconds/);
    await assert.rejects(ask(fixtures.fib, [[1]], { callz: 1 } as never), /no option 'callz'/);
    await assert.rejects(advise(5 as never, [[]]), /fn must be a function/);
  });
});
