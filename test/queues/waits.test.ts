// Waiting for items and places: who gets them, and what is left of a wait that was given up.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EmptyError, FullError, TimeoutError } from '../../src/errors.ts';
import { processArena, threadArena } from '../../src/memory/arena/arenas.ts';
import { Queue } from '../../src/queue/index.ts';
import { limit, reaches } from './support.ts';

for (const reach of reaches) {
  describe(`waiting: ${reach.name}`, () => {
    it('items go to those who await in their order', limit, async () => {
      const queue = reach.queue<number>();
      const waiting = Array.from({ length: 100 }, () => queue.get());
      for (let n = 0; n < 100; n += 1) queue.putSync(n);
      assert.deepEqual(
        await Promise.all(waiting),
        Array.from({ length: 100 }, (_, n) => n),
      );
    });

    it('places go to those who await in their order', limit, async () => {
      const queue = reach.queue<number>({ maxSize: 2 });
      const waiting = Array.from({ length: 100 }, (_, n) => queue.put(n));
      const got: number[] = [];
      for (let n = 0; n < 100; n += 1) got.push(n % 2 === 0 ? await queue.get() : queue.getSync());
      await Promise.all(waiting);
      assert.deepEqual(
        got,
        Array.from({ length: 100 }, (_, n) => n),
      );
    });

    it('one that blocks comes before those of its thread that await', limit, async () => {
      const [queue, gate] = [reach.queue<string>(), reach.queue<string>()];
      const waiting = queue.get();
      const other = reach.start('forwardTwo', gate as never, queue as never);
      gate.putSync('first');
      gate.putSync('second');
      assert.equal(queue.getSync(), 'first');
      assert.equal(await waiting, 'second');
      await other.result;
    });

    it('many of both forms in several get each item once', limit, async () => {
      const queue = reach.queue<readonly [number, number]>({ maxSize: 5 });
      const consumers = (['async', 'Sync'] as const).map((form) => reach.start('consume', queue, form));
      const producers = (['async', 'Sync'] as const).map((form, who) =>
        reach.start('produce', queue, who, 500, form),
      );
      await Promise.all(producers.map(({ result }) => result));
      queue.shutdown();
      const got = (await Promise.all(consumers.map(({ result }) => result))).flat();
      const keys = got.map(([who, number]) => who * 500 + number).toSorted((a, b) => a - b);
      assert.deepEqual(
        keys,
        Array.from({ length: 1000 }, (_, n) => n),
      );
    });

    it('an aborted get rejects with the reason, and its item goes to the next', limit, async () => {
      const queue = reach.queue<string>();
      const aborting = new AbortController();
      const aborted = queue.get({ signal: aborting.signal });
      const next = queue.get();
      const reason = new TimeoutError('mine');
      aborting.abort(reason);
      queue.putSync('item');
      await assert.rejects(aborted, (error) => error === reason && !(error instanceof EmptyError));
      assert.equal(await next, 'item');
      assert.equal(queue.size, 0);
      await assert.rejects(queue.get({ signal: AbortSignal.abort('now') }), (error) => error === 'now');
    });

    it('a put that is given up leaves nothing behind', limit, async () => {
      const arena = reach.name === 'threads' ? threadArena() : processArena();
      const queue = reach.queue<unknown>({ maxSize: 1 });
      await queue.put('first');
      const { objects } = arena.statistics();
      const large = new Uint8Array(100_000);
      const aborting = new AbortController();
      const aborted = queue.put(large, { signal: aborting.signal });
      await assert.rejects(queue.put(large, { timeout: 5 }), FullError);
      assert.throws(() => queue.putSync(large, { timeout: 5 }), FullError);
      assert.equal(queue.tryPut(large), false);
      aborting.abort('given up');
      await assert.rejects(aborted, (error) => error === 'given up');
      assert.ok(arena.statistics().objects <= objects);
      assert.equal(await queue.get(), 'first');
      await assert.rejects(queue.get({ timeout: 5 }), EmptyError);
    });

    it('loops share the items, and end with the queue', limit, async () => {
      const queue = reach.queue<number>();
      const loops = [0, 1, 2].map(async () => {
        const got: number[] = [];
        for await (const item of queue) got.push(item);
        return got;
      });
      for (let n = 0; n < 100; n += 1) await queue.put(n);
      queue.shutdown();
      const got = (await Promise.all(loops)).flat().toSorted((a, b) => a - b);
      assert.deepEqual(
        got,
        Array.from({ length: 100 }, (_, n) => n),
      );
      for await (const item of queue) assert.fail(`${item} came late`);
    });

    it('a wrong option is refused', limit, async () => {
      for (const maxSize of [-1, Number.NaN, -Infinity])
        assert.throws(() => reach.queue({ maxSize }), RangeError);
      assert.throws(() => reach.queue({ maxSize: 1.5 }), TypeError);
      assert.throws(() => reach.queue({ maxSize: '1' as never }), TypeError);
      assert.equal(reach.queue({ maxSize: 0 }).maxSize, Infinity);
      await assert.rejects(reach.queue().get({ signal: {} as never }), TypeError);
      assert.throws(() => reach.queue().shutdown({ immediate: 1 as never }), TypeError);
    });
  });
}

it('a queue that is disposed of is shut down', limit, async () => {
  const queue = new Queue<number>();
  {
    using disposed = queue;
    await disposed.put(1);
  }
  assert.ok(queue.isShutdown);
  assert.equal(await queue.get(), 1);
});
