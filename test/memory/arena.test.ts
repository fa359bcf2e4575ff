// Objects in an arena: who has them, that they are the same for all who do, and that they go when nobody does.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidStateError, OutOfSharedMemoryError } from '../../src/errors.ts';
import { Arena } from '../../src/memory/arena/arena.ts';
import type { ArenaBlock } from '../../src/memory/arena/block.ts';
import { onFreed } from '../../src/memory/arena/kinds.ts';
import { ThreadRegion } from '../../src/memory/thread-region.ts';
import { collectGarbage, kinds, open, processes, threads, until, using } from './arena-support.ts';
import { makeProcessRegion } from './support.ts';

const limit = { timeout: 60_000 };

/** Makes objects that nobody has when this returns. */
function makeAndDrop(arena: Arena, count: number, bytes: number): void {
  for (let n = 0; n < count; n += 1) arena.create(bytes);
}

for (const kind of kinds) {
  describe(`an arena of ${kind.name}`, () => {
    it('makes objects that are 0, of the size that was asked for', limit, async () => {
      await using(open(kind), async ({ arena }) => {
        for (const bytes of [0, 1, 8, 100, 128, 4096, 1_000_000]) {
          const { words, doubles, bytes: all } = arena.create(bytes);
          const whole = Math.ceil(bytes / 8) * 8;
          assert.deepEqual([words.byteLength, doubles.byteLength, all.byteLength], [whole, whole, whole]);
          assert.equal(words.byteOffset % 8, 0);
          assert.ok(all.every((byte) => byte === 0));
          all.fill(255);
        }
        await collectGarbage();
        assert.ok(arena.create(1_000_000).bytes.every((byte) => byte === 0));
      });
    });

    it('has an object for others, who write to the same memory', limit, async () => {
      await using(open(kind), async ({ arena, actor }) => {
        const [a, b] = [await actor(), await actor()];
        const block = arena.create(64);
        block.words[3] = 7;
        const there = await a.call('adopt', arena.share(block));
        assert.equal(await a.call('word', there, 3), 7);
        block.words[3] = 8;
        assert.equal(await a.call('word', there, 3), 8);
        const further = await b.call('adopt', await a.call('share', there));
        assert.equal(await b.call('word', further, 3), 8);
        assert.equal(arena.adopt(await b.call('share', further)), block);
      });
    });

    it('has one block and one face for an object, wherever it comes from', limit, async () => {
      await using(open(kind), async ({ arena, actor }) => {
        const other = await actor();
        const number = await other.call('create', 8, 5);
        const block = arena.adopt(await other.call('share', number));
        assert.equal(block.words[0], 5);
        const face = block.face((of) => ({ of }));
        assert.equal(face.of, block);
        const again = arena.adopt(await other.call('share', number));
        assert.equal(again, block);
        assert.equal(
          again.face(() => ({ of: block })),
          face,
        );
      });
    });

    it('frees what nobody has any more', limit, async () => {
      await using(open(kind), async ({ arena, actor }) => {
        const other = await actor();
        makeAndDrop(arena, 100, 1000);
        assert.equal(arena.statistics().objects, 100);
        await until(async () => (await collectGarbage(), arena.statistics().objects === 0));
        let block: ArenaBlock | undefined = arena.create(8);
        await other.call('adopt', arena.share(block));
        const reference = arena.share(block);
        block = undefined;
        await until(async () => (await collectGarbage(), arena.statistics().objects === 1));
        await other.call('drop');
        // It is on its way.
        assert.equal(arena.statistics().objects, 1);
        arena.retract(reference);
        await until(async () => (await other.call('drop'), arena.statistics().objects === 0));
        assert.throws(() => arena.adopt(reference), InvalidStateError);
        assert.throws(() => arena.retract(reference), /gone/);
      });
    });

    it('takes the memory that was freed for the next', limit, async () => {
      await using(open(kind), async ({ arena }) => {
        makeAndDrop(arena, 100, 10_000);
        await until(async () => (await collectGarbage(), arena.statistics().objects === 0));
        const { touched } = arena.statistics();
        makeAndDrop(arena, 100, 10_000);
        assert.equal(arena.statistics().touched, touched);
      });
    });

    it('lets many make, share and drop at once', limit, async () => {
      await using(open(kind), async ({ arena, actor }) => {
        const actors = await Promise.all([1, 2, 3].map(() => actor()));
        await Promise.all(actors.map((other, n) => other.call('live', n, 2000)));
        await Promise.all(actors.map((other) => other.call('drop')));
        await until(async () => {
          await Promise.all(actors.map((other) => other.call('drop')));
          return arena.statistics().objects === 0;
        });
      });
    });

    it('frees what only the dead have had', limit, async () => {
      await using(open(kind), async ({ arena, actor }) => {
        const [doomed, other] = [await actor(), await actor()];
        const block = arena.create(8);
        for (let n = 0; n < 10; n += 1) await doomed.call('create', 100);
        await doomed.call('adopt', arena.share(block));
        const shared = await doomed.call('create', 100, 6);
        const there = await other.call('adopt', await doomed.call('share', shared));
        assert.equal(arena.statistics().objects, 12);
        assert.equal(arena.statistics().participants, 3);
        await doomed.end();
        await until(() => (arena.reclaim(), arena.statistics().participants === 2));
        assert.equal(arena.statistics().objects, 2);
        assert.equal(await other.call('word', there, 0), 6);
        assert.equal(block.words[0], 0);
      });
    });

    it('says so when it is full, and goes on when there is room', limit, async () => {
      await using(open(kind, { size: 2 ** 20 }), async ({ arena }) => {
        let blocks: ArenaBlock[] = [];
        const make = (): void => void blocks.push(arena.create(50_000));
        assert.throws(
          () => {
            for (;;) make();
          },
          (error: unknown) =>
            error instanceof OutOfSharedMemoryError &&
            error.code === 'MANYHANDS_OUT_OF_SHARED_MEMORY' &&
            /no room for a shared object of 50000 bytes: of 1048576 bytes, 1[0-9] objects have/.test(
              error.message,
            ),
        );
        assert.throws(() => arena.create(2 ** 30), OutOfSharedMemoryError);
        // A small one is made of what is left.
        assert.equal(arena.create(8).words.length, 2);
        const count = blocks.length;
        blocks = [];
        await until(async () => (await collectGarbage(), arena.statistics().objects < 3));
        for (let n = 0; n < count; n += 1) make();
        assert.equal(blocks.length, count);
      });
    });

    it('asks for the dead when it is full', limit, async () => {
      await using(open(kind, { size: 2 ** 20 }), async ({ arena, actor }) => {
        const doomed = await actor();
        await doomed.call('create', 600_000);
        assert.throws(() => arena.create(600_000), OutOfSharedMemoryError);
        await doomed.end();
        let made: ArenaBlock | undefined;
        await until(() => {
          try {
            made = arena.create(600_000);
          } catch (error) {
            assert.ok(error instanceof OutOfSharedMemoryError);
          }
          return made !== undefined;
        });
      });
    });
  });
}

describe('an object', () => {
  const kinded = 77;

  it('of a kind is given to the hook of that kind before it is freed', limit, async () => {
    const arena = Arena.create(new ThreadRegion(2 ** 20)) as Arena;
    const freed: Array<number | undefined> = [];
    let orphan: ArenaBlock | undefined = arena.create(8, kinded);
    orphan.words[0] = 5;
    const inner = arena.share(arena.create(16));
    orphan.words[1] = inner.generation;
    orphan = undefined;
    // Nobody here knows what to do: it stays as it is.
    for (let n = 0; n < 5; n += 1) await collectGarbage();
    arena.reclaim();
    assert.equal(arena.statistics().objects, 2);
    onFreed(kinded, (block) => {
      freed.push(block.words[0]);
      arena.retract(inner);
    });
    arena.reclaim();
    assert.deepEqual(freed, [5]);
    await until(async () => (await collectGarbage(), arena.statistics().objects === 0));
    arena.reclaim();
    assert.deepEqual(freed, [5]);
  });

  it('that is in use is not freed by a reference that is read twice', limit, async () => {
    const arena = Arena.create(new ThreadRegion(2 ** 20)) as Arena;
    const block = arena.create(8);
    const reference = arena.share(block);
    for (let n = 0; n < 5; n += 1) arena.retract(reference);
    assert.equal(arena.statistics().objects, 1);
    assert.equal(arena.adopt(reference), block);
    assert.equal(arena.create(8).words.fill(1).length, 2);
    assert.equal(block.words[0], 0);
  });

  it('is of a size that there can be', limit, () => {
    const arena = Arena.create(new ThreadRegion(2 ** 20)) as Arena;
    for (const bytes of [-1, 0.5, NaN, Infinity]) assert.throws(() => arena.create(bytes), RangeError);
  });

  it('has words of its own, and no others', limit, () => {
    const arena = Arena.create(new ThreadRegion(2 ** 20)) as Arena;
    const block = arena.create(16);
    for (const index of [-1, 4, NaN]) {
      assert.throws(() => block.wait(index, 0, 0), RangeError);
      assert.throws(() => block.waitAsync(index, 0, 0), RangeError);
      assert.throws(() => block.notify(index), RangeError);
    }
  });
});

describe('opening an arena', () => {
  it('is refused where there is none', limit, () => {
    for (const region of [new ThreadRegion(2 ** 20), makeProcessRegion(2 ** 20)]) {
      region.commit(0, region.size);
      assert.throws(() => new Arena(region), InvalidStateError);
      region.close();
    }
  });

  it('can be done by as many threads as it says', limit, () => {
    const { region } = threads.make(2 ** 20);
    const first = Arena.create(region) as Arena;
    const others = Array.from({ length: 511 }, () => new Arena(region));
    assert.equal(first.statistics().participants, 1 + others.length);
    assert.throws(() => new Arena(region), /512 threads use shared objects/);
  });
});

describe('participants', () => {
  it('get the numbers of the dead', limit, async () => {
    await using(open(processes), async ({ arena, actor }) => {
      for (let n = 0; n < 4; n += 1) {
        const other = await actor();
        await other.call('create', 8);
        await other.end();
        await until(() => (arena.reclaim(), arena.statistics().participants === 1));
      }
      assert.equal(arena.statistics().objects, 0);
      await actor();
      assert.equal(arena.statistics().participants, 2);
    });
  });
});
