// What a cluster does while nothing breaks: the API, and what it refuses.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Queue } from 'bullmq';
import {
  AuthenticationError,
  asCompleted,
  CancelledError,
  ExecutorShutdownError,
  NotShareableError,
  TaskNotFoundError,
  TimeoutError,
  WorkerDiedError,
  wait,
} from 'manyhands';
import { ClusterExecutor, ClusterWorker } from 'manyhands/cluster';
import * as slow from './fixtures/slow-to-load.ts';
import * as tasks from './fixtures/tasks.ts';
import { RedisServer } from './servers.ts';
import { Cluster, failure, HANGS_MS, linesOf, MODULES, newPath, open, until } from './support.ts';

const limit = { timeout: HANGS_MS };
const KEY = 'a key of some length';

describe('a cluster', () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  }, limit);
  after(() => redis[Symbol.asyncDispose]());

  it('runs calls, and gives results as structuredClone copies them', limit, async () => {
    await using cluster = new Cluster(redis.url);
    const executor = cluster.executor();
    const early = executor.submit(tasks.add, 2, 3);
    await cluster.worker({ backend: 'thread', workers: 1 });
    assert.equal(await early, 5);
    const values = [
      undefined,
      null,
      -0,
      Number.NaN,
      10n,
      'ä\ud800',
      [1, 3],
      new Map([[{ a: 1 }, new Set([1])]]),
    ];
    const futures = values.map((value) => executor.submit(tasks.same<unknown>, value));
    for (const [index, future] of futures.entries()) assert.deepStrictEqual(await future, values[index]);
    assert.equal((await wait(futures)).done.size, values.length);
    const seen = [];
    for await (const future of asCompleted([executor.submit(tasks.same, 1)])) seen.push(await future);
    assert.deepEqual(seen, [1]);
  });

  it('maps in chunks; an error is that of its item', limit, async () => {
    await using cluster = new Cluster(redis.url);
    await cluster.worker();
    const executor = cluster.executor();
    const many = Array.from({ length: 3000 }, (_, n) => n);
    assert.deepEqual(await executor.map(tasks.same, many), many);
    const results = executor.with({ chunkSize: 4 }).map(tasks.failForThree, [1, 2, 3, 4]);
    const iterator = results[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).value, 1);
    assert.equal((await iterator.next()).value, 2);
    assert.ok((await failure(iterator.next())) instanceof tasks.ShopError);
    assert.equal((await iterator.next()).value, 4);
  });

  it(
    'streams, no further than its consumer wants, and ends the generator of one that leaves',
    limit,
    async () => {
      await using cluster = new Cluster(redis.url);
      await cluster.worker();
      const executor = cluster.executor();
      const log = newPath();
      const values: number[] = [];
      for await (const value of executor.with({ bufferSize: 4 }).stream(tasks.count, 1_000_000, log)) {
        values.push(value);
        if (values.length === 20) break;
      }
      assert.deepEqual(
        values,
        Array.from({ length: 20 }, (_, n) => n),
      );
      assert.deepEqual(linesOf(log), ['ended']);
      const all = [];
      for await (const value of executor.stream(tasks.count, 40, log)) all.push(value);
      assert.equal(all.length, 40);
    },
  );

  it('runs tasks while a module is being loaded', limit, async () => {
    await using cluster = new Cluster(redis.url);
    await cluster.worker({ modules: [join(dirname(MODULES), '*.js')], workers: 8 });
    const executor = cluster.executor();
    const calls = [1, 2, 3].map((value) => executor.submit(slow.early, value));
    const first = executor.stream(slow.each, 4).next();
    assert.deepEqual(await Promise.all(calls), [1, 2, 3]);
    assert.equal((await first).value, 4);
  });

  it('tells errors with their class, fields and both stacks', limit, async () => {
    await using cluster = new Cluster(redis.url);
    await cluster.worker({ backend: 'process', workers: 1 });
    async function whoeverSubmits(): Promise<Error> {
      return failure(cluster.executor().submit(tasks.fail, 'tea'));
    }
    const error = await whoeverSubmits();
    assert.ok(error instanceof tasks.ShopError);
    assert.equal(error.item, 'tea');
    assert.match(error.stack ?? '', /fixtures\/tasks\.js[\s\S]*submitted from[\s\S]*whoeverSubmits/);
  });

  it('tells what a task reports, in order and before its result', limit, async () => {
    await using cluster = new Cluster(redis.url);
    await cluster.worker({ backend: 'thread', workers: 1 });
    const heard: unknown[] = [];
    const values = [1, new Map([[1, 2]]), null, 'last'];
    const count = await cluster
      .executor()
      .with({ onReport: (value) => heard.push(value) })
      .submit(tasks.reportEach, values);
    assert.equal(count, 4);
    assert.deepEqual(heard, values);
  });

  it('runs urgent tasks first', limit, async () => {
    await using cluster = new Cluster(redis.url);
    const executor = cluster.executor();
    const [gate, log] = [newPath(), newPath()];
    open(gate);
    const futures = [0, 5, -1, 5, 0].map((priority, n) =>
      executor.with({ priority }).submit(tasks.waitFor, gate, log, `${priority}/${n}`),
    );
    // All of them are in the queue before anybody takes one.
    await until('they are queued', async () => (await cluster.countOfWaiting()) === 5);
    await cluster.worker({ workers: 1 });
    await wait(futures);
    const order = linesOf(log).filter((line) => line.startsWith('began'));
    assert.deepEqual(
      order.map((line) => line.split(' ')[1]),
      ['5/1', '5/3', '0/0', '0/4', '-1/2'],
    );
  });

  it('cancels what waits, and stops what runs elsewhere', limit, async () => {
    await using cluster = new Cluster(redis.url);
    await cluster.worker({ workers: 1 });
    const executor = cluster.executor();
    const [gate, log] = [newPath(), newPath()];
    const controller = new AbortController();
    const running = executor.with({ signal: controller.signal }).submit(tasks.waitFor, gate, log, 'running');
    await until('it runs', () => running.running());
    assert.equal(running.cancel(), false);
    const waiting = executor.submit(tasks.waitFor, gate, log, 'waiting');
    await until('it waits', async () => (await cluster.countOfWaiting()) === 1);
    const late = executor.with({ queueTimeout: 50 }).submit(tasks.waitFor, gate, log, 'late');
    assert.equal(waiting.cancel(), true);
    assert.ok((await failure(waiting)) instanceof CancelledError);
    assert.match((await failure(late)).message, /waited in the queue for longer than 50 ms/);
    controller.abort(new Error('changed my mind'));
    assert.equal((await failure(running)).message, 'changed my mind');
    await until('it has stopped', () => linesOf(log).includes('stopped running'));
    await until('the queue is empty', async () => (await cluster.countOfWaiting()) === 0);
    assert.equal(await executor.submit(tasks.same, 1), 1);
    assert.equal(linesOf(log).length, 2, 'neither of the others has run');
  });

  it('ends a task whose time is over, also one that does not listen', limit, async () => {
    await using cluster = new Cluster(redis.url);
    await cluster.worker({ backend: 'process', workers: 1 });
    const executor = cluster.executor();
    const log = newPath();
    const error = await failure(executor.with({ timeout: 50 }).submit(tasks.waitFor, newPath(), log, 'slow'));
    assert.ok(error instanceof TimeoutError);
    assert.match(error.message, /Task waitFor ran for longer than 50 ms/);
    const marker = newPath();
    const died = await failure(executor.submit(tasks.dieOnce, marker));
    assert.ok(died instanceof WorkerDiedError);
    assert.match(died.message, /task dieOnce: it exited with code 3/);
  });

  it('runs a task again whose process has died, if it may', limit, async () => {
    await using cluster = new Cluster(redis.url);
    await cluster.worker({ backend: 'process', workers: 1 });
    const executor = cluster.executor({ backoff: { type: 'fixed', delay: 1 } });
    assert.equal(await executor.with({ retries: 2 }).submit(tasks.dieOnce, newPath()), 2);
    assert.ok(
      (await failure(executor.with({ retries: 2 }).submit(tasks.fail, 'x'))) instanceof tasks.ShopError,
    );
  });

  it('lets another program collect a result by its id', limit, async () => {
    await using cluster = new Cluster(redis.url);
    const executor = cluster.executor();
    const gate = newPath();
    const future = executor.submit(tasks.waitFor, gate, newPath(), 'kept');
    const other = cluster.executor();
    const id = executor.idOf(future) as string;
    await until('it is queued', async () => (await cluster.countOfWaiting()) === 1);
    const early = other.attach<string>(id);
    await cluster.worker();
    open(gate);
    assert.deepEqual(await Promise.all([future, early]), ['kept', 'kept']);
    assert.equal(await other.attach(id), 'kept', 'and once more, from what is kept');
    assert.match((await failure(other.attach('nobody-1'))).message, /does not know job nobody-1/);
    const failed = executor.submit(tasks.fail, 'tea');
    await failure(failed);
    assert.equal((await failure(other.attach(executor.idOf(failed) as string))).message, 'no tea left');
  });

  it('keeps no more results than it is told to', limit, async () => {
    await using cluster = new Cluster(redis.url);
    await cluster.worker();
    const executor = cluster.executor({ keep: { count: 5 } });
    await Promise.all(Array.from({ length: 30 }, (_, n) => executor.submit(tasks.same, n)));
    await Promise.all(Array.from({ length: 10 }, () => failure(executor.submit(tasks.fail, 'x'))));
    const queue = new Queue(cluster.queue, { connection: { url: redis.url } });
    const { completed, failed } = await queue.getJobCounts('completed', 'failed');
    await queue.close();
    assert.deepEqual({ completed, failed }, { completed: 5, failed: 5 });
  });

  it('sends names and never source', limit, async () => {
    await using cluster = new Cluster(redis.url);
    const executor = cluster.executor();
    const error = await failure(executor.submit((n: number) => n, 1));
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /no source code travels/);
  });

  it('refuses modules and exports that the worker does not have, and other versions', limit, async () => {
    await using cluster = new Cluster(redis.url);
    const worker = await cluster.worker();
    const executor = cluster.executor();
    const folder = newPath();
    mkdirSync(join(folder, 'dist/test/cluster/fixtures'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "name": "manyhands", "type": "module" }');
    const copy = join(folder, 'dist/test/cluster/fixtures/tasks.js');
    writeFileSync(copy, 'export const add = (a, b) => a + b;\nexport const other = () => 1;');
    const changed = (await import(pathToFileURL(copy).href)) as {
      add: typeof tasks.add;
      other: () => number;
    };
    const mismatch = await failure(executor.submit(changed.add, 1, 2));
    assert.ok(mismatch instanceof TaskNotFoundError);
    assert.match(
      mismatch.message,
      /is version \w{12} at worker .*, and version \w{12} where the task was submitted/,
    );
    const stranger = join(dirname(copy), 'stranger.js');
    copyFileSync(copy, stranger);
    const { other } = (await import(pathToFileURL(stranger).href)) as typeof changed;
    const unknown = await failure(executor.submit(other));
    assert.ok(unknown instanceof TaskNotFoundError);
    assert.match(
      unknown.message,
      /does not serve manyhands\/dist\/test\/cluster\/fixtures\/stranger\.js; it was started with/,
    );
    assert.deepEqual(worker.modules, ['manyhands/dist/test/cluster/fixtures/tasks.js']);
  });

  it('refuses what is too large or too deep, on both sides', limit, async () => {
    await using cluster = new Cluster(redis.url);
    await cluster.worker({ maxPayload: 10_000, maxDepth: 20 });
    const executor = cluster.executor({ maxPayload: 20_000, maxDepth: 30 });
    const large = await failure(executor.submit(tasks.same, 'x'.repeat(30_000)));
    assert.ok(large instanceof NotShareableError);
    assert.match(large.message, /arguments: 31 kB of text, and the limit is 20 kB \(maxPayload\)/);
    assert.match(
      (await failure(executor.submit(tasks.same, 'x'.repeat(15_000)))).message,
      /arguments: 16 kB .* 10 kB/,
    );
    assert.match((await failure(executor.submit(tasks.textOf, 15_000))).message, /result: 16 kB .* 10 kB/);
    const nested = (depth: number): unknown => (depth === 0 ? [] : [nested(depth - 1)]);
    assert.match(
      (await failure(executor.submit(tasks.same, nested(40)))).message,
      /more than 30 deep \(maxDepth\)/,
    );
    assert.match((await failure(executor.submit(tasks.same, nested(25)))).message, /more than 20 deep/);
    assert.equal(await executor.submit(tasks.same, 1), 1);
  });

  it('refuses jobs of another form, and with a key those that are not signed with it', limit, async () => {
    await using cluster = new Cluster(redis.url);
    await cluster.worker({ key: KEY });
    const signing = cluster.executor({ key: KEY });
    assert.equal(await signing.submit(tasks.add, 1, 2), 3);
    for (const key of [undefined, 'another key of some length']) {
      const error = await failure(cluster.executor({ key }).submit(tasks.add, 1, 2));
      assert.ok(error instanceof AuthenticationError);
      assert.match(
        error.message,
        key === undefined ? /it is not signed/ : /signed with another key, or was changed/,
      );
    }
    // Taken from the queue, changed, and put back.
    const queue = new Queue(cluster.queue, { connection: { url: redis.url } });
    const [good] = await queue.getCompleted();
    const forged = { ...good?.data, args: 'j[40,2]' };
    const replays: ReadonlyArray<readonly [object, RegExp]> = [
      [forged, /or was changed/],
      [{ ...good?.data }, /or was changed/],
      [{ anything: 1 }, /its format is undefined/],
      [{ ...forged, kind: 'chunk', arity: -1 }, /its arity is no number/],
    ];
    for (const [index, [data, message]] of replays.entries()) {
      await queue.add('forged', data, { jobId: `forged-${index}` });
      assert.match((await failure(signing.attach(`forged-${index}`))).message, message);
    }
    await queue.close();
  });

  it('takes no more work behind shutdown, which waits for what there is', limit, async () => {
    await using cluster = new Cluster(redis.url);
    const executor = cluster.executor();
    const gate = newPath();
    const future = executor.submit(tasks.waitFor, gate, newPath(), 'last');
    const closing = executor.shutdown();
    assert.ok((await failure(executor.submit(tasks.same, 1))) instanceof ExecutorShutdownError);
    await cluster.worker();
    open(gate);
    await closing;
    assert.equal(future.done(), true);
    assert.equal(await future, 'last');
    assert.equal(executor.statistics().state, 'closed');
  });

  it('says in its statistics who works, and on what', limit, async () => {
    await using cluster = new Cluster(redis.url);
    const worker = await cluster.worker({ name: 'one', workers: 3 });
    const executor = cluster.executor();
    const gate = newPath();
    const future = executor.submit(tasks.waitFor, gate, newPath(), 'x');
    await until('it runs', () => future.running());
    const { backend, workers, concurrency, tasks: counts } = executor.statistics();
    assert.deepEqual(
      { backend, concurrency, name: workers[0]?.name },
      { backend: 'cluster', concurrency: 3, name: worker.name },
    );
    assert.deepEqual([counts.submitted, counts.running, counts.pending], [1, 1, 0]);
    open(gate);
    await future;
  });

  it('names a wrong option, its rule and the value', () => {
    const connection = 'redis://127.0.0.1:1';
    const wrong: ReadonlyArray<readonly [() => unknown, RegExp]> = [
      [
        () => new ClusterExecutor({ connection, queue: 'a:b' }),
        /^queue must be a name without colons, received 'a:b'$/,
      ],
      [() => new ClusterExecutor({ connection: 'http://x', queue: 'q' }), /^connection must be a URL/],
      [
        () => new ClusterExecutor({ connection, queue: 'q', key: 'short' }),
        /^key must have at least 16 characters, received 5$/,
      ],
      [
        () => new ClusterExecutor({ connection, queue: 'q', keep: { count: 0 } }),
        /^keep.count must be >= 1, received 0$/,
      ],
      [() => new ClusterWorker({ connection, queue: 'q', modules: [] }), /^modules must name the files/],
      [
        () => new ClusterWorker({ connection, queue: 'q', modules: ['/nowhere/*.js'] }),
        /^modules: no file matches \/nowhere/,
      ],
      [
        () => new ClusterWorker({ connection, queue: 'q', modules: [MODULES], workers: 0 }),
        /^workers must be >= 1/,
      ],
    ];
    for (const [make, message] of wrong) assert.throws(make, { message });
  });
});
