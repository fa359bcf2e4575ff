// CPython's _test_multiprocessing.py: _TestSharedMemory, TestResourceTracker, TestSharedMemoryNames.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { constants } from 'node:os';
import { test } from 'node:test';
import { ProcessPoolExecutor } from '../../../src/index.ts';
import {
  ShareableList,
  SharedMemory,
  SharedMemoryManager,
} from '../../../src/multiprocessing/shared-memory/index.ts';
import { SHARE, type Shareable } from '../../../src/wire/shareable.ts';
import { alive } from '../../contract/processes.ts';
import { freeName, isThere, OtherProgram, untilGone } from '../../multiprocessing/other-program.ts';
import { until } from '../futures/support.ts';
import { setInList, writeByName, writeInto } from './memory-tasks.ts';

const LIMIT = { timeout: 60_000 };
const exists = { name: 'SharedMemoryExistsError', code: 'MANYHANDS_SHARED_MEMORY_EXISTS' };
const notFound = { name: 'SharedMemoryNotFoundError', code: 'MANYHANDS_SHARED_MEMORY_NOT_FOUND' };
const invalid = { name: 'InvalidStateError' };

function ignoresInterrupts(pid: number): boolean {
  const [, mask = '0'] = /^SigIgn:\s+(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (BigInt(`0x${mask}`) & (1n << BigInt(constants.signals.SIGINT - 1))) !== 0n;
}

function textOf(block: SharedMemory, length: number): string {
  return Buffer.from(block.buf.subarray(0, length)).toString();
}

test('_TestSharedMemory.test_shared_memory_name_with_embedded_null: no name has a NUL in it', LIMIT, () => {
  for (const options of [{ name: 'a\0b' }, { name: 'a\0b', create: true, size: 8 }]) {
    assert.throws(() => new SharedMemory(options), {
      name: 'RangeError',
      message: /slash or a NUL, received 'a\\x00b'/,
    });
  }
});

test('_TestSharedMemory.test_shared_memory_basics: two handles, one block, and its name', LIMIT, () => {
  const name = freeName();
  const block = new SharedMemory({ create: true, name, size: 512 });
  assert.equal(block.name, name);
  assert.ok(block.size >= 512);
  assert.equal(block.buf.length, block.size);
  block.buf[0] = 42;

  const same = new SharedMemory({ name, size: 1 });
  assert.equal(same.size, block.size);
  assert.equal(same.buf[0], 42);
  same.buf[511] = 7;
  assert.equal(block.buf[511], 7);
  assert.throws(() => new SharedMemory({ create: true, name, size: 8 }), exists);

  same.close();
  same.close();
  assert.throws(() => same.buf, invalid);
  assert.equal(block.buf[0], 42);
  block.unlink();
  assert.ok(!isThere(name));
  assert.equal(block.buf[0], 42);
  assert.throws(() => block.unlink(), notFound);
  assert.throws(() => same.unlink(), notFound);
  assert.throws(() => new SharedMemory({ name }), notFound);
  block.close();
  // Its name is free again, and not for those who had the other block.
  using next = new SharedMemory({ create: true, name, size: 8 });
  assert.throws(() => block.unlink(), notFound);
  next.unlink();
});

test(
  '_TestSharedMemory.test_shared_memory_recreate: a generated name that is taken is not used',
  LIMIT,
  (context) => {
    const taken = new SharedMemory({ create: true, size: 8 });
    const bytes = [taken.name.slice(-8), taken.name.slice(-8), '0badcafe'].map((hex) =>
      Buffer.from(hex, 'hex'),
    );
    const { mock } = context.mock.method(crypto, 'randomBytes', () => bytes.shift());
    syncBuiltinESMExports();
    context.after(() => {
      context.mock.restoreAll();
      syncBuiltinESMExports();
    });
    const other = new SharedMemory({ create: true, size: 8 });
    assert.equal(mock.callCount(), 3);
    assert.match(other.name, /0badcafe$/);
    for (const block of [taken, other]) {
      block.close();
      block.unlink();
    }
  },
);

test('_TestSharedMemory.test_invalid_shared_memory_creation: a block has at least one byte', LIMIT, () => {
  for (const size of [-1, 0]) {
    assert.throws(() => new SharedMemory({ create: true, size }), {
      name: 'RangeError',
      message: /size must be >= 1/,
    });
  }
  assert.throws(() => new SharedMemory({ create: true }), {
    name: 'TypeError',
    message: /size must be given/,
  });
});

test('_TestSharedMemory.test_shared_memory_pickle_unpickle: what crosses is the name', LIMIT, async () => {
  using block = new SharedMemory({ create: true, size: 16 });
  assert.equal((block as unknown as Shareable)[SHARE]('process').data, block.name);
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const same = await pool.submit((given: SharedMemory) => given, block);
  assert.notEqual(same, block);
  block.buf[1] = 1;
  same.buf[2] = 2;
  assert.deepEqual([same.buf[1], block.buf[2]], [1, 2]);
  same.close();
  assert.equal(block.buf[2], 2);
  block.unlink();
});

test(
  '_TestSharedMemory.test_shared_memory_pickle_unpickle_dead_object: nobody arrives at a name that is gone',
  LIMIT,
  async () => {
    const block = new SharedMemory({ create: true, size: 16 });
    block.close();
    block.unlink();
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    await assert.rejects(pool.submit(writeInto, block, 'x').result(), notFound);
  },
);

test('_TestSharedMemory.test_shared_memory_across_processes: by name, or as an argument', LIMIT, async () => {
  using block = new SharedMemory({ create: true, size: 64 });
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  await pool.submit(writeByName, block.name, 'by name');
  assert.equal(textOf(block, 7), 'by name');
  await pool.submit(writeInto, block, 'as an argument');
  assert.equal(textOf(block, 14), 'as an argument');
  block.unlink();
});

test(
  '_TestSharedMemory.test_shared_memory_SharedMemoryServer_ignores_sigint: Ctrl-C leaves the blocks of a manager alone',
  LIMIT,
  async () => {
    await using program = new OtherProgram();
    const name = await program.ask('manage');
    const { tracker } = program;
    process.kill(-(program.child.pid as number), 'SIGINT');
    assert.equal(await program.line(), 'interrupted');
    // A shell that has just started has not come to that yet.
    await until(() => ignoresInterrupts(tracker));
    process.kill(tracker, 'SIGINT');
    using block = new SharedMemory({ name });
    await program.ask('write', 3, 9);
    assert.equal(block.buf[3], 9);
    assert.ok(alive(tracker));
    await program.ask('shutdown');
    assert.ok(!isThere(name));
    assert.equal(await program.end(), '');
  },
);

test(
  '_TestSharedMemory.test_shared_memory_SharedMemoryManager_basics: its blocks last as long as it does',
  LIMIT,
  async () => {
    const early = new SharedMemoryManager();
    assert.throws(() => early.SharedMemory(8), { ...invalid, message: /has not been started/ });
    assert.throws(() => early.ShareableList([]), invalid);

    const manager = new SharedMemoryManager().start();
    assert.throws(() => manager.start(), invalid);
    const made = [manager.SharedMemory(32), manager.ShareableList([1, 'two']).shm, manager.SharedMemory(8)];
    assert.ok(made.every(({ name }) => isThere(name)));
    // One that the user has unlinked is no trouble.
    made[2]?.unlink();
    manager.shutdown();
    manager.shutdown();
    assert.ok(!made.some(({ name }) => isThere(name)));
    for (const block of made) assert.throws(() => block.buf, invalid);
    assert.throws(() => manager.SharedMemory(8), { ...invalid, message: /has been shut down/ });

    let name: string;
    {
      await using scoped = new SharedMemoryManager().start();
      ({ name } = scoped.SharedMemory(8));
      assert.ok(isThere(name));
    }
    assert.ok(!isThere(name));
  },
);

test(
  '_TestSharedMemory.test_shared_memory_ShareableList_pickling: a list of any length crosses as a name',
  LIMIT,
  async () => {
    const lists = [
      new ShareableList([1]),
      new ShareableList(Array.from({ length: 1000 }, (_, index) => index)),
    ];
    const shares = lists.map((list) => JSON.stringify((list as unknown as Shareable)[SHARE]('process')));
    assert.equal(shares[0]?.length, shares[1]?.length);
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    for (const list of lists) {
      assert.equal(await pool.submit(setInList, list, -1, -7), list.length);
      assert.equal(list.get(-1), -7);
      const same = await pool.submit((given: ShareableList) => given, list);
      same.set(0, 0.5);
      assert.equal(list.get(0), 0.5);
      same.shm.close();
      list.shm.close();
      list.shm.unlink();
    }
  },
);

test(
  '_TestSharedMemory.test_shared_memory_ShareableList_pickling_dead_object: nor at the name of a list',
  LIMIT,
  async () => {
    const list = new ShareableList([1]);
    list.shm.unlink();
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    await assert.rejects(pool.submit(setInList, list, 0, 1).result(), notFound);
    list.shm.close();
  },
);

test(
  '_TestSharedMemory.test_shared_memory_cleaned_after_process_termination: what the killed have left is removed',
  LIMIT,
  async () => {
    await using program = new OtherProgram();
    const name = await program.ask('make');
    assert.ok(isThere(name));
    await program.kill();
    await untilGone(name);
  },
);

test(
  '_TestSharedMemory.test_shared_memory_untracking: who does not track a block does not remove it',
  LIMIT,
  async () => {
    const block = new SharedMemory({ create: true, size: 8 });
    await using program = new OtherProgram();
    await program.ask('attach', block.name, false);
    assert.equal(await program.end(), '');
    assert.ok(isThere(block.name));

    await using maker = new OtherProgram();
    const untracked = await maker.ask('make', { track: false });
    assert.equal(await maker.end(), '');
    const left = new SharedMemory({ name: untracked, track: false });
    for (const each of [block, left]) {
      each.close();
      each.unlink();
    }
  },
);

test(
  '_TestSharedMemory.test_shared_memory_tracking: the last of those who track a block removes it, and no other',
  LIMIT,
  async () => {
    await using maker = new OtherProgram();
    await using other = new OtherProgram();
    const name = await maker.ask('make');
    using block = new SharedMemory({ name });
    await other.ask('attach', name);
    await other.end();
    assert.ok(isThere(name));
    await maker.kill();
    // Whoever attaches now finds it, as long as somebody has it.
    using same = new SharedMemory({ name });
    same.buf[0] = 5;
    assert.equal(block.buf[0], 5);
    block.close();
    same.close();
    await untilGone(name);
  },
);

test(
  'TestResourceTracker.test_resource_tracker: what the killed have left is removed, all of it',
  LIMIT,
  async () => {
    await using program = new OtherProgram();
    const names: string[] = [];
    for (let n = 0; n < 5; n += 1) names.push(await program.ask('make'));
    const unlinked = await program.ask('make');
    await program.ask('unlink');
    // Another program's by now.
    using other = new SharedMemory({ create: true, name: unlinked, size: 8 });
    await program.kill();
    for (const name of names) await untilGone(name);
    assert.ok(isThere(unlinked));
    other.unlink();
  },
);

test(
  'TestResourceTracker.test_resource_tracker_sigkill: a tracker that is killed is replaced',
  LIMIT,
  async () => {
    await using program = new OtherProgram();
    const names = [await program.ask('make')];
    const { tracker } = program;
    process.kill(tracker, 'SIGKILL');
    await until(() => program.stderr.includes('tracker of shared memory was killed'));
    names.push(await program.ask('make'));
    assert.notEqual(program.tracker, tracker);
    await program.kill();
    for (const name of names) await untilGone(name);
  },
);

test(
  'TestResourceTracker.test_resource_tracker_reused: one tracker for all blocks of a process',
  LIMIT,
  async () => {
    await using program = new OtherProgram();
    await program.ask('make');
    const { tracker } = program;
    await program.ask('make');
    assert.equal(program.tracker, tracker);
    await program.end();
    await until(() => !alive(tracker));
  },
);

test('TestResourceTracker.test_too_long_name_resource: names have 255 bytes at most', LIMIT, () => {
  for (const name of ['x'.repeat(256), 'é'.repeat(128)]) {
    assert.throws(() => new SharedMemory({ create: true, size: 8, name }), {
      name: 'RangeError',
      message: 'name must have at most 255 bytes, received one of 256',
    });
  }
});

test(
  'TestResourceTracker.test_resource_tracker_exit_code: who leaves something behind is told at the end',
  LIMIT,
  async () => {
    await using tidy = new OtherProgram();
    await tidy.ask('make');
    await tidy.ask('unlink');
    assert.equal(await tidy.end(), '');
    await using other = new OtherProgram();
    const name = await other.ask('make');
    assert.match(await other.end(), new RegExp(`LeakedSharedMemoryWarning: .* removed: '${name}'`));
    assert.ok(!isThere(name));
  },
);

test(
  'TestSharedMemoryNames.test_that_shared_memory_name_with_colons_has_no_resource_tracker_errors: any name is tracked',
  LIMIT,
  async () => {
    const names = ['a:b:c', 'with\nnew\nlines ', ' * "$(ls)" \'\\', 'é☃', '-rf'].map(
      (name) => `${name}${freeName()}`,
    );
    for (const name of names) {
      await using tidy = new OtherProgram();
      assert.equal(await tidy.ask('make', { name }), name);
      await tidy.ask('unlink');
      assert.equal(await tidy.end(), '');
      await using program = new OtherProgram();
      await program.ask('make', { name });
      await program.kill();
      await untilGone(name);
    }
  },
);
