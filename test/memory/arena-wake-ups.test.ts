// Who sleeps for a word of a block is woken, blocked or in an event loop. Where a slice is so long that it never
// ends, a wake-up that is lost is a test that hangs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ownerWord } from '../../src/memory/owner.ts';
import { runNode } from '../tasks/support.ts';
import { kinds, NEVER, open, type Turns, takeTurns, using } from './arena-support.ts';

const limit = { timeout: 60_000 };
const LAST = 10_000;

for (const kind of kinds) {
  describe(`waiting for a word of a block: ${kind.name}`, () => {
    for (const how of ['async', 'sync', 'mixed'] as const) {
      for (const byName of [false, true]) {
        const last = kind.name === 'processes' ? LAST : LAST / 5;
        const title = `${how}, ${last} times in turns${byName ? ', each telling the other by name' : ''}`;
        it(title, limit, async () => {
          await using(open(kind), async ({ arena, actor }) => {
            const other = await actor();
            const block = arena.create(64);
            const there = await other.call('adopt', arena.share(block));
            const named = (owner: number): Pick<Turns, 'owner'> => (byName ? { owner } : {});
            const mine: Turns = { odd: false, last, how, ...named(await other.call('owner')) };
            const theirs = other.call('takeTurns', there, { odd: true, last, how, ...named(ownerWord()) });
            await takeTurns(block, mine);
            await theirs;
            assert.equal(block.words[0], last);
          });
        });
      }
    }

    it('of all who wait, blocked or not, for one word or another', limit, async () => {
      await using(open(kind), async ({ arena, actor }) => {
        const block = arena.create(256);
        const actors = await Promise.all([1, 2, 3, 4].map(() => actor()));
        const numbers = await Promise.all(actors.map((other) => other.call('adopt', arena.share(block))));
        for (let round = 0; round < 20; round += 1) {
          block.words.fill(0);
          const waits = actors.map((other, n) =>
            other.call('waitOut', numbers[n] as number, n % 2, n < 2 ? 'async' : 'sync'),
          );
          const own = [0, 1, 1].map(async (index) => {
            while (block.words[index] === 0) await block.waitAsync(index, 0);
          });
          for (const index of [1, 0]) {
            Atomics.store(block.words, index, 1);
            block.notify(index);
          }
          await Promise.all([...waits, ...own]);
        }
      });
    });

    it('ends when its time is over, and at once where there is nothing to wait for', limit, async () => {
      await using(open(kind), async ({ arena }) => {
        const block = arena.create(64);
        await block.waitAsync(0, 1);
        await block.waitAsync(0, 0, 0);
        await block.waitAsync(0, 0, 20);
        assert.equal(block.wait(0, 1), 'not-equal');
        assert.equal(block.wait(0, 0, 0), 'timed-out');
        assert.equal(block.wait(0, 0, 20), 'timed-out');
        // Among those whose time is not over.
        const long = [block.waitAsync(0, 0, NEVER * 2), block.waitAsync(0, 0)];
        await Promise.all([block.waitAsync(0, 0, 1), block.waitAsync(0, 0, 30)]);
        Atomics.store(block.words, 0, 1);
        block.notify(0);
        await Promise.all(long);
      });
    });

    it('ends also when nobody was told, after a slice', limit, async () => {
      await using(open(kind, { slice: 20 }), async ({ arena, actor }) => {
        const other = await actor();
        const block = arena.create(64);
        const there = await other.call('adopt', arena.share(block));
        for (const how of ['async', 'sync'] as const) {
          block.words[0] = 0;
          const waits = other.call('waitOut', there, 0, how);
          const own = block.waitAsync(0, 0);
          await delay(1);
          Atomics.store(block.words, 0, 1);
          await Promise.all([waits, own]);
        }
      });
    });

    it('goes on after others were killed while they waited and while they rang', limit, async () => {
      await using(open(kind), async ({ arena, actor }) => {
        const block = arena.create(64);
        for (let round = 0; round < 5; round += 1) {
          const doomed = await actor();
          const there = await doomed.call('adopt', arena.share(block));
          void doomed.call('takeTurns', there, { odd: true, last: NEVER, how: round % 2 ? 'sync' : 'async' });
          const last = Atomics.load(block.words, 0) + 100 * round;
          await takeTurns(block, { odd: false, last: last + (last % 2), how: 'async' });
          await doomed.end();
          block.words[0] = 0;
          block.notify(0);
        }
        const other = await actor();
        const there = await other.call('adopt', arena.share(block));
        const theirs = other.call('takeTurns', there, { odd: true, last: 1000, how: 'async' });
        await takeTurns(block, { odd: false, last: 1000, how: 'async' });
        await theirs;
      });
    });
  });
}

describe('a wait in an event loop', () => {
  for (const reach of ['thread', 'process']) {
    const arenas = JSON.stringify(new URL('../../src/memory/arena/arenas.js', import.meta.url).href);
    const begin = `import { ${reach}Arena } from ${arenas};
      const block = ${reach}Arena().create(8);`;

    it(`keeps the process alive, one that is over does not: ${reach}`, limit, async () => {
      const program = `${begin}
        let waits = true;
        process.on('exit', () => console.log(waits));
        setTimeout(() => { block.words[0] = 1; block.notify(0); }, 50).unref();
        await block.waitAsync(0, 0);
        await block.waitAsync(1, 0, 10);
        waits = false;`;
      const { code, stdout, stderr } = await runNode(['--input-type=module', '-e', program]);
      assert.deepEqual([code, stdout], [0, 'false\n'], stderr);
    });

    it(`does not keep it from exiting: ${reach}`, limit, async () => {
      const program = `${begin}
        block.waitAsync(0, 0);
        setImmediate(() => process.exit(3));`;
      const { code, stderr } = await runNode(['--input-type=module', '-e', program]);
      assert.equal(code, 3, stderr);
    });
  }
});
