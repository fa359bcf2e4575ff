import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Dashboard, DashboardOptions } from '../../futures/dashboard.ts';
import { checkCount, checkNames, checkString } from '../../options.ts';
import { Access } from './access.ts';
import { Feed } from './feed.ts';
import { announce } from './runtime-folder.ts';
import { DashboardServer } from './server.ts';

const LOOPBACK = '127.0.0.1';
const TOKEN_BYTES = 24;
const TOKEN = /^[\w-]{16,}$/;

/**
 * Shows what the executors of this thread do, in a page for a browser: workers and their tasks as a timeline, throughput,
 * queue, times, memory, errors. Tasks are only listened to while somebody looks at it.
 *
 * @throws TypeError or RangeError for a wrong option; what the system says if it cannot listen there (`EADDRINUSE`).
 * @example
 * await using board = await dashboard({ port: 8080 });
 * console.log(board.url);
 */
export async function dashboard(options: DashboardOptions = {}): Promise<Dashboard> {
  checkNames(options, ['port', 'host', 'token'], 'dashboard');
  checkCount('port', options.port, 0);
  checkString('host', options.host);
  checkString('token', options.token);
  const {
    port: wanted = 0,
    host = LOOPBACK,
    token = randomBytes(TOKEN_BYTES).toString('base64url'),
  } = options;
  if (wanted > 65_535) throw new RangeError(`port must be <= 65535, received ${wanted}`);
  if (!TOKEN.test(token)) {
    throw new RangeError(
      'token must be 16 or more characters out of A-Z, a-z, 0-9, - and _, received others',
    );
  }
  const feed = new Feed();
  const server = new DashboardServer(feed, new Access(token, host));
  let port: number;
  try {
    port = await server.listen(wanted, host);
  } catch (error) {
    feed.close();
    throw error;
  }
  const origin = `http://${reachable(host)}:${port}`;
  const { pid, title, startedAt } = feed.program;
  const withdraw = announceIfPossible({ pid, title, startedAt, origin, token });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    withdraw();
    feed.close();
    closing ??= server.close();
    return closing;
  };
  return Object.freeze({
    url: `${origin}/?token=${token}`,
    host,
    port,
    token,
    close,
    [Symbol.asyncDispose]: close,
  });
}

/** What a browser on this machine is to be told. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return LOOPBACK;
  return isIPv6(host) ? `[${host}]` : host;
}

/** Without a place to say so the dashboard is still there for whoever has its address. */
function announceIfPossible(announcement: Parameters<typeof announce>[0]): () => void {
  try {
    return announce(announcement);
  } catch {
    return () => {};
  }
}
