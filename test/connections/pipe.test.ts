// What pipes have beyond other connections: forms that block, and ends that several may hold.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Pipe } from '../../src/connections/index.ts';
import { BrokenConnectionError, EndOfFileError, InvalidStateError, TimeoutError } from '../../src/index.ts';
import { runNode } from '../tasks/support.ts';

const LIMITS = { timeout: 60_000 };
const index = new URL('../../src/connections/index.js', import.meta.url).href;
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 31) % 251);

test('the forms that block do what the others do', LIMITS, () => {
  const [a, b] = Pipe();
  a.sendSync({ n: 1 });
  assert.equal(b.pollSync(), true);
  assert.deepEqual(b.recvSync(), { n: 1 });
  a.sendBytesSync(bytes(5), 1, 3);
  assert.deepEqual([...b.recvBytesSync()], [...bytes(5).subarray(1, 4)]);
  assert.equal(b.pollSync(), false);
  assert.equal(b.pollSync({ timeout: 1 }), false);
  assert.throws(() => b.recvSync({ timeout: 0 }), TimeoutError);
  assert.throws(() => b.recvSync({ timeout: 1 }), TimeoutError);
  assert.throws(() => b.recvSync({ timeout: -1 }), RangeError);
  a.sendBytesSync(bytes(11));
  assert.throws(() => b.recvBytesSync({ maxLength: 10 }), BrokenConnectionError);
  b.sendSync('last');
  b.close();
  assert.equal(a.recvSync(), 'last');
  assert.throws(() => a.recvSync(), EndOfFileError);
  assert.equal(a.pollSync(), true);
  assert.throws(() => a.sendSync(1), BrokenConnectionError);
  a.close();
  for (const use of [() => a.recvSync(), () => a.sendSync(1), () => a.pollSync()]) {
    assert.throws(use, InvalidStateError);
  }
});

test('both forms mix on one end, in order', LIMITS, async () => {
  const [a, b] = Pipe();
  const first = b.recv();
  const second = b.recv();
  for (let value = 1; value <= 4; value += 1) a.sendSync(value);
  assert.equal(b.recvSync(), 3);
  assert.deepEqual(await Promise.all([first, second]), [1, 2]);
  assert.equal(await b.recv(), 4);
  a.close();
  b.close();
});

test('who blocks in vain leaves the others their turn', LIMITS, async () => {
  const [a, b] = Pipe();
  const waiting = b.recv();
  assert.throws(() => b.recvSync({ timeout: 1 }), TimeoutError);
  await a.send('for the one that waits');
  assert.equal(await waiting, 'for the one that waits');
  a.close();
  b.close();
});

test(
  'a message of which who blocked saw a part goes on in the event loop, and the other way round',
  LIMITS,
  async () => {
    const [a, b] = Pipe();
    const large = bytes(1_000_000);
    for (let round = 0; round < 3; round += 1) {
      const sending = a.sendBytes(large);
      // The pipe holds the beginning; the rest is written by the event loop, which does not turn.
      assert.throws(() => b.recvBytesSync({ timeout: 1 }), TimeoutError);
      const controller = new AbortController();
      const given = assert.rejects(b.recvBytes({ signal: controller.signal }));
      // In a turn of the loop no more is written than the pipe holds, so this is in the middle.
      for (let turns = 0; turns < 4; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      await given;
      assert.throws(() => b.recvBytesSync({ timeout: 0 }), TimeoutError);
      assert.ok(Buffer.from(large).equals(await b.recvBytes()));
      await sending;
      a.sendSync(round);
      assert.equal(await b.recv(), round);
    }
    a.close();
    b.close();
  },
);

test(
  'nothing is read ahead, so that several may receive at one end, one after the other',
  LIMITS,
  async () => {
    const [receiver, sender] = Pipe({ duplex: false });
    for (let value = 0; value < 5; value += 1) await sender.send(value);
    assert.equal(await receiver.recv(), 0);
    assert.equal(await receiver.poll({ timeout: 10 }), true);
    // Blocking reads look at the kernel alone.
    for (let value = 1; value < 5; value += 1) assert.equal(receiver.recvSync({ timeout: 0 }), value);
    assert.equal(await receiver.poll(), false);
    receiver.close();
    sender.close();
  },
);

test('one that blocks does not overtake those that wait to send', LIMITS, async () => {
  const [a, b] = Pipe();
  const sending = a.sendBytes(bytes(1_000_000));
  assert.throws(() => a.sendSync(1), InvalidStateError);
  await b.recvBytes();
  await sending;
  a.sendSync(1);
  assert.equal(b.recvSync(), 1);
  a.close();
  b.close();
});

test('a one-way pipe goes one way', LIMITS, async () => {
  const [receiver, sender] = Pipe({ duplex: false });
  assert.deepEqual([receiver.readable, receiver.writable], [true, false]);
  assert.deepEqual([sender.readable, sender.writable], [false, true]);
  assert.throws(() => receiver.sendSync(1), InvalidStateError);
  assert.throws(() => sender.recvSync(), InvalidStateError);
  assert.throws(() => sender.pollSync(), InvalidStateError);
  await assert.rejects(sender.poll(), InvalidStateError);
  sender.close();
  receiver.close();
  assert.throws(() => Pipe({ duplex: 1 as never }), TypeError);
  assert.throws(() => Pipe({ simplex: true } as never), TypeError);
});

test('closing leaves no descriptors', LIMITS, async () => {
  const count = (): number => readdirSync('/proc/self/fd').length;
  const round = async (): Promise<void> => {
    const [a, b] = Pipe();
    const waiting = b.recv();
    await a.send(1);
    await waiting;
    await assert.rejects(b.recv({ timeout: 1 }));
    assert.equal(await b.poll({ timeout: 1 }), false);
    const sending = b.sendBytes(bytes(300_000));
    await a.recvBytes();
    await sending;
    a.close();
    await assert.rejects(b.recv());
    b.close();
  };
  await round();
  const before = count();
  for (let rounds = 0; rounds < 20; rounds += 1) await round();
  // Sockets close theirs in the next turns of the loop.
  for (let turns = 0; turns < 100 && count() > before; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(count() <= before, `${count()} descriptors, ${before} before`);
});

test('an open pipe does not hold the process open, and who waits on one does', LIMITS, async () => {
  const idle = `
    const { Pipe } = await import(${JSON.stringify(index)});
    const [a, b] = Pipe();
    await a.send(1); console.log(await b.recv());`;
  const { code, stdout, stderr } = await runNode(['--input-type=module', '-e', idle]);
  assert.deepEqual([code, stdout], [0, '1\n'], stderr);
  const waits = `
    const { Pipe } = await import(${JSON.stringify(index)});
    const [a, b] = Pipe();
    setTimeout(() => a.send('came'), 50).unref();
    setTimeout(() => a.send('polled'), 100).unref();
    console.log(await b.recv(), await b.poll({ timeout: Infinity }));`;
  const waited = await runNode(['--input-type=module', '-e', waits]);
  // The timer alone would not have held it.
  assert.deepEqual([waited.code, waited.stdout], [0, 'came true\n'], waited.stderr);
});

test('a thread that blocks on a pipe can be terminated', LIMITS, async () => {
  const program = `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(index)}).then(({ Pipe }) => {
      const [a, b] = Pipe();
      parentPort.postMessage('blocks');
      b.recvSync();
    });`;
  const worker = new Worker(program, { eval: true });
  await new Promise((resolve) => worker.once('message', resolve));
  assert.equal(await worker.terminate(), 1);
});
