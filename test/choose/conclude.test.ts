// What is advised, on the machine of round numbers: the choice, and the words for it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderAdvice } from '../../src/choose/text.ts';
import { adviceOn, waiting } from './synthetic.ts';

const quick = { cpu: 0.001, hold: 0.001, longest: 0.001, blocked: 0.001 };
const short = { cpu: 10, hold: 10, longest: 10, blocked: 10 };

describe('the conclusion', () => {
  it('is threads for calls that compute, a worker for each core', () => {
    const { use, options, words, crossings } = adviceOn(short);
    assert.equal(use, 'thread');
    assert.equal(options[0]?.workers, 4);
    assert.match(words.use, /^Use 4 threads: \d+ ms for 100 calls\.$/);
    assert.equal(words.because[0], 'A call computes for 10 ms.');
    assert.deepEqual(
      crossings.map(({ faster, than }) => [faster, than]),
      [
        ['thread', 'process'],
        ['thread', 'event-loop'],
      ],
    );
    assert.ok(
      words.pays.some((text) => /^Threads are faster than the event loop from \d+ calls on/.test(text)),
    );
    assert.equal(
      words.code,
      [
        "import { ThreadPoolExecutor } from 'manyhands';",
        'import { work } from "/home/me/work.js";',
        '',
        'await using pool = new ThreadPoolExecutor({ maxWorkers: 4 });',
        'const results = await pool.map(work, inputs);',
      ].join('\n'),
    );
  });

  it('is a plain call for trivial ones', () => {
    const { use, words } = adviceOn(quick, { calls: 1000, arity: 2 });
    assert.equal(use, 'event-loop');
    assert.equal(words.use, 'Call work as it is, without any pool: 1 ms for 1,000 calls.');
    assert.ok(words.pays.every((text) => text.endsWith('are never faster than the event loop here.')));
    assert.match(words.code, /const results = inputs\.map\(\(args\) => work\(\.\.\.args\)\);$/);
  });

  it('is many calls at a time on the event loop for those that wait', () => {
    const { use, words, options } = adviceOn(waiting, { arity: 2, calls: 10 });
    assert.equal(use, 'event-loop');
    const [{ concurrency } = { concurrency: 0 }] = options;
    assert.match(words.use, new RegExp(`^Use the event loop, with ${concurrency} calls under way`));
    assert.match(words.because[0] ?? '', /^A call waits for 99 ms, and computes for 1 ms \(1 %\)/);
    assert.match(words.code, /new EventLoopExecutor\(\{ concurrency: \d+, isolated: false \}\)/);
    assert.match(
      words.code,
      /map\(work, inputs\.map\(\(args\) => args\[0\]\), inputs\.map\(\(args\) => args\[1\]\)\)/,
    );
  });

  it('is not the event loop where that would be blocked for long, unless it may be', () => {
    const once = { calls: 1 };
    const { use, options, words } = adviceOn({}, once);
    assert.equal(use, 'thread');
    assert.match(
      String(options.find(({ backend }) => backend === 'event-loop')?.but),
      /block it for 100 ms at a time/,
    );
    assert.ok(words.because.some((text) => text.startsWith('Not the event loop: a call would block it')));
    assert.equal(adviceOn({}, { ...once, maxBlocked: Infinity }).use, 'event-loop');
  });

  it('is processes for what crashes', () => {
    const impossible = { 'event-loop': 'it would end the program', thread: 'it may' };
    const findings = [{ code: 'crashes', text: 'Input 0 ended its worker.' }] as const;
    const { use, words, curves } = adviceOn(short, {}, { impossible, findings });
    assert.equal(use, 'process');
    assert.deepEqual(
      curves.map(({ backend }) => backend),
      ['process'],
    );
    assert.ok(words.because.includes('Input 0 ended its worker.'));
    const unknown = adviceOn(short, {}, { impossible, findings, samples: [] });
    assert.match(unknown.words.use, /^Use processes\. No call of work came to its end/);
    assert.deepEqual([unknown.curves, unknown.crossings], [[], []]);
  });

  it('believes what was measured more than what was predicted', () => {
    const { use, options } = adviceOn({ ...short, cold: 0 }, { warm: true }, {}, { thread: 10 });
    assert.equal(use, 'process');
    const thread = options.find(({ backend }) => backend === 'thread');
    assert.equal(thread?.ms, 10 * Number(thread?.predicted));
  });

  it('takes the simpler one where there is nothing between them', () => {
    assert.equal(adviceOn(short, { warm: true }).use, 'thread');
    const { options } = adviceOn(short, { warm: true });
    const [thread, process] = ['thread', 'process'].map((name) =>
      options.find(({ backend }) => backend === name),
    );
    assert.ok(Number(process?.ms) < Number(thread?.ms) * 1.1);
  });

  it('says what would change it', () => {
    const growth = { kind: 'power', of: 'length', factor: 1, rate: 2, fit: 1 } as const;
    const { words } = adviceOn(short, {}, { growth, conditions: { alone: 1, together: 2 } });
    assert.ok(words.changes.some((text) => /grows as the length of its input to the power of 2/.test(text)));
    assert.ok(words.changes.some((text) => /of 4 cores 2 could be had/.test(text)));
  });

  it('is plain data, and text', () => {
    const advice = adviceOn(short, {}, {}, { thread: 0.8, process: 1.25 });
    assert.deepEqual(JSON.parse(JSON.stringify(advice)), advice);
    const text = renderAdvice(advice, { title: (title) => `# ${title}` });
    for (const part of [
      '# Because',
      '# Checked',
      '20 %',
      '25 %',
      '▸ 4 threads',
      'Round Numbers 4, 4 cores',
    ]) {
      assert.ok(text.includes(part), `${part} is not in\n${text}`);
    }
  });
});
