// The cases about connections of CPython's _test_multiprocessing.py.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { Socket } from 'node:net';
import { test } from 'node:test';
import {
  answerChallenge,
  Client,
  Connection,
  deliverChallenge,
  Listener,
  Pipe,
  type PipeConnection,
  wait,
} from '../../../src/connections/index.ts';
import {
  AuthenticationError,
  EndOfFileError,
  InvalidStateError,
  ProcessPoolExecutor,
} from '../../../src/index.ts';
import { echo, pollOnly, receiveOne, sendAll, sendAllTo } from '../../connections/fixtures/tasks.ts';

const LIMITS = { timeout: 60_000 };
const FAMILIES = ['unix', 'tcp'] as const;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test('_TestConnection.test_duplex_false: a one-way pipe goes one way, and says so', LIMITS, async () => {
  const [reader, writer] = Pipe({ duplex: false });
  await writer.send(1);
  assert.equal(await reader.recv(), 1);
  assert.deepEqual(
    [reader.readable, reader.writable, writer.readable, writer.writable],
    [true, false, false, true],
  );
  await assert.rejects(reader.send(2), InvalidStateError);
  await assert.rejects(writer.recv(), InvalidStateError);
  await assert.rejects(writer.poll(), InvalidStateError);
  reader.close();
  writer.close();
});

test('_TestConnection.test_spawn_close: who passed an end on may close it right away', LIMITS, async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const [ours, theirs] = Pipe();
  const task = pool.submit(echo, theirs);
  theirs.close();
  await ours.sendBytes(Buffer.from('hello'));
  ours.close();
  // Bytes are no value, so the echo fails; it had the end, and has read it.
  await assert.rejects(Promise.resolve(task), { name: 'BrokenConnectionError' });
});

test('_TestConnection.test_sendbytes: parts of buffers, with their limits checked', LIMITS, async () => {
  const [a, b] = Pipe();
  const letters = Buffer.from('abcdefghijklmnopqrstuvwxyz');
  const cases: ReadonlyArray<readonly [string, number?, number?]> = [
    [letters.toString()],
    ['fghijklmnopqrstuvwxyz', 5],
    ['hijklmno', 7, 8],
    ['', 26],
    ['', 26, 0],
    ['', 5, 0],
  ];
  for (const [expected, offset, size] of cases) {
    await a.sendBytes(letters, offset, size);
    assert.equal(text(await b.recvBytes()), expected);
  }
  for (const [offset, size] of [[27], [22, 5], [26, 1], [-1], [4, -1]] as const) {
    await assert.rejects(a.sendBytes(letters, offset, size), RangeError);
  }
  a.close();
  b.close();
});

test('_TestConnection.test_context: leaving the block closes it', LIMITS, async () => {
  const [a, b] = Pipe();
  {
    using first = a;
    await using second = b;
    await first.send(1729);
    assert.equal(await second.recv(), 1729);
    assert.equal(first.closed, false);
  }
  assert.equal(a.closed && b.closed, true);
  await assert.rejects(b.recv(), InvalidStateError);
  await assert.rejects(a.send(1), InvalidStateError);
});

test('_TestListener.test_multiple_bind: an address is bound once', LIMITS, async () => {
  for (const family of FAMILIES) {
    await using listener = await Listener.listen({ family });
    await assert.rejects(Listener.listen({ address: listener.address, family }), { code: 'EADDRINUSE' });
  }
});

test('_TestListener.test_context: listener, client and connection as blocks', LIMITS, async () => {
  const listener = await Listener.listen();
  {
    await using _listener = listener;
    await using client = await Client(listener.address);
    await using connection = await listener.accept();
    await client.send(1729);
    assert.equal(await connection.recv(), 1729);
  }
  await assert.rejects(listener.accept(), InvalidStateError);
});

test('_TestListener.test_empty_authkey: the empty key is a key', LIMITS, async () => {
  await using listener = await Listener.listen({ authkey: '' });
  const accepted = listener.accept();
  await assert.rejects(Client(listener.address, { authkey: 'another' }), AuthenticationError);
  using client = await Client(listener.address, { authkey: new Uint8Array(0) });
  (await accepted).close();
  await assert.rejects(client.recv(), EndOfFileError);
});

test('_TestListener.test_abstract_socket: names outside of the file system', {
  ...LIMITS,
  ...(process.platform === 'linux' ? {} : { skip: 'only Linux has such names' }),
}, async () => {
  await using listener = await Listener.listen({ address: `\0manyhands-test-${process.pid}`, authkey: 'k' });
  const accepted = listener.accept();
  using client = await Client(listener.address, { authkey: 'k' });
  using connection = await accepted;
  await client.send('x');
  assert.equal(await connection.recv(), 'x');
  assert.equal(listener.lastAccepted, '');
});

test('_TestListenerClient.test_listener_client: a process connects, in every family', LIMITS, async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  for (const family of FAMILIES) {
    await using listener = await Listener.listen({ family });
    const task = pool.submit(sendAllTo, listener.address, ['hello']);
    using connection = await listener.accept();
    assert.equal(await connection.recv(), 'hello');
    await task;
  }
});

test(
  '_TestListenerClient.test_issue14725: what was written before accept is there, though its writer is gone',
  LIMITS,
  async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    for (const family of FAMILIES) {
      await using listener = await Listener.listen({ family });
      await pool.submit(sendAllTo, listener.address, ['hello']);
      using connection = await listener.accept();
      assert.equal(await connection.recv(), 'hello');
      await assert.rejects(connection.recv(), EndOfFileError);
    }
  },
);

test('_TestListenerClient.test_issue16955: poll sees what came, in every family', LIMITS, async () => {
  for (const family of FAMILIES) {
    await using listener = await Listener.listen({ family });
    using client = await Client(listener.address);
    using connection = await listener.accept();
    await client.sendBytes(Buffer.from('hello'));
    assert.equal(await connection.poll({ timeout: 10_000 }), true);
    await connection.sendBytes(Buffer.from('hello'));
    assert.equal(await client.poll({ timeout: 10_000 }), true);
  }
});

test('_TestPoll.test_empty_string: an empty message is there until it is read', LIMITS, async () => {
  const [a, b] = Pipe();
  assert.equal(await a.poll(), false);
  await b.sendBytes(Buffer.alloc(0));
  assert.equal(await a.poll(), true);
  assert.equal(await a.poll(), true);
  assert.equal((await a.recvBytes()).length, 0);
  assert.equal(await a.poll(), false);
  a.close();
  b.close();
});

test('_TestPoll.test_strings: polling and receiving gives all, the empty ones too', LIMITS, async () => {
  const [reader, writer] = Pipe({ duplex: false });
  const strings = ['hello', '', 'a', 'b', '', 'bye', '', 'lop'];
  const sending = sendAll(writer, strings);
  const received: unknown[] = [];
  while (received.length < strings.length) {
    if (await reader.poll({ timeout: 5 })) received.push(await reader.recv());
  }
  assert.deepEqual(received, strings);
  await sending;
  reader.close();
});

test('_TestPoll.test_boundaries: who polls takes nothing from the others', LIMITS, async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const [reader, writer] = Pipe({ duplex: false });
  const polling = pool.submit(pollOnly, reader);
  const messages = [0x61, 0x62, 0x63, 0x64].map((letter) => Buffer.alloc(10_000, letter));
  for (const message of messages) await writer.sendBytes(message);
  writer.close();
  assert.equal(await polling, true);
  for (const message of messages) assert.deepEqual(await reader.recvBytes(), message);
  reader.close();
});

test('_TestPoll.test_dont_merge: messages stay apart', LIMITS, async () => {
  const [a, b] = Pipe();
  await b.sendBytes(Buffer.from('a'));
  await b.sendBytes(Buffer.from('b'));
  await b.sendBytes(Buffer.from('cd'));
  for (const expected of ['a', 'b', 'cd']) {
    assert.equal(await a.poll(), true);
    assert.equal(await a.poll({ timeout: Infinity }), true);
    assert.equal(text(await a.recvBytes()), expected);
  }
  assert.equal(await a.poll(), false);
  a.close();
  b.close();
});

test(
  '_TestPicklingConnections.test_access: ends that went through a pipe receive and send',
  LIMITS,
  async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    const [reader, ours] = Pipe({ duplex: false });
    const receiving = pool.submit(receiveOne, reader);
    reader.close();
    await ours.send('all right');
    ours.close();
    assert.equal(await receiving, 'all right');
    const [mine, writer] = Pipe({ duplex: false });
    const sending = pool.submit(sendAll, writer, ['foo', 'bar']);
    writer.close();
    assert.deepEqual([await mine.recv(), await mine.recv()], ['foo', 'bar']);
    await assert.rejects(mine.recv(), EndOfFileError);
    await sending;
    mine.close();
  },
);

test('TestInvalidHandle.test_invalid_handles: what is no socket makes no connection', LIMITS, async () => {
  assert.throws(() => new Connection(-1 as never), TypeError);
  const connection = new Connection(new Socket().destroy());
  await assert.rejects(connection.send(1), { name: 'BrokenConnectionError' });
});

/** Two ends, of which the first does what it is told, and the second plays the other side. */
async function against(
  ours: (connection: Connection) => Promise<void>,
  theirs: (connection: PipeConnection) => Promise<void>,
): Promise<void> {
  const [a, b] = Pipe();
  try {
    await Promise.all([ours(a), theirs(b)]);
  } finally {
    a.close();
    b.close();
  }
}

test('OtherTest.test_deliver_challenge_auth_failure: a wrong reply is not accepted', LIMITS, async () => {
  await against(
    (ours) => assert.rejects(deliverChallenge(ours, 'abc'), AuthenticationError),
    async (theirs) => {
      await theirs.recvBytes();
      await theirs.sendBytes(Buffer.from('something bogus'));
      assert.equal(text(await theirs.recvBytes()), '#FAILURE#');
    },
  );
});

test(
  'OtherTest.test_answer_challenge_auth_failure: a reply that is not accepted is known to be',
  LIMITS,
  async () => {
    await against(
      (ours) => assert.rejects(answerChallenge(ours, 'abc'), AuthenticationError),
      async (theirs) => {
        await theirs.sendBytes(Buffer.concat([Buffer.from('#CHALLENGE#{sha256}'), Buffer.alloc(40)]));
        await theirs.recvBytes();
        await theirs.sendBytes(Buffer.from('something bogus'));
      },
    );
  },
);

test(
  'ChallengeResponseTest.test_challengeresponse: each digest is answered in its form',
  LIMITS,
  async () => {
    const key = Buffer.from('foo');
    const forms = [
      { challenge: Buffer.alloc(20, 1), digest: 'md5', prefix: '' },
      {
        challenge: Buffer.concat([Buffer.from('{md5}'), Buffer.alloc(40, 2)]),
        digest: 'md5',
        prefix: '{md5}',
      },
      {
        challenge: Buffer.concat([Buffer.from('{sha256}'), Buffer.alloc(40, 3)]),
        digest: 'sha256',
        prefix: '{sha256}',
      },
      {
        challenge: Buffer.concat([Buffer.from('{sha3_384}'), Buffer.alloc(40, 4)]),
        digest: 'sha3-384',
        prefix: '{sha3_384}',
      },
    ];
    for (const { challenge, digest, prefix } of forms) {
      await against(
        (ours) => answerChallenge(ours, key, { legacyDigest: true }),
        async (theirs) => {
          await theirs.sendBytes(Buffer.concat([Buffer.from('#CHALLENGE#'), challenge]));
          const right = createHmac(digest, key).update(challenge).digest();
          assert.deepEqual(await theirs.recvBytes(), Buffer.concat([Buffer.from(prefix), right]));
          await theirs.sendBytes(Buffer.from('#WELCOME#'));
        },
      );
    }
  },
);

/** Everything that comes on these, until the last of them ends. */
async function drain(connections: readonly Connection[]): Promise<unknown[]> {
  const open = new Set(connections);
  const received: unknown[] = [];
  while (open.size > 0) {
    const ready = await wait(open);
    assert.ok(ready.length > 0);
    for (const connection of ready) {
      try {
        received.push(await connection.recv());
      } catch (error) {
        assert.ok(error instanceof EndOfFileError);
        open.delete(connection);
        connection.close();
      }
    }
  }
  return received;
}

const numbered = (from: number): readonly [number, number][] =>
  Array.from({ length: 10 }, (_, index) => [index, from]);
const everything = [0, 1, 2, 3].flatMap(numbered).toSorted();

for (const [row, pause] of [
  ['TestWait.test_wait', false],
  ['TestWait.test_wait_slow', true],
] as const) {
  test(`${row}: four processes send, and nothing is missed`, LIMITS, async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: pause ? 1 : 4 });
    const readers: Connection[] = [];
    for (let sender = 0; sender < 4; sender += 1) {
      const [reader, writer] = Pipe({ duplex: false });
      readers.push(reader);
      // One after the other, where there is but one worker: the last ones are slow.
      void pool.submit(sendAll, writer, numbered(sender));
      writer.close();
    }
    assert.deepEqual((await drain(readers)).toSorted(), everything);
  });
}

for (const [row, workers] of [
  ['TestWait.test_wait_socket', 4],
  ['TestWait.test_wait_socket_slow', 1],
] as const) {
  test(`${row}: four processes connect and send`, LIMITS, async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: workers });
    await using listener = await Listener.listen({ family: 'tcp' });
    for (let sender = 0; sender < 4; sender += 1)
      void pool.submit(sendAllTo, listener.address, numbered(sender));
    const readers: Connection[] = [];
    while (readers.length < 4) {
      assert.deepEqual(await wait([listener]), [listener]);
      readers.push(await listener.accept());
    }
    assert.deepEqual((await drain(readers)).toSorted(), everything);
  });
}

test(
  'TestWait.test_wait_timeout: none when the time is over, then the one that is ready',
  LIMITS,
  async () => {
    const [a, b] = Pipe();
    assert.deepEqual(await wait([a, b], { timeout: 20 }), []);
    await b.send(undefined);
    assert.deepEqual(await wait([a, b], { timeout: 20_000 }), [a]);
    a.close();
    b.close();
  },
);

test('TestWait.test_wait_integer: what has a sentinel is ready when that is', LIMITS, async () => {
  let ready = false;
  const [a, b] = Pipe();
  const [end, ended] = Pipe({ duplex: false });
  const sentinel = { poll: async (options: object) => (ready ? true : await end.poll(options)) };
  const process = { sentinel };
  assert.deepEqual(await wait([a, process], { timeout: 0 }), []);
  const waiting = wait([a, process, b]);
  ready = true;
  ended.close();
  assert.deepEqual(await waiting, [process]);
  await a.send(1);
  assert.deepEqual(await wait([a, process, sentinel, b]), [process, sentinel, b]);
  await assert.rejects(wait([1 as never]), TypeError);
  const reason = new Error('enough');
  const controller = new AbortController();
  const aborted = assert.rejects(wait([a], { signal: controller.signal }), (error) => error === reason);
  controller.abort(reason);
  await aborted;
  for (const connection of [a, b, end]) connection.close();
  await assert.rejects(wait([a]), InvalidStateError);
});

test('TestWait.test_neg_timeout: a negative time is refused, 0 looks once', LIMITS, async () => {
  const [a, b] = Pipe();
  await assert.rejects(wait([a], { timeout: -1 }), RangeError);
  assert.deepEqual(await wait([a], { timeout: 0 }), []);
  a.close();
  b.close();
});

test('TestInvalidFamily.test_invalid_family: an address of another system is refused', {
  ...LIMITS,
  ...(process.platform === 'win32' ? { skip: 'there it is no other system' } : {}),
}, async () => {
  await assert.rejects(Listener.listen({ address: '\\\\.\\test' }), RangeError);
  await assert.rejects(Client('\\\\.\\pipe\\test'), RangeError);
});
