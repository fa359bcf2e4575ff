// Circles of those who wait for each other's locks. What closes one is ended here by a DeadlockError, so that all of these tests
// come to an end.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlockError } from '../../src/errors.ts';
import { detectDeadlocks, type Guard } from '../../src/sync/index.ts';
import {
  type AnyLock,
  BOTH,
  blockWithHeld,
  HAVE,
  lastWarning,
  reachFor,
  reachFromBelow,
  WARNED,
  waitHolding,
} from './fixtures/rivals.ts';
import { boardOf, FORMS, HANGS_MS, locksOf, poolOf, REACHES, until } from './stage.ts';

const ERROR = 'DeadlockError';

before(() => detectDeadlocks('throw'));

/** One at least was told, and those who were not have got on. */
function assertSolved(outcomes: readonly string[]): void {
  assert.ok(outcomes.includes(ERROR), outcomes.join());
  assert.ok(
    outcomes.every((outcome) => outcome === ERROR || outcome === BOTH),
    outcomes.join(),
  );
}

/** Nobody has it, and nobody is left in line for it. */
async function assertFree(...all: readonly AnyLock[]): Promise<void> {
  for (const lock of all) {
    assert.equal(lock.locked, false);
    (lock.tryAcquire() as Guard).release();
    (await lock.acquire()).release();
  }
}

for (const reach of REACHES) {
  const { Lock, RLock, Condition } = locksOf(reach);

  describe(`deadlocks [${reach}]`, () => {
    const pool = poolOf(reach, 3);
    const ended = new AbortController();
    const endable = pool.with({ signal: ended.signal, grace: 0 });
    // A test that failed may have left some that wait for ever.
    after(async () => {
      ended.abort();
      await pool.shutdown();
    });
    const on = (title: string, body: () => Promise<void>): void => {
      test(`${title} [${reach}]`, { timeout: HANGS_MS }, body);
    };

    for (const form of FORMS) {
      on(`two workers crosswise, ${form}`, async () => {
        for (const [one, other] of [
          [new Lock(), new Lock()],
          [new RLock(), new RLock()],
        ] as const) {
          const board = boardOf(reach);
          const outcomes = await Promise.all([
            endable.submit(reachFor, form, [one, other], board, 2),
            endable.submit(reachFor, form, [other, one], board, 2),
          ]);
          assertSolved(outcomes);
          await assertFree(one, other);
        }
      });

      on(`three workers in a circle, ${form}`, async () => {
        const [one, two, three] = [new Lock(), new RLock(), new Lock()];
        const board = boardOf(reach);
        const outcomes = await Promise.all([
          endable.submit(reachFor, form, [one, two], board, 3),
          endable.submit(reachFor, form, [two, three], board, 3),
          endable.submit(reachFor, form, [three, one], board, 3),
        ]);
        assertSolved(outcomes);
        await assertFree(one, two, three);
      });

      on(`a function that awaits here, and a worker, ${form}`, async () => {
        const [one, other] = [new Lock(), new Lock()];
        const board = boardOf(reach);
        const outcomes = await Promise.all([
          reachFor('async', [one, other], board, 2),
          endable.submit(reachFor, form, [other, one], board, 2),
        ]);
        assertSolved(outcomes);
        await assertFree(one, other);
      });

      on(`through a grandchild, ${form}`, async () => {
        const [one, two, three] = [new Lock(), new Lock(), new Lock()];
        const board = boardOf(reach);
        const outcomes = await Promise.all([
          reachFor('async', [one, two], board, 3),
          endable.submit(reachFor, form, [two, three], board, 3),
          endable.submit(reachFromBelow, reach, form, [three, one], board, 3),
        ]);
        assertSolved(outcomes);
        await assertFree(one, two, three);
      });

      on(`one that was notified, and cannot have the lock of the condition again, ${form}`, async () => {
        const [other, condition] = [new Lock(), new Condition(new Lock())];
        const board = boardOf(reach);
        const waiting = endable.submit(waitHolding, form, [other, condition], board);
        await until(() => Atomics.load(board.words, HAVE) === 1);
        // It closes the circle, unless the other one does: which must have its lock, and is only warned.
        const notify = async (): Promise<string> => {
          await condition.acquire();
          condition.notify();
          try {
            (await other.acquire()).release();
            return BOTH;
          } catch (error) {
            condition.release();
            return (error as Error).name;
          }
        };
        const notifying = notify();
        const warned = until(() => Atomics.load(board.words, WARNED) > 0).then(() => 'warned');
        const outcome = await Promise.race([notifying, warned]);
        if (outcome === 'warned') {
          assert.match(lastWarning(board), /holds .*Lock #\d+.*(?:waits|blocks) for .*Lock #\d+/);
          condition.release();
          assert.equal(await notifying, BOTH);
        } else assert.equal(outcome, ERROR);
        Atomics.store(board.words, WARNED, 1);
        await warned;
        assert.equal(await waiting, BOTH);
      });
    }

    on('two functions of this thread crosswise', async () => {
      const [one, other] = [new Lock(), new Lock()];
      const board = boardOf(reach);
      const outcomes = await Promise.all([
        reachFor('async', [one, other], board, 2),
        reachFor('async', [other, one], board, 2),
      ]);
      assert.deepEqual(outcomes.toSorted(), [ERROR, BOTH]);
      await assertFree(one, other);
    });

    on('two functions of this thread crosswise, by withLock and through others', async () => {
      const [one, other] = [new RLock(), new Lock()];
      const inner = async (lock: AnyLock): Promise<string> => {
        await delay(2);
        return await lock.withLock(async () => {
          await delay(1);
          return BOTH;
        });
      };
      const outer = async (lock: AnyLock): Promise<string> => {
        await delay(1);
        return await inner(lock);
      };
      const outcomes = await Promise.all([
        one.withLock(() => outer(other)).catch((error: Error) => error.name),
        other.withLock(async () => await outer(one)).catch((error: Error) => error.name),
      ]);
      assert.deepEqual(outcomes.toSorted(), [ERROR, BOTH]);
      await assertFree(one, other);
    });

    on('what a helper has acquired belongs to the one with a lock who has called it', async () => {
      const [one, two, three] = [new Lock(), new Lock(), new Lock()];
      const enter = async (lock: AnyLock): Promise<Guard> => {
        await delay(1);
        const guard = await lock.acquire();
        await delay(1);
        return guard;
      };
      const board = boardOf(reach);
      const first = async (): Promise<string> => {
        using _one = await one.acquire();
        using _two = await enter(two);
        return await reachFor('async', [new Lock(), three], board, 2);
      };
      const outcomes = await Promise.all([first(), reachFor('async', [three, two], board, 2)]);
      assertSolved(outcomes);
      await assertFree(one, two, three);
    });

    on('a function that waits for a lock that it has', async () => {
      for (const lock of [new Lock(), new RLock()]) {
        const guard = await lock.acquire();
        await assert.rejects(async () => await lock.acquire(), {
          name: ERROR,
          code: 'MANYHANDS_DEADLOCK',
          message: /holds .*Lock #\d+.* and waits for .*Lock #\d+ at /,
        });
        guard.release();
        await assertFree(lock);
      }
    });

    on('a thread that blocks for a lock that it has, or that a function of it has', async () => {
      const lock = new Lock();
      const guard = lock.acquireSync();
      assert.throws(() => lock.acquireSync(), DeadlockError);
      guard.release();
      await lock.withLock(() => assert.throws(() => lock.acquireSync(), DeadlockError));
      await assertFree(lock);
    });

    on('a thread that blocks for another lock, with one that a function of it has', async () => {
      const [one, other] = [new Lock(), new Lock()];
      const board = boardOf(reach);
      const outcomes = await Promise.all([
        endable.submit(blockWithHeld, [one, other], board, 2),
        endable.submit(reachFor, 'async', [other, one], board, 2),
      ]);
      assertSolved(outcomes);
      await assertFree(one, other);
    });

    on('what the dead waited for closes no circle', async () => {
      const [one, other] = [new Lock(), new Lock()];
      const board = boardOf(reach);
      const dying = new AbortController();
      using _ = await one.acquire();
      const victim = pool
        .with({ signal: dying.signal, grace: 0 })
        .submit(reachFor, 'sync', [other, one], board, 1);
      await until(() => Atomics.load(board.words, HAVE) === 1);
      dying.abort();
      await assert.rejects(victim.result(), { name: 'AbortError' });
      // It is stopped at its leisure: until then it is a circle.
      const outcome = async (): Promise<string> => {
        try {
          using _other = await other.acquire();
          return BOTH;
        } catch (error) {
          return (error as Error).name;
        }
      };
      let last = await outcome();
      for (; last === ERROR; last = await outcome()) await delay(5);
      assert.equal(last, 'OwnerDiedError');
    });
  });
}
