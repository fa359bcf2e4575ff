// How threads and processes find each other's arenas, and what is left when they end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidStateError, SharedMemoryUnavailableError } from '../../src/errors.ts';
import * as arenas from '../../src/memory/arena/arenas.ts';
import { type ProcessPlace, places } from '../../src/memory/arena/places.ts';
import { regionNames } from '../contract/processes.ts';
import { runNode } from '../tasks/support.ts';
import { type Actor, collectGarbage, startProcess, startThread, until } from './arena-support.ts';
import { descriptors } from './support.ts';

const limit = { timeout: 60_000 };

async function using(actors: readonly Actor[], body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } finally {
    await Promise.all(actors.map((actor) => actor.end()));
  }
}

describe('the arenas of a thread', () => {
  it('are there when they are asked for, and not before', limit, () => {
    assert.equal(places.thread, undefined);
    assert.equal(places.process, undefined);
    arenas.reclaimDead();
    assert.equal(arenas.threadArena(), arenas.threadArena());
    assert.equal(arenas.processArena(), arenas.processArena());
    assert.equal(arenas.threadArena().reach, 'thread');
    assert.equal(arenas.processArena().reach, 'process');
    assert.equal(places.thread, arenas.threadArena().region.handle);
    assert.equal((places.process as ProcessPlace | undefined)?.pid, process.pid);
  });

  for (const start of [startThread, startProcess]) {
    it(`are those that it was told of: ${start.name}`, limit, async () => {
      const actor = start();
      await using([actor], async () => {
        const process = places.process;
        const thread = places.thread;
        assert.ok(process !== undefined && thread !== undefined);
        await actor.call('adoptArenas', start === startThread ? { process, thread } : { process });
        assert.deepEqual(await actor.call('presentArena'), process);
        const [threadId, processId] = await actor.call('arenaIds');
        assert.equal(processId, arenas.processArena().id);
        if (start === startThread) assert.equal(threadId, arenas.threadArena().id);
        else assert.notEqual(threadId, arenas.threadArena().id);
      });
    });

    it(`are its own where it was told of none, and others find them: ${start.name}`, limit, async () => {
      const actor = start();
      await using([actor], async () => {
        const [, processId] = await actor.call('arenaIds');
        assert.notEqual(processId, arenas.processArena().id);
        const theirs = arenas.adopt(await actor.call('shareOwn', 42));
        assert.equal(theirs.words[0], 42);
        assert.equal(theirs.arena.id, processId);
        const mine = arenas.processArena().create(64);
        for (const block of [theirs, mine]) {
          const number = await actor.call('adoptPlaced', arenas.share(block));
          block.words[1] = 43;
          assert.equal(await actor.call('word', number, 1), 43);
          const woken = actor.call('waitOut', number, 2, 'async');
          block.words[2] = 1;
          block.notify(2);
          await woken;
        }
        const retracted = await actor.call('shareOwn', 44);
        arenas.retract(retracted);
      });
    });

    it(`are those of the first reference that it gets, else: ${start.name}`, limit, async () => {
      const actor = start();
      await using([actor], async () => {
        const block = arenas.processArena().create(8);
        await actor.call('adoptPlaced', arenas.share(block));
        const [, processId] = await actor.call('arenaIds');
        assert.equal(processId, arenas.processArena().id);
      });
    });
  }

  it('are those of other threads, of both reaches', limit, async () => {
    const [a, b] = [startThread(), startThread()];
    await using([a, b], async () => {
      const block = arenas.threadArena().create(8);
      block.words[0] = 6;
      const there = await a.call('adoptPlaced', arenas.share(block));
      const further = await b.call('adoptPlaced', await a.call('sharePlaced', there));
      assert.equal(await b.call('word', further, 0), 6);
      assert.equal((await b.call('arenaIds'))[0], arenas.threadArena().id);
    });
  });

  it('are known without a place to whoever was told of them, and to nobody else', limit, async () => {
    const [told, other] = [startThread(), startThread()];
    await using([told, other], async () => {
      await told.call('adoptArenas', {
        thread: places.thread as SharedArrayBuffer,
        process: places.process as ProcessPlace,
      });
      for (const arena of [arenas.threadArena(), arenas.processArena()]) {
        const { place: _, ...reference } = arenas.share(arena.create(8));
        await assert.rejects(
          other.call('adoptPlaced', reference),
          /SharedMemoryUnavailableError: .* not told/,
        );
        assert.equal(await told.call('word', await told.call('adoptPlaced', reference), 0), 0);
      }
    });
  });

  it('cannot be had when the process is gone that they were in', limit, async () => {
    const actor = startProcess();
    let reference: arenas.PlacedReference | undefined;
    await using([actor], async () => {
      reference = await actor.call('shareOwn', 1);
    });
    const gone = reference as arenas.PlacedReference;
    assert.throws(
      () => arenas.adopt(gone),
      (error: unknown) =>
        error instanceof SharedMemoryUnavailableError &&
        error.code === 'MANYHANDS_SHARED_MEMORY_UNAVAILABLE' &&
        /The memory of process \d+ cannot be reached: .*keep the one that made it/.test(error.message),
    );
    // The number of its process has been given again.
    const place = places.process as ProcessPlace;
    assert.throws(() => arenas.adopt({ ...gone, place }), InvalidStateError);
  });

  it('are made by a child whose parent has ended before it asked for them', limit, async () => {
    const [actor, other] = [startProcess(), startProcess()];
    await using([actor, other], async () => {
      const { place } = await other.call('shareOwn', 1);
      await other.end();
      await actor.call('adoptArenas', { process: place as ProcessPlace });
      const [, processId] = await actor.call('arenaIds');
      assert.notEqual(processId, arenas.processArena().id);
    });
  });

  it('are not taken to be at an address where they are not', limit, async () => {
    const actor = startThread();
    await using([actor], async () => {
      const place = places.process as ProcessPlace;
      const reference = { ...arenas.share(arenas.processArena().create(8)) };
      const number = await actor.call('adoptPlaced', { ...reference, place: { ...place, address: 4096 } });
      assert.equal(await actor.call('word', number, 0), 0);
    });
  });
});

/** Two who have an object, have waited for it and been woken, and are ended by force while they wait again. */
async function useAndEnd(start: () => Actor, how: 'async' | 'sync'): Promise<void> {
  const actors = [start(), start()];
  const block = arenas.processArena().create(8);
  await using(actors, async () => {
    for (const actor of actors) {
      await actor.call('adoptArenas', { process: places.process as ProcessPlace });
      const number = await actor.call('adoptPlaced', arenas.share(block));
      const ended = actor.call('waitOut', number, 0, 'async');
      block.words[0] = 1;
      block.notify(0);
      await ended;
      block.words[0] = 0;
      void actor.call('waitOut', number, 1, how);
    }
  });
}

async function nobodyIsLeft(): Promise<void> {
  await until(async () => {
    arenas.reclaimDead();
    await collectGarbage();
    const { participants, objects } = arenas.processArena().statistics();
    return participants === 1 && objects === 0;
  });
}

describe('when threads and processes have ended', () => {
  for (const start of [startThread, startProcess]) {
    it(`nothing is left of them: ${start.name}`, limit, async () => {
      const { id } = arenas.processArena();
      // With the first ones Node opens what it keeps.
      await useAndEnd(start, 'async');
      await nobodyIsLeft();
      const before = { descriptors: descriptors().length, shm: regionNames() };
      for (const how of ['async', 'sync', 'async'] as const) await useAndEnd(start, how);
      await nobodyIsLeft();
      assert.equal(arenas.processArena().id, id);
      await until(() => descriptors().length <= before.descriptors);
      assert.deepEqual(regionNames(), before.shm);
    });
  }
});

describe('where processes cannot share memory', () => {
  it('the arena of processes says why, and that of threads is there', limit, async () => {
    const url = JSON.stringify(new URL('../../src/memory/arena/arenas.js', import.meta.url).href);
    const program = `Object.defineProperty(process, 'platform', { value: 'darwin' });
      const { processArena, threadArena } = await import(${url});
      console.log(threadArena().create(8).words.length);
      try { processArena(); } catch ({ name, message }) { console.log(name + ': ' + message); }`;
    const { stdout, stderr } = await runNode(['--input-type=module', '-e', program]);
    const why = 'shared memory between processes needs Linux; this is darwin.';
    assert.equal(stdout, `2\nSharedMemoryUnavailableError: ${why}\n`, stderr);
  });
});

describe('a program', () => {
  it('ends with objects in its hands, at once and without a word', limit, async () => {
    const url = JSON.stringify(new URL('../../src/memory/arena/arenas.js', import.meta.url).href);
    const program = `const { processArena, threadArena } = await import(${url});
      globalThis.kept = [processArena(), threadArena()].map((arena) => arena.create(1e6));
      for (const { bytes } of kept) bytes.fill(1);`;
    const { code, stdout, stderr } = await runNode(['--input-type=module', '-e', program]);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
  });
});
