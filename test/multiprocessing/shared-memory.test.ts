// Named blocks of memory: sizes, names, what is left of them, and what a closed one does to those who still look at it.
import assert from 'node:assert/strict';
import { mkdirSync, rmdirSync, statfsSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/index.ts';
import { SharedMemory, SharedMemoryManager } from '../../src/multiprocessing/shared-memory/index.ts';
import { makeBlock, writeInto } from '../conformance/multiprocessing/memory-tasks.ts';
import { runNode } from '../tasks/support.ts';
import { freeName, isThere, OtherProgram, untilGone } from './other-program.ts';

const LIMIT = { timeout: 60_000 };
const fixture = (name: string): URL => new URL(`./fixtures/${name}.js`, import.meta.url);

test('a wrong option is named', LIMIT, () => {
  const wrong: readonly (readonly [object, string, RegExp])[] = [
    [{}, 'TypeError', /^name must be given unless/],
    [{ name: 5 }, 'TypeError', /^name must be a string, received 5/],
    [{ name: '' }, 'RangeError', /^name must not be empty/],
    [{ name: '/' }, 'RangeError', /^name must not be empty/],
    [{ name: '..' }, 'RangeError', /^name must not be empty, '.' or '..'/],
    [{ name: 'a/b' }, 'RangeError', /received 'a\/b'/],
    [{ create: 1, size: 1 }, 'TypeError', /^create must be true or false/],
    [{ create: true, size: '8' }, 'TypeError', /^size must be a number/],
    [{ create: true, size: 1.5 }, 'TypeError', /^size must be a whole number/],
    [{ create: true, size: NaN }, 'RangeError', /^size must be a whole number/],
    [{ create: true, size: 2 ** 60 }, 'RangeError', /^size must be <= \d+ bytes|^There is no room/],
    [{ create: true, size: 8, track: 'no' }, 'TypeError', /^track must be true or false/],
    [{ create: true, size: 8, lock: true }, 'TypeError', /SharedMemory has no option 'lock'/],
  ];
  for (const [options, name, message] of wrong) {
    assert.throws(
      () => new SharedMemory(options as never),
      (error: Error) => {
        if (error.name !== 'OutOfSharedMemoryError') assert.equal(error.name, name);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test('a block has as many bytes as asked for, all 0, of its user alone', LIMIT, () => {
  for (const size of [1, 7, 4095, 4096, 4097, 5 * 2 ** 20 + 3]) {
    using block = new SharedMemory({ create: true, size });
    assert.deepEqual([block.size, block.buf.length], [size, size]);
    assert.ok(block.buf.every((byte) => byte === 0));
    block.buf.fill(255);
    const { mode, blocks: taken } = statSync(`/dev/shm/${block.name}`);
    assert.equal(mode & 0o777, 0o600);
    assert.ok(taken * 512 >= size, 'there is memory behind all of it');
    block.unlink();
  }
});

test('what there is no room for is refused, and leaves nothing', LIMIT, () => {
  const { bavail, bsize } = statfsSync('/dev/shm');
  const name = freeName();
  const size = bavail * bsize + 2 ** 30;
  assert.throws(
    () => new SharedMemory({ create: true, size, name }),
    (error: Error) => error.name === 'OutOfSharedMemoryError' || error.message.startsWith('size must be <='),
  );
  assert.ok(!isThere(name));
});

test('what is in the way of a name is told, and left alone', LIMIT, () => {
  const name = freeName();
  const path = `/dev/shm/${name}`;
  const attach = (): SharedMemory => new SharedMemory({ name });
  mkdirSync(path);
  assert.throws(attach, { name: 'SharedMemoryUnavailableError', message: /EISDIR/ });
  assert.throws(() => new SharedMemory({ name, create: true, size: 8 }), { name: 'SharedMemoryExistsError' });
  rmdirSync(path);
  symlinkSync('/etc/passwd', path);
  assert.throws(attach, { name: 'SharedMemoryUnavailableError', message: /ELOOP/ });
  unlinkSync(path);
  writeFileSync(path, '');
  assert.throws(attach, { name: 'SharedMemoryUnavailableError', message: /has not got its size yet/ });
  unlinkSync(path);
});

test('a slash in front of a name is no part of it', LIMIT, () => {
  const name = freeName();
  using block = new SharedMemory({ create: true, name: `/${name}`, size: 8 });
  assert.equal(block.name, name);
  new SharedMemory({ name }).close();
  block.unlink();
});

test('views of a closed block show zeros that are nobody’s', LIMIT, () => {
  const block = new SharedMemory({ create: true, size: 4100 });
  using same = new SharedMemory({ name: block.name });
  const { buf } = block;
  const words = new Int32Array(buf.buffer, 0, 1);
  buf[4099] = 1;
  block.close();
  assert.deepEqual([buf[4099], words[0]], [0, 0]);
  words[0] = 7;
  assert.deepEqual([same.buf[0], same.buf[4099]], [0, 1]);
  assert.throws(() => block.buf, { name: 'InvalidStateError', message: /was closed here/ });
  same.unlink();
});

test('a thousand blocks leave no descriptor, no mapping and no file', LIMIT, async () => {
  const { code, stdout, stderr } = await runNode([fixture('cycles').pathname]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  const { few, many } = JSON.parse(stdout) as Record<'few' | 'many', Record<string, number>>;
  assert.deepEqual(many, few);
  assert.deepEqual([few?.['mapped'], few?.['files']], [0, 0]);
});

for (const Pool of [ProcessPoolExecutor, ThreadPoolExecutor]) {
  test(`a block that a worker made is there when the worker has ended [${Pool.name}]`, LIMIT, async () => {
    const pool = new Pool({ maxWorkers: 1 });
    const made = await pool.submit(makeBlock, 100);
    await pool.submit(writeInto, made, 'text');
    await pool.shutdown();
    using same = new SharedMemory({ name: made.name });
    assert.equal(Buffer.from(same.buf.subarray(0, 4)).toString(), 'text');
    made.close();
    same.unlink();
  });
}

test(
  'what workers leave lasts as long as their process or its parent, unless they are killed',
  LIMIT,
  async () => {
    const { code, stdout, stderr } = await runNode([fixture('leaving').pathname]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    const names = stdout.trim().split(' ');
    assert.equal(names.length, 2);
    for (const name of names) await untilGone(name);
  },
);

test('a thread that is terminated leaves nothing behind its process', LIMIT, async () => {
  const { code, stdout, stderr } = await runNode([fixture('holding-thread').pathname]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.match(stdout, /^mh_/);
  await untilGone(stdout.trim());
});

test('a program that is killed in the same tick leaves nothing', LIMIT, async () => {
  const name = freeName();
  const module = new URL('../../src/multiprocessing/shared-memory/index.js', import.meta.url).href;
  const source = `import { SharedMemory } from ${JSON.stringify(module)};
    for (let n = 0; n < 50; n += 1) new SharedMemory({ create: true, size: 8, name: '${name}-' + n });
    process.kill(process.pid, 'SIGKILL');`;
  const { code } = await runNode(['--input-type=module', '-e', source]);
  assert.equal(code, null);
  for (let n = 0; n < 50; n += 1) await untilGone(`${name}-${n}`);
});

test('who fails to take a name does not remove the block that has it', LIMIT, async () => {
  using block = new SharedMemory({ create: true, size: 8 });
  block.close();
  const source = `import { SharedMemory } from ${JSON.stringify(
    new URL('../../src/multiprocessing/shared-memory/index.js', import.meta.url).href,
  )};
    new SharedMemory({ create: true, size: 8 });
    try {
      new SharedMemory({ create: true, size: 8, name: '${block.name}' });
    } catch (error) {
      console.log(error.name);
    }
    process.kill(process.pid, 'SIGKILL');`;
  const { stdout } = await runNode(['--input-type=module', '-e', source]);
  assert.equal(stdout, 'SharedMemoryExistsError\n');
  const same = new SharedMemory({ name: block.name });
  same.close();
  same.unlink();
});

test('a block is open to others while its maker has closed it', LIMIT, async () => {
  await using maker = new OtherProgram();
  const name = await maker.ask('make');
  await maker.ask('write', 0, 9);
  await maker.ask('close');
  {
    using block = new SharedMemory({ name });
    assert.equal(block.buf[0], 9);
  }
  assert.ok(isThere(name));
  await maker.end();
  assert.ok(!isThere(name));
});

test('a manager shuts down at the end of a scope, with await or without', LIMIT, () => {
  let name: string;
  {
    using manager = new SharedMemoryManager().start();
    ({ name } = manager.ShareableList(['x']).shm);
    assert.ok(isThere(name));
  }
  assert.ok(!isThere(name));
  new SharedMemoryManager().shutdown();
});

test('a manager stays where it is', LIMIT, async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const given = pool.submit((manager: object) => manager, new SharedMemoryManager());
  await assert.rejects(given.result(), { name: 'NotShareableError' });
});

test('a block prints as what it is, also when it is closed', LIMIT, () => {
  const block = new SharedMemory({ create: true, size: 4096 });
  block.unlink();
  const text = `multiprocessing.SharedMemory (${block.name}, 4096 bytes)`;
  assert.equal(inspect(block), text);
  block.close();
  assert.equal(inspect(block), text);
});
