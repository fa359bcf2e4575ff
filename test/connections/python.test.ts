// Messages of bytes to and from Python, with its own `multiprocessing.connection` on the other side, of whatever version
// this machine has.
//
// Python before 3.12 speaks HMAC-MD5 alone. Where it is that old, the newer handshake is tried against a few lines of
// Python that do it by hand; where it is newer, both are, and `legacyDigest` is left out.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Client, type Connection, Listener, type ListenerOptions } from '../../src/connections/index.ts';
import { AuthenticationError, EndOfFileError } from '../../src/index.ts';

const found = spawnSync('python3', ['-c', 'import sys; print(sys.version_info >= (3, 12))'], {
  encoding: 'utf8',
});
const legacyDigest = found.stdout?.trim() !== 'True';
const LIMITS = {
  timeout: 60_000,
  ...(found.status === 0 ? {} : { skip: 'there is no python3 on this machine' }),
};
const authkey = 'one key for both';

const echo = `
def echo(connection):
    while True:
        message = connection.recv_bytes()
        if message == b'bye':
            return
        connection.send_bytes(bytes(reversed(message)))
`;

const server = `
import sys
from multiprocessing.connection import Listener
${echo}
family, key = sys.argv[1:]
with Listener(None if family == 'AF_UNIX' else ('127.0.0.1', 0), family, authkey=key.encode() or None) as listener:
    print(listener.address if family == 'AF_UNIX' else listener.address[1], flush=True)
    try:
        with listener.accept() as connection:
            echo(connection)
        print('served', flush=True)
    except Exception as error:
        print(type(error).__name__, flush=True)
`;

const client = `
import sys
from multiprocessing.connection import Client
${echo}
host, port, key = sys.argv[1:]
try:
    with Client((host, int(port)) if port != '-' else host, authkey=key.encode() or None) as connection:
        echo(connection)
    print('served', flush=True)
except Exception as error:
    print(type(error).__name__, flush=True)
`;

/** What Python has done since 3.12, of the socket module and hmac alone. */
const byHand = `
import hmac, os, socket, struct, sys
${echo}
class Messages:
    def __init__(self, sock):
        self.sock = sock
    def exactly(self, count):
        data = b''
        while len(data) < count:
            part = self.sock.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data
    def recv_bytes(self):
        return self.exactly(struct.unpack('>i', self.exactly(4))[0])
    def send_bytes(self, message):
        self.sock.sendall(struct.pack('>i', len(message)) + message)

def ask(connection, key):
    challenge = b'{sha256}' + os.urandom(40)
    connection.send_bytes(b'#CHALLENGE#' + challenge)
    right = b'{sha256}' + hmac.new(key, challenge, 'sha256').digest()
    if connection.recv_bytes() != right:
        connection.send_bytes(b'#FAILURE#')
        raise PermissionError
    connection.send_bytes(b'#WELCOME#')

def reply(connection, key):
    message = connection.recv_bytes()
    assert message.startswith(b'#CHALLENGE#{sha256}')
    challenge = message[11:]
    connection.send_bytes(b'{sha256}' + hmac.new(key, challenge, 'sha256').digest())
    if connection.recv_bytes() != b'#WELCOME#':
        raise PermissionError

side, port, key = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
if side == 'listens':
    listener = socket.create_server(('127.0.0.1', 0))
    print(listener.getsockname()[1], flush=True)
    connection = Messages(listener.accept()[0])
    ask(connection, key)
    reply(connection, key)
else:
    connection = Messages(socket.create_connection(('127.0.0.1', port)))
    reply(connection, key)
    ask(connection, key)
echo(connection)
print('served', flush=True)
`;

interface Python extends AsyncDisposable {
  /** The next line that it prints. */
  line(): Promise<string>;
}

function python(program: string, ...args: readonly string[]): Python {
  const child: ChildProcess = spawn('python3', ['-c', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  return {
    async line() {
      const { value, done } = await lines.next();
      assert.ok(!done, 'Python has ended');
      return value as string;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Messages of all kinds there, and reversed back. */
async function talk(connection: Connection): Promise<void> {
  const messages = ['hello', '', 'x', 'é'.repeat(5000), 'large '.repeat(200_000)].map((text) =>
    Buffer.from(text),
  );
  for (const message of messages) {
    const sending = connection.sendBytes(message);
    const back = Buffer.from(await connection.recvBytes());
    await sending;
    assert.ok(back.equals(Buffer.from(message.toReversed())), `${message.length} bytes`);
  }
  await connection.sendBytes(Buffer.from('bye'));
  await assert.rejects(connection.recv(), EndOfFileError);
}

for (const [family, key] of [
  ['AF_UNIX', authkey],
  ['AF_INET', authkey],
  ['AF_INET', ''],
] as const) {
  test(`Python listens, ${family}, ${key === '' ? 'no key' : 'a key'}`, LIMITS, async () => {
    await using other = python(server, family, key);
    const address = await other.line();
    using connection = await Client(
      family === 'AF_UNIX' ? address : { host: '127.0.0.1', port: Number(address) },
      key === '' ? {} : { authkey: key, legacyDigest },
    );
    await talk(connection);
    assert.equal(await other.line(), 'served');
  });
}

async function whileListening(
  options: ListenerOptions,
  body: (listener: Listener, args: readonly string[]) => Promise<void>,
): Promise<void> {
  await using listener = await Listener.listen(options);
  const { address } = listener;
  await body(listener, typeof address === 'string' ? [address, '-'] : [address.host, String(address.port)]);
}

for (const [family, key] of [
  ['unix', authkey],
  ['tcp', authkey],
  ['tcp', ''],
] as const) {
  test(`Python connects, ${family}, ${key === '' ? 'no key' : 'a key'}`, LIMITS, async () => {
    const options = key === '' ? { family } : { family, authkey: key, legacyDigest };
    await whileListening(options, async (listener, args) => {
      await using other = python(client, ...args, key);
      using connection = await listener.accept();
      await talk(connection);
      assert.equal(await other.line(), 'served');
    });
  });
}

test('a wrong key is refused in both directions', LIMITS, async () => {
  {
    await using other = python(server, 'AF_INET', authkey);
    const port = Number(await other.line());
    await assert.rejects(
      Client(['127.0.0.1', port], { authkey: 'wrong', legacyDigest }),
      AuthenticationError,
    );
    assert.equal(await other.line(), 'AuthenticationError');
  }
  let reject: (error: unknown) => void;
  const rejected = new Promise<unknown>((resolve) => (reject = resolve));
  await whileListening({ authkey, legacyDigest, onRejected: (error) => reject(error) }, async (_, args) => {
    await using other = python(client, ...args, 'wrong');
    assert.equal(await other.line(), 'AuthenticationError');
    assert.ok((await rejected) instanceof AuthenticationError);
  });
});

test('without legacyDigest, an old Python is refused in both directions', {
  ...LIMITS,
  ...(legacyDigest ? {} : { skip: 'this Python knows better digests' }),
}, async () => {
  {
    await using other = python(server, 'AF_INET', authkey);
    const port = Number(await other.line());
    await assert.rejects(Client(['127.0.0.1', port], { authkey }), /legacyDigest: true/);
  }
  let reject: (error: unknown) => void;
  const rejected = new Promise<unknown>((resolve) => (reject = resolve));
  await whileListening({ authkey, onRejected: (error) => reject(error) }, async (_, args) => {
    await using other = python(client, ...args, authkey);
    assert.equal(await other.line(), 'AuthenticationError');
    assert.match(String(await rejected), /legacyDigest: true/);
  });
});

test('Python listens, and does the newer handshake by hand', LIMITS, async () => {
  await using other = python(byHand, 'listens', '0', authkey);
  const port = Number(await other.line());
  using connection = await Client(['127.0.0.1', port], { authkey });
  await talk(connection);
  assert.equal(await other.line(), 'served');
});

test('Python connects, and does the newer handshake by hand', LIMITS, async () => {
  await whileListening({ authkey, family: 'tcp' }, async (listener, [, port = '']) => {
    await using other = python(byHand, 'connects', port, authkey);
    using connection = await listener.accept();
    await talk(connection);
    assert.equal(await other.line(), 'served');
  });
});
