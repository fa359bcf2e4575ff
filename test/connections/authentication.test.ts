// The handshake, byte for byte, and peers who do not have the key.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { answerChallenge, Client, deliverChallenge, Listener, Pipe } from '../../src/connections/index.ts';
import { AuthenticationError, TimeoutError } from '../../src/index.ts';
import { dial, hungUp, message, messagesOf } from './support.ts';

const LIMITS = { timeout: 30_000 };
const key = Buffer.from('a key');
const hmac = (digest: string, text: Uint8Array, secret: Uint8Array = key): Buffer =>
  createHmac(digest, secret).update(text).digest();

/** A listener with the key, and a socket to it; `rejected` resolves to why the first peer was turned away. */
async function scene(
  body: (
    listener: Listener,
    socket: Socket,
    messages: AsyncGenerator<Buffer>,
    rejected: Promise<unknown>,
  ) => Promise<void>,
): Promise<void> {
  let reject: (error: unknown) => void;
  const rejected = new Promise<unknown>((resolve) => (reject = resolve));
  await using listener = await Listener.listen({ authkey: key, onRejected: (error) => reject(error) });
  const socket = await dial(listener.address);
  try {
    await body(listener, socket, messagesOf(socket), rejected);
  } finally {
    socket.destroy();
  }
}

async function next(messages: AsyncGenerator<Buffer>): Promise<Buffer> {
  const { value, done } = await messages.next();
  assert.ok(!done, 'the other side hung up');
  return value;
}

test('a listener speaks as CPython does', LIMITS, async () => {
  await scene(async (listener, socket, messages) => {
    const accepted = listener.accept();
    const challenge = await next(messages);
    assert.equal(challenge.length, 11 + 8 + 40);
    assert.equal(challenge.subarray(0, 19).toString(), '#CHALLENGE#{sha256}');
    socket.write(message(Buffer.concat([Buffer.from('{sha256}'), hmac('sha256', challenge.subarray(11))])));
    assert.equal((await next(messages)).toString(), '#WELCOME#');
    const ours = Buffer.concat([Buffer.from('{sha256}'), Buffer.alloc(40, 7)]);
    socket.write(message(Buffer.concat([Buffer.from('#CHALLENGE#'), ours])));
    assert.deepEqual(await next(messages), Buffer.concat([Buffer.from('{sha256}'), hmac('sha256', ours)]));
    socket.write(message('#WELCOME#'));
    using connection = await accepted;
    socket.write(message('first'));
    assert.equal(Buffer.from(await connection.recvBytes()).toString(), 'first');
  });
});

test('two with the same key find together; the empty key is one', LIMITS, async () => {
  for (const authkey of ['', 'secret', Uint8Array.of(0, 255)]) {
    await using listener = await Listener.listen({ authkey });
    const [client, accepted] = await Promise.all([Client(listener.address, { authkey }), listener.accept()]);
    await client.send('hello');
    assert.equal(await accepted.recv(), 'hello');
    client.close();
    accepted.close();
  }
});

test('a key of another type is a TypeError, before anything is bound, and is not shown', LIMITS, async () => {
  for (const authkey of [1234, {}, null, ['s']]) {
    await assert.rejects(Listener.listen({ authkey: authkey as never }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.doesNotMatch(error.message, /1234/);
      return true;
    });
    await assert.rejects(Client('/nowhere', { authkey: authkey as never }), TypeError);
  }
  const [a, b] = Pipe();
  await assert.rejects(deliverChallenge(a, undefined as never), TypeError);
  a.close();
  b.close();
});

test('a wrong key is told to both, and the next one gets in', LIMITS, async () => {
  const rejections: unknown[] = [];
  await using listener = await Listener.listen({
    authkey: key,
    onRejected: (error) => rejections.push(error),
  });
  const accepted = listener.accept();
  await assert.rejects(Client(listener.address, { authkey: 'another' }), AuthenticationError);
  using client = await Client(listener.address, { authkey: key });
  using connection = await accepted;
  await client.send(1);
  assert.equal(await connection.recv(), 1);
  assert.equal(rejections.length, 1);
  assert.ok(rejections[0] instanceof AuthenticationError);
});

test('a listener that does not have the key is not talked to', LIMITS, async () => {
  // It lets everybody in.
  const impostor = createServer(async (socket) => {
    socket.on('error', () => undefined);
    const messages = messagesOf(socket);
    socket.write(message(Buffer.concat([Buffer.from('#CHALLENGE#{sha256}'), Buffer.alloc(40, 1)])));
    await messages.next();
    socket.write(message('#WELCOME#'));
    await messages.next();
    socket.write(message(Buffer.concat([Buffer.from('{sha256}'), Buffer.alloc(32)])));
  });
  await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
  const { port } = impostor.address() as { port: number };
  try {
    await assert.rejects(Client(['127.0.0.1', port], { authkey: key }), {
      name: 'AuthenticationError',
      message: /does not have our key/,
    });
  } finally {
    impostor.close();
  }
});

const replies: Readonly<Record<string, (challenge: Buffer) => Buffer>> = {
  'the challenge itself': (challenge) => challenge.subarray(11),
  'the whole message': (challenge) => challenge,
  'the digest without its name': (challenge) => hmac('sha256', challenge.subarray(11)),
  'the digest of the bytes without the name': (challenge) =>
    Buffer.concat([Buffer.from('{sha256}'), hmac('sha256', challenge.subarray(19))]),
  'a weaker digest with its name': (challenge) =>
    Buffer.concat([Buffer.from('{md5}'), hmac('md5', challenge.subarray(11))]),
  'a weaker digest': (challenge) => hmac('md5', challenge.subarray(11)),
  'the digest with another key': (challenge) =>
    Buffer.concat([Buffer.from('{sha256}'), hmac('sha256', challenge.subarray(11), Buffer.from('b'))]),
  'an empty message': () => Buffer.alloc(0),
  'a welcome of its own': () => Buffer.from('#WELCOME#'),
  'half of the digest': (challenge) =>
    Buffer.concat([Buffer.from('{sha256}'), hmac('sha256', challenge.subarray(11)).subarray(0, 16)]),
};
for (const [what, reply] of Object.entries(replies)) {
  test(`a challenge is not answered by ${what}`, LIMITS, async () => {
    await scene(async (listener, socket, messages, rejected) => {
      socket.write(message(reply(await next(messages))));
      assert.equal((await next(messages)).toString(), '#FAILURE#');
      assert.ok((await rejected) instanceof AuthenticationError);
      await hungUp(socket);
      await assert.rejects(listener.accept({ timeout: 0 }), TimeoutError);
    });
  });
}

test('an answer that was right once is not right again', LIMITS, async () => {
  await scene(async (listener, socket, messages) => {
    const challenge = await next(messages);
    const answer = message(Buffer.concat([Buffer.from('{sha256}'), hmac('sha256', challenge.subarray(11))]));
    socket.write(answer);
    assert.equal((await next(messages)).toString(), '#WELCOME#');
    const again = await dial(listener.address);
    const others = messagesOf(again);
    await next(others);
    again.write(answer);
    assert.equal((await next(others)).toString(), '#FAILURE#');
    again.destroy();
  });
});

test('a client does not answer the challenge of another client of the same process', LIMITS, async () => {
  // Who has no key lets two clients connect, and has the second answer what the first asks.
  const sockets: Socket[] = [];
  let bothThere: () => void;
  const both = new Promise<void>((resolve) => (bothThere = resolve));
  const impostor = createServer((socket) => {
    socket.on('error', () => undefined);
    if (sockets.push(socket) === 2) bothThere();
  });
  await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
  const { port } = impostor.address() as { port: number };
  const clients = [1, 2].map(() => Client(['127.0.0.1', port], { authkey: key, timeout: 20_000 }));
  const outcomes = Promise.allSettled(clients);
  await both;
  const [first, second] = sockets as [Socket, Socket];
  const [ofFirst, ofSecond] = [messagesOf(first), messagesOf(second)];
  first.write(message(Buffer.concat([Buffer.from('#CHALLENGE#{sha256}'), Buffer.alloc(40, 1)])));
  await next(ofFirst);
  first.write(message('#WELCOME#'));
  const asked = await next(ofFirst);
  assert.equal(asked.subarray(0, 11).toString(), '#CHALLENGE#');
  second.write(message(asked));
  assert.equal((await ofSecond.next()).done, true, 'it hung up without an answer');
  first.destroy();
  impostor.close();
  const [, outcome] = await outcomes;
  assert.equal(outcome?.status, 'rejected');
  assert.match(String((outcome as PromiseRejectedResult).reason), /challenge of our own/);
});

test('the digest of old Pythons is refused on both sides, with a way out', LIMITS, async () => {
  const [ours, theirs] = Pipe();
  const refused = assert.rejects(answerChallenge(ours, key), /legacyDigest: true/);
  await theirs.sendBytes(Buffer.concat([Buffer.from('#CHALLENGE#'), Buffer.alloc(20, 3)]));
  await refused;
  ours.close();
  theirs.close();
  await scene(async (_listener, socket, messages, rejected) => {
    const challenge = await next(messages);
    socket.write(message(hmac('md5', challenge.subarray(11))));
    assert.match(String(await rejected), /legacyDigest: true/);
  });
});

test('with legacyDigest, old and new digests find together', LIMITS, async () => {
  await using listener = await Listener.listen({ authkey: key, legacyDigest: true });
  const accepted = listener.accept();
  const socket = await dial(listener.address);
  const messages = messagesOf(socket);
  const challenge = await next(messages);
  socket.write(message(hmac('md5', challenge.subarray(11))));
  assert.equal((await next(messages)).toString(), '#WELCOME#');
  const old = Buffer.alloc(20, 5);
  socket.write(message(Buffer.concat([Buffer.from('#CHALLENGE#'), old])));
  assert.deepEqual(await next(messages), hmac('md5', old));
  socket.write(message('#WELCOME#'));
  (await accepted).close();
  socket.destroy();
  using client = await Client(listener.address, { authkey: key });
  using other = await listener.accept();
  await client.send('new');
  assert.equal(await other.recv(), 'new');
});
