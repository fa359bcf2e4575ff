// Blocks that Python has made, and Python in blocks that were made here, with whatever version this machine has.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { SharedMemory } from '../../src/multiprocessing/shared-memory/index.ts';
import { isThere } from './other-program.ts';

const found = spawnSync('python3', ['-c', 'from multiprocessing import shared_memory']);
const LIMITS = {
  timeout: 60_000,
  ...(found.status === 0 ? {} : { skip: 'there is no python3 on this machine' }),
};

const maker = `
from multiprocessing import shared_memory
block = shared_memory.SharedMemory(create=True, size=10000)
block.buf[:6] = b'python'
print(block.name, block.size, flush=True)
input()
print(bytes(block.buf[9990:]).decode(), flush=True)
block.close()
block.unlink()
`;

// Before 3.13 whoever attaches removes the block in the end, unless its tracker is told otherwise.
const guest = `
import sys
from multiprocessing import resource_tracker, shared_memory
block = shared_memory.SharedMemory(name=sys.argv[1])
resource_tracker.unregister(block._name, 'shared_memory')
print(bytes(block.buf[:4]).decode(), block.size, flush=True)
block.buf[5000:5006] = b'python'
block.close()
`;

function start(
  program: string,
  ...args: string[]
): { child: ChildProcess; lines: AsyncIterator<string>; ended: Promise<unknown> } {
  const child = spawn('python3', ['-c', program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, lines, ended: once(child, 'close') };
}

test('a block of Python is as any other, and stays Python’s', LIMITS, async () => {
  const { child, lines, ended } = start(maker);
  try {
    const [name = '', size] = String((await lines.next()).value).split(' ');
    const block = new SharedMemory({ name });
    assert.equal(block.size, Number(size));
    assert.equal(Buffer.from(block.buf.subarray(0, 6)).toString(), 'python');
    block.buf.set(Buffer.from('manyhands!'), 9990);
    block.close();
    assert.ok(isThere(name));
    child.stdin?.write('\n');
    assert.equal((await lines.next()).value, 'manyhands!');
    const [code] = (await ended) as [number];
    assert.equal(code, 0);
    assert.ok(!isThere(name));
  } finally {
    child.kill('SIGKILL');
  }
});

test('Python attaches to a block that was made here', LIMITS, async () => {
  using block = new SharedMemory({ create: true, size: 6000 });
  block.buf.set(Buffer.from('here'));
  const { child, lines, ended } = start(guest, block.name);
  try {
    assert.equal((await lines.next()).value, 'here 6000');
    const [code] = (await ended) as [number];
    assert.equal(code, 0);
    assert.equal(Buffer.from(block.buf.subarray(5000, 5006)).toString(), 'python');
    assert.ok(isThere(block.name));
  } finally {
    child.kill('SIGKILL');
  }
  block.unlink();
});
