// Pairs of connections of each kind, and peers that speak bytes instead of messages.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  type Address,
  Client,
  type Connection,
  type ConnectionOptions,
  type HostAndPort,
  Listener,
  Pipe,
} from '../../src/connections/index.ts';

export const KINDS = ['pipe', 'unix', 'tcp'] as const;
export type Kind = (typeof KINDS)[number];

/** A test on connections of each kind. Whatever happens in it, both ends are closed afterwards. */
export function testOnPairs(
  title: string,
  body: (first: Connection, second: Connection, context: TestContext) => Promise<void>,
  options: { readonly kinds?: readonly Kind[] } & ConnectionOptions = {},
): void {
  const { kinds = KINDS, ...own } = options;
  for (const kind of kinds) {
    test(`${title} [${kind}]`, { timeout: 30_000 }, async (context) => {
      const [first, second] = await pairOf(kind, own);
      try {
        await body(first, second, context);
      } finally {
        first.close();
        second.close();
      }
    });
  }
}

export async function pairOf(kind: Kind, options: ConnectionOptions = {}): Promise<[Connection, Connection]> {
  if (kind === 'pipe') return Pipe();
  using listener = await Listener.listen({ family: kind, ...options });
  return await Promise.all([Client(listener.address, options), listener.accept()]);
}

/** A socket to a listener, for peers who do not keep to the protocol. */
export async function dial(address: Address): Promise<Socket> {
  const socket =
    typeof address === 'string'
      ? connect({ path: address })
      : connect({ host: (address as HostAndPort).host, port: (address as HostAndPort).port });
  // Being hung up on is what these are for.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

export function message(body: string | Uint8Array): Buffer {
  const bytes = Buffer.from(body as Uint8Array);
  const header = Buffer.alloc(4);
  header.writeInt32BE(bytes.length);
  return Buffer.concat([header, bytes]);
}

/** The bodies of the messages that come, as they come. */
export async function* messagesOf(socket: Socket): AsyncGenerator<Buffer, void> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
      const end = 4 + bytes.readInt32BE(0);
      yield bytes.subarray(4, end);
      bytes = bytes.subarray(end);
    }
  }
}

/** Resolves when the other side has hung up. */
export async function hungUp(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
}

/** Lets the event loop turn until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
