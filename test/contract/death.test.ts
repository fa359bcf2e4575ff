// Death at every stage of a task: whatever dies, and whenever, every future settles, other tasks do not
// notice, the worker is replaced, and nothing is left behind.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { AutoStatistics } from '../../src/choose/index.ts';
import { type Executor, WorkerDiedError } from '../../src/index.ts';
import { backends, contract, failure, Note, until } from './backends.ts';
import { never as crashesOnLoad } from './fixtures/crashes-on-load.ts';
import { never as exitsOnLoad } from './fixtures/exits-on-load.ts';
import { never as failsToLoad } from './fixtures/fails-to-load.ts';
import * as tasks from './fixtures/tasks.ts';
import { children, resources } from './processes.ts';

const endings = ['error', 'exit', 'crash'] as const;
const loading = { error: failsToLoad, exit: exitsOnLoad, crash: crashesOnLoad };

let untouched: Record<string, number>;
before(async () => {
  // What the first use of the library and of the streams makes once, and keeps.
  for (const { make } of backends) {
    await using pool = make(1);
    await pool.submit(tasks.same, {});
  }
  untouched = resources();
});
after(async () => {
  await until('all children are gone', () => children().length === 0);
  await until(
    `nothing is held open but ${JSON.stringify(untouched)}`,
    () => JSON.stringify(resources()) === JSON.stringify(untouched),
  );
});

/** Runs `strike` among tasks that must not notice, on a pool that must be as good as new afterwards. */
async function amongOthers(pool: Executor, strike: () => Promise<void>): Promise<void> {
  const quick = (): Promise<number[]> =>
    Promise.all(Array.from({ length: 12 }, (_, n) => pool.submit(tasks.same, n)));
  const expected = Array.from({ length: 12 }, (_, n) => n);
  const [earlier, , later] = await Promise.all([quick(), strike(), quick()]);
  assert.deepEqual(earlier, expected);
  assert.deepEqual(later, expected);
  assert.deepEqual(await quick(), expected);
  const statistics = pool.statistics();
  const { tasks: counts } = statistics;
  const pools = 'pools' in statistics ? Object.values((statistics as AutoStatistics).pools) : [statistics];
  for (const { workers } of pools) assert.ok(workers.length <= 2, 'no more workers than allowed');
  assert.deepEqual([counts.pending, counts.running], [0, 0]);
}

/** It failed the way it was to: with the error itself, or with the death of the worker. */
function assertEnded(error: unknown, how: tasks.Ending, message = /^as asked$/): void {
  if (how === 'error') assert.match((error as Error).message, message);
  else {
    assert.ok(error instanceof WorkerDiedError, String(error));
    if (how === 'exit') assert.equal(error.exitCode, 7);
    else assert.match(error.reason, /^it was killed by SIGKILL$|^it ran out of memory/);
  }
}

contract('a worker that ends', ({ make, common, row }) => {
  for (const how of endings) {
    row(`while it starts (${how})`, ['mortal workers', 'pool options'], async () => {
      const log = new Note();
      await using pool = make(2, { initializer: tasks.prepareOrEnd, initArgs: [how, log.path] });
      if (how === 'error') {
        // An initializer that throws will throw again: that breaks the pool, and is a row of the table of
        // outcomes.
        assert.match(
          String(await failure(pool.submit(tasks.same, 1))),
          /its initializer failed: Error: as asked/,
        );
      } else {
        assert.deepEqual(await pool.map(tasks.square, [1, 2, 3]), [1, 4, 9]);
        await until('the death is known', () => pool.statistics().workersDied >= 1);
      }
    });

    row(`while it loads the module (${how})`, ['mortal workers'], async () => {
      const pool = common(2);
      await amongOthers(pool, async () => {
        assertEnded(await failure(pool.submit(loading[how])), how, /^this module does not load$/);
      });
    });

    row(`while it decodes the arguments (${how})`, ['mortal workers', 'bytes'], async () => {
      const pool = common(2);
      await pool.submit(tasks.same, 1);
      await amongOthers(pool, async () => {
        await using other = make(1);
        await other.submit(tasks.endWhenDecoding, how);
        // Of a kind that Node's deserializer reads, on every channel.
        assertEnded(await failure(other.submit(tasks.same, new RegExp('an object'))), how);
      });
    });

    row(`while it runs (${how})`, ['mortal workers'], async () => {
      const pool = common(2);
      await amongOthers(pool, async () => assertEnded(await failure(pool.submit(tasks.end, how)), how));
    });

    row(`while it encodes the result (${how})`, ['mortal workers'], async () => {
      const pool = common(2);
      await amongOthers(pool, async () => {
        const error = await failure(pool.submit(tasks.endWhileEncoding, how));
        assertEnded(error, how, /result/);
      });
    });

    row(`while it returns a large result (${how})`, ['mortal workers'], async () => {
      const pool = common(2);
      const { workersDied } = pool.statistics();
      // It ends after its task is over, with whatever that worker is given next; so that must wait.
      const outcome = await pool.submit(tasks.endAfterLarge, how, 8_000_000).then(
        (bytes) => bytes,
        (error: unknown) => error,
      );
      // It was all there or it was not; a part of it is never a result.
      if (outcome instanceof Uint8Array) {
        assert.equal(outcome.length, 8_000_000);
        assert.ok(outcome.every((byte) => byte === 1));
      } else assert.ok(outcome instanceof WorkerDiedError, String(outcome));
      await until('the worker has died', () => pool.statistics().workersDied === workersDied + 1);
      await amongOthers(pool, async () => undefined);
    });

    row(`while it streams (${how})`, ['mortal workers'], async () => {
      const pool = common(2);
      await amongOthers(pool, async () => {
        const seen: number[] = [];
        const reading = (async () => {
          for await (const value of pool.with({ retries: 3 }).stream(tasks.yieldThenEnd, 20, how))
            seen.push(value);
        })();
        assertEnded(await failure(reading), how);
        assert.deepEqual(
          seen,
          Array.from({ length: 20 }, (_, n) => n),
          'what came before is not lost, and not repeated',
        );
      });
    });

    row(`in a chunk (${how})`, ['mortal workers'], async () => {
      const pool = common(2);
      await amongOthers(pool, async () => {
        const items = Array.from({ length: 40 }, (_, n) => n);
        const results = pool.with({ chunkSize: 4 }).map(
          tasks.endAt,
          items,
          items.map(() => how),
          items.map(() => 21),
        );
        const iterator = results[Symbol.asyncIterator]();
        const failed: number[] = [];
        for (const item of items) {
          try {
            assert.equal((await iterator.next()).value, item);
          } catch (error) {
            failed.push(item);
            assertEnded(error, how);
          }
        }
        assert.deepEqual(failed, how === 'error' ? [21] : [20, 21, 22, 23], 'the items of that chunk alone');
      });
    });
  }

  row('by what it writes to the channel of its pool', ['mortal workers', 'pipes'], async () => {
    const pool = common(2);
    await amongOthers(pool, async () => {
      const error = await failure(
        pool.submit(async () => {
          const { writeSync } = await import('node:fs');
          writeSync(4, new Uint8Array(64).fill(255));
          await new Promise(() => setInterval(() => undefined, 1000));
        }),
      );
      assert.ok(error instanceof WorkerDiedError);
      assert.match(error.reason, /^it failed: /);
    });
  });
});
