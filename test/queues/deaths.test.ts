// Threads and processes that are killed at any moment while they put and get: nobody else loses an item, gets one twice or
// half of one, or is held up.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { STRESS } from '../stress.ts';
import type { Numbered } from './fixtures/actor.ts';
import { type Actor, processes, type ReachOfQueues, reaches, threads } from './support.ts';

/** A process takes ten times as long to start as a thread. */
const rounds = (reach: ReachOfQueues, count: number): number =>
  STRESS * (reach === processes ? Math.ceil(count / 4) : count);
const limit = { timeout: 60_000 * STRESS };
const { random } = Math;
const ballast = 'b'.repeat(300);

/** Until something of it has come, so that it is in the middle of its work; then some more. */
async function amidst(): Promise<void> {
  await delay(random() * 8);
}

for (const reach of reaches) {
  describe(`killed at any moment: ${reach.name}`, () => {
    for (const maxSize of [0, 8]) {
      it(`producers, maxSize ${maxSize}: what came is all that each has put, in order`, limit, async () => {
        const queue = reach.queue<Numbered>({ maxSize });
        const next = new Map<number, number>();
        for (let who = 0; who < rounds(reach, 12); who += 1) {
          const form = who % 2 === 0 ? 'Sync' : 'async';
          const producer = reach.start('produce', queue, who, 1e9, form, who % 3 === 0 ? ballast : undefined);
          const take = ([from, number]: Numbered): void => {
            assert.equal(number, next.get(from) ?? 0, `of producer ${from}`);
            next.set(from, number + 1);
          };
          // One that is certainly its own.
          while (next.get(who) === undefined) take(await queue.get());
          const end = performance.now() + random() * 8;
          while (performance.now() < end) take(await queue.get());
          await producer.kill();
          for (let got = queue.tryGet(); got !== null; got = queue.tryGet()) take(got.value);
          // It is not held up, and there are as many places as before.
          for (let place = 0; place < (maxSize || 100); place += 1)
            await queue.put([-1, 0], { timeout: 10_000 });
          for (let place = 0; place < (maxSize || 100); place += 1) await queue.get();
        }
      });
    }

    it('consumers: none but what each had in its hands is lost', limit, async () => {
      const from = reach.queue<Numbered>();
      const to = reach.queue<Numbered>();
      const seen = new Set<number>();
      let put = 0;
      const deaths = rounds(reach, 12);
      for (let round = 0; round < deaths; round += 1) {
        const isAsync = round % 2 === 1;
        const consumer: Actor<void> = reach.start(isAsync ? 'forwardAsync' : 'forward', from, to);
        const collect = ([, number]: Numbered): void => {
          assert.ok(!seen.has(number), `${number} came twice`);
          seen.add(number);
        };
        const putSome = (count: number): void => {
          for (let n = 0; n < count; n += 1) {
            from.putSync([0, put]);
            put += 1;
          }
        };
        putSome(10);
        // If it fails at its start, nothing comes.
        collect(await Promise.race([to.get(), consumer.result as unknown as Promise<never>]));
        putSome(300);
        await amidst();
        await consumer.kill();
        // Those that have come out, and those that were not taken.
        for (let got = to.tryGet(); got !== null; got = to.tryGet()) collect(got.value);
        for (;;) {
          const got = await from.get({ timeout: 0 }).catch(() => null);
          if (got === null) break;
          collect(got);
        }
        // What it was promised and had not taken comes back once its death is noticed.
        while (from.size > 0) collect(await from.get());
      }
      // In its hands: one, or one for each of its two loops.
      assert.ok(put - seen.size <= deaths * 2, `${put - seen.size} of ${put} are lost by ${deaths} deaths`);
    });

    it('one that waits for an item: what it is promised goes to the next', limit, async () => {
      for (let round = 0; round < rounds(reach, 12); round += 1) {
        const queue = reach.queue<string>();
        const ready = reach.queue<string>();
        const waiter = reach.start('getAndGet', ready, queue, round % 2 === 0 ? 'Sync' : 'async');
        await ready.put('go');
        while (!ready.empty()) await delay(1);
        await amidst();
        await waiter.kill();
        queue.putSync('item');
        assert.equal(await queue.get(), 'item');
      }
    });

    it('one that waits for a place: what it is promised goes to the next', limit, async () => {
      for (let round = 0; round < rounds(reach, 12); round += 1) {
        const queue = reach.queue<Numbered>({ maxSize: 1 });
        const waiter = reach.start('produce', queue, 1, 2, round % 2 === 0 ? 'Sync' : 'async');
        while (!queue.full()) await delay(1);
        await amidst();
        await waiter.kill();
        assert.deepEqual(await queue.get(), [1, 0]);
        await queue.put([2, 0]);
        const [who] = await queue.get();
        // Unless it came to put its second one after all.
        if (who === 1) assert.deepEqual(await queue.get(), [2, 0]);
      }
    });
  });
}

it('a crowd of threads, some of which are killed all the time, carries everything else', limit, async () => {
  const from = threads.queue<Numbered>({ maxSize: 50 });
  const to = threads.queue<Numbered>({ maxSize: 50 });
  let deaths = 0;
  const over = new AbortController();
  const killing = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      const forwarder = threads.start(deaths % 2 === 0 ? 'forward' : 'forwardAsync', from, to);
      await delay(40 + random() * 30);
      await forwarder.kill();
      deaths += 1;
    }
  })();
  const steady = threads.start('forward', from, to);
  const count = 20_000;
  const putting = (async (): Promise<void> => {
    for (let number = 0; number < count; number += 1) await from.put([0, number]);
  })();
  const seen = new Set<number>();
  const collecting = (async (): Promise<void> => {
    for await (const [, number] of to) {
      assert.ok(!seen.has(number), `${number} came twice`);
      seen.add(number);
    }
  })();
  await putting;
  while (from.size > 0) await delay(5);
  over.abort();
  await killing;
  // It has forwarded what it had before it finds nothing more.
  await from.put([0, count]);
  while (!seen.has(count)) await delay(5);
  await steady.kill();
  to.shutdown();
  await collecting;
  assert.ok(count + 1 - seen.size <= 2 * deaths, `${count + 1 - seen.size} are lost by ${deaths} deaths`);
});
