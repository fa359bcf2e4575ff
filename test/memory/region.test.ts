// What holds for a region of either kind.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { begun, processes, threads, threadsOfProcesses } from './support.ts';

const MIB = 2 ** 20;
const timeout = 60_000;

for (const kind of [threads, processes, threadsOfProcesses]) {
  describe(`a region between ${kind.name}`, { timeout }, () => {
    it('has views over all of it, which show the same bytes', () => {
      const region = kind.make(MIB);
      assert.equal(region.size, MIB);
      assert.equal(region.buffer.byteLength, MIB);
      assert.equal(region.words.length, MIB / 4);
      assert.equal(region.doubles.length, MIB / 8);
      assert.equal(region.bytes.length, MIB);
      assert.equal(region.commit(0, MIB), true);
      region.doubles[MIB / 8 - 1] = 1.5;
      assert.equal(region.words[MIB / 4 - 1], 0x3ff80000);
      assert.equal(region.bytes[MIB - 1], 0x3f);
      region.close();
    });

    it('is all zeros at first', () => {
      const region = kind.make(64 * 1024);
      region.commit(0, region.size);
      assert.ok(region.bytes.every((byte) => byte === 0));
      region.close();
    });

    it('shows each side what the other has written', async () => {
      const region = kind.make(8 * MIB);
      assert.ok(region.commit(0, region.size));
      for (const offset of [64, 4 * MIB, 8 * MIB - 8]) {
        region.doubles[offset / 8] = Math.PI + offset;
        const expected = [region.words[offset / 4], region.doubles[offset / 8], region.bytes[offset]];
        assert.deepEqual(await kind.start(region, 'read', offset).result, expected);
        await kind.start(region, 'write', offset, -offset).result;
        assert.equal(region.doubles[offset / 8], -offset);
      }
      region.close();
    });

    it('can be committed by any side', async () => {
      const region = kind.make(4 * MIB);
      assert.equal(await kind.start(region, 'commit', MIB, 3 * MIB).result, true);
      assert.ok(region.bytes.subarray(MIB, 3 * MIB).every((byte) => byte === 7));
      region.close();
    });

    it('has exact atomics', async () => {
      const region = kind.make(4096);
      region.commit(0, region.size);
      const times = 200_000;
      const others = [1, 2].map(() => kind.start(region, 'increment', times));
      await Promise.all(others.map(({ result }) => result));
      assert.equal(region.words[0], 2 * times);
      region.close();
    });

    it('wakes who waits', async () => {
      const region = kind.make(4096);
      region.commit(0, region.size);
      const other = kind.start(region, 'wait');
      await begun(region, 1);
      // It says that it has begun a moment before it waits.
      while (region.notify(0) === 0) await new Promise(setImmediate);
      assert.equal(await other.result, 'ok');
      region.close();
    });
  });
}
