// What clients may not do, and that those who do it anyway harm nobody but themselves.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { type Address, Client, type Connection } from '../../src/connections/index.ts';
import {
  AuthenticationError,
  BrokenConnectionError,
  NotShareableError,
  RemoteError,
} from '../../src/errors.ts';
import { BaseManager, type ManagedArray } from '../../src/multiprocessing/index.ts';
import { dial, message } from '../connections/support.ts';
import * as tasks from './manager-tasks.ts';

const LIMIT = { timeout: 60_000 };
const authkey = 'the key of these tests';
const LONGEST = 100_000;

let shared: Promise<tasks.OwnManager> | undefined;
after(async () => (await shared)?.shutdown());

/** A test on a manager, which must be well afterwards. */
function attack(
  title: string,
  body: (manager: tasks.OwnManager, victim: ManagedArray<number>, address: Address) => Promise<void>,
): void {
  test(title, LIMIT, async () => {
    shared ??= new tasks.OwnManager({ authkey, maxMessageBytes: LONGEST }).start();
    const manager = await shared;
    const victim = await manager.list([1]);
    await body(manager, victim, manager.address as Address);
    assert.equal(await victim.push(2), 2);
    assert.deepEqual(await victim.snapshot(), [1, 2]);
  });
}

/** A client with the key, which can say whatever it likes. */
async function insider(address: Address): Promise<Connection> {
  const connection = await Client(address, { authkey });
  await connection.recv();
  return connection;
}

const UNEXPOSED = [
  'constructor',
  '__proto__',
  'prototype',
  'then',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'secret',
  'field',
  '_private',
  'make',
  'Symbol.iterator',
  'Symbol(Symbol.iterator)',
  '#looked',
  'has',
  'size',
  '',
];

attack('only public methods can be called', async (manager) => {
  const traps = await manager.create(tasks.TrapsId);
  for (const name of UNEXPOSED) {
    await assert.rejects(traps.callMethod(name), RemoteError, name);
    assert.ok(name in Object.prototype || !(name in traps), name);
  }
  assert.equal(await traps.callMethod('looked'), 0, 'no getter was called');
  assert.equal(await traps.override(), 'fine');
  assert.equal(await traps.callMethod('arrow'), 'an own function');
  const hides = await manager.create(tasks.HidesId);
  await assert.rejects(hides.callMethod('looked'), RemoteError);
  for (const name of [Symbol.iterator, 5, undefined, ['override']]) {
    await assert.rejects(traps.callMethod(name as never), TypeError);
  }
});

attack('what is listed is exposed, and nothing else', async (manager) => {
  const listed = await manager.create(tasks.ListedId);
  assert.equal(await listed.callMethod('_private'), 'private');
  assert.equal(await listed.callMethod('toString'), 'a text');
  await assert.rejects(listed.callMethod('override'), RemoteError);
  for (const name of ['constructor', '__proto__', 'then', 'prototype']) {
    assert.throws(() => BaseManager.register('Never', { exposed: [name] }), RangeError);
  }
  assert.throws(() => BaseManager.register('start', {}), RangeError);
});

attack('the objects of the library expose what their proxies have', async (manager) => {
  const made = [
    await manager.Lock(),
    await manager.RLock(),
    await manager.Semaphore(),
    await manager.Condition(),
    await manager.Event(),
    await manager.Barrier(1),
    await manager.Queue(),
    await manager.list(),
    await manager.dict(),
    await manager.set(),
    await manager.Namespace(),
    await manager.Value(1),
    await manager.Array('i', [1]),
  ];
  for (const proxy of made) {
    await assert.rejects(proxy.callMethod(''), (error: Error) => {
      const names = /it exposes (.*)$/.exec(error.message)?.[1]?.split(', ') ?? [];
      assert.ok(names.length > 0, error.message);
      for (const name of names)
        assert.ok(name in proxy || name === 'iterator', `${proxy.constructor.name}.${name}`);
      return true;
    });
  }
});

attack('types that are not registered cannot be made', async (manager) => {
  for (const typeid of ['Object', 'constructor', '__proto__', 'toString', 'Function', '']) {
    await assert.rejects(manager.create(typeid), RemoteError);
  }
});

attack('nothing is read of those who have not shown the key', async (_manager, _victim, address) => {
  for (const key of ['', 'wrong', `${authkey} `]) {
    await assert.rejects(Client(address, { authkey: key }), AuthenticationError);
  }
  await assert.rejects(new BaseManager({ address, authkey: 'wrong' }).connect(), AuthenticationError);
  // Requests in the place of the handshake: the connection ends, and they are not served.
  for (const bytes of [
    message('["shutdown",1]'),
    message(Buffer.alloc(1000)),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  ]) {
    const socket = await dial(address);
    socket.resume();
    const closed = once(socket, 'close');
    socket.write(bytes);
    await closed;
  }
});

attack('garbage ends the connection that it came by', async (_manager, _victim, address) => {
  const garbage: unknown[] = [
    null,
    5,
    'shutdown',
    {},
    [],
    ['toString', 1],
    ['__proto__', 1],
    ['call'],
    ['call', 1, 1, 'push', [1], 'more'],
    ['call', -1, 1, 'push', [1]],
    ['call', 1.5, 1, 'push', [1]],
    ['call', 'one', 1, 'push', [1]],
    ['release', 1, -5],
    ['lease', Number.NaN],
    [Symbol.iterator.toString()],
  ];
  for (const value of garbage) {
    const connection = await insider(address);
    await connection.send(value);
    await assert.rejects(connection.recv(), (error: Error) => error.name !== 'TimeoutError');
    connection.destroy();
  }
  const connection = await insider(address);
  await connection.sendBytes(Buffer.from('no value at all'));
  await assert.rejects(connection.recv());
  connection.destroy();
});

attack(
  'a message that is too long ends its connection before memory is taken for it',
  async (_m, _v, address) => {
    const connection = await insider(address);
    await connection.sendBytes(Buffer.alloc(LONGEST + 1));
    await assert.rejects(connection.recv());
    connection.destroy();
  },
);

attack('a call or a result that is too long fails alone', async (manager, victim) => {
  await assert.rejects(victim.callMethod('push', 'x'.repeat(LONGEST)), NotShareableError);
  const failing = await manager.create(tasks.FailingId);
  await assert.rejects(failing.returnsLong(LONGEST), RemoteError);
  assert.equal((await failing.returnsLong(100)).length, 100);
});

attack('objects that a client has not got it cannot use, nor take from others', async (_m, _v, address) => {
  const connection = await insider(address);
  for (let object = 0; object < 50; object += 1) {
    await connection.send(['release', object, 1000]);
    await connection.send(['call', object, object, 'clear', []]);
    const [is, number] = (await connection.recv()) as unknown[];
    assert.deepEqual([is, number], ['error', object]);
  }
  await connection.send(['call', 99, 0, 'push', 'not a list']);
  assert.equal(((await connection.recv()) as unknown[])[0], 'error');
  // Numbers of requests are the client's own business, until it uses one twice at a time.
  await connection.send(['create', 1, 'Event', []]);
  await connection.recv();
  connection.destroy();
});

attack('errors come by class, or as RemoteError', async (manager) => {
  const failing = await manager.create(tasks.FailingId);
  await assert.rejects(failing.unknownClass(), (error) => {
    assert.ok(error instanceof RemoteError);
    assert.match(error.message, /Local: of a class that nobody exports/);
    assert.ok(error.cause instanceof Error);
    return true;
  });
  await assert.rejects(failing.thrownValue(), (error) => {
    assert.deepEqual(error, { code: 5 });
    return true;
  });
  await assert.rejects(failing.returnsFunction(), RemoteError);
  await assert.rejects(
    failing.callMethod('returnsLong', () => 1),
    NotShareableError,
  );
  assert.equal(await failing.callMethod('itself'), failing);
  await assert.rejects(manager.Semaphore(-1), RangeError);
  assert.deepEqual(await failing.snapshot(), {});
  await assert.rejects((await manager.create(tasks.TrapsId)).snapshot(), RemoteError);
});

attack('a client that never reads does not stop the others', async (_manager, victim, address) => {
  const connection = await insider(address);
  await connection.send(['create', 0, 'list', [['x'.repeat(10_000)]]]);
  const [, , made] = (await connection.recv()) as unknown[];
  assert.ok(made instanceof Uint8Array);
  for (let number = 1; number <= 3000; number += 1) {
    await Promise.race([connection.send(['info', number]), victim.length()]);
  }
  assert.equal(await victim.length(), 1);
  connection.destroy();
});

test('connecting where no manager listens is an error', LIMIT, async () => {
  await assert.rejects(new BaseManager({ address: '/nowhere/at/all', authkey }).connect(), {
    code: 'ENOENT',
  });
  const { Listener } = await import('../../src/connections/index.ts');
  await using listener = await Listener.listen({ authkey });
  const accepted = listener.accept().then((connection) => connection.send(['something else']));
  await assert.rejects(
    new BaseManager({ address: listener.address, authkey }).connect(),
    BrokenConnectionError,
  );
  await accepted;
});
