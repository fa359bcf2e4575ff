// The same on PostgreSQL, by BullMQ's own backend for it: what depends on the queue's own ways.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as tasks from './fixtures/tasks.ts';
import { PostgresServer } from './servers.ts';
import { Cluster, failure, HANGS_MS, linesOf, newPath, open, until } from './support.ts';

const limit = { timeout: HANGS_MS };

describe('a cluster on PostgreSQL', () => {
  let postgres: PostgresServer;
  before(async () => {
    postgres = await PostgresServer.start();
  }, limit);
  after(() => postgres?.[Symbol.asyncDispose]());

  it('runs calls, maps and streams, and tells errors and reports', limit, async () => {
    await using cluster = new Cluster(postgres.url);
    await cluster.worker();
    const executor = cluster.executor({ key: 'a key of some length' });
    assert.equal(await executor.submit(tasks.add, 2, 3), 5);
    const many = Array.from({ length: 500 }, (_, n) => n);
    assert.deepEqual(await executor.map(tasks.same, many), many);
    assert.ok((await failure(executor.submit(tasks.fail, 'tea'))) instanceof tasks.ShopError);
    const heard: unknown[] = [];
    await executor.with({ onReport: (value) => heard.push(value) }).submit(tasks.reportEach, [1, 2]);
    assert.deepEqual(heard, [1, 2]);
    const values: number[] = [];
    for await (const value of executor.stream(tasks.count, 30, newPath())) values.push(value);
    assert.equal(values.length, 30);
  });

  it('stops what runs elsewhere, and takes back what waits', limit, async () => {
    await using cluster = new Cluster(postgres.url);
    await cluster.worker({ workers: 1 });
    const executor = cluster.executor();
    const [gate, log] = [newPath(), newPath()];
    const controller = new AbortController();
    const running = executor.with({ signal: controller.signal }).submit(tasks.waitFor, gate, log, 'a');
    await until('it runs', () => running.running());
    const waiting = executor.submit(tasks.waitFor, gate, log, 'b');
    assert.equal(waiting.cancel(), true);
    controller.abort(new Error('changed my mind'));
    assert.equal((await failure(running)).message, 'changed my mind');
    await until('it has stopped', () => linesOf(log).includes('stopped a'));
    assert.equal(await executor.submit(tasks.same, 1), 1);
    assert.equal(linesOf(log).length, 2);
  });

  it('runs the jobs of a worker that was killed on another, and keeps results', limit, async () => {
    await using cluster = new Cluster(postgres.url);
    const [gate, log] = [newPath(), newPath()];
    const short = ['--lock-duration', '1000', '--stalled-interval', '300'];
    const first = await cluster.workerProcess('--backend', 'thread', '--workers', '1', ...short);
    const executor = cluster.executor();
    const future = executor.submit(tasks.waitFor, gate, log, 'a');
    await until('it runs', () => linesOf(log).length === 1);
    await first.end('SIGKILL');
    open(gate);
    await cluster.worker({ lockDuration: 1000, stalledInterval: 300 });
    assert.equal(await future, 'a');
    assert.equal(await cluster.executor().attach(executor.idOf(future) as string), 'a');
    assert.match((await failure(executor.attach('nobody'))).message, /does not know job nobody/);
  });
});
