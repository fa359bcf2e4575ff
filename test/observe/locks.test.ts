// Who waits for which lock: waits that are waits, in the thread that waits.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TimeoutError } from '../../src/errors.ts';
import { ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/index.ts';
import { ownerWord, threadNumber } from '../../src/memory/owner.ts';
import * as multiprocessing from '../../src/multiprocessing/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { Lock, Semaphore } from '../../src/threading/index.ts';
import { failure, until } from '../contract/backends.ts';
import * as tasks from './fixtures/lock-tasks.ts';
import { Recording } from './recording.ts';

const HANGS = { timeout: 60_000 };
const NAMES = ['manyhands:lock:wait', 'manyhands:lock:resume'] as const;

describe('events of locks', HANGS, () => {
  it('tell who waits for what, for how long, and who has it', HANGS, async () => {
    using recording = new Recording(NAMES);
    const [lock, other] = [new Lock(), new Lock()];
    (await lock.acquire()).release();
    assert.deepEqual(recording.events, [], 'nobody had to wait');
    const guard = await lock.acquire();
    const waits = [lock.acquire(), lock.acquire({ timeout: 10_000 })];
    const [first, second] = recording.of('manyhands:lock:wait');
    assert.equal(recording.events.length, 2);
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual([first.kind, first.blocking], ['lock', false]);
    assert.equal(first.lock, second.lock);
    assert.notEqual(first.wait, second.wait);
    assert.equal(first.holder, first.thread, 'it is this thread that has it');
    assert.equal(first.thread, threadNumber(ownerWord()));
    guard.release();
    (await waits[0])?.release();
    (await waits[1])?.release();
    const resumes = recording.of('manyhands:lock:resume');
    assert.deepEqual(
      resumes.map(({ wait }) => wait),
      [first.wait, second.wait],
    );
    assert.ok(resumes.every(({ waitMs, at }) => waitMs >= 0 && at >= first.at));

    const held = await other.acquire();
    const otherWait = other.acquire();
    assert.notEqual(recording.of('manyhands:lock:wait').at(-1)?.lock, first.lock);
    held.release();
    (await otherWait).release();
  });

  it('end when somebody gives up, also one that blocks', HANGS, async () => {
    using recording = new Recording(NAMES);
    const lock = new Lock();
    const guard = await lock.acquire();
    assert.ok((await failure(lock.acquire({ timeout: 1 }))) instanceof TimeoutError);
    assert.throws(() => lock.acquireSync({ timeout: 1 }), TimeoutError);
    guard.release();
    assert.deepEqual(recording.names, ['lock:wait', 'lock:resume', 'lock:wait', 'lock:resume']);
    assert.deepEqual(
      recording.of('manyhands:lock:wait').map(({ blocking }) => blocking),
      [false, true],
    );
  });

  it('are those of other primitives and queues as well', HANGS, async () => {
    using recording = new Recording(NAMES);
    const queue = new Queue<number>();
    const semaphore = new Semaphore(1);
    const item = queue.get();
    await queue.put(1);
    assert.equal(await item, 1);
    const permit = await semaphore.acquire();
    const next = semaphore.acquire();
    permit.release();
    (await next).release();
    const waits = recording.of('manyhands:lock:wait');
    assert.deepEqual(
      waits.map(({ kind, holder }) => [kind, holder]),
      [
        ['queue', undefined],
        ['semaphore', undefined],
      ],
    );
    assert.equal(recording.of('manyhands:lock:resume').length, 2);
  });

  for (const [backend, make, makeLock] of [
    ['threads', () => new ThreadPoolExecutor({ maxWorkers: 1 }), () => new Lock()],
    ['processes', () => new ProcessPoolExecutor({ maxWorkers: 1 }), () => new multiprocessing.Lock()],
  ] as const) {
    it(`come from workers, also from one that is blocked: ${backend}`, HANGS, async () => {
      await using pool = make();
      using recording = new Recording(NAMES);
      for (const task of [tasks.awaitLock, tasks.blockForLock]) {
        const lock = makeLock();
        const guard = await lock.acquire();
        try {
          const before = performance.now();
          const future = pool.submit(task as (lock: unknown) => unknown, lock);
          await until('it is known that the worker waits', () => recording.events.length === 1);
          const [wait] = recording.of('manyhands:lock:wait');
          assert.equal(wait?.executor?.backend, backend === 'threads' ? 'thread' : 'process');
          assert.equal(wait.worker, pool.statistics().workers[0]?.name);
          assert.equal(wait.holder, threadNumber(ownerWord()), 'it is this thread that has the lock');
          assert.notEqual(wait.thread, wait.holder);
          assert.equal(wait.blocking, task === tasks.blockForLock);
          assert.ok(wait.at >= before - 1 && wait.at <= performance.now() + 1);
          guard.release();
          await future;
        } finally {
          if (lock.locked) guard.release();
        }
        await until('it is known that it waits no more', () => recording.events.length === 2);
        assert.deepEqual(recording.names, ['lock:wait', 'lock:resume']);
        recording.events.length = 0;
      }
    });
  }
});
