// Who waits on a word is woken, gives up in time, and can be stopped.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ThreadRegion } from '../../src/memory/thread-region.ts';
import { runNode } from '../tasks/support.ts';
import {
  begun,
  makeProcessRegion,
  processes,
  startProcess,
  startThread,
  threads,
  threadsOfProcesses,
} from './support.ts';

const timeout = 60_000;

for (const kind of [threads, processes, threadsOfProcesses]) {
  describe(`waiting between ${kind.name}`, { timeout }, () => {
    it('does not block when the word is another', () => {
      const region = kind.make(4096);
      region.commit(0, region.size);
      assert.equal(region.wait(3, 1), 'not-equal');
      assert.equal(region.wait(3, 1, 0), 'not-equal');
      region.words[3] = -5;
      assert.equal(region.wait(3, 0), 'not-equal');
      region.close();
    });

    it('gives up when its time is over', () => {
      const region = kind.make(4096);
      region.commit(0, region.size);
      for (const limit of [-1, 0, 0.5, 20, 120]) {
        assert.equal(region.wait(3, 0, limit), 'timed-out');
      }
      region.close();
    });

    it('wakes nobody where nobody waits', async () => {
      const region = kind.make(4096);
      region.commit(0, region.size);
      const other = kind.start(region, 'waitOut');
      await begun(region, 1);
      assert.equal(region.notify(7), 0);
      assert.equal(region.notify(0, 0), 0);
      region.words[0] = 9;
      region.notify(0);
      assert.equal(await other.result, 9);
      assert.equal(region.notify(0), 0);
      region.close();
    });

    it('knows where the words of the region end', () => {
      const region = kind.make(4096);
      region.commit(0, region.size);
      for (const index of [-1, 1024]) {
        assert.throws(() => region.wait(index, 0, 1), RangeError);
        assert.throws(() => region.notify(index), RangeError);
      }
      region.close();
    });

    it('wakes all, or as many as it is told', async () => {
      const region = kind.make(4096);
      region.commit(0, region.size);
      const others = [1, 2, 3].map(() => kind.start(region, 'wait'));
      await begun(region, 3);
      // Each of them waits soon after it has begun, and leaves when it is woken.
      for (let woken = 0; woken < 2; await new Promise(setImmediate)) {
        const count = region.notify(0, 1);
        assert.ok(count <= 1);
        woken += count;
      }
      while (region.notify(0) === 0) await new Promise(setImmediate);
      for (const { result } of others) assert.equal(await result, 'ok');
      region.close();
    });

    it('loses no wake between two that take turns', async () => {
      const region = kind.make(4096);
      region.commit(0, region.size);
      const last = 10_000;
      const other = kind.start(region, 'pong', last);
      for (let turn = 0; turn < last; turn += 2) {
        while (Atomics.load(region.words, 0) < turn) region.wait(0, turn - 1);
        Atomics.store(region.words, 0, turn + 1);
        region.notify(0);
      }
      await other.result;
      assert.equal(region.words[0], last);
      region.close();
    });

    it('ends when the other side is ended by force, and leaves the word to others', async () => {
      const region = kind.make(4096);
      region.commit(0, region.size);
      for (let round = 1; round <= 5; round += 1) {
        const doomed = kind.start(region, 'waitOut');
        await begun(region, round);
        // Deep in its wait, as far as one can tell from outside.
        await delay(5 * round);
        await doomed.end();
      }
      assert.equal(region.notify(0), 0);
      const other = kind.start(region, 'waitOut');
      await begun(region, 6);
      region.words[0] = 1;
      region.notify(0);
      assert.equal(await other.result, 1);
      region.close();
    });
  });
}

describe('waiting without blocking', () => {
  it('is there for threads', async () => {
    const region = new ThreadRegion(4096);
    const waiting = region.waitAsync(0, 0);
    assert.ok(waiting.async);
    const other = startThread(region, 'wait', 0);
    assert.equal(region.notify(0), 1);
    assert.equal(await waiting.value, 'ok');
    assert.deepEqual(region.waitAsync(0, 1), { async: false, value: 'not-equal' });
    await other.result;
  });

  it('is not for processes', () => {
    const region = makeProcessRegion(4096);
    assert.equal('waitAsync' in region, false);
    region.close();
  });
});

describe('a process that waits', { timeout }, () => {
  it('goes on waiting after it was stopped and continued', async () => {
    const region = makeProcessRegion(4096);
    region.commit(0, region.size);
    const other = startProcess(region, 'waitOut');
    await begun(region, 1);
    for (let round = 0; round < 5; round += 1) {
      other.child.kill('SIGSTOP');
      other.child.kill('SIGCONT');
      await delay(10);
    }
    region.words[0] = 3;
    region.notify(0);
    assert.equal(await other.result, 3);
    region.close();
  });

  for (const kind of ['process', 'thread']) {
    it(`can exit while a thread of it waits on the region of a ${kind}`, async () => {
      const entry = new URL('./fixtures/exiting.js', import.meta.url).pathname;
      const { code, stderr } = await runNode([entry, kind]);
      assert.equal(code, 7, stderr);
    });
  }
});
