/** Connecting to a `Listener`, of this library or of Python. */

import { connect, type Socket } from 'node:net';
import { waitWithin } from '../futures/waiting.ts';
import { checkBoolean, checkNames, checkWait, type WaitOptions } from '../options.ts';
import { type Address, type Endpoint, type Family, parseAddress } from './address.ts';
import { type AuthKey, checkAuthKey, handshake } from './authentication.ts';
import { Connection, type ConnectionOptions } from './connection.ts';

export interface ClientOptions extends WaitOptions, ConnectionOptions {
  /** The key that the listener has. Without one there is no handshake. */
  readonly authkey?: AuthKey | undefined;
  /** Default: what the address looks like. */
  readonly family?: Family | undefined;
  /** Whether the HMAC-MD5 of Python before 3.12 will do; see `deliverChallenge`. Default `false`. */
  readonly legacyDigest?: boolean | undefined;
}

/**
 * Connects to the listener at `address`, and, with an `authkey`, has both ends prove that they have the key.
 * `timeout` and `signal` cover all of this; without them a listener that is silent is waited for without end.
 *
 * @throws AuthenticationError when one of the keys is wrong; the error of the system (`ECONNREFUSED`, `ENOENT`...) when
 *   nobody listens; TimeoutError; `signal.reason`.
 * @see CPython `multiprocessing.connection.Client`.
 *
 * @example
 * await using connection = await Client('/run/app.sock', { authkey });
 * await connection.send('hello');
 */
export async function Client(address: Address, options: ClientOptions = {}): Promise<Connection> {
  checkNames(
    options,
    ['authkey', 'family', 'legacyDigest', 'maxMessageBytes', 'timeout', 'signal'],
    'Client',
  );
  checkWait(options);
  checkAuthKey(options.authkey);
  checkBoolean('legacyDigest', options.legacyDigest);
  const endpoint = parseAddress(address, options.family);
  const { authkey, legacyDigest, maxMessageBytes, timeout, signal } = options;
  const started = performance.now();
  const connection = new Connection(await opened(endpoint, { timeout, signal }), { maxMessageBytes });
  if (authkey === undefined) return connection;
  try {
    const left = timeout === undefined ? undefined : Math.max(0, timeout - (performance.now() - started));
    await handshake(connection, authkey, 'connecting', { timeout: left, signal, legacyDigest });
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

function opened(endpoint: Endpoint, limits: WaitOptions): Promise<Socket> {
  return waitWithin<Socket>(
    limits,
    () => 'Nobody took the connection',
    (resolve, reject) => {
      const socket =
        endpoint.family === 'tcp'
          ? connect({ host: endpoint.host, port: endpoint.port, allowHalfOpen: true, noDelay: true })
          : connect({ path: endpoint.path, allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(socket);
      });
      return () => socket.destroy();
    },
  );
}
