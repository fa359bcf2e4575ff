// Waiting for threads: by those who started them and by others, blocked and not.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { activeCount, currentThread, enumerate, mainThread, Thread } from '../../../src/threading/index.ts';
import { codeOf, gateFor, limit, ran, started, testHearing, until, words } from './support.ts';
import * as tasks from './tasks.ts';

const TRIALS = 10;

describe('join', () => {
  test('ThreadTests.test_enumerate_after_join: who was joined is not listed any more', limit, async () => {
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const thread = started({ target: () => undefined });
      if (trial % 2 === 0) assert.equal(await thread.join(), true);
      else assert.equal(thread.joinSync(), true);
      assert.ok(!enumerate().includes(thread));
    }
  });

  test('ThreadTests.test_join_from_multiple_threads: many may wait for one', limit, async (context) => {
    const gate = gateFor(context);
    const joined = words();
    const thread = started({ target: tasks.waitAt, args: [gate] });
    const ident = thread.ident as number;
    const joiners = [true, false, true, false].map((blocking) =>
      started({ target: tasks.joinOthers, args: [joined, blocking, ident] }),
    );
    await Promise.all(joiners.map(({ ready }) => ready));
    const here = [thread.join(), thread.join(), thread.join({ timeout: 59_000 })];
    assert.equal(joined[0], 0);
    tasks.say(gate, 1);
    assert.deepEqual(await Promise.all(here), [true, true, true]);
    for (const joiner of joiners) await joiner.join();
    assert.equal(joined[0], 4);
  });

  test(
    'ThreadTests.test_join_with_timeout: false after the time, and the thread lives on',
    limit,
    async (context) => {
      const gate = gateFor(context);
      const thread = started({ target: tasks.waitAt, args: [gate] });
      assert.equal(await thread.join({ timeout: 10 }), false);
      assert.equal(await thread.join({ timeout: 0 }), false);
      assert.equal(thread.joinSync({ timeout: 10 }), false);
      assert.equal(thread.joinSync({ timeout: 0 }), false);
      assert.equal(thread.isAlive(), true);
      tasks.say(gate, 1);
      assert.equal(await thread.join({ timeout: 59_000 }), true);
      assert.equal(await thread.join({ timeout: 0 }), true);
      assert.equal(thread.joinSync({ timeout: 0 }), true);
    },
  );

  test('ends with the reason of its signal', limit, async (context) => {
    const gate = gateFor(context);
    const thread = started({ target: tasks.waitAt, args: [gate] });
    const controller = new AbortController();
    const joining = thread.join({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await assert.rejects(joining, /enough/);
    await assert.rejects(thread.join({ signal: controller.signal }), /enough/);
    assert.equal(thread.isAlive(), true);
  });

  test('refuses times that are none', limit, async () => {
    const thread = await ran({});
    for (const timeout of [-1, Number.NaN]) {
      await assert.rejects(thread.join({ timeout }), RangeError);
      assert.throws(() => thread.joinSync({ timeout }), RangeError);
    }
    assert.throws(() => thread.joinSync({ timeout: '1' as never }), TypeError);
  });

  test('ThreadingExceptionTests.test_joining_current_thread: nobody can wait for itself', limit, async () => {
    await assert.rejects(currentThread().join(), { code: 'MANYHANDS_INVALID_STATE', message: /itself/ });
    assert.throws(() => mainThread().joinSync(), { code: 'MANYHANDS_INVALID_STATE', message: /itself/ });
  });

  test(
    'ThreadingExceptionTests.test_joining_inactive_thread: nor for one that has not started',
    limit,
    async () => {
      const thread = new Thread({ target: tasks.pass });
      await assert.rejects(thread.join(), {
        code: 'MANYHANDS_INVALID_STATE',
        message: /before it was started/,
      });
      assert.throws(() => thread.joinSync(), { code: 'MANYHANDS_INVALID_STATE' });
    },
  );

  test('ThreadingExceptionTests.test_start_thread_again: a thread starts once', limit, async () => {
    const thread = started({ target: tasks.pass });
    assert.throws(() => thread.start(), { code: 'MANYHANDS_INVALID_STATE', message: /threads start once/ });
    await thread.join();
    assert.throws(() => thread.start(), { code: 'MANYHANDS_INVALID_STATE' });
    assert.throws(() => mainThread().start(), { code: 'MANYHANDS_INVALID_STATE' });
  });

  test(
    'ThreadingExceptionTests.test_daemonize_active_thread: and is then what it is',
    limit,
    async (context) => {
      const thread = started({ target: tasks.waitAt, args: [gateFor(context)] });
      assert.throws(() => (thread.daemon = true), {
        code: 'MANYHANDS_INVALID_STATE',
        message: /before start/,
      });
      assert.throws(() => (mainThread().daemon = true), { code: 'MANYHANDS_INVALID_STATE' });
      assert.equal(thread.daemon, false);
    },
  );

  test('waits for what the function left in its event loop', limit, async () => {
    for (const blocking of [false, true]) {
      const word = words();
      const thread = started({ target: tasks.leaveTimer, args: [word, 50] });
      if (blocking) thread.joinSync();
      else await thread.join();
      assert.equal(word[0], 1);
    }
  });

  test('blocked waits for a thread that prints, which no event loop takes meanwhile', limit, async () => {
    const thread = started({ target: () => console.error('\n'.repeat(200).slice(0, 0)) });
    assert.equal(thread.joinSync({ timeout: 50_000 }), true);
    await thread.join();
  });

  test('of one that is ended by force wakes, blocked or not, whoever started it', limit, async (context) => {
    const gate = gateFor(context);
    const [ident, joined] = [words(), words()];
    const top = started({ target: tasks.startAndLeave, args: [gate, ident] });
    await until(() => gate[1] === 1);
    // The child never ends by itself: it goes down with the thread that started it.
    const joiners = [true, false].map((blocking) =>
      started({ target: tasks.joinOthers, args: [joined, blocking, ident[0] as number] }),
    );
    await Promise.all(joiners.map(({ ready }) => ready));
    const child = enumerate().find((thread) => thread.ident === ident[0]) as Thread;
    const here = child.join();
    tasks.say(gate.subarray(2), 1);
    if (process.platform !== 'linux') tasks.say(gate, 1);
    assert.equal(await here, true);
    for (const joiner of joiners) await joiner.join();
    assert.equal(joined[0], 2);
    await top.join();
    assert.equal(activeCount(), 1);
  });

  testHearing('of one that runs out of memory wakes, too', async (heard) => {
    const limits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 };
    const thread = started({ target: tasks.fillMemory, resourceLimits: limits });
    await thread.ready;
    assert.equal(await thread.join(), true);
    assert.equal(codeOf(heard[0]), 'ERR_WORKER_OUT_OF_MEMORY');
    const blocked = started({ target: tasks.fillMemory, resourceLimits: limits });
    assert.equal(
      blocked.joinSync({ timeout: process.platform === 'linux' ? 50_000 : 0 }),
      process.platform === 'linux',
    );
    await blocked.join();
    assert.equal(heard.length, 2);
  });

  test('sees through seventy of them', { timeout: 150_000 }, async (context) => {
    const gate = gateFor(context);
    const here = words();
    const threads = Array.from(
      { length: 70 },
      () => new Thread({ target: tasks.countAndWait, args: [here, gate] }),
    );
    for (const thread of threads) thread.start();
    await until(() => here[0] === 70);
    assert.equal(activeCount(), 71);
    assert.deepEqual(enumerate().slice(1), threads);
    tasks.say(gate, 1);
    for (const [index, thread] of threads.entries()) {
      assert.equal(index % 2 === 0 ? thread.joinSync() : await thread.join(), true);
    }
    assert.equal(activeCount(), 1);
  });

  test('can be done by a thread that is given another', limit, async (context) => {
    const [gate, memory] = [gateFor(context), words(256)];
    const thread = started({ target: tasks.waitAt, args: [gate], name: 'given', daemon: true });
    const joiner = started({ target: tasks.joinGiven, args: [memory, [thread, thread]] });
    await joiner.ready;
    tasks.say(gate, 1);
    await joiner.join();
    const [isListed, ...seen] = tasks.read<unknown[]>(memory);
    // Where the one has ended before the other looked, it is not listed any more.
    assert.equal(typeof isListed, 'boolean');
    assert.deepEqual(seen, [true, 'given', true, true, true, false]);
  });

  test('cannot be done by one that is given a thread before its start', limit, () => {
    const thread = new Thread({ target: tasks.joinGiven, args: [words(1), [new Thread({})]] });
    assert.throws(() => thread.start(), {
      code: 'MANYHANDS_NOT_SHAREABLE',
      message: /arguments\[1\]\[0\].*start it first/,
    });
  });

  test('of a tree of threads is over when all of it is', limit, async () => {
    for (const blocking of [false, true]) {
      const word = words();
      const thread = started({ target: tasks.startMore, args: [word, 3] });
      if (blocking) thread.joinSync();
      else await thread.join();
      assert.equal(word[0], 15);
      assert.equal(activeCount(), 1);
    }
  });
});

describe('ready', () => {
  test('says when the thread runs', limit, async (context) => {
    const thread = started({ target: tasks.waitAt, args: [gateFor(context)] });
    await thread.ready;
    assert.equal(thread.isAlive(), true);
  });
});
