// Blocks of an arena: against a model, by many at once, and by some who are killed meanwhile.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { Allocator } from '../../src/memory/arena/allocator.ts';
import * as layout from '../../src/memory/arena/layout.ts';
import { loadSystem } from '../../src/memory/linux.ts';
import { createProcessRegion } from '../../src/memory/process-region.ts';
import type { Region } from '../../src/memory/region.ts';
import { errors, type System } from '../../src/memory/system.ts';
import { ThreadRegion } from '../../src/memory/thread-region.ts';
import { STRESS } from '../stress.ts';
import {
  CHURNED,
  churn,
  kinds,
  open,
  processes,
  threads,
  threadsOfProcesses,
  until,
  using,
} from './arena-support.ts';

const limit = { timeout: 60_000 * STRESS };

/** How many are killed, one after the other: mostly threads, which start fast also where all cores are busy. */
const ROUNDS: Readonly<Record<string, number>> = {
  [threads.name]: 12 * STRESS,
  [processes.name]: 4 * STRESS,
  [threadsOfProcesses.name]: 6 * STRESS,
};

function make(size: number): { region: Region; allocator: Allocator } {
  const region = new ThreadRegion(size);
  assert.ok(Allocator.format(region));
  return { region, allocator: new Allocator(region) };
}

/** Walks all blocks and all lists. Gives the offsets of the blocks that are in a list, and how many are in none. */
function audit({ words }: Region, allocator: Allocator): { free: Set<number>; taken: number } {
  const top = words[layout.TOP] as number;
  const offsets = [...allocator.blocks()];
  let end = layout.FIRST;
  for (const offset of offsets) {
    assert.equal(offset, end);
    const size = words[offset / 4 + layout.SIZE] as number;
    assert.ok(size >= layout.GRAIN && size % layout.GRAIN === 0, `a block of ${size} bytes`);
    end += size;
  }
  assert.equal(end, top);
  const known = new Set(offsets);
  const free = new Set<number>();
  for (let list = layout.FREE_LISTS; list < layout.PARTICIPANTS; list += 1) {
    let size: number | undefined;
    for (
      let offset = words[list] as number;
      offset !== 0;
      offset = words[offset / 4 + layout.NEXT] as number
    ) {
      assert.ok(known.has(offset), `${offset} is no block`);
      assert.ok(!free.has(offset), `${offset} is free twice`);
      free.add(offset);
      size ??= words[offset / 4 + layout.SIZE];
      assert.equal(words[offset / 4 + layout.SIZE], size, 'the blocks of a list have one size');
    }
  }
  return { free, taken: offsets.length - free.size };
}

describe('blocks of an arena', () => {
  it('do not overlap, are 0, and are large enough, whatever is allocated and freed', limit, () => {
    const bytes = fc.oneof(fc.nat(300), fc.nat(5000), fc.nat(200_000));
    const step = fc.oneof(fc.record({ bytes }), fc.record({ free: fc.nat() })) as fc.Arbitrary<{
      bytes?: number;
      free?: number;
    }>;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { region, allocator } = make(2 ** 20);
        const held: Array<{ offset: number; bytes: number; mark: number }> = [];
        for (const [mark, { bytes: wanted, free = 0 }] of steps.entries()) {
          if (wanted !== undefined) {
            const offset = allocator.allocate(wanted);
            if (offset < 0) continue;
            assert.equal(offset % layout.GRAIN, 0);
            const start = offset + layout.HEADER_BYTES;
            assert.ok(offset + (region.words[offset / 4] as number) >= start + wanted);
            const own = region.bytes.subarray(start, start + wanted);
            assert.ok(own.every((byte) => byte === 0));
            own.fill((mark % 255) + 1);
            held.push({ offset, bytes: wanted, mark });
          } else if (held.length > 0) {
            const [{ offset }] = held.splice(free % held.length, 1) as [(typeof held)[number]];
            allocator.free(offset);
          }
        }
        for (const { offset, bytes: length, mark } of held) {
          const start = offset + layout.HEADER_BYTES;
          const own = region.bytes.subarray(start, start + length);
          assert.ok(own.every((byte) => byte === (mark % 255) + 1));
        }
        const { free, taken } = audit(region, allocator);
        assert.equal(taken, held.length);
        assert.ok(held.every(({ offset }) => !free.has(offset)));
      }),
      { numRuns: 300 },
    );
  });

  it('are at most a quarter larger than they have to be, and a grain', limit, () => {
    fc.assert(
      fc.property(fc.nat(3_000_000), (bytes) => {
        const { region, allocator } = make(2 ** 22);
        const offset = allocator.allocate(bytes);
        const size = region.words[offset / 4] as number;
        assert.ok(size <= (bytes + layout.HEADER_BYTES) * 1.25 + layout.GRAIN, `${size} for ${bytes}`);
      }),
    );
  });

  it('may be as large as the arena', limit, () => {
    const { region, allocator } = make(2 ** 30);
    const sizes = [400, 300].map((mib) => mib * 2 ** 20);
    const offsets = sizes.map((bytes) => allocator.allocate(bytes));
    assert.ok(offsets.every((offset) => offset > 0));
    assert.equal(allocator.allocate(400 * 2 ** 20), -1);
    allocator.free(offsets[0] as number);
    assert.equal(allocator.allocate(390 * 2 ** 20), offsets[0]);
    audit(region, allocator);
  });

  it('are divided when there is no other room', limit, () => {
    const { region, allocator } = make(2 ** 20);
    const large = allocator.allocate(900_000);
    const { free: none } = audit(region, allocator);
    assert.equal(none.size, 0);
    allocator.free(large);
    const offsets: number[] = [];
    for (let offset = allocator.allocate(100); offset >= 0; offset = allocator.allocate(100))
      offsets.push(offset);
    assert.equal(new Set(offsets).size, offsets.length);
    assert.ok(offsets.length > 3500, `${offsets.length} blocks`);
    assert.equal(audit(region, allocator).taken, offsets.length);
  });

  it('are had as long as the system has memory', limit, () => {
    const { system: real } = loadSystem();
    assert.ok(real !== undefined);
    let room = 3;
    const allocate: System['allocate'] = (...range) => {
      if (room === 0) return errors.noSpace;
      room -= 1;
      return real.allocate(...range);
    };
    const { region } = createProcessRegion(2 ** 24, { system: { ...real, allocate } });
    assert.ok(region !== undefined && Allocator.format(region));
    const allocator = new Allocator(region);
    const offsets: number[] = [];
    for (let offset = allocator.allocate(50_000); offset >= 0; offset = allocator.allocate(50_000)) {
      region.bytes.fill(1, offset + layout.HEADER_BYTES, offset + 50_000);
      offsets.push(offset);
    }
    assert.ok(offsets.length >= 8 && offsets.length <= 20, `${offsets.length} blocks`);
    assert.match(region.refusal as string, /no room for 256 KiB/);
    assert.ok(allocator.allocate(100) > 0, 'what is committed serves others');
    room = 1;
    assert.ok(allocator.allocate(50_000) > 0);
    region.close();
  });
});

for (const kind of kinds) {
  describe(`blocks of an arena of ${kind.name}`, () => {
    it('are in one hand each, when many allocate and free', limit, async () => {
      await using(open(kind), async ({ arena, actor }) => {
        const actors = await Promise.all([1, 2, 3].map(() => actor()));
        const theirs = actors.map((other, n) => other.call('churn', n, 20_000));
        const allocator = new Allocator(arena.region);
        churn(allocator, arena.region.words, 9, 20_000);
        await Promise.all(theirs);
        assert.equal(audit(arena.region, allocator).taken, 0);
      });
    });

    it('stay in order when those who allocate and free are killed', limit, async () => {
      await using(open(kind), async ({ arena, actor }) => {
        const { region } = arena;
        const allocator = new Allocator(region);
        const rounds = ROUNDS[kind.name] as number;
        // Two at a time, so that one dies while the other goes on.
        let other = await actor();
        void other.call('churn', 0);
        for (let round = 1; round <= rounds; round += 1) {
          const next = await actor();
          void next.call('churn', round % 1000);
          await delay(Math.random() * 8);
          await other.end();
          other = next;
          churn(allocator, region.words, 2000 + round, 200);
        }
        await other.end();
        // Each of them had so many in its hands, one on the way there, and one that was just being divided.
        const { taken } = audit(region, allocator);
        assert.ok(taken <= (rounds + 1) * (CHURNED + 2), `${taken} blocks were lost in ${rounds} deaths`);
        churn(allocator, region.words, 1, 5000);
        assert.equal(audit(region, allocator).taken, taken);
      });
    });

    it('come back when those are killed who have objects in them', limit, async () => {
      await using(open(kind), async ({ arena, actor }) => {
        const rounds = ROUNDS[kind.name] as number;
        let other = await actor();
        void other.call('live', 0);
        for (let round = 1; round <= rounds; round += 1) {
          const next = await actor();
          void next.call('live', round);
          await delay(Math.random() * 8);
          await other.end();
          arena.reclaim();
          other = next;
        }
        await other.end();
        await until(() => (arena.reclaim(), arena.statistics().participants === 1));
        // One that was on its way, for each.
        const { objects } = arena.statistics();
        assert.ok(objects <= rounds + 1, `${objects} objects were left behind by ${rounds} deaths`);
        const { taken } = audit(arena.region, new Allocator(arena.region));
        assert.ok(taken <= 2 * (rounds + 1), `${taken} blocks were lost in ${rounds} deaths`);
      });
    });
  });
}
