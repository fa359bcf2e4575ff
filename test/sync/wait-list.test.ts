// What those leave who die in the middle of it: written into the memory as they would have left it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ownerWord } from '../../src/memory/owner.ts';
import { WAIT_LIST_WORDS, WaitList } from '../../src/sync/wait-list.ts';
import { Lock } from '../../src/threading/locks.ts';
import { Board } from './fixtures/parties.ts';

const HANGS_MS = 30_000;

/** Where things are in a wait list: see its picture. */
const LATCH = 0;
const TOTAL = 2;
const FIRST_CELL = 3;
const CELL_WORDS = 5;
const COUNTS = 2;
/** Where it begins in a lock. */
const LIST_OF_LOCK = 2;

/** The owner word of a thread that has ended. */
async function deadOwner(): Promise<number> {
  const module = new URL('../../src/memory/owner.js', import.meta.url).href;
  const source = `
    import { parentPort } from 'node:worker_threads';
    import { ownerWord } from '${module}';
    parentPort.postMessage(ownerWord());`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  const exited = once(worker, 'exit');
  const [word] = (await once(worker, 'message')) as [number];
  await exited;
  assert.notEqual(word, ownerWord());
  return word;
}

class OpenBoard extends Board {
  list(): WaitList {
    return new WaitList(this.block, 0);
  }
}

class OpenLock extends Lock {
  get words(): Int32Array {
    return this.block.words;
  }
}

test('the sum of those who wait is set right after one who died under the latch', {
  timeout: HANGS_MS,
}, async () => {
  const board = new OpenBoard('thread');
  const list = board.list();
  list.underLatch(() => assert.ok(list.join()));
  // It had served this thread, and was about to lower the sum.
  board.words[TOTAL] = 7;
  board.words[LATCH] = await deadOwner();
  list.underLatch(() => undefined);
  assert.equal(board.words[TOTAL], 1);
  list.underLatch(() => list.leave(false));
  assert.equal(list.isWaitedFor, false);
});

test('what the dead have left goes to others, and not to themselves', { timeout: HANGS_MS }, async () => {
  const board = new OpenBoard('thread');
  const list = board.list();
  list.underLatch(() => list.join());
  const dead = FIRST_CELL + CELL_WORDS;
  board.words[dead] = await deadOwner();
  // Two that wait, and one thing that was given. It came before all others.
  board.words[dead + 1] = -1;
  board.words[dead + COUNTS] = 2 | (1 << 16);
  const remains: unknown[] = [];
  list.underLatch(() => {
    list.reclaim((left) => {
      remains.push(left);
      assert.ok(list.give());
    });
  });
  assert.deepEqual(remains, [{ waiting: 2, given: 1, taken: 0 }]);
  assert.equal(list.hasNews, true);
  assert.deepEqual([board.words[dead], board.words[dead + COUNTS]], [0, 0]);
});

for (const how of ['await', 'block'] as const) {
  test(`a list full of the dead has room again for those who ${how}`, { timeout: HANGS_MS }, async () => {
    const lock = new OpenLock();
    const dead = await deadOwner();
    const cells: number[] = [];
    const end = LIST_OF_LOCK + WAIT_LIST_WORDS;
    for (let cell = LIST_OF_LOCK + FIRST_CELL; cell < end; cell += CELL_WORDS) cells.push(cell);
    for (const cell of cells) {
      lock.words[cell] = dead;
      lock.words[cell + COUNTS] = 1;
    }
    const guard = await lock.acquire();
    if (how === 'await') {
      const next = lock.acquire();
      guard.release();
      (await next).release();
    } else {
      assert.throws(() => lock.acquireSync({ timeout: 1 }), { name: 'TimeoutError' });
      guard.release();
      lock.acquireSync().release();
    }
    for (const cell of cells) assert.deepEqual([lock.words[cell], lock.words[cell + COUNTS]], [0, 0]);
  });
}
