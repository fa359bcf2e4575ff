// Listeners: addresses, many at once, and peers who mean no good.
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { test } from 'node:test';
import {
  Client,
  Connection,
  Listener,
  type ListenerOptions,
  type Peer,
} from '../../src/connections/index.ts';
import {
  AuthenticationError,
  BrokenConnectionError,
  InvalidStateError,
  TimeoutError,
} from '../../src/index.ts';
import { runNode } from '../tasks/support.ts';
import { dial, hungUp, message, until } from './support.ts';

const LIMITS = { timeout: 60_000 };
const authkey = 'a key';
const index = new URL('../../src/connections/index.js', import.meta.url).href;

interface Rejection {
  readonly error: unknown;
  readonly peer: Peer;
}

/** A listener, and why peers were turned away. Sockets in `sockets` are destroyed in the end. */
async function scene(
  options: ListenerOptions,
  body: (listener: Listener, rejections: Rejection[], sockets: Socket[]) => Promise<void>,
): Promise<void> {
  const rejections: Rejection[] = [];
  const sockets: Socket[] = [];
  await using listener = await Listener.listen({
    ...options,
    onRejected: (error, peer) => rejections.push({ error, peer }),
  });
  try {
    await body(listener, rejections, sockets);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** Whoever comes with the key gets in. */
async function assertOpen(listener: Listener): Promise<void> {
  const [client, connection] = await Promise.all([Client(listener.address, { authkey }), listener.accept()]);
  await client.send('in');
  assert.equal(await connection.recv(), 'in');
  client.close();
  connection.close();
}

const garbage: Readonly<Record<string, Uint8Array>> = {
  'a request of another protocol': Buffer.from('GET / HTTP/1.1\r\nHost: here\r\n\r\n'),
  'a header of 2 GiB': Buffer.from([0x7f, 0xff, 0xff, 0xff]),
  'a header of 8 EiB': Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  'a length below zero': Buffer.from([0x80, 0, 0, 0]),
  'a message of 257 bytes': message(Buffer.alloc(257)),
};
for (const [what, bytes] of Object.entries(garbage)) {
  test(`who begins with ${what} is hung up on, and others get in`, LIMITS, async () => {
    await scene({ authkey }, async (listener, rejections, sockets) => {
      const socket = await dial(listener.address);
      sockets.push(socket);
      socket.write(bytes);
      await hungUp(socket);
      assert.equal(rejections.length, 1);
      assert.ok(rejections[0]?.error instanceof BrokenConnectionError, String(rejections[0]?.error));
      await assertOpen(listener);
    });
  });
}

test('who is silent, or stops in the middle, holds up nobody, and is hung up on', LIMITS, async () => {
  await scene({ authkey, handshakeTimeout: 300 }, async (listener, rejections, sockets) => {
    const silent = await dial(listener.address);
    const halfway = await dial(listener.address);
    sockets.push(silent, halfway);
    halfway.write(message('{sha256} and so on').subarray(0, 9));
    await assertOpen(listener);
    await Promise.all([hungUp(silent), hungUp(halfway)]);
    await until(() => rejections.length === 2);
    for (const { error } of rejections) assert.ok(error instanceof TimeoutError);
  });
});

test('who leaves during the handshake leaves nothing behind', LIMITS, async () => {
  await scene({ authkey }, async (listener, rejections) => {
    for (let count = 0; count < 20; count += 1) (await dial(listener.address)).destroy();
    await until(() => rejections.length === 20);
    await assertOpen(listener);
  });
});

test('a hundred connect at once, among strangers', LIMITS, async () => {
  for (const family of ['unix', 'tcp'] as const) {
    await scene({ authkey, family }, async (listener, rejections, sockets) => {
      const serving = (async () => {
        const connections: Connection[] = [];
        for await (const connection of listener) {
          connections.push(connection);
          void connection.recv().then((value) => connection.send([value, 'back']));
        }
        for (const connection of connections) connection.close();
        return connections.length;
      })();
      const strangers = Array.from({ length: 20 }, async () => {
        const socket = await dial(listener.address);
        sockets.push(socket);
        socket.write('what is this');
      });
      const answers = Array.from({ length: 100 }, async (_, number) => {
        using client = await Client(listener.address, { authkey });
        await client.send(number);
        return await client.recv();
      });
      assert.deepEqual(
        await Promise.all(answers),
        Array.from({ length: 100 }, (_, number) => [number, 'back']),
      );
      await Promise.all(strangers);
      await until(() => rejections.length === 20);
      listener.close();
      assert.equal(await serving, 100);
    });
  }
});

test('more than maxPending at once are turned away', LIMITS, async () => {
  await scene({ maxPending: 2, family: 'tcp' }, async (listener, rejections, sockets) => {
    for (let count = 0; count < 3; count += 1) sockets.push(await dial(listener.address));
    await until(() => rejections.length === 1);
    assert.match(String(rejections[0]?.error), /More than 2 peers/);
    assert.notEqual(rejections[0]?.peer, '');
    (await listener.accept()).close();
    (await listener.accept()).close();
    const socket = await dial(listener.address);
    sockets.push(socket);
    (await listener.accept()).close();
  });
});

test('accept waits as all waits do', LIMITS, async () => {
  await scene({}, async (listener) => {
    await assert.rejects(listener.accept({ timeout: 0 }), TimeoutError);
    await assert.rejects(listener.accept({ timeout: 1 }), TimeoutError);
    await assert.rejects(listener.accept({ timeout: -1 }), RangeError);
    const reason = new Error('enough');
    const controller = new AbortController();
    const aborted = assert.rejects(
      listener.accept({ signal: controller.signal }),
      (error) => error === reason,
    );
    controller.abort(reason);
    await aborted;
    assert.equal(await listener.poll(), false);
    assert.equal(await listener.poll({ timeout: 1 }), false);
    const somebody = listener.poll({ timeout: Infinity });
    using _client = await Client(listener.address);
    assert.equal(await somebody, true);
    assert.equal(await listener.poll(), true);
    (await listener.accept({ timeout: 0 })).close();
    const pending = assert.rejects(listener.accept(), InvalidStateError);
    listener.close();
    await pending;
    await assert.rejects(listener.accept(), InvalidStateError);
    await assert.rejects(listener.poll(), InvalidStateError);
  });
});

test('an arbitrary address is in a folder of ours alone, which goes with the listener', LIMITS, async () => {
  const listener = await Listener.listen();
  const path = listener.address as string;
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  using client = await Client(path);
  using _accepted = await listener.accept();
  listener.close();
  listener.close();
  assert.equal(existsSync(dirname(path)), false);
  await assert.rejects(Client(path), { code: 'ENOENT' });
  // What was accepted stays open.
  assert.equal(client.closed, false);
  await client.send('x');
});

test('it goes with the process, too, which it does not hold open', LIMITS, async () => {
  const program = `
    const { Listener, Client } = await import(${JSON.stringify(index)});
    const listener = await Listener.listen({ authkey: 'k' });
    const [client, connection] = await Promise.all([Client(listener.address, { authkey: 'k' }), listener.accept()]);
    console.log(listener.address);`;
  const { code, stdout, stderr } = await runNode(['--input-type=module', '-e', program]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /manyhands-/);
  assert.equal(existsSync(dirname(stdout.trim())), false);
});

test('a path that was given is gone after close', LIMITS, async () => {
  const listener = await Listener.listen();
  const path = `${listener.address as string}-2`;
  const second = await Listener.listen({ address: path });
  assert.equal(second.address, path);
  assert.equal(existsSync(path), true);
  second.close();
  assert.equal(existsSync(path), false);
  listener.close();
});

test('who closes turns away those who wait', LIMITS, async () => {
  const listener = await Listener.listen({ authkey });
  const newcomer = await dial(listener.address);
  const other = await Listener.listen();
  const waiting = await dial(other.address);
  assert.equal(await other.poll({ timeout: Infinity }), true);
  listener.close();
  other.close();
  await Promise.all([hungUp(newcomer), hungUp(waiting)]);
});

test('addresses are checked', LIMITS, async () => {
  const bad: ReadonlyArray<readonly [ListenerOptions, new () => Error]> = [
    [{ address: '' }, RangeError],
    [{ address: 7 as never }, TypeError],
    [{ address: ['localhost'] as never }, TypeError],
    [{ address: { host: 'localhost', port: '80' } as never }, TypeError],
    [{ address: ['localhost', 65_536] }, RangeError],
    [{ address: ['localhost', -1] }, RangeError],
    [{ address: '/tmp/x', family: 'tcp' }, RangeError],
    [{ family: 'ipx' as never }, TypeError],
    [{ backlog: 0 }, RangeError],
    [{ handshakeTimeout: -1 }, RangeError],
    [{ maxPending: 0 }, RangeError],
    [{ adress: '/tmp/x' } as never, TypeError],
    [{ onRejected: 1 as never }, TypeError],
    [{ legacyDigest: 'yes' as never }, TypeError],
  ];
  for (const [options, kind] of bad)
    await assert.rejects(Listener.listen(options), kind, JSON.stringify(options));
  await assert.rejects(Client('/tmp/x', { key: 1 } as never), TypeError);
});

test('a client gives up on a listener that is silent', LIMITS, async () => {
  await scene({}, async (listener) => {
    const controller = new AbortController();
    const aborted = assert.rejects(
      Client(listener.address, { authkey, signal: controller.signal }),
      (error) => error === controller.signal.reason,
    );
    using mute = await listener.accept();
    controller.abort();
    await aborted;
    await assert.rejects(Client(listener.address, { authkey, timeout: 20 }), TimeoutError);
    // It was hung up on both times.
    await assert.rejects(mute.recv());
  });
});

test('nobody listens', LIMITS, async () => {
  const listener = await Listener.listen({ family: 'tcp' });
  const { address } = listener;
  listener.close();
  await assert.rejects(Client(address), { code: 'ECONNREFUSED' });
});

test('without a key on one side, the other is told', LIMITS, async () => {
  await scene({}, async (listener) => {
    const client = assert.rejects(Client(listener.address, { authkey }), AuthenticationError);
    using connection = await listener.accept();
    await connection.send('hello');
    await client;
  });
});
