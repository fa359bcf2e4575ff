// Those of CPython's tests of locks that say something about behaviour: `lock_tests.py`, `_test_multiprocessing.py`.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { InvalidStateError, TimeoutError } from '../../../src/errors.ts';
import { onStage, type Stage } from '../../sync/stage.ts';

const LOCK = 0;
/** Words of the board. */
const CAME = 0;
const HAD = 1;
const GO = 2;

type LockName = 'Lock' | 'RLock' | 'Condition';

/** Acquires in the form of the test, in this thread. */
async function acquire({ form }: Stage, lock: InstanceType<Stage['locks'][LockName]>, timeout?: number) {
  const options = timeout === undefined ? {} : { timeout };
  return form === 'sync' ? lock.acquireSync(options) : await lock.acquire(options);
}

for (const name of ['Lock', 'RLock', 'Condition'] as const) {
  onStage(`BaseLockTests of ${name}`, (on) => {
    on('BaseLockTests.test_constructor: it is made without arguments, and dropped', ({ locks }) => {
      assert.equal(new locks[name]().locked, false);
    });

    on('BaseLockTests.test_repr: what is printed says that it is free', ({ locks }) => {
      assert.match(inspect(new locks[name]()), /unlocked/);
      assert.match(String(new locks[name]()), /unlocked/);
    });

    on('BaseLockTests.test_locked_repr: what is printed says that it is held', async (stage) => {
      const lock = new stage.locks[name]();
      const guard = await acquire(stage, lock);
      assert.match(inspect(lock), /\blocked/);
      guard.release();
      assert.match(inspect(lock), /unlocked/);
    });

    on('BaseLockTests.test_acquire_destroy: it may be dropped while it is held', async (stage) => {
      await acquire(stage, new stage.locks[name]());
      assert.deepEqual(await stage.party([new stage.locks[name]()], ['acquire', LOCK]), [true]);
    });

    on('BaseLockTests.test_acquire_release: it is acquired and released', async (stage) => {
      const lock = new stage.locks[name]();
      (await acquire(stage, lock)).release();
      assert.equal(lock.locked, false);
      assert.deepEqual(await stage.party([lock], ['acquire', LOCK], ['leave', LOCK]), [true, true]);
    });

    on('BaseLockTests.test_try_acquire: trying takes one that is free', async (stage) => {
      const lock = new stage.locks[name]();
      assert.deepEqual(await stage.party([lock], ['try', LOCK], ['leave', LOCK]), [true, true]);
      lock.tryAcquire()?.release();
      assert.equal(lock.locked, false);
    });

    on('BaseLockTests.test_try_acquire_contended: trying does not wait for another', async (stage) => {
      const lock = new stage.locks[name]();
      const guard = await acquire(stage, lock);
      assert.deepEqual(await stage.party([lock], ['try', LOCK]), [false]);
      guard.release();
    });

    on('BaseLockTests.test_acquire_contended: all who wait get it, one after the other', async (stage) => {
      const lock = new stage.locks[name]();
      const guard = await acquire(stage, lock);
      const all = stage.parties(
        5,
        [lock],
        ['count', CAME],
        ['acquire', LOCK],
        ['count', HAD],
        ['leave', LOCK],
      );
      await stage.until(CAME, 5);
      assert.equal(Atomics.load(stage.board.words, HAD), 0);
      guard.release();
      const had = (await all).map((outcomes) => outcomes[2]);
      assert.deepEqual(had.toSorted(), [1, 2, 3, 4, 5]);
      assert.equal(lock.locked, false);
    });

    on('BaseLockTests.test_with: a scope ends the hold, also by an error', async (stage) => {
      const lock = new stage.locks[name]();
      {
        using _ = await acquire(stage, lock);
        assert.equal(lock.locked, true);
      }
      assert.equal(lock.locked, false);
      await assert.rejects(async () => {
        using _ = await acquire(stage, lock);
        throw new Error('in the scope');
      }, /in the scope/);
      await assert.rejects(
        lock.withLock(() => Promise.reject(new Error('in the function'))),
        /in the function/,
      );
      assert.equal(lock.locked, false);
    });

    on('BaseLockTests.test_timeout: times are milliseconds from 0 to Infinity', async (stage) => {
      const lock = new stage.locks[name]();
      for (const timeout of [-1, NaN]) {
        assert.throws(() => lock.acquireSync({ timeout }), RangeError);
        await assert.rejects(lock.acquire({ timeout }), RangeError);
      }
      (await acquire(stage, lock, Infinity)).release();
      (await acquire(stage, lock, 0)).release();
      const guard = await acquire(stage, lock);
      assert.deepEqual(
        await stage.party([lock], ['acquire', LOCK, { timeout: 0 }], ['acquire', LOCK, { timeout: 5 }]),
        ['TimeoutError', 'TimeoutError'],
      );
      guard.release();
      assert.deepEqual(await stage.party([lock], ['acquire', LOCK, { timeout: 0 }], ['leave', LOCK]), [
        true,
        true,
      ]);
    });
  });
}

onStage('LockTests', (on) => {
  on('LockTests.test_reacquire: who holds it waits as everybody else', async (stage) => {
    const lock = new stage.locks.Lock();
    const held = stage.party(
      [lock],
      ['acquire', LOCK],
      ['acquire', LOCK, { timeout: 1 }],
      ['count', CAME],
      ['acquire', LOCK],
    );
    await stage.until(CAME, 1);
    lock.release();
    assert.deepEqual(await held, [true, 'TimeoutError', 1, true]);
  });

  on('LockTests.test_different_thread: anybody may release it', async (stage) => {
    const lock = new stage.locks.Lock();
    const guard = await acquire(stage, lock);
    assert.deepEqual(await stage.party([lock], ['release', LOCK]), [true]);
    assert.equal(lock.locked, false);
    assert.throws(() => guard.release(), InvalidStateError);
  });

  on('_TestLock.test_lock: it is held once, and not released more often', async (stage) => {
    const lock = new stage.locks.Lock();
    const outcomes = await stage.party(
      [lock],
      ['acquire', LOCK],
      ['locked', LOCK],
      ['try', LOCK],
      ['release', LOCK],
      ['locked', LOCK],
      ['release', LOCK],
    );
    assert.deepEqual(outcomes, [true, true, false, true, false, 'InvalidStateError']);
  });

  on('_TestLock.test_lock_locked_2processes: others see that it is held', async (stage) => {
    const lock = new stage.locks.Lock();
    const other = stage.party([lock], ['acquire', LOCK], ['count', HAD], ['until', GO, 1], ['leave', LOCK]);
    await stage.until(HAD, 1);
    assert.equal(lock.locked, true);
    await stage.here([], ['count', GO]);
    await other;
    assert.equal(lock.locked, false);
  });

  on('_TestLock.test_repr_lock: what is printed says whether it is held here or elsewhere', async (stage) => {
    const lock = new stage.locks.Lock();
    assert.match(inspect(lock), /unlocked/);
    const guard = await acquire(stage, lock);
    assert.match(inspect(lock), /locked by this thread/);
    guard.release();
    const other = stage.party([lock], ['acquire', LOCK], ['count', HAD], ['until', GO, 1], ['leave', LOCK]);
    await stage.until(HAD, 1);
    assert.match(inspect(lock), /locked by thread \d+/);
    await stage.here([], ['count', GO]);
    await other;
  });

  on('_TestLock.test_lock_context: a scope gets a guard', async (stage) => {
    const lock = new stage.locks.Lock();
    using guard = await acquire(stage, lock);
    assert.equal(typeof guard.release, 'function');
    assert.equal(await new stage.locks.Lock().withLock(() => 7), 7);
  });
});

onStage('RLockTests', (on) => {
  for (const name of ['RLock', 'Condition'] as const) {
    on(`RLockTests.test_reacquire: it is released as often as acquired (${name})`, async (stage) => {
      const lock = new stage.locks[name]();
      if (stage.form === 'sync') {
        const guards = [lock.acquireSync(), lock.acquireSync()];
        guards.push(lock.acquireSync());
        for (const guard of guards) {
          assert.equal(lock.locked, true);
          guard.release();
        }
      } else {
        await lock.withLock(async () => {
          await lock.withLock(async () => {
            using _ = await lock.acquire();
            assert.equal(lock.locked, true);
          });
          assert.equal(lock.locked, true);
          assert.deepEqual(await stage.party([lock], ['try', LOCK]), [false]);
        });
      }
      assert.equal(lock.locked, false);
    });

    on(`RLockTests.test_release_unacquired: only its owner can release it (${name})`, async (stage) => {
      const lock = new stage.locks[name]();
      assert.throws(() => lock.release(), InvalidStateError);
      const guards = [lock.acquireSync(), lock.acquireSync()];
      for (const guard of guards) guard.release();
      assert.throws(() => lock.release(), InvalidStateError);
      const guard = await acquire(stage, lock);
      assert.deepEqual(await stage.party([lock], ['release', LOCK]), ['InvalidStateError']);
      guard.release();
      assert.throws(() => guard.release(), InvalidStateError);
    });

    on(`RLockTests.test_locked: it is locked until the outermost release (${name})`, async (stage) => {
      const lock = new stage.locks[name]();
      const outer = await acquire(stage, lock);
      const inner =
        stage.form === 'sync' || name === 'Condition'
          ? undefined
          : await (lock as InstanceType<Stage['locks']['RLock']>).acquire({ within: outer });
      const second = inner ?? (stage.form === 'sync' ? lock.acquireSync() : undefined);
      second?.release();
      assert.equal(lock.locked, true);
      outer.release();
      assert.equal(lock.locked, false);
    });

    on(`RLockTests.test_locked_with_2threads: others see that it is held (${name})`, async (stage) => {
      const lock = new stage.locks[name]();
      const guard = await acquire(stage, lock);
      assert.deepEqual(await stage.party([lock], ['locked', LOCK]), [true]);
      guard.release();
      assert.deepEqual(await stage.party([lock], ['locked', LOCK]), [false]);
    });
  }

  on('RLockTests.test_repr_count: what is printed says how often it is held here', async ({ locks }) => {
    const lock = new locks.RLock();
    const guards = [lock.acquireSync(), lock.acquireSync()];
    assert.match(inspect(lock), /locked 2 times by this thread/);
    for (const guard of guards) guard.release();
    assert.match(inspect(lock), /unlocked/);
  });

  on(
    '_TestLock.test_repr_rlock: what is printed says whether it is held here or elsewhere',
    async (stage) => {
      const lock = new stage.locks.RLock();
      const other = stage.party([lock], ['acquire', LOCK], ['count', HAD], ['until', GO, 1], ['leave', LOCK]);
      await stage.until(HAD, 1);
      assert.match(inspect(lock), /locked by thread \d+/);
      await stage.here([], ['count', GO]);
      await other;
      assert.match(inspect(lock), /unlocked/);
    },
  );

  on('_TestLock.test_rlock: three nested acquires want three releases', async (stage) => {
    const lock = new stage.locks.RLock();
    const outcomes = await stage.party(
      [lock],
      ['try', LOCK],
      ['try', LOCK],
      ['try', LOCK],
      ['release', LOCK],
      ['release', LOCK],
      ['locked', LOCK],
      ['release', LOCK],
      ['locked', LOCK],
      ['release', LOCK],
    );
    assert.deepEqual(outcomes, [true, true, true, true, true, true, true, false, 'InvalidStateError']);
  });

  on('_TestLock.test_rlock_locked_2processes: others see that it is held', async (stage) => {
    const lock = new stage.locks.RLock();
    const other = stage.party([lock], ['acquire', LOCK], ['count', HAD], ['until', GO, 1], ['leave', LOCK]);
    await stage.until(HAD, 1);
    assert.equal(lock.locked, true);
    assert.equal(lock.tryAcquire(), null);
    await stage.here([], ['count', GO]);
    await other;
    assert.equal(lock.locked, false);
  });

  on('_TestLock.test_rlock_context: a scope gets a guard, however deep', async (stage) => {
    const lock = new stage.locks.RLock();
    using guard = await acquire(stage, lock);
    using inner = await lock.acquire({ within: guard });
    assert.notEqual(inner, guard);
  });

  on('an async function does not walk in because another holds the lock', async ({ locks }) => {
    const lock = new locks.RLock();
    const guard = await lock.acquire();
    await assert.rejects(lock.acquire({ timeout: 0 }), TimeoutError);
    assert.throws(() => lock.acquireSync({ timeout: 0 }), InvalidStateError);
    assert.equal(lock.tryAcquire(), null);
    guard.release();
  });
});
