// Those of CPython's tests of events, conditions and semaphores that say something about behaviour:
// `lock_tests.py`, `_test_multiprocessing.py`.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { InvalidStateError } from '../../../src/errors.ts';
import type { Outcome } from '../../sync/fixtures/parties.ts';
import { onStage, type Stage, until } from '../../sync/stage.ts';

const IT = 0;
/** The lock of a condition, where it is an object of its own. */
const LOCK = 1;
/** Words of the board. */
const CAME = 0;
const WOKE = 1;
const STATE = 2;
const GO = 3;

onStage('EventTests', (on) => {
  on('EventTests.test_is_set: it is not set at first; to set and to clear may be repeated', ({ locks }) => {
    const event = new locks.Event();
    assert.equal(event.isSet(), false);
    event.set();
    event.set();
    assert.equal(event.isSet(), true);
    event.clear();
    event.clear();
    assert.equal(event.isSet(), false);
  });

  on('EventTests.test_notify: all who wait go on, and who comes later goes on at once', async (stage) => {
    const event = new stage.locks.Event();
    for (let round = 1; round <= 2; round += 1) {
      const all = stage.parties(5, [event], ['count', CAME], ['wait', IT], ['count', WOKE], ['wait', IT]);
      await stage.until(CAME, 5 * round);
      assert.equal(Atomics.load(stage.board.words, WOKE), 5 * (round - 1));
      event.set();
      for (const outcomes of await all) assert.deepEqual([outcomes[1], outcomes[3]], [true, true]);
      event.clear();
    }
  });

  on('EventTests.test_timeout: a wait ends in time, and at once where the event is set', async (stage) => {
    const event = new stage.locks.Event();
    const steps = [
      ['wait', IT, { timeout: 0 }],
      ['wait', IT, { timeout: 2 }],
    ] as const;
    assert.deepEqual(await stage.party([event], ...steps), ['TimeoutError', 'TimeoutError']);
    event.set();
    assert.deepEqual(await stage.party([event], ...steps), [true, true]);
    for (const timeout of [-1, NaN]) {
      assert.throws(() => event.waitSync({ timeout }), RangeError);
      await assert.rejects(event.wait({ timeout }), RangeError);
    }
  });

  on('EventTests.test_set_and_clear: all go on who waited, though it is cleared at once', async (stage) => {
    const event = new stage.locks.Event();
    const here = Array.from({ length: 5 }, () => event.wait());
    event.set();
    event.clear();
    await Promise.all(here);
    // Of those elsewhere nobody knows when they wait: each is told of every round until it has seen one.
    const all = stage.parties(5, [event], ['count', CAME], ['wait', IT], ['count', WOKE]);
    await stage.until(CAME, 5);
    while (Atomics.load(stage.board.words, WOKE) < 5) {
      event.set();
      event.clear();
      await new Promise(setImmediate);
    }
    assert.equal(event.isSet(), false);
    for (const outcomes of await all) assert.equal(outcomes[1], true);
  });

  on('EventTests.test_repr: what is printed says whether it is set', ({ locks }) => {
    const event = new locks.Event();
    assert.match(inspect(event), /unset/);
    event.set();
    assert.match(inspect(event), /\(set\)/);
  });

  on('_TestEvent.test_repr: what is printed says whether it is set', ({ locks }) => {
    assert.match(String(new locks.Event()), /Event \(unset\)/);
  });

  on('_TestEvent.test_event: all see the same flag', async (stage) => {
    const event = new stage.locks.Event();
    const look = ['isSet', IT] as const;
    const wait = ['wait', IT, { timeout: 0 }] as const;
    assert.deepEqual(await stage.party([event], look, wait), [false, 'TimeoutError']);
    assert.deepEqual(await stage.party([event], ['set', IT], look, wait), [true, true, true]);
    assert.equal(event.isSet(), true);
    assert.deepEqual(await stage.party([event], wait, ['clear', IT], look), [true, true, false]);
    assert.equal(event.isSet(), false);
    const waits = stage.party([event], ['count', CAME], ['wait', IT]);
    await stage.until(CAME, 1);
    event.set();
    assert.deepEqual(await waits, [1, true]);
  });
});

/** Parties that wait for the condition, and have let go of the lock when this resolves. */
async function waiting(
  stage: Stage,
  condition: InstanceType<Stage['locks']['Condition']>,
  count: number,
  timeout?: number,
): Promise<{ all: Promise<Outcome[][]> }> {
  const before = Atomics.load(stage.board.words, CAME);
  const all = stage.parties(
    count,
    [condition],
    ['acquire', IT],
    ['count', CAME],
    timeout === undefined ? ['wait', IT] : ['wait', IT, { timeout }],
    ['count', WOKE],
    ['locked', IT],
    ['leave', IT],
  );
  await stage.until(CAME, before + count);
  // Who has the lock now comes after all who let go of it by waiting.
  await condition.withLock(() => undefined);
  return { all };
}

const woke = (stage: Stage): number => Atomics.load(stage.board.words, WOKE);

onStage('ConditionTests', (on) => {
  on('ConditionTests.test_acquire: its lock is an RLock, or the one that it is given', async (stage) => {
    const { locks } = stage;
    const own = new locks.Condition();
    assert.ok(own.lock instanceof locks.RLock);
    const guards = [own.acquireSync(), own.acquireSync()];
    for (const guard of guards) guard.release();
    const lock = new locks.Lock();
    const condition = new locks.Condition(lock);
    const guard = await condition.acquire();
    assert.equal(lock.tryAcquire(), null);
    assert.deepEqual(await stage.party([condition, lock], ['try', LOCK], ['try', IT]), [false, false]);
    guard.release();
    assert.deepEqual(await stage.party([condition, lock], ['try', LOCK], ['try', IT], ['leave', LOCK]), [
      true,
      false,
      true,
    ]);
  });

  on('ConditionTests.test_unacquired_wait: who does not hold the lock cannot wait', async ({ locks }) => {
    const condition = new locks.Condition();
    assert.throws(() => condition.waitSync(), InvalidStateError);
    await assert.rejects(condition.wait(), InvalidStateError);
  });

  on('ConditionTests.test_unacquired_notify: who does not hold the lock cannot notify', ({ locks }) => {
    const condition = new locks.Condition();
    assert.throws(() => condition.notify(), InvalidStateError);
    assert.throws(() => condition.notifyAll(), InvalidStateError);
  });

  for (const row of ['ConditionTests.test_notify', '_TestCondition.test_notify_n']) {
    on(`${row}: as many wake as are notified, and nobody who comes later`, async (stage) => {
      const condition = new stage.locks.Condition();
      const { all } = await waiting(stage, condition, 6);
      await condition.withLock(() => condition.notify(2));
      await stage.until(WOKE, 2);
      await condition.withLock(() => assert.equal(woke(stage), 2));
      await condition.withLock(() => condition.notify(4));
      await all;
      assert.equal(woke(stage), 6);
      await condition.withLock(() => condition.notify(3));
      const later = await waiting(stage, condition, 2, 1);
      for (const outcomes of await later.all) assert.equal(outcomes[2], 'TimeoutError');
    });
  }

  on('_TestCondition.test_notify: one of those who wait here and there, then the other', async (stage) => {
    const condition = new stage.locks.Condition();
    const { all } = await waiting(stage, condition, 1);
    let wokeHere = false;
    const here = condition.withLock(async () => {
      await condition.wait();
      wokeHere = true;
    });
    await condition.withLock(() => condition.notify());
    await until(() => wokeHere || woke(stage) === 1);
    await condition.withLock(() => {
      assert.equal(Number(wokeHere) + woke(stage), 1);
      condition.notify();
    });
    await Promise.all([all, here]);
    assert.equal(condition.locked, false);
  });

  on('_TestCondition.test_notify_all: who has given up is not counted, all others wake', async (stage) => {
    const condition = new stage.locks.Condition();
    const late = await waiting(stage, condition, 6, 1);
    for (const outcomes of await late.all) assert.equal(outcomes[2], 'TimeoutError');
    const { all } = await waiting(stage, condition, 6);
    await condition.withLock(() => condition.notifyAll());
    for (const outcomes of await all) assert.equal(outcomes[2], true);
  });

  on('ConditionTests.test_timeout: a wait ends in time, with the lock held again', async (stage) => {
    const condition = new stage.locks.Condition();
    const { all } = await waiting(stage, condition, 5, 2);
    for (const outcomes of await all) {
      assert.deepEqual([outcomes[2], outcomes[4], outcomes[5]], ['TimeoutError', true, true]);
    }
    assert.equal(condition.locked, false);
  });

  on('_TestCondition.test_timeout: a wait that nobody notifies ends in time', async (stage) => {
    const condition = new stage.locks.Condition();
    const outcomes = await stage.party(
      [condition],
      ['acquire', IT],
      ['wait', IT, { timeout: 2 }],
      ['leave', IT],
    );
    assert.deepEqual(outcomes, [true, 'TimeoutError', true]);
  });

  for (const row of ['ConditionTests.test_waitfor', '_TestCondition.test_waitfor']) {
    on(`${row}: it looks again whenever it is notified`, async (stage) => {
      const condition = new stage.locks.Condition();
      const { words } = stage.board;
      const waits = stage.party(
        [condition],
        ['acquire', IT],
        ['waitFor', IT, STATE, 4],
        ['look', STATE],
        ['leave', IT],
      );
      for (let n = 1; n <= 4; n += 1) {
        await condition.withLock(() => {
          Atomics.add(words, STATE, 1);
          condition.notify();
        });
      }
      assert.deepEqual(await waits, [true, true, 4, true]);
      assert.equal(await condition.withLock(() => condition.waitFor(() => 'what it gives')), 'what it gives');
    });
  }

  for (const row of ['ConditionTests.test_waitfor_timeout', '_TestCondition.test_waitfor_timeout']) {
    on(`${row}: the time is that of the whole, however often it is notified`, async (stage) => {
      const condition = new stage.locks.Condition();
      const waits = stage.party(
        [condition],
        ['acquire', IT],
        ['count', CAME],
        ['waitFor', IT, STATE, 4, { timeout: 20 }],
        ['locked', IT],
        ['leave', IT],
        ['count', GO],
      );
      while (Atomics.load(stage.board.words, GO) === 0) {
        await condition.withLock(() => condition.notify());
        await new Promise(setImmediate);
      }
      assert.deepEqual((await waits).slice(2, 5), ['TimeoutError', true, true]);
    });
  }

  on('_TestCondition.test_wait_result: late, or notified; a signal ends it as well', async (stage) => {
    const condition = new stage.locks.Condition();
    const late = await stage.party(
      [condition],
      ['acquire', IT],
      ['wait', IT, { timeout: 0 }],
      ['wait', IT, { timeout: 2 }],
      ['leave', IT],
    );
    assert.deepEqual(late, [true, 'TimeoutError', 'TimeoutError', true]);
    const { all } = await waiting(stage, condition, 1);
    await condition.withLock(() => condition.notify());
    assert.equal((await all)[0]?.[2], true);
    const reason = new Error('enough');
    await condition.withLock(async () => {
      await assert.rejects(condition.wait({ signal: AbortSignal.abort(reason) }), reason);
      assert.equal(condition.locked, true);
    });
  });
});

onStage('SemaphoreTests', (on) => {
  for (const name of ['Semaphore', 'BoundedSemaphore'] as const) {
    on(`BaseSemaphoreTests.test_constructor: a number of permits is 0 or more (${name})`, ({ locks }) => {
      for (const value of [-1, -(2 ** 31), NaN, 2 ** 31])
        assert.throws(() => new locks[name](value), RangeError);
      assert.throws(() => new locks[name](1.5), TypeError);
    });

    on(`BaseSemaphoreTests.test_acquire: as many as there are permits (${name})`, async (stage) => {
      const semaphore = new stage.locks[name](2);
      const outcomes = await stage.party(
        [semaphore],
        ['acquire', IT],
        ['acquire', IT],
        ['value', IT],
        ['release', IT],
        ['release', IT],
        ['value', IT],
      );
      assert.deepEqual(outcomes, [true, true, 0, true, true, 2]);
    });

    on(
      `BaseSemaphoreTests.test_acquire_destroy: it may be dropped without permits (${name})`,
      async (stage) => {
        assert.ok(new stage.locks[name](1).tryAcquire());
        assert.deepEqual(await stage.party([new stage.locks[name]()], ['acquire', IT]), [true]);
      },
    );

    on(
      `BaseSemaphoreTests.test_acquire_contended: as many go on as there are permits (${name})`,
      async (stage) => {
        const semaphore = new stage.locks[name](7);
        const { words } = stage.board;
        const guards = Array.from({ length: 7 }, () => semaphore.tryAcquire());
        assert.ok(guards.every((guard) => guard !== null));
        const all = stage.parties(
          10,
          [semaphore],
          ['count', CAME],
          ['acquire', IT],
          ['count', WOKE],
          ['acquire', IT],
          ['count', WOKE],
        );
        await stage.until(CAME, 10);
        assert.equal(Atomics.load(words, WOKE), 0);
        for (const [given, sum] of [
          [7, 7],
          [6, 13],
        ] as const) {
          for (let n = 0; n < given; n += 1) {
            if (sum === 7) guards.pop()?.release();
            else await stage.party([semaphore], ['count', GO]);
          }
          if (sum === 7) {
            await stage.until(WOKE, 7);
            assert.equal(semaphore.value, 0);
            assert.equal(Atomics.load(words, WOKE), 7);
          }
        }
        // Nobody who is here holds a permit any more: those who wait get what those who have some release.
        if (name === 'Semaphore') semaphore.release(13);
        else for (let n = 0; n < 13; n += 1) await releaseOfAnother(semaphore);
        for (const outcomes of await all) assert.deepEqual([outcomes[1], outcomes[3]], [true, true]);
        assert.equal(Atomics.load(words, WOKE), 20);
        assert.equal(semaphore.value, 0);
      },
    );

    on(`BaseSemaphoreTests.test_multirelease: several are released at once (${name})`, async (stage) => {
      const semaphore = new stage.locks[name](7);
      const guards = Array.from({ length: 7 }, () => semaphore.tryAcquire());
      assert.equal(guards.length, 7);
      const all = stage.parties(
        10,
        [semaphore],
        ['count', CAME],
        ['acquire', IT],
        ['count', WOKE],
        ['release', IT],
      );
      await stage.until(CAME, 10);
      semaphore.release(7);
      await all;
      assert.equal(semaphore.value, 7);
      for (const count of [0, -1]) assert.throws(() => semaphore.release(count), RangeError);
      assert.equal(semaphore.value, 7);
    });

    on(
      `BaseSemaphoreTests.test_try_acquire: trying succeeds until there are none (${name})`,
      async (stage) => {
        const semaphore = new stage.locks[name](2);
        assert.deepEqual(
          await stage.party([semaphore], ['try', IT], ['try', IT], ['try', IT], ['leave', IT], ['try', IT]),
          [true, true, false, true, true],
        );
      },
    );

    on(
      `BaseSemaphoreTests.test_try_acquire_contended: no more succeed than there are permits (${name})`,
      async (stage) => {
        const semaphore = new stage.locks[name](4);
        assert.ok(semaphore.tryAcquire());
        const all = await stage.parties(
          5,
          [semaphore],
          ['count', CAME],
          ['until', CAME, 5],
          ['try', IT],
          ['try', IT],
          ['count', WOKE],
          ['until', WOKE, 5],
        );
        const tries = all.flatMap((outcomes) => [outcomes[2], outcomes[3]]);
        assert.equal(tries.filter((had) => had === true).length, 3);
      },
    );

    on(
      `BaseSemaphoreTests.test_acquire_timeout: a wait for a permit ends in time (${name})`,
      async (stage) => {
        const semaphore = new stage.locks[name](2);
        const outcomes = await stage.party(
          [semaphore],
          ['acquire', IT, { timeout: 0 }],
          ['acquire', IT, { timeout: 2 }],
          ['acquire', IT, { timeout: 0 }],
          ['acquire', IT, { timeout: 2 }],
          ['release', IT],
          ['acquire', IT, { timeout: 2 }],
        );
        assert.deepEqual(outcomes, [true, true, 'TimeoutError', 'TimeoutError', true, true]);
        for (const timeout of [-1, NaN]) {
          assert.throws(() => semaphore.acquireSync({ timeout }), RangeError);
          await assert.rejects(semaphore.acquire({ timeout }), RangeError);
        }
      },
    );

    on(`BaseSemaphoreTests.test_default_value: there is one permit by default (${name})`, async (stage) => {
      const semaphore = new stage.locks[name]();
      assert.deepEqual(await stage.party([semaphore], ['try', IT], ['try', IT], ['leave', IT]), [
        true,
        false,
        true,
      ]);
    });

    on(
      `BaseSemaphoreTests.test_with: a scope gives its permit back, also by an error (${name})`,
      async (stage) => {
        const semaphore = new stage.locks[name](2);
        const acquire = async () => (stage.form === 'sync' ? semaphore.acquireSync() : semaphore.acquire());
        await assert.rejects(async () => {
          using _ = await acquire();
          {
            using _inner = await acquire();
            assert.equal(semaphore.tryAcquire(), null);
          }
          assert.equal(semaphore.value, 1);
          throw new Error('in the scope');
        }, /in the scope/);
        assert.equal(semaphore.value, 2);
        assert.equal(await semaphore.withLock(() => semaphore.value), 1);
        assert.equal(semaphore.value, 2);
      },
    );
  }

  on('SemaphoreTests.test_release_unacquired: there may be more than at first', async (stage) => {
    const semaphore = new stage.locks.Semaphore(1);
    assert.deepEqual(await stage.party([semaphore], ['release', IT], ['try', IT], ['try', IT], ['try', IT]), [
      true,
      true,
      true,
      false,
    ]);
  });

  on('SemaphoreTests.test_repr: what is printed says how many there are', ({ locks }) => {
    const semaphore = new locks.Semaphore(3);
    assert.match(inspect(semaphore), /Semaphore \(value 3\)/);
    semaphore.tryAcquire();
    assert.match(String(semaphore), /Semaphore \(value 2\)/);
  });

  on(
    'BoundedSemaphoreTests.test_release_unacquired: one too many is an error, and changes nothing',
    async (stage) => {
      const semaphore = new stage.locks.BoundedSemaphore(2);
      const outcomes = await stage.party(
        [semaphore],
        ['release', IT],
        ['acquire', IT],
        ['release', IT, 2],
        ['value', IT],
        ['release', IT],
        ['release', IT],
        ['value', IT],
      );
      assert.deepEqual(outcomes, [
        'InvalidStateError',
        true,
        'InvalidStateError',
        1,
        true,
        'InvalidStateError',
        2,
      ]);
    },
  );

  on(
    'BoundedSemaphoreTests.test_repr: what is printed says how many there are, and could be',
    ({ locks }) => {
      const semaphore = new locks.BoundedSemaphore(4);
      semaphore.tryAcquire();
      assert.match(inspect(semaphore), /BoundedSemaphore \(value 3 of 4\)/);
    },
  );

  on('_TestSemaphore.test_semaphore: its value goes down and up, beyond what it was', async (stage) => {
    const semaphore = new stage.locks.Semaphore(2);
    const outcomes = await stage.party(
      [semaphore],
      ['acquire', IT],
      ['value', IT],
      ['acquire', IT],
      ['locked', IT],
      ['try', IT],
      ['release', IT],
      ['release', IT],
      ['release', IT],
      ['release', IT],
      ['value', IT],
    );
    assert.deepEqual(outcomes, [true, 1, true, true, false, true, true, true, true, 4]);
    assert.equal(semaphore.value, 4);
  });

  on('_TestSemaphore.test_bounded_semaphore: its value goes down and up', async (stage) => {
    const semaphore = new stage.locks.BoundedSemaphore(2);
    const outcomes = await stage.party(
      [semaphore],
      ['acquire', IT],
      ['acquire', IT],
      ['value', IT],
      ['try', IT],
      ['release', IT],
      ['release', IT],
    );
    assert.deepEqual(outcomes, [true, true, 0, false, true, true]);
    assert.equal(semaphore.value, 2);
  });

  on('_TestSemaphore.test_timeout: trying takes no time, waiting ends in time', async (stage) => {
    const semaphore = new stage.locks.Semaphore(0);
    const outcomes = await stage.party(
      [semaphore],
      ['try', IT],
      ['acquire', IT, { timeout: 0 }],
      ['acquire', IT, { timeout: 2 }],
    );
    assert.deepEqual(outcomes, [false, 'TimeoutError', 'TimeoutError']);
    assert.equal(semaphore.value, 0);
  });
});

/** Once it is possible: a bounded one must not be released before somebody has acquired what was released last. */
async function releaseOfAnother(semaphore: { value: number; release(): void }): Promise<void> {
  await until(() => semaphore.value < 7);
  semaphore.release();
}
