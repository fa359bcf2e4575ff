// Nothing is lost: workers, producers and servers are killed in the middle, and every future settles.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WorkerDiedError } from 'manyhands';
import * as tasks from './fixtures/tasks.ts';
import { RedisServer } from './servers.ts';
import { Cluster, failure, HANGS_MS, linesOf, newPath, open, until } from './support.ts';

const limit = { timeout: HANGS_MS };
/** Workers whose death is noticed soon. */
const SHORT = ['--lock-duration', '1000', '--stalled-interval', '300'];
const BACKEND = ['--backend', 'thread', '--workers', '2'];

describe('a cluster in which something breaks', () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  }, limit);
  after(() => redis[Symbol.asyncDispose]());

  it('runs the jobs of a worker that was killed on another', limit, async () => {
    await using cluster = new Cluster(redis.url);
    const [gate, log] = [newPath(), newPath()];
    const first = await cluster.workerProcess(...BACKEND, ...SHORT);
    const executor = cluster.executor();
    const futures = ['a', 'b', 'c'].map((value) => executor.submit(tasks.waitFor, gate, log, value));
    await until('two of them run', () => linesOf(log).length === 2);
    await first.end('SIGKILL');
    open(gate);
    await cluster.workerProcess(...BACKEND, ...SHORT);
    assert.deepEqual(await Promise.all(futures), ['a', 'b', 'c']);
    const began = linesOf(log).filter((line) => line.startsWith('began'));
    assert.deepEqual(began.map((line) => line.split(' ').slice(1, 3).join(' ')).toSorted(), [
      'a 1',
      'a 2',
      'b 1',
      'b 2',
      'c 1',
    ]);
    assert.equal(executor.statistics().tasks.retried, 2);
  });

  it('gives up a job that takes one worker down after the other', limit, async () => {
    await using cluster = new Cluster(redis.url);
    const [gate, log] = [newPath(), newPath()];
    const options = { lockDuration: 200, stalledInterval: 100, maxLost: 0, workers: 1 };
    const future = cluster.executor().submit(tasks.waitFor, gate, log, 'x');
    const killed = await cluster.workerProcess('--backend', 'thread', '--workers', '1', ...SHORT);
    await until('it runs', () => linesOf(log).length === 1);
    await killed.end('SIGKILL');
    await cluster.worker(options);
    const error = await failure(future);
    assert.ok(error instanceof WorkerDiedError);
    assert.match(error.message, /task waitFor: job stalled more than allowable limit/);
  });

  it('goes on when the server is back, with all that there was', limit, async () => {
    await using own = await RedisServer.start();
    await using cluster = new Cluster(own.url);
    await cluster.worker({ workers: 4, onError: () => undefined });
    const executor = cluster.executor({ onError: () => undefined });
    const [gate, log] = [newPath(), newPath()];
    const running = ['a', 'b', 'c', 'd'].map((value) => executor.submit(tasks.waitFor, gate, log, value));
    const waiting = Array.from({ length: 100 }, (_, n) => executor.submit(tasks.same, n));
    await until('they run', () => linesOf(log).length === 4);
    await own.end();
    const away = Array.from({ length: 100 }, (_, n) => executor.submit(tasks.same, n));
    // They end while nobody can be told.
    open(gate);
    await until(
      'they have finished',
      () => linesOf(log).filter((line) => line.startsWith('finished')).length === 4,
    );
    await own.begin();
    assert.deepEqual(await Promise.all(running), ['a', 'b', 'c', 'd']);
    assert.deepEqual(await Promise.all([...waiting, ...away]), [...range(100), ...range(100)]);
  });

  it('settles what a server has forgotten', limit, async () => {
    await using own = await RedisServer.start();
    await using cluster = new Cluster(own.url);
    const executor = cluster.executor({ onError: () => undefined });
    const future = executor.submit(tasks.same, 1);
    await until('it is queued', async () => (await cluster.countOfWaiting()) === 1);
    await own.forget();
    const error = await failure(future);
    assert.ok(error instanceof WorkerDiedError);
    assert.match(error.message, /the queue does not know job .*, has lost it/);
  });

  it('finishes the jobs of a producer that was killed, and keeps their results', limit, async () => {
    await using cluster = new Cluster(redis.url);
    const [gate, log] = [newPath(), newPath()];
    await cluster.worker({ workers: 1 });
    const program = fileURLToPath(new URL('./fixtures/producer.js', import.meta.url));
    const producer = spawn(process.execPath, [program, redis.url, cluster.queue, gate, log], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => producer.once('exit', resolve));
    let ids: string[] = [];
    for await (const line of createInterface({ input: producer.stdout })) {
      ids = JSON.parse(line) as string[];
      producer.kill('SIGKILL');
    }
    await ended;
    open(gate);
    const executor = cluster.executor();
    assert.deepEqual(await Promise.all(ids.map((id) => executor.attach(id))), ['first', 'second']);
  });

  it('lets a worker finish that is told to end, and takes nothing more', limit, async () => {
    await using cluster = new Cluster(redis.url);
    const [gate, log] = [newPath(), newPath()];
    const worker = await cluster.workerProcess('--backend', 'process', '--workers', '1');
    const executor = cluster.executor();
    const [first, second] = ['a', 'b'].map((value) => executor.submit(tasks.waitFor, gate, log, value));
    await until('it runs', () => linesOf(log).length === 1);
    const ended = worker.end('SIGTERM');
    await until('it says so', () => /taking no more tasks/.test(worker.said));
    open(gate);
    assert.equal(await ended, 0);
    assert.equal(await first, 'a');
    assert.equal(second?.state, 'pending');
    await cluster.worker();
    assert.equal(await second, 'b');
  });

  it('hands back what is not finished in time', limit, async () => {
    await using cluster = new Cluster(redis.url);
    const [gate, log] = [newPath(), newPath()];
    const worker = await cluster.workerProcess('--workers', '1', '--close-timeout', '1');
    const future = cluster.executor().submit(tasks.waitFor, gate, log, 'a');
    await until('it runs', () => linesOf(log).length === 1);
    assert.equal(await worker.end('SIGTERM'), 0);
    open(gate);
    // Nobody waits for a lock to expire: it is 30 s long.
    await cluster.worker();
    assert.equal(await future, 'a');
    assert.ok(linesOf(log).includes('stopped a'));
  });

  it('tells why it cannot start', limit, async () => {
    await using cluster = new Cluster(redis.url);
    await assert.rejects(
      cluster.workerProcess('--modules', '/nowhere/*.js'),
      /error: modules: no file matches/,
    );
  });
});

const range = (length: number): number[] => Array.from({ length }, (_, n) => n);
