// Long runs in bad weather: workers that are killed all the time, and workers that come and go by the
// hundred. `npm run test:stress` makes them longer.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Executor, ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/index.ts';
import { laneRegionBytes, shapeFor } from '../../src/pool/shared/sharing.ts';
import { STRESS } from '../stress.ts';
import { until } from './backends.ts';
import * as tasks from './fixtures/tasks.ts';
import { alive, children, resources } from './processes.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** How often a worker is killed, how often at most, and how many tasks have to survive that. */
const KILL_EVERY_MS = 50;
const KILLS = 30 * STRESS;
const TASKS = 10_000 * STRESS;

/** How many workers of each kind come and go. Memory is compared when there have been some. */
const WORKERS = 100 * STRESS;
const EARLY_WORKERS = 20;

const limit = { timeout: 60_000 * STRESS };
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

let untouched: Record<string, number>;
before(async () => {
  for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    await using pool = new Pool({ maxWorkers: 1 });
    await pool.submit(tasks.same, {});
  }
  untouched = resources();
});

async function assertNothingLeft(): Promise<void> {
  await until('all children are gone', () => children().length === 0);
  await until(
    `nothing is held open but ${JSON.stringify(untouched)}`,
    () => JSON.stringify(resources()) === JSON.stringify(untouched),
  );
}

describe('a pool whose processes are killed at random', () => {
  it(`gives every one of ${TASKS} results, and leaves nothing behind`, limit, async () => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 2 });
    let kills = 0;
    const killer = setInterval(() => {
      // Three that die before they are ready would break the pool, by contract; those that serve may die at
      // any time.
      const victims = pool.statistics().workers.filter(({ state }) => state === 'busy' || state === 'idle');
      const { id } = victims[Math.floor(Math.random() * victims.length)] ?? {};
      if (id === undefined || kills >= KILLS || !alive(id)) return;
      process.kill(id, 'SIGKILL');
      kills += 1;
    }, KILL_EVERY_MS);
    try {
      const patient = pool.with({ retries: Infinity });
      // Some one by one, some in chunks, some with values large enough to be cut off in the middle.
      const [single, chunked, large] = await Promise.all([
        Promise.all(numbers(TASKS / 2).map((n) => patient.submit(tasks.compute, 0.1, n))),
        patient.map(tasks.square, numbers(TASKS / 2)),
        Promise.all(numbers(20).map((n) => patient.submit(tasks.same, new Uint8Array(200_000).fill(n)))),
      ]);
      assert.deepEqual(single, numbers(TASKS / 2));
      assert.deepEqual(chunked, numbers(TASKS / 2).map(tasks.square));
      for (const [n, bytes] of large.entries()) {
        assert.equal(bytes.length, 200_000);
        assert.ok(bytes.every((byte) => byte === n));
      }
    } finally {
      clearInterval(killer);
    }
    const { tasks: counts, workersDied } = pool.statistics();
    assert.deepEqual([counts.pending, counts.running, counts.failed], [0, 0, 0]);
    assert.ok(kills > 0 && workersDied > 0, `${kills} kills, ${workersDied} deaths`);
    await pool.shutdown();
    await assertNothingLeft();
  });
});

describe(`a pool that makes and drops ${WORKERS} workers`, () => {
  const cases: ReadonlyArray<[string, () => Executor]> = [
    ['thread', () => new ThreadPoolExecutor({ maxWorkers: 2, maxTasksPerChild: 1 })],
    ['process', () => new ProcessPoolExecutor({ maxWorkers: 2, maxTasksPerChild: 1 })],
  ];
  for (const [name, make] of cases) {
    it(`does not grow (${name})`, limit, async () => {
      const pool = make();
      const run = async (count: number): Promise<void> => {
        assert.deepEqual(
          await Promise.all(numbers(count).map((n) => pool.submit(tasks.same, n))),
          numbers(count),
        );
        // Two may still be ending.
        await until('few workers are left', () => pool.statistics().workers.length <= 2);
      };
      const memory = (): NodeJS.MemoryUsage => {
        collect();
        return process.memoryUsage();
      };
      await run(EARLY_WORKERS);
      const early = memory();
      await run(WORKERS - EARLY_WORKERS);
      // V8 counts what is mapped of a lane, touched or not, and two workers may be there still. One that has ended a moment
      // ago is let go of when its pipes are closed.
      const lanes = 2 * laneRegionBytes(shapeFor(2));
      await until('nothing has grown', () => {
        const late = memory();
        return late.heapUsed - early.heapUsed < 4e6 && late.external - early.external - lanes < 4e6;
      });
      assert.ok(pool.statistics().workersStarted >= WORKERS);
      assert.equal(pool.statistics().workersDied, 0);
      await pool.shutdown();
      await assertNothingLeft();
    });
  }
});

describe('many pools, one after the other', () => {
  it('leave nothing behind, however they end', limit, async () => {
    for (let n = 0; n < 10; n += 1) {
      const threads = new ThreadPoolExecutor({ maxWorkers: 1 });
      const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
      const futures = [threads, processes].map((pool) => pool.submit(tasks.same, n));
      if (n % 3 === 0) await processes.killWorkers();
      else if (n % 3 === 1) await processes.shutdown({ cancelFutures: true });
      await Promise.all([threads.shutdown(), processes.shutdown()]);
      assert.ok(futures.every((future) => future.done()));
      await Promise.allSettled(futures);
    }
    await assertNothingLeft();
  });
});

after(() => assertNothingLeft());
