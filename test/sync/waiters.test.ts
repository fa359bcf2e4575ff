// Those who block and those who await, on one object, from many threads at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidStateError } from '../../src/errors.ts';
import { type Scene, scene } from './actors.ts';
import { CLASHES, INSIDE, PROGRESS, STOP } from './fixtures/deeds.ts';
import { HANGS_MS, onStage, REACHES, until } from './stage.ts';

/** Passes by which a thread waits for each thread in line before it; `MOST_PASSES` of the lock. */
const MOST_PASSES = 64;
const IT = 0;
const CAME = 0;
const HAD = 1;

const got = (words: Int32Array, party: number): number => Atomics.load(words, PROGRESS + party);

for (const reach of REACHES) {
  const on = (title: string, body: (scene: Scene) => Promise<void>): void => {
    test(`${title} [${reach}]`, { timeout: HANGS_MS }, () => scene(reach, body));
  };

  on(
    'Lock: one that awaits gets it from two that block, within the bound',
    async ({ locks, words, start }) => {
      const lock = new locks.Lock();
      start(lock, 'hammer', 1, 'sync', true);
      start(lock, 'hammer', 2, 'sync', true);
      await until(() => got(words, 1) > 0 && got(words, 2) > 0);
      for (let round = 0; round < 100; round += 1) {
        const acquired = lock.acquire();
        // It is in line since this has returned; before, this thread may have stood still for long.
        const before = got(words, 1) + got(words, 2);
        const guard = await acquired;
        Atomics.store(words, INSIDE, 100);
        const passes = got(words, 1) + got(words, 2) - before;
        guard.release();
        // The two may be in line before it; each release is counted after it took place, so some come late.
        assert.ok(passes <= 3 * MOST_PASSES + 4, `${passes} passes`);
      }
      Atomics.store(words, STOP, 1);
      assert.equal(Atomics.load(words, CLASHES), 0);
    },
  );

  for (const name of ['Lock', 'RLock', 'Semaphore'] as const) {
    on(`${name}: those who block and those who await all get on`, async ({ locks, words, start }) => {
      const lock = new locks[name]();
      start(lock, 'hammer', 1, 'sync', true);
      start(lock, 'hammer', 2, 'async', true);
      start(lock, 'hammer', 3, 'async', true);
      await until(() => [1, 2, 3].every((party) => got(words, party) > 0));
      for (let round = 0; round < 20; round += 1) {
        const before = [1, 2, 3].map((party) => got(words, party));
        // Several in this thread, one of which gives up.
        const all = Array.from({ length: 4 }, () => lock.withLock(() => undefined));
        const hurried = lock.acquire({ timeout: 0 }).then(
          (guard) => guard.release(),
          () => undefined,
        );
        await Promise.all([hurried, ...all]);
        if (round % 4 === 0) lock.acquireSync().release();
        await until(() => [1, 2, 3].every((party, index) => got(words, party) > (before[index] as number)));
      }
      assert.equal(Atomics.load(words, CLASHES), 0);
    });
  }
}

onStage(
  'waiters',
  (on) => {
    on('who gives up takes nothing along, and leaves nobody behind', async (stage) => {
      const semaphore = new stage.locks.Semaphore(1);
      const lock = new stage.locks.Lock();
      const hurried = stage.parties(
        5,
        [semaphore, lock],
        [
          'times',
          40,
          [
            ['acquire', 0, { timeout: 1 }],
            ['leave', 0],
            ['acquire', 1, { timeout: 1 }],
            ['leave', 1],
            ['acquire', 0, { timeout: 0 }],
            ['leave', 0],
            ['acquire', 1, { abort: 1 }],
            ['leave', 1],
          ],
        ],
      );
      const done = new AbortController();
      void hurried.finally(() => done.abort());
      while (!done.signal.aborted) {
        await semaphore.withLock(() => undefined);
        await lock.withLock(() => undefined);
        await Promise.allSettled([
          semaphore.acquire({ signal: AbortSignal.abort() }).then((guard) => guard.release()),
          lock.acquire({ signal: AbortSignal.timeout(1) }).then((guard) => guard.release()),
        ]);
        await new Promise(setImmediate);
      }
      await hurried;
      assert.equal(semaphore.value, 1);
      assert.equal(lock.locked, false);
      // Nobody is left in line: what is free is taken at once.
      for (const object of [semaphore, lock]) {
        const guard = object.tryAcquire();
        assert.ok(guard !== null);
        guard.release();
      }
    });

    on('a permit goes to those who wait in the order of their coming', async ({ locks }) => {
      const semaphore = new locks.Semaphore(1);
      const guard = semaphore.acquireSync();
      const order: number[] = [];
      const all = Array.from({ length: 10 }, async (_, index) => {
        using _guard = await semaphore.acquire();
        order.push(index);
      });
      guard.release();
      assert.equal(semaphore.tryAcquire(), null);
      await Promise.all(all);
      assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    on('ten thousand wait in one thread', async (stage) => {
      const { locks } = stage;
      const lock = new locks.Lock();
      const held = lock.acquireSync();
      let count = 0;
      const order: number[] = [];
      const locking = Array.from({ length: 10_000 }, (_, index) =>
        lock.withLock(() => {
          count += 1;
          order.push(index);
        }),
      );
      const giving = new AbortController();
      const leaving = Array.from({ length: 100 }, () => lock.acquire({ signal: giving.signal }));
      giving.abort();
      for (const { status } of await Promise.allSettled(leaving)) assert.equal(status, 'rejected');
      held.release();
      await Promise.all(locking);
      assert.equal(count, 10_000);
      assert.ok(order.every((index, at) => index === at));
      assert.equal(lock.locked, false);

      const event = new locks.Event();
      const waiting = Array.from({ length: 10_000 }, () => event.wait());
      await stage.party([event], ['set', IT]);
      await Promise.all(waiting);

      const semaphore = new locks.Semaphore(0);
      const acquiring = Array.from({ length: 10_000 }, () => semaphore.acquire());
      await stage.party([semaphore], ['release', IT, 10_000]);
      await Promise.all(acquiring);
      assert.equal(semaphore.value, 0);

      const condition = new locks.Condition();
      const notified = Array.from({ length: 1000 }, () => condition.withLock(() => condition.wait()));
      await condition.withLock(() => condition.notifyAll());
      await Promise.all(notified);
    });

    on('forty thousand permits in one thread, and as many who wait', async ({ locks }) => {
      const semaphore = new locks.Semaphore(40_000);
      const guards = await Promise.all(Array.from({ length: 40_000 }, () => semaphore.acquire()));
      assert.equal(semaphore.value, 0);
      const waiting = Array.from({ length: 40_000 }, () => semaphore.acquire());
      for (const guard of guards) guard.release();
      for (const guard of await Promise.all(waiting)) guard.release();
      assert.equal(semaphore.value, 40_000);
      semaphore.release(2 ** 31 - 1 - 40_000);
      assert.throws(() => semaphore.release(), InvalidStateError);
    });

    on('a guard releases once, and only what it holds', async (stage) => {
      const { locks } = stage;
      for (const lock of [new locks.Lock(), new locks.RLock(), new locks.Semaphore(1)]) {
        const guard = stage.form === 'sync' ? lock.acquireSync() : await lock.acquire();
        guard.release();
        assert.throws(() => guard.release(), InvalidStateError);
        guard[Symbol.dispose]();
        assert.equal(lock.locked, false);
        {
          using own = await lock.acquire();
          own.release();
        }
        assert.equal(lock.locked, false);
      }
      const lock = new locks.Lock();
      const stale = await lock.acquire();
      lock.release();
      const fresh = await lock.acquire();
      assert.throws(() => stale.release(), InvalidStateError);
      assert.equal(lock.locked, true);
      fresh.release();
      assert.throws(() => lock.release(), InvalidStateError);
      // A guard of during a wait is none of after it.
      const condition = new locks.Condition(lock);
      const guard = await condition.acquire();
      const waits = condition.wait();
      const during = await lock.acquire();
      condition.notify();
      lock.release();
      await waits;
      assert.throws(() => during.release(), InvalidStateError);
      guard.release();
      const after = await lock.acquire();
      during[Symbol.dispose]();
      assert.equal(lock.locked, true);
      after.release();
    });
  },
  { workers: 5 },
);

onStage(
  'more threads than there are cells',
  (on) => {
    const PARTIES = 34;

    on('all of them get a lock, a permit and an event', async (stage) => {
      const lock = new stage.locks.Lock();
      const semaphore = new stage.locks.Semaphore(1);
      const event = new stage.locks.Event();
      const guard = await lock.acquire();
      const all = stage.parties(
        PARTIES,
        [lock, semaphore, event],
        ['count', CAME],
        ['acquire', 0],
        ['leave', 0],
        ['acquire', 1],
        ['leave', 1],
        ['wait', 2],
        ['acquire', 0, { timeout: 0 }],
        ['leave', 0],
        ['count', HAD],
      );
      await stage.until(CAME, PARTIES);
      guard.release();
      await until(() => !lock.locked);
      event.set();
      await all;
      assert.equal(Atomics.load(stage.board.words, HAD), PARTIES);
      assert.equal(semaphore.value, 1);
    });

    on('each holds a permit at the same time', async (stage) => {
      const semaphore = new stage.locks.Semaphore(PARTIES);
      const all = stage.parties(
        PARTIES,
        [semaphore],
        ['acquire', IT],
        ['count', CAME],
        ['until', CAME, PARTIES],
        ['leave', IT],
      );
      for (const outcomes of await all) assert.deepEqual(outcomes.at(-1), true);
      assert.equal(semaphore.value, PARTIES);
    });

    on('all of them wait for a condition, and are notified', async (stage) => {
      const condition = new stage.locks.Condition();
      const all = stage.parties(
        PARTIES,
        [condition],
        ['acquire', IT],
        ['count', CAME],
        ['wait', IT],
        ['leave', IT],
      );
      await stage.until(CAME, PARTIES);
      await condition.withLock(() => condition.notifyAll());
      for (const outcomes of await all) assert.deepEqual([outcomes[2], outcomes[3]], [true, true]);
    });

    on('all of them meet at a barrier', async (stage) => {
      const barrier = new stage.locks.Barrier(PARTIES);
      const all = await stage.parties(PARTIES, [barrier], ['wait', IT], ['wait', IT]);
      assert.deepEqual(
        all.map(([first]) => Number(first)).toSorted((a, b) => a - b),
        Array.from({ length: PARTIES }, (_, index) => index),
      );
    });
  },
  { reaches: ['threads'], workers: 34 },
);
