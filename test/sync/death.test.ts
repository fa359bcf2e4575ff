// Threads and processes that are killed with locks, waiting for locks, and while they are given them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { InvalidStateError, OwnerDiedError } from '../../src/errors.ts';
import type { Guard } from '../../src/sync/guard.ts';
import { STRESS } from '../stress.ts';
import { type Scene, scene } from './actors.ts';
import { CLASHES, HOLDS, hammer, PROGRESS, STOP, TOKENS, TOLD } from './fixtures/deeds.ts';
import { FORMS, HANGS_MS, REACHES, until } from './stage.ts';

/** Parties, by the places that they have on the board. */
const HERE = 0;
const SURVIVOR = 1;
const VICTIM = 2;

/** Each with another victim. */
const rounds = { threads: 6 * STRESS, processes: 4 * STRESS };

function at(words: Int32Array, index: number): number {
  return Atomics.load(words, index);
}

/** Somebody that was alive when this was called has got on since. */
async function progress(words: Int32Array, party: number, by = 2): Promise<void> {
  const before = at(words, PROGRESS + party);
  await until(() => at(words, PROGRESS + party) >= before + by);
}

/** A moment that is different each time. */
async function anyMoment(): Promise<void> {
  await delay(Math.random() * 8);
}

for (const reach of REACHES) {
  const on = (title: string, body: (scene: Scene) => Promise<void>): void => {
    test(`${title} [${reach}]`, { timeout: HANGS_MS * STRESS }, () => scene(reach, body));
  };

  for (const form of FORMS) {
    for (const name of ['Lock', 'RLock', 'Semaphore'] as const) {
      on(
        `${name}: killed at any moment, and the others go on (${form})`,
        async ({ locks, words, board, start }) => {
          const permits = 2;
          const lock = name === 'Semaphore' ? new locks.Semaphore(permits) : new locks[name]();
          const isExclusive = name !== 'Semaphore';
          start(lock, 'hammer', SURVIVOR, form, isExclusive);
          // With an event loop that others get to use as well.
          const here = hammer([board, lock], HERE, 'async', isExclusive);
          for (let round = 0; round < rounds[reach]; round += 1) {
            const victim = start(lock, 'hammer', VICTIM, form, isExclusive);
            await progress(words, VICTIM, 1);
            await anyMoment();
            const toldBefore = at(words, TOLD + HERE) + at(words, TOLD + SURVIVOR) + at(words, TOLD + VICTIM);
            await victim.kill();
            const held = at(words, HOLDS + VICTIM);
            if (isExclusive) {
              await Promise.all([progress(words, HERE), progress(words, SURVIVOR)]);
              const told =
                at(words, TOLD + HERE) + at(words, TOLD + SURVIVOR) + at(words, TOLD + VICTIM) - toldBefore;
              // It may have had it, and not come to say so.
              assert.ok(told === 1 || (held === 0 && told === 0), `told ${told} times, held ${held}`);
            }
            Atomics.store(words, HOLDS + VICTIM, 0);
          }
          await Promise.all([progress(words, HERE), progress(words, SURVIVOR)]);
          Atomics.store(words, STOP, 1);
          await here;
          assert.equal(at(words, CLASHES), 0);
          await until(() => !lock.locked);
          if (lock instanceof locks.Semaphore) {
            const counted = lock;
            // Those who have died are found out by those who ask.
            await until(() => {
              using _first = tryUntold(counted);
              using second = tryUntold(counted);
              return second !== null;
            });
            assert.equal(counted.value, permits);
          }
        },
      );
    }

    on(
      `Condition: killed at any moment, and no wake-up is lost (${form})`,
      async ({ locks, words, start }) => {
        const condition = new locks.Condition();
        start(condition, 'consume', SURVIVOR, form);
        for (let round = 0; round < rounds[reach]; round += 1) {
          const victim = start(condition, 'consume', VICTIM, form);
          for (let token = 0; token < 5; token += 1) {
            await produce(condition, words);
            await anyMoment();
            if (token === 2) await victim.kill();
          }
          // The last ones the survivor has to take.
          await until(() => at(words, TOKENS) === 0);
        }
      },
    );

    on(`Event: killed at any moment, and no wake-up is lost (${form})`, async ({ locks, words, start }) => {
      const event = new locks.Event();
      start(event, 'awaitEvent', SURVIVOR, form);
      await until(() => {
        event.set();
        return at(words, PROGRESS + SURVIVOR) > 0;
      });
      for (let round = 0; round < rounds[reach]; round += 1) {
        const deed = round % 2 === 0 ? 'awaitEvent' : 'flicker';
        const victim = start(event, deed, VICTIM, form);
        await until(() => {
          event.set();
          return at(words, PROGRESS + VICTIM) > 0;
        });
        event.clear();
        await anyMoment();
        await victim.kill();
        Atomics.store(words, PROGRESS + VICTIM, 0);
        event.clear();
        const before = at(words, PROGRESS + SURVIVOR);
        event.set();
        await until(() => at(words, PROGRESS + SURVIVOR) > before);
      }
    });

    on(
      `Barrier: killed at any moment, it breaks for the others (${form})`,
      async ({ locks, words, start }) => {
        const barrier = new locks.Barrier(3);
        start(barrier, 'meet', SURVIVOR, form);
        for (let round = 0; round < rounds[reach]; round += 1) {
          const victim = start(barrier, 'meet', VICTIM, form);
          let isAlive = true;
          const here = (async () => {
            for (;;) {
              const place = await barrier.wait().catch((error: Error) => error);
              if (typeof place === 'number') continue;
              assert.equal(place.name, 'BrokenBarrierError');
              return;
            }
          })();
          await progress(words, VICTIM, 2);
          await anyMoment();
          await victim.kill();
          isAlive = false;
          // If it did not wait when it died, the others wait for one who does not come, and may do so for ever.
          const alone = until(() => barrier.broken || (!isAlive && barrier.waiting === 2));
          await Promise.race([here, alone]);
          if (!barrier.broken && barrier.waiting === 2) barrier.abort();
          await here;
          assert.equal(barrier.broken, true);
          const told = at(words, TOLD + SURVIVOR);
          await until(() => at(words, TOLD + SURVIVOR) >= told);
          barrier.reset();
        }
      },
    );
  }

  for (const name of ['Lock', 'RLock'] as const) {
    on(`${name}: killed with it, one is told, and only one`, async ({ locks, words, start }) => {
      const lock = new locks[name]();
      for (const how of ['await', 'block', 'try'] as const) {
        Atomics.store(words, HOLDS + VICTIM, 0);
        const victim = start(lock, 'hold', VICTIM);
        await until(() => at(words, HOLDS + VICTIM) === 1);
        await victim.kill();
        assert.equal(lock.locked, true);
        if (how === 'await') {
          const all = await Promise.allSettled(
            Array.from({ length: 5 }, async () => {
              using _ = await lock.acquire();
            }),
          );
          const told = all.filter(({ status }) => status === 'rejected');
          assert.equal(told.length, 1);
        } else if (how === 'block') assert.throws(() => lock.acquireSync({ timeout: 0 }), OwnerDiedError);
        else {
          await until(() => {
            try {
              assert.equal(lock.tryAcquire(), null);
              return false;
            } catch (error) {
              assert.ok(error instanceof OwnerDiedError);
              return true;
            }
          });
        }
        (await lock.acquire()).release();
        lock.acquireSync().release();
        assert.equal(lock.locked, false);
      }
    });
  }

  on('Semaphore: killed with a permit, one is told, and it comes back', async ({ locks, words, start }) => {
    const semaphore = new locks.BoundedSemaphore(2);
    const victim = start(semaphore, 'hold', VICTIM);
    await until(() => at(words, HOLDS + VICTIM) === 1);
    assert.equal(semaphore.value, 1);
    const mine = semaphore.acquireSync();
    const waiting = Promise.allSettled([semaphore.acquire(), semaphore.acquire(), semaphore.acquire()]);
    await victim.kill();
    await until(() => semaphore.value === 0);
    mine.release();
    const outcomes = await waiting;
    assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 1);
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') outcome.value.release();
    assert.equal(semaphore.value, 2);
  });

  on('Semaphore: as a counter, what was acquired does not come back', async ({ locks, words, start }) => {
    const semaphore = new locks.Semaphore(1);
    const victim = start(semaphore, 'hold', VICTIM);
    await until(() => at(words, HOLDS + VICTIM) === 1);
    // By one who did not acquire it: so it is a counter, also for what was acquired before.
    semaphore.release();
    await victim.kill();
    semaphore.acquireSync().release();
    const guard = semaphore.acquireSync();
    assert.throws(() => semaphore.acquireSync({ timeout: 0 }), { name: 'TimeoutError' });
    assert.equal(semaphore.value, 0);
    guard.release();
  });

  on('Lock: killed before it takes what is reserved for it, the next has it in silence', async (stage) => {
    const { locks, words, start } = stage;
    const lock = new locks.Lock();
    let guard = lock.acquireSync();
    const victim = start(lock, 'waitInVain', VICTIM);
    await until(() => at(words, PROGRESS + VICTIM) === 1);
    for (let pass = 0; ; pass += 1) {
      assert.ok(pass <= 64);
      guard.release();
      const next = lock.tryAcquire();
      if (next === null) break;
      guard = next;
    }
    assert.equal(lock.locked, false);
    assert.throws(() => lock.acquireSync({ timeout: 0 }), { name: 'TimeoutError' });
    await victim.kill();
    (await lock.acquire()).release();
    assert.equal(lock.tryAcquire() === null, false);
  });

  on('Semaphore: killed before it takes what it was given, the next has it in silence', async (stage) => {
    const { locks, words, start } = stage;
    const semaphore = new locks.Semaphore(1);
    const guard = semaphore.acquireSync();
    const victim = start(semaphore, 'waitInVain', VICTIM);
    await until(() => at(words, PROGRESS + VICTIM) === 1);
    guard.release();
    assert.equal(semaphore.value, 0);
    assert.equal(semaphore.tryAcquire(), null);
    await victim.kill();
    (await semaphore.acquire()).release();
    assert.equal(semaphore.value, 1);
  });

  on('Condition: killed when it was notified, and has not got on, the next wakes', async (stage) => {
    const { locks, words, start } = stage;
    const condition = new locks.Condition();
    const victim = start(condition, 'waitInVain', VICTIM);
    await until(() => at(words, PROGRESS + VICTIM) === 1);
    const next = condition.withLock(() => condition.wait());
    await condition.withLock(() => condition.notify());
    await victim.kill();
    await next;
  });

  on('Condition: killed when it woke, and has not got the lock yet, the next wakes', async (stage) => {
    const { locks, words, start } = stage;
    const condition = new locks.Condition();
    for (const form of FORMS) {
      Atomics.store(words, TOKENS, 0);
      const victim = start(condition, 'consume', VICTIM, form);
      let guard = await condition.acquire();
      // It is in the list as soon as it has let go of the lock.
      while (at(words, PROGRESS + VICTIM) === 0) {
        Atomics.store(words, TOKENS, 1);
        condition.notify();
        guard.release();
        await new Promise(setImmediate);
        guard = await condition.acquire();
      }
      guard.release();
      await until(() => at(words, TOKENS) === 0);
      await delay(20);
      guard = await condition.acquire();
      const next = condition.wait();
      using _ = await condition.acquire();
      condition.notify();
      // Now it wakes, and waits for the lock.
      await delay(20);
      await victim.kill();
      _.release();
      await next;
      guard.release();
      Atomics.store(words, PROGRESS + VICTIM, 0);
    }
  });

  on('Barrier: killed while it waits, it breaks for those who wait', async ({ locks, words, start }) => {
    for (const deed of ['waitInVain', 'meet'] as const) {
      const barrier = new locks.Barrier(3);
      const victim = start(barrier, deed, VICTIM, 'sync');
      await until(() => barrier.waiting === 1);
      const here = assert.rejects(barrier.wait(), { name: 'BrokenBarrierError' });
      await victim.kill();
      await here;
      assert.equal(barrier.broken, true);
      Atomics.store(words, PROGRESS + VICTIM, 0);
    }
  });

  on('Barrier: killed while it acts, it breaks for those who wait', async ({ locks, words, start }) => {
    const barrier = new locks.Barrier(2, {
      action: () => new Promise(() => undefined),
    });
    const survivor = start(barrier, 'meet', SURVIVOR, 'async');
    await until(() => barrier.waiting === 1);
    void barrier.wait();
    assert.equal(barrier.waiting, 0);
    barrier.abort();
    await until(() => at(words, TOLD + SURVIVOR) === 1);
    await survivor.kill();
  });

  on(
    'a hold that outlives its thread in the middle of a wait is told with the lock in hand',
    async (stage) => {
      const { locks, words, start } = stage;
      const lock = new locks.Lock();
      const condition = new locks.Condition(lock);
      const guard = await condition.acquire();
      const enough = new AbortController();
      const waits = condition.wait({ signal: enough.signal });
      const victim = start(lock, 'hold', VICTIM);
      await until(() => at(words, HOLDS + VICTIM) === 1);
      enough.abort();
      await victim.kill();
      await assert.rejects(waits, OwnerDiedError);
      assert.equal(lock.locked, true);
      guard.release();
      assert.equal(lock.locked, false);
      assert.throws(() => guard.release(), InvalidStateError);
    },
  );
}

/** Tries; being told of a death is as good as finding nothing. */
function tryUntold(semaphore: InstanceType<Scene['locks']['Semaphore']>): Guard | null {
  try {
    return semaphore.tryAcquire();
  } catch (error) {
    assert.ok(error instanceof OwnerDiedError);
    return null;
  }
}

async function produce(
  condition: InstanceType<Scene['locks']['Condition']>,
  words: Int32Array,
): Promise<void> {
  for (;;) {
    try {
      await condition.withLock(() => {
        Atomics.add(words, TOKENS, 1);
        condition.notify();
      });
      return;
    } catch (error) {
      assert.ok(error instanceof OwnerDiedError);
    }
  }
}
