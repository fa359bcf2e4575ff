// What can be on a queue, and how long it keeps it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { NotShareableError, OutOfSharedMemoryError } from '../../src/errors.ts';
import type { Arena } from '../../src/memory/arena/arena.ts';
import { processArena, threadArena } from '../../src/memory/arena/arenas.ts';
import { Lock as ProcessLock } from '../../src/multiprocessing/locks.ts';
import * as mp from '../../src/multiprocessing/queues.ts';
import { LifoQueue, PriorityQueue, Queue } from '../../src/queue/index.ts';
import { Lock } from '../../src/threading/locks.ts';
import { assertSameGraph } from '../wire/values.ts';
import { limit, processes, type ReachOfQueues, reaches, threads } from './support.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const arenaOf = ({ name }: ReachOfQueues): Arena => (name === 'threads' ? threadArena() : processArena());
const lockOf = ({ name }: ReachOfQueues): Lock | ProcessLock =>
  name === 'threads' ? new Lock() : new ProcessLock();

/** Collects until it is so. */
async function collected(holds: () => boolean): Promise<void> {
  while (!holds()) {
    gc();
    await turn();
  }
}

for (const reach of reaches) {
  describe(`items: ${reach.name}`, () => {
    it('are what a structured clone makes of them', limit, async () => {
      const queue = reach.queue<unknown>();
      await fc.assert(
        fc.asyncProperty(
          fc.anything({
            withBigInt: true,
            withDate: true,
            withMap: true,
            withSet: true,
            withTypedArray: true,
          }),
          async (value) => {
            let clone: unknown;
            try {
              clone = structuredClone(value);
            } catch {
              await assert.rejects(queue.put(value), NotShareableError);
              return;
            }
            await queue.put(value);
            assertSameGraph(await queue.get(), clone);
          },
        ),
        { numRuns: 500 },
      );
      const error = new RangeError('no', { cause: [1] });
      queue.putSync(error);
      assert.deepStrictEqual(queue.getSync(), error);
    });

    it('are read when they are put', limit, async () => {
      const queue = reach.queue<{ n: number }>({ maxSize: 1 });
      const item = { n: 1 };
      const first = queue.put(item);
      item.n = 2;
      const second = queue.put(item);
      item.n = 3;
      assert.deepEqual(await queue.get(), { n: 1 });
      assert.deepEqual(await queue.get(), { n: 2 });
      await Promise.all([first, second]);
    });

    it('may be undefined', limit, async () => {
      const queue = reach.queue<undefined>();
      await queue.put(undefined);
      await queue.put(undefined);
      assert.deepEqual(queue.tryGet(), { value: undefined });
      assert.equal(await queue.get(), undefined);
      assert.equal(queue.tryGet(), null);
      const later = queue.get();
      queue.putSync(undefined);
      assert.equal(await later, undefined);
    });

    it('that cannot cross are refused by path, and take no place', limit, async () => {
      const queue = reach.queue<unknown>({ maxSize: 1 });
      for (const item of [
        { list: [() => 1] },
        { list: [Symbol.iterator] },
        { list: [new SharedArrayBuffer(8)] },
        { list: [new WeakMap(), lockOf(reach)] },
      ]) {
        await assert.rejects(queue.put(item), (error: Error) => {
          assert.ok(error instanceof NotShareableError);
          assert.match(error.message, /^item\.list\[0\]: an? .*cannot cross to another/);
          return true;
        });
        assert.throws(() => queue.putSync(item), NotShareableError);
        assert.throws(() => queue.tryPut(item), NotShareableError);
        assert.equal(queue.size, 0);
      }
      await queue.put('works');
      assert.equal(await queue.get(), 'works');
    });

    it('whose getters put something themselves', limit, async () => {
      const queue = reach.queue<unknown>();
      const item = {
        before: 'x'.repeat(50),
        get inner() {
          queue.putSync({ from: 'within' });
          return 1;
        },
        after: [1, 2, 3],
      };
      await queue.put(item);
      assert.deepEqual(await queue.get(), { from: 'within' });
      assert.deepEqual(await queue.get(), { before: 'x'.repeat(50), inner: 1, after: [1, 2, 3] });
    });

    it('of all sizes, between two', limit, async () => {
      const [to, back] = [reach.queue<unknown>(), reach.queue<unknown>()];
      const sizes = [0, 1, 10, 100, 107, 108, 109, 1000, 8000, 8192, 8300, 70_000, 1_000_000, 16_000_000];
      const actor = reach.start('echo', to, back, sizes.length * 2);
      for (const size of sizes) {
        const bytes = new Uint8Array(size).fill(size % 251);
        await to.put({
          bytes,
          list: Array.from({ length: Math.min(size, 100_000) }, (_, index) => index / 3),
        });
        const { bytes: got, list } = (await back.get()) as { bytes: Uint8Array; list: number[] };
        assert.ok(Buffer.from(got).equals(bytes));
        assert.equal(list.length, Math.min(size, 100_000));
        await to.put('é'.repeat(size));
        assert.equal(await back.get(), 'é'.repeat(size));
      }
      await actor.result;
    });

    it('too large for all of shared memory are refused', limit, async () => {
      const queue = reach.queue<unknown>();
      const bytes = new Uint8Array(arenaOf(reach).region.size + 8);
      await assert.rejects(queue.put(bytes), (error: Error) => {
        assert.ok(error instanceof OutOfSharedMemoryError);
        assert.match(error.message, /no room for a shared object of \d+ bytes/);
        return true;
      });
      assert.equal(queue.size, 0);
      queue.putSync(new Uint8Array(8));
      assert.deepEqual(queue.getSync(), new Uint8Array(8));
    });

    it('that are shared arrive as themselves', limit, async () => {
      const queue = reach.queue<unknown>();
      const lock = lockOf(reach);
      queue.putSync({ lock, again: [lock], map: new Map([['queue', queue]]), big: 'x'.repeat(20_000) });
      const got = queue.getSync() as { lock: unknown; again: unknown[]; map: Map<string, unknown> };
      assert.equal(got.lock, lock);
      assert.equal(got.again[0], lock);
      assert.equal(got.map.get('queue'), queue);
      const back = reach.queue<unknown>();
      const actor = reach.start('echo', queue, back, 2);
      await queue.put([lock, back]);
      // If it fails, nothing comes back.
      const answer = await Promise.race([back.get(), actor.result]);
      assert.ok(Array.isArray(answer) && answer[0] === lock && answer[1] === back);
      await queue.put(lock);
      const same = await back.get();
      assert.equal(same, lock);
      await actor.result;
    });

    it('keep what is in them, until the queue goes', limit, async () => {
      const arena = arenaOf(reach);
      gc();
      await turn();
      const count = 50;
      const make = (): void => {
        const queue = reach.queue<unknown>();
        for (let n = 0; n < count; n += 1) queue.putSync(n % 2 === 0 ? [lockOf(reach)] : 'x'.repeat(10_000));
      };
      await collected(() => arena.statistics().objects < 100);
      const before = arena.statistics().objects;
      make();
      assert.ok(arena.statistics().objects >= before + count);
      // Sooner than by itself: what left this thread is kept for a minute.
      await collected(() => arena.statistics().objects <= before + count / 2 + 1);
    });

    it('leave no memory behind when they have been got', limit, async () => {
      const arena = arenaOf(reach);
      const queue = reach.queue<number>();
      const { used } = arena.statistics();
      for (let n = 0; n < 100_000; n += 1) queue.putSync(n);
      assert.ok(arena.statistics().used > used + 100_000 * 100);
      for (let n = 0; n < 100_000; n += 1) assert.equal(queue.getSync(), n);
      assert.ok(arena.statistics().used <= used + 2 ** 19);
      const large = reach.queue<Uint8Array>();
      for (let n = 0; n < 20; n += 1) {
        large.putSync(new Uint8Array(2 ** 26));
        assert.equal(large.getSync().length, 2 ** 26);
      }
    });
  });

  it(`1,000 short-lived queues take no more memory than a hundred: ${reach.name}`, limit, async () => {
    const arena = arenaOf(reach);
    let touched = 0;
    for (let round = 0; round < 1000; round += 1) {
      const queue = reach.queue<unknown>();
      for (let n = 0; n < 100; n += 1) queue.putSync({ round, n });
      queue.putSync('x'.repeat(10_000));
      await queue.get();
      if (round % 50 === 49) {
        gc();
        await turn();
      }
      if (round === 199) ({ touched } = arena.statistics());
    }
    assert.ok(arena.statistics().touched <= touched * 1.5, `${touched} ${arena.statistics().touched}`);
  });
}

it('of a kind that a thread does not know: getSync leaves it, get imports what it needs', limit, async () => {
  const queue = new Queue<unknown>();
  const lock = new Lock();
  await queue.put([lock]);
  await queue.put('behind');
  await assert.rejects(threads.start('call', queue as never, 'getSync').result, {
    name: 'NotShareableError',
    message: /threading\.Lock.*import .*locks/,
  });
  assert.equal(queue.size, 2);
  const back = new Queue<unknown>();
  await threads.start('echo', queue as never, back as never, 1).result;
  assert.deepEqual(await back.get(), [lock]);
  assert.equal(await queue.get(), 'behind');
});

describe('the order of items', () => {
  it('of equal priority is that in which they were put', limit, () => {
    const queue = new PriorityQueue<[number, string]>({ priority: ([priority]) => priority });
    for (let n = 0; n < 300; n += 1) queue.putSync([n % 3, String(n)]);
    const got = Array.from({ length: 300 }, () => queue.getSync());
    const expected = [0, 1, 2].flatMap((p) => Array.from({ length: 100 }, (_, n) => [p, String(n * 3 + p)]));
    assert.deepEqual(got, expected);
  });

  it('is natural without the option', limit, () => {
    const queue = new PriorityQueue<unknown>();
    for (const item of [[2, 'b'], 'b', 3n, 'a', [2, 'a'], -1.5, 10]) queue.putSync(item);
    assert.deepEqual(
      Array.from({ length: 7 }, () => queue.getSync()),
      [-1.5, 3n, 10, 'a', 'b', [2, 'a'], [2, 'b']],
    );
    assert.throws(() => queue.putSync({}), { name: 'TypeError' });
  });

  it('is the same in another thread, to which the function goes', limit, async () => {
    const queue = new PriorityQueue<{ rank: number }>({ priority: (job) => -job.rank });
    await Promise.all([3, 1, 2].map((rank) => threads.start('put', queue as never, { rank }).result));
    queue.putSync({ rank: 4 });
    assert.deepEqual(
      Array.from({ length: 4 }, () => queue.getSync().rank),
      [4, 3, 2, 1],
    );
  });

  it('of a function that captures something is refused when the queue crosses', limit, () => {
    const base = Math.random();
    const queue = new PriorityQueue<number>({ priority: (n) => n - base });
    assert.throws(() => threads.start('put', queue as never, 1), NotShareableError);
  });

  it('last in, first out, in another thread', limit, async () => {
    const queue = new LifoQueue<number>();
    for (const n of [1, 2, 3]) await threads.start('put', queue as never, n).result;
    assert.deepEqual([queue.getSync(), queue.getSync(), queue.getSync()], [3, 2, 1]);
  });
});

it('a queue for threads is refused by processes, and says which is not', limit, () => {
  assert.throws(() => processes.start('put', new Queue() as never, 1), {
    name: 'NotShareableError',
    message: /queue\.Queue reaches the threads of this process only; use multiprocessing\.Queue/,
  });
  assert.throws(() => new mp.Queue().putSync(new Queue()), { name: 'NotShareableError' });
  assert.throws(() => new mp.Queue().putSync(new LifoQueue()), {
    name: 'NotShareableError',
    message: /queue\.LifoQueue reaches the threads of this process only; use multiprocessing\.Queue,/,
  });
});
