// TimerTests of test_threading.py, and the rest of what a timer does. Programs with timers are in programs.test.ts.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { enumerate, Timer, type TimerOptions } from '../../../src/threading/index.ts';
import { limit, testHearing, until, words } from './support.ts';
import * as tasks from './tasks.ts';

const NEVER = 2 ** 31 - 1;

for (const [where, options] of [
  ['on the event loop', {}],
  ['on a thread', { thread: true }],
] as const satisfies [string, TimerOptions][]) {
  describe(`a timer ${where}`, () => {
    test('TimerTests.test_init_immutable_default_args: each has arguments of its own', limit, async () => {
      const shared: [Int32Array] = [words()];
      const first = new Timer(0, tasks.count, { args: shared, ...options });
      assert.notEqual(first.args, shared);
      const bare = new Timer(0, tasks.pass, options);
      bare.args.push('spoilt');
      assert.deepEqual(new Timer(0, tasks.pass, options).args, []);
      first.args[0] = words();
      first.start();
      await first.join();
      assert.deepEqual([shared[0][0], (first.args[0] as Int32Array)[0]], [0, 1]);
    });

    test('calls its function once, after the time', limit, async () => {
      const word = words();
      const timer = new Timer(20, tasks.count, { args: [word], ...options });
      assert.equal(timer.isAlive(), false);
      assert.equal(timer.finished, false);
      timer.start();
      await timer.ready;
      assert.equal(timer.isAlive(), true);
      assert.equal(await timer.join(), true);
      assert.deepEqual([word[0], timer.isAlive(), timer.finished], [1, false, true]);
      timer.cancel();
      assert.equal(await timer.join({ timeout: 0 }), true);
      assert.equal(word[0], 1);
      assert.throws(() => timer.start(), { code: 'MANYHANDS_INVALID_STATE' });
    });

    test('does not if it is cancelled, which wakes those who wait', limit, async () => {
      const word = words();
      const timer = new Timer(NEVER, tasks.count, { args: [word], ...options });
      timer.start();
      assert.equal(await timer.join({ timeout: 5 }), false);
      const joining = timer.join();
      timer.cancel();
      assert.equal(timer.finished, true);
      assert.equal(await joining, true);
      assert.deepEqual([word[0], timer.isAlive()], [0, false]);
    });

    test('does not if it is cancelled before it starts', limit, async () => {
      const word = words();
      const timer = new Timer(0, tasks.count, { args: [word], ...options });
      timer.cancel();
      timer.start();
      assert.equal(await timer.join(), true);
      assert.equal(word[0], 0);
    });

    testHearing('gives what its function throws to the excepthook', async (heard) => {
      const timer = new Timer(0, tasks.fail, { args: ['of a timer'], ...options });
      timer.start();
      await timer.join();
      assert.deepEqual(
        heard.map(({ error, thread }) => [(error as Error).message, thread]),
        [['of a timer', timer]],
      );
      assert.equal(timer.finished, true);
    });

    test('has a name, and is a daemon or not, as threads', limit, async () => {
      const timer = new Timer(NEVER, tasks.pass, { daemon: true, name: 'tea', ...options });
      assert.match(String(timer), /^Timer\(tea, initial daemon\)$/);
      assert.match(new Timer(0, tasks.pass, options).name, /^Thread-\d+$/);
      timer.start();
      assert.throws(() => (timer.daemon = false), { code: 'MANYHANDS_INVALID_STATE' });
      assert.equal(timer.daemon, true);
      timer.cancel();
      await timer.join();
    });

    test('cannot be joined before it starts', limit, async () => {
      const timer = new Timer(0, tasks.pass, options);
      await assert.rejects(timer.join(), { code: 'MANYHANDS_INVALID_STATE' });
      assert.throws(() => timer.joinSync(), { code: 'MANYHANDS_INVALID_STATE' });
    });
  });
}

describe('a timer on a thread', () => {
  test('rings while the thread that set it is blocked, and can be cancelled by it', limit, async () => {
    const word = words();
    const timer = new Timer(5, tasks.count, { args: [word], thread: true });
    timer.start();
    assert.equal(Atomics.wait(word, 0, 0, 50_000), 'ok');
    assert.equal(timer.joinSync({ timeout: 50_000 }), true);
    const other = new Timer(NEVER, tasks.count, { args: [word], thread: true });
    other.start();
    assert.ok(enumerate().includes(other));
    other.cancel();
    assert.equal(other.joinSync({ timeout: 50_000 }), true);
    assert.equal(word[0], 1);
  });
});

describe('a timer on the event loop', () => {
  test('waits for the promise of its function', limit, async () => {
    let open: (() => void) | undefined;
    const timer = new Timer(0, () => new Promise<void>((resolve) => (open = resolve)));
    timer.start();
    await until(() => open !== undefined);
    assert.equal(timer.finished, false);
    assert.equal(await timer.join({ timeout: 1 }), false);
    open?.();
    assert.equal(await timer.join(), true);
  });

  test('cannot be waited for with a blocked event loop', limit, () => {
    const timer = new Timer(NEVER, tasks.pass);
    timer.start();
    assert.throws(() => timer.joinSync(), { code: 'MANYHANDS_INVALID_STATE', message: /thread: true/ });
    timer.cancel();
    assert.equal(timer.joinSync(), true);
  });

  test('refuses wrong options', limit, () => {
    assert.throws(() => new Timer(-1, tasks.pass), RangeError);
    assert.throws(() => new Timer('1' as never, tasks.pass), TypeError);
    assert.throws(() => new Timer(1, undefined as never), {
      name: 'TypeError',
      message: /function must be a function/,
    });
    assert.throws(() => new Timer(1, tasks.pass, { target: 1 } as never), /no option 'target'/);
  });
});
