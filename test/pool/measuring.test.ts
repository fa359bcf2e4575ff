// What a pool is told of how a call spends its time, on every backend and channel.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventLoopBackend } from '../../src/backends/event-loop/event-loop-backend.ts';
import { ProcessBackend } from '../../src/backends/process/process-backend.ts';
import { ThreadBackend } from '../../src/backends/thread/thread-backend.ts';
import type { Measurement } from '../../src/futures/engine.ts';
import { type PoolOptions, poolSettings } from '../../src/pool/options.ts';
import { Pool } from '../../src/pool/pool.ts';
import { fail, spin, spinLater } from './fixtures/spinning.ts';

const MS = 10;

const one = (options: PoolOptions) => poolSettings({ maxWorkers: 1, ...options }, 'Measured');
const pools: Readonly<Record<string, () => Pool>> = {
  'event-loop': () => new Pool(new EventLoopBackend(true), one({ concurrency: 8 })),
  thread: () => new Pool(new ThreadBackend({}), one({})),
  'thread, plain': () => new Pool(new ThreadBackend({}), one({ channel: 'plain' })),
  process: () => new Pool(new ProcessBackend({}), one({})),
  'process, plain': () => new Pool(new ProcessBackend({}), one({ channel: 'plain' })),
};

for (const [name, make] of Object.entries(pools)) {
  describe(`a measured call (${name})`, () => {
    const row = (title: string, run: (pool: Pool, heard: Measurement[]) => Promise<void>): void => {
      it(title, { timeout: 60_000 }, async () => {
        const pool = make();
        try {
          await run(pool, []);
        } finally {
          await pool.shutdown({ wait: true, cancelFutures: true });
        }
      });
    };

    row('that computes is busy from beginning to end', async (pool, heard) => {
      const onMeasured = (measurement: Measurement): void => void heard.push(measurement);
      assert.equal(await pool.run({ fn: spin, args: [MS], options: {}, onMeasured }), MS);
      assert.equal(heard.length, 1);
      const [{ asynchronous, blocked, busy, wall = 0 } = assert.fail()] = heard;
      assert.equal(asynchronous, false);
      assert.ok(blocked >= MS && busy >= MS && wall >= MS, JSON.stringify(heard));
    });

    row(
      'that waits and then computes says so at once, and how busy it was at the end',
      async (pool, heard) => {
        const onMeasured = (measurement: Measurement): void => void heard.push(measurement);
        await pool.run({ fn: spinLater, args: [MS], options: {}, onMeasured });
        assert.equal(heard.length, 2);
        const [early = assert.fail(), late = assert.fail()] = heard;
        assert.ok(early.asynchronous && late.asynchronous);
        assert.equal(early.wall, undefined);
        assert.equal(early.blocked, late.blocked);
        assert.ok(late.busy >= MS && (late.wall ?? 0) >= 2 * MS - 1, JSON.stringify(heard));
      },
    );

    row('that throws, and a chunk, are measured as well, and others are not', async (pool, heard) => {
      const onMeasured = (measurement: Measurement): void => void heard.push(measurement);
      const failing = pool.run({ fn: fail, args: [], options: {}, onMeasured });
      await assert.rejects(Promise.resolve(failing), /as asked/);
      assert.equal(heard.length, 1);
      await pool.run({ fn: spin, args: [MS, MS, MS], arity: 1, options: {}, onMeasured });
      assert.ok((heard[1]?.busy ?? 0) >= 3 * MS, JSON.stringify(heard));
      await pool.run({ fn: spin, args: [1], options: {} });
      assert.equal(heard.length, 2);
    });
  });
}
