// What holds for all connections, whatever carries them.
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { Connection } from '../../src/connections/index.ts';
import {
  BrokenConnectionError,
  BufferTooShortError,
  EndOfFileError,
  InvalidStateError,
  NotShareableError,
  TimeoutError,
} from '../../src/index.ts';
import { testOnPairs, until } from './support.ts';

const bytes = (length: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 31 + seed) % 251);

testOnPairs('values arrive as copies, in both directions', async (a, b) => {
  const value = {
    map: new Map([[1n, new Date(5)]]),
    list: [1, undefined, 'three'],
    error: new RangeError('no'),
  };
  const sent = a.send(value);
  value.map.clear();
  const copy = (await b.recv()) as typeof value;
  await sent;
  assert.deepEqual(copy.map, new Map([[1n, new Date(5)]]));
  assert.deepEqual(copy.list, [1, undefined, 'three']);
  assert.ok(copy.error instanceof RangeError);
  await b.send(undefined);
  assert.equal(await a.recv(), undefined);
});

testOnPairs('what cannot cross is refused, and nothing is sent', async (a, b) => {
  await assert.rejects(a.send({ call: () => 1 }), (error) => {
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /value\.call/);
    return true;
  });
  await a.send('next');
  assert.equal(await b.recv(), 'next');
});

testOnPairs('messages of all sizes keep their bytes and their borders', async (a, b) => {
  const sizes = [
    0,
    1,
    3,
    4,
    5,
    4092,
    4096,
    16_383,
    16_384,
    65_535,
    65_536,
    1_000_000,
    0,
    2 ** 20 + 1,
    3_500_000,
  ];
  const sending = (async () => {
    for (const size of sizes) await a.sendBytes(bytes(size, size));
  })();
  for (const size of sizes) {
    const message = await b.recvBytes();
    assert.equal(message.length, size);
    assert.ok(Buffer.from(bytes(size, size)).equals(message));
  }
  await sending;
});

testOnPairs('many sends at once arrive in order, also while nobody reads', async (a, b) => {
  const sends = Array.from({ length: 300 }, (_, index) => a.sendBytes(bytes(1 + index * 7, index)));
  for (let index = 0; index < 300; index += 1) {
    assert.deepEqual(Buffer.from(await b.recvBytes()), Buffer.from(bytes(1 + index * 7, index)));
  }
  await Promise.all(sends);
});

testOnPairs('those who wait are served in the order of their calls', async (a, b) => {
  const order: string[] = [];
  const note =
    (who: string) =>
    (what: unknown): void =>
      void order.push(`${who} ${String(what)}`);
  const waits = [
    b.recv().then(note('first')),
    b.poll({ timeout: Infinity }).then(note('poll')),
    b.recv().then(note('second')),
    b.recv().then(note('third')),
  ];
  for (const value of ['one', 'two', 'three']) await a.send(value);
  await Promise.all(waits);
  assert.deepEqual(order.toSorted(), ['first one', 'poll true', 'second two', 'third three']);
});

testOnPairs('a wait that is given up consumes nothing', async (a, b) => {
  await assert.rejects(b.recv({ timeout: 0 }), TimeoutError);
  await assert.rejects(b.recv({ timeout: 1 }), TimeoutError);
  const controller = new AbortController();
  const reason = new Error('enough');
  const aborted = assert.rejects(b.recv({ signal: controller.signal }), (error) => error === reason);
  const patient = b.recv();
  controller.abort(reason);
  await aborted;
  await assert.rejects(b.recv({ signal: controller.signal }), (error) => error === reason);
  await a.send('for the patient');
  assert.equal(await patient, 'for the patient');
});

testOnPairs('a message of which the wait saw the beginning goes to the next, whole', async (a, b) => {
  const large = bytes(3_000_000);
  const controller = new AbortController();
  const given = assert.rejects(b.recvBytes({ signal: controller.signal }));
  const sending = a.sendBytes(large);
  // Some of it has come.
  await b.poll({ timeout: Infinity, signal: AbortSignal.timeout(1) }).catch(() => undefined);
  controller.abort();
  await given;
  assert.equal(await b.poll({ timeout: Infinity }), true);
  assert.ok(Buffer.from(large).equals(await b.recvBytes()));
  await sending;
});

testOnPairs('recv with a timeout of 0 takes what is there', async (a, b) => {
  await a.send('there');
  await b.poll({ timeout: Infinity });
  assert.equal(await b.recv({ timeout: 0 }), 'there');
});

testOnPairs('poll tells of messages and of the end, and takes neither', async (a, b) => {
  assert.equal(await b.poll(), false);
  assert.equal(await b.poll({ timeout: 1 }), false);
  const waiting = b.poll({ timeout: Infinity });
  await a.send('x');
  assert.equal(await waiting, true);
  assert.equal(await b.poll(), true);
  assert.equal(await b.recv(), 'x');
  assert.equal(await b.poll(), false);
  a.close();
  assert.equal(await b.poll({ timeout: Infinity }), true);
  assert.equal(await b.poll(), true);
  await assert.rejects(b.recv(), EndOfFileError);
  await assert.rejects(b.poll({ timeout: -1 }), RangeError);
  const { signal } = new AbortController();
  await assert.rejects(b.poll({ timeout: Number.NaN, signal }), RangeError);
});

testOnPairs('poll is aborted by its signal', async (_a, b) => {
  const controller = new AbortController();
  const waiting = b.poll({ timeout: Infinity, signal: controller.signal });
  const timeoutOfTheCaller = new TimeoutError('mine');
  controller.abort(timeoutOfTheCaller);
  await assert.rejects(waiting, (error) => error === timeoutOfTheCaller);
  await assert.rejects(b.poll({ signal: controller.signal }), (error) => error === timeoutOfTheCaller);
});

testOnPairs('after the last message comes the end, and comes again', async (a, b) => {
  await a.send('last');
  a.close();
  assert.equal(await b.recv(), 'last');
  for (let times = 0; times < 2; times += 1) {
    await assert.rejects(b.recv(), { name: 'EndOfFileError', code: 'MANYHANDS_END_OF_FILE' });
  }
});

testOnPairs('all who wait hear of the end', async (a, b) => {
  const waits = [b.recv(), b.recvBytes(), b.recv()].map((wait) => assert.rejects(wait, EndOfFileError));
  a.close();
  await Promise.all(waits);
});

testOnPairs('who sends to nobody is told', async (a, b) => {
  b.close();
  // A socket takes the first message before it has heard that nobody is there.
  await assert.rejects(async () => {
    for (;;) await a.sendBytes(bytes(100_000));
  }, BrokenConnectionError);
});

testOnPairs('iterating ends with the connection', async (a, b) => {
  for (const value of [1, 'two', [3]]) await a.send(value);
  a.close();
  const values: unknown[] = [];
  for await (const value of b) values.push(value);
  assert.deepEqual(values, [1, 'two', [3]]);
});

testOnPairs('iterating ends when one closes it oneself', async (_a, b) => {
  const iterating = (async () => {
    for await (const _ of b) assert.fail('nothing was sent');
  })();
  b.close();
  await iterating;
});

testOnPairs('closed is closed', async (a, b) => {
  const pending = assert.rejects(b.recv(), InvalidStateError);
  assert.deepEqual([b.closed, b.readable, b.writable], [false, true, true]);
  b.close();
  b.close();
  await pending;
  assert.deepEqual([b.closed, b.readable, b.writable], [true, false, false]);
  for (const use of [
    () => b.recv(),
    () => b.send(1),
    () => b.poll(),
    () => b.recvBytes(),
    () => b.sendBytes(new Uint8Array(1)),
    () => b.recvBytesInto(new Uint8Array(1)),
  ]) {
    await assert.rejects(use, { name: 'InvalidStateError', message: 'The connection is closed' });
  }
  await assert.rejects(a.recv(), EndOfFileError);
});

testOnPairs('what is being sent when it is closed still arrives', async (a, b) => {
  const large = bytes(2_000_000);
  const sending = a.sendBytes(large);
  a.close();
  assert.ok(Buffer.from(large).equals(await b.recvBytes()));
  await sending;
  await assert.rejects(b.recv(), EndOfFileError);
});

testOnPairs('using closes it', async (a, b) => {
  {
    await using own = a;
    assert.equal(own.closed, false);
  }
  assert.equal(a.closed, true);
  {
    using own = b;
    assert.equal(own.closed, false);
  }
  assert.equal(b.closed, true);
});

testOnPairs('recvBytesInto fills a buffer, or gives what does not fit', async (a, b) => {
  await a.sendBytes(Uint8Array.of(1, 2, 3));
  const room = new Uint16Array(4);
  assert.equal(await b.recvBytesInto(room, 2), 3);
  assert.deepEqual([...new Uint8Array(room.buffer)], [0, 0, 1, 2, 3, 0, 0, 0]);
  await a.sendBytes(Uint8Array.of(1, 2, 3));
  await assert.rejects(b.recvBytesInto(new Uint8Array(4), 2), (error) => {
    assert.ok(error instanceof BufferTooShortError);
    assert.deepEqual([...error.data], [1, 2, 3]);
    return true;
  });
  await assert.rejects(b.recvBytesInto(new Uint8Array(4), 5), RangeError);
  await a.send('and on');
  assert.equal(await b.recv(), 'and on');
});

testOnPairs('a message above maxLength is refused, and nothing can be received after it', async (a, b) => {
  await a.sendBytes(bytes(10));
  await a.sendBytes(bytes(11));
  assert.equal((await b.recvBytes({ maxLength: 10 })).length, 10);
  await assert.rejects(b.recvBytes({ maxLength: 10 }), /message of 11 bytes .* at most 10/);
  assert.equal(b.readable, false);
  await assert.rejects(b.recv(), BrokenConnectionError);
  assert.equal(b.writable, true);
  await b.send('still');
  assert.equal(await a.recv(), 'still');
  await assert.rejects(b.recvBytes({ maxLength: -1 }), RangeError);
});

testOnPairs('bytes are no value', async (a, b) => {
  await a.sendBytes(Buffer.from('hello'));
  await assert.rejects(b.recv(), { name: 'BrokenConnectionError', message: /5 bytes holds no value/ });
  await a.send('the next is one');
  assert.equal(await b.recv(), 'the next is one');
});

testOnPairs('sendBytes takes a part of any buffer', async (a, b) => {
  const words = Uint16Array.of(0x0201, 0x0403, 0x0605);
  await a.sendBytes(words, 1, 3);
  assert.deepEqual([...(await b.recvBytes())], [2, 3, 4]);
  await a.sendBytes(words.buffer, 4);
  assert.deepEqual([...(await b.recvBytes())], [5, 6]);
  await a.sendBytes(words, 6);
  assert.equal((await b.recvBytes()).length, 0);
  for (const [offset, size] of [[7], [-1], [0, 7], [3, 4], [0, -1], [0.5]] as const) {
    await assert.rejects(
      () => a.sendBytes(words, offset, size),
      (error) => error instanceof RangeError || error instanceof TypeError,
    );
  }
  await assert.rejects(() => a.sendBytes('text' as never), TypeError);
});

testOnPairs('a peer that nobody reads from is held up, not stored', async (a, b) => {
  let taken = 0;
  const chunk = bytes(60_000);
  let held = false;
  const sending = (async () => {
    for (let count = 0; count < 1000; count += 1) {
      await a.sendBytes(chunk);
      taken += 1;
    }
  })();
  // Both sides get all the turns that they want, and it comes to a stop.
  for (let still = 0, last = -1; still < 50; last = taken) {
    await new Promise((resolve) => setImmediate(resolve));
    still = taken === last ? still + 1 : 0;
  }
  held = taken < 200;
  assert.ok(held, `${taken} messages of 60 kB were taken by nobody`);
  for (let count = 0; count < 1000; count += 1) assert.equal((await b.recvBytes()).length, 60_000);
  await sending;
});

testOnPairs(
  'a message above maxMessageBytes is refused by its header',
  async (a, b) => {
    const sending = a.sendBytes(bytes(1001)).catch(() => undefined);
    await assert.rejects(b.recv(), /message of 1001 bytes .* at most 1000/);
    await sending;
    assert.equal(b.readable, false);
  },
  { kinds: ['unix', 'tcp'], maxMessageBytes: 1000 },
);

test('a connection is made of a socket, and of nothing else', () => {
  for (const bad of [-1, 3, null, undefined, {}, 'socket']) {
    assert.throws(() => new Connection(bad as never), TypeError);
  }
  assert.throws(() => new Connection(new Socket(), { maxMessageBytes: -1 }), RangeError);
  assert.throws(() => new Connection(new Socket(), { limit: 1 } as never), TypeError);
});

test('a connection of a socket that is gone says so', { timeout: 30_000 }, async () => {
  const socket = new Socket();
  socket.destroy();
  const connection = new Connection(socket);
  let closed = false;
  socket.on('close', () => (closed = true));
  await until(() => closed || socket.closed);
  await assert.rejects(connection.send(1), BrokenConnectionError);
  await assert.rejects(connection.recv(), EndOfFileError);
});
