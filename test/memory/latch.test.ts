import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { InvalidStateError } from '../../src/errors.ts';
import { Latch } from '../../src/memory/latch.ts';
import { isAlive, ownerWord, threadNumber } from '../../src/memory/owner.ts';
import { begun, processes, threads, threadsOfProcesses } from './support.ts';

const limit = { timeout: 60_000 };

for (const { name, make, start } of [threads, processes, threadsOfProcesses]) {
  describe(`who a thread is: ${name}`, limit, () => {
    it('says so in one word, by which others see whether it lives', limit, async () => {
      const region = make(64);
      const others = [1, 2, 3].map(() => start(region, 'beKnown'));
      await begun(region, 3);
      assert.ok(isAlive(ownerWord()));
      assert.ok(isAlive(region.words[2] as number));
      Atomics.store(region.words, 0, 1);
      region.notify(0);
      const words = await Promise.all(others.map(({ result }) => result as Promise<number>));
      assert.equal(new Set([...words, ownerWord()]).size, 4);
      assert.ok(words.every((word) => Number.isInteger(word) && word > 0 && word < 2 ** 31));
      await Promise.all(others.map(({ end }) => end()));
      assert.ok(!words.some(isAlive));
      region.close();
    });

    it('takes one that was ended by force for dead', limit, async () => {
      const region = make(64);
      const other = start(region, 'beKnown');
      await begun(region, 1);
      const word = region.words[2] as number;
      assert.ok(isAlive(word));
      await other.end();
      assert.ok(!isAlive(word));
      region.close();
    });
  });

  describe(`a latch: ${name}`, limit, () => {
    it('lets one in at a time', limit, async () => {
      const region = make(64);
      const others = [1, 2, 3].map(() => start(region, 'incrementUnderLatch', 100_000));
      const latch = new Latch(region.words, 2);
      await begun(region, 1);
      for (let n = 0; n < 100_000; n += 1) {
        latch.lock();
        region.words[0] = (region.words[0] as number) + 1;
        latch.unlock();
      }
      await Promise.all(others.map(({ result }) => result));
      assert.equal(region.words[0], 400_000);
      region.close();
    });

    it('is taken over from whoever died with it', limit, async () => {
      let takenOver = 0;
      // Whether one dies with the latch or without is a matter of luck, one in two.
      for (let round = 0; takenOver < 2 && round < 50; round += 1) {
        const region = make(64);
        const other = start(region, 'incrementForEver');
        await begun(region, 1);
        await delay(round % 5);
        await other.end();
        const latch = new Latch(region.words, 2);
        if (latch.lock()) takenOver += 1;
        const before = region.words[0] as number;
        latch.unlock();
        assert.equal(region.words[0], before);
        assert.equal(latch.lock(), false);
        region.close();
      }
      assert.equal(takenOver, 2);
    });
  });
}

describe('a latch', () => {
  it('says so when its own thread takes it twice, instead of waiting for ever', () => {
    const latch = new Latch(new Int32Array(new SharedArrayBuffer(4)), 0);
    assert.equal(latch.lock(), false);
    assert.throws(() => latch.lock(), InvalidStateError);
    latch.unlock();
    assert.equal(latch.lock(), false);
  });

  it('tells two threads that were given the same number', () => {
    assert.equal(threadNumber(ownerWord()), process.pid);
    const startedLater = ownerWord() ^ (1 << 22);
    assert.equal(threadNumber(startedLater), process.pid);
    assert.ok(!isAlive(startedLater));
  });
});
