// What looks like a deadlock, and is none: any alarm fails here.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { detectDeadlocks } from '../../src/sync/index.ts';
import { jostle } from './fixtures/jostle.ts';
import { boardOf, FORMS, HANGS_MS, locksOf, poolOf, REACHES } from './stage.ts';

const warnings: string[] = [];

before(() => {
  detectDeadlocks('throw');
  process.on('warning', ({ message }) => warnings.push(message));
});
after(() => assert.deepEqual(warnings, []));

for (const reach of REACHES) {
  const { Lock, RLock, Condition } = locksOf(reach);
  const on = (title: string, body: () => Promise<void>): void => {
    test(`${title} [${reach}]`, { timeout: HANGS_MS }, body);
  };

  describe(`no deadlocks [${reach}]`, () => {
    on('what the holder starts, and does not await, may wait for the lock', async () => {
      const lock = new Lock();
      let logs = 0;
      const log = async (): Promise<void> => {
        await lock.withLock(() => {
          logs += 1;
        });
      };
      const all: Promise<void>[] = [];
      await lock.withLock(async () => {
        void log();
        all.push(log());
        const settled = new Promise((resolve) => setTimeout(resolve, 5));
        void log();
        await settled;
        void log();
        await delay(1);
      });
      await Promise.all(all);
      await lock.withLock(() => assert.equal(logs, 4));
    });

    on('a function that starts itself again while it holds the lock', async () => {
      const lock = new Lock();
      let left = 12;
      const done = new Promise<void>((resolve) => {
        const tick = async (): Promise<void> => {
          if (left === 0) return;
          left -= 1;
          await delay(1);
          using _ = await lock.acquire();
          setTimeout(tick, 1);
          void tick();
          await delay(2);
          if (left === 0) resolve();
        };
        void tick();
      });
      await done;
      await lock.acquire();
    });

    on('functions that were started by the same one, and take turns', async () => {
      const [one, other] = [new Lock(), new Lock()];
      const work = async (): Promise<void> => {
        using _one = await one.acquire();
        await delay(1);
        using _other = await other.acquire();
        await delay(1);
      };
      await Promise.all(Array.from({ length: 8 }, work));
    });

    on('locks that are acquired one after the other', async () => {
      const [one, other] = [new Lock(), new RLock()];
      const work = async (first: typeof one | typeof other, second: typeof first): Promise<void> => {
        for (let round = 0; round < 10; round += 1) {
          await first.withLock(() => delay(1));
          (await second.acquire()).release();
          await delay(0);
        }
      };
      await Promise.all([work(one, other), work(other, one)]);
    });

    on('waits that end by a time or a signal', async () => {
      const [one, other] = [new Lock(), new Lock()];
      using _one = await one.acquire();
      await assert.rejects(async () => await one.acquire({ timeout: 5 }), { name: 'TimeoutError' });
      assert.throws(() => one.acquireSync({ timeout: 5 }), { name: 'TimeoutError' });
      await assert.rejects(async () => await one.acquire({ signal: AbortSignal.timeout(5) }), {
        name: 'TimeoutError',
      });
      // One of the two waits without a limit; the other one does not.
      const second = (async () => {
        using _other = await other.acquire();
        using _ = await one.acquire();
      })();
      await assert.rejects(async () => await other.acquire({ timeout: 20 }), { name: 'TimeoutError' });
      _one.release();
      await second;
    });

    on('a wait that is raced against a time', async () => {
      const [one, other] = [new Lock(), new Lock()];
      const guard = await one.acquire();
      const second = (async () => {
        using _other = await other.acquire();
        using _ = await one.acquire();
      })();
      const late = await Promise.race([other.acquire(), delay(20, 'late')]);
      assert.equal(late, 'late');
      guard.release();
      await second;
    });

    on('a condition whose lock others hold meanwhile', async () => {
      const condition = new Condition();
      const other = new Lock();
      let items = 0;
      const consume = async (): Promise<void> => {
        await condition.withLock(async () => {
          await condition.waitFor(() => items > 0);
          items -= 1;
          using _ = await other.acquire();
          await delay(1);
        });
      };
      const produce = async (): Promise<void> => {
        using _other = await other.acquire();
        await delay(1);
        _other.release();
        await condition.withLock(() => {
          items += 1;
          condition.notify();
        });
      };
      await Promise.all([consume(), consume(), produce(), produce()]);
    });

    on('a lock that is released in another function than it was acquired in', async () => {
      const lock = new Lock();
      for (let round = 0; round < 10; round += 1) {
        const first = await lock.acquire();
        setTimeout(() => first.release(), 1);
        // It has nothing else to do with the one who awaits it.
        const next = (async () => {
          await delay(0);
          using _ = await lock.acquire();
        })();
        await next;
      }
    });
  });

  describe(`no deadlocks between workers [${reach}]`, () => {
    const pool = poolOf(reach, 3);
    const ended = new AbortController();
    const endable = pool.with({ signal: ended.signal, grace: 0 });
    after(async () => {
      ended.abort();
      await pool.shutdown();
    });

    for (const form of FORMS) {
      test(`that acquire in one order, or give up in time [${reach}, ${form}]`, {
        timeout: HANGS_MS,
        todo: 'seen once in sixteen runs: a lock that one function had was taken for that of another of its thread',
      }, async () => {
        const locks = [new Lock(), new RLock(), new Lock(), new RLock(), new Lock()];
        const board = boardOf(reach);
        const seeds = [1, 2, 3];
        const alarms = await Promise.all([
          jostle('async', locks, board, 11, 60),
          jostle('async', locks, board, 12, 60),
          ...seeds.map((seed) => endable.submit(jostle, form, locks, board, seed, 150)),
          ...seeds.map((seed) => endable.submit(jostle, 'async', locks, board, seed + 20, 150)),
        ]);
        assert.deepEqual(alarms.flat(), []);
        for (const lock of locks) assert.equal(lock.locked, false);
      });
    }
  });
}
