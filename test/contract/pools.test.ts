// Pools of workers: how many, for how long, prepared by whom, and what happens when they end.
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import {
  BrokenExecutorError,
  CancelledError,
  NotShareableError,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
  WorkerDiedError,
} from '../../src/index.ts';
import { contract, failure, Note, until, whenRunning } from './backends.ts';
import * as tasks from './fixtures/tasks.ts';
import { alive } from './processes.ts';

contract('a pool', ({ kind, make, row: everyRow }) => {
  const row = (title: string, run: () => Promise<void>): void => everyRow(title, ['pool options'], run);
  const idsOf = (pool: { statistics(): { workers: readonly { id: number | undefined }[] } }) =>
    pool.statistics().workers.map(({ id }) => id);

  row('starts workers on demand, up to maxWorkers', async () => {
    await using pool = make(2);
    assert.deepEqual(pool.statistics().workers, []);
    const gate = new Note();
    const futures = [1, 2, 3, 4].map((n) => pool.submit(tasks.waitFor, gate.path, n));
    await until('both have started', () => pool.statistics().workers.length === 2);
    gate.open();
    await Promise.all(futures);
    assert.equal(pool.statistics().workersStarted, 2);
  });

  row('minWorkers are started at once, and kept when one dies', async () => {
    await using pool = make(2, { minWorkers: 2, idleTimeout: 0 });
    const ready = (): boolean =>
      pool.statistics().workers.filter(({ state }) => state === 'idle').length === 2;
    await until('both are ready', ready);
    assert.ok((await failure(pool.submit(tasks.end, 'exit'))) instanceof WorkerDiedError);
    await until('both are ready again, without another task', ready);
    assert.equal(pool.statistics().workersStarted, 3);
  });

  row('idleTimeout: an idle worker ends, and another is started when needed', async () => {
    await using pool = make(2, { idleTimeout: 1 });
    assert.equal(await pool.submit(tasks.same, 1), 1);
    await until('the worker has ended', () => pool.statistics().workers.length === 0);
    assert.equal(await pool.submit(tasks.same, 2), 2);
    const { workersStarted, workersDied } = pool.statistics();
    assert.ok(workersStarted >= 2);
    assert.equal(workersDied, 0, 'that is no death');
  });

  row('maxTasksPerChild: each worker runs so many tasks', async () => {
    await using pool = make(2, { maxTasksPerChild: 3 });
    const places = await Promise.all(Array.from({ length: 30 }, () => pool.submit(tasks.whereAmI)));
    const counts = new Map<string, number>();
    for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
    assert.ok(
      [...counts.values()].every((count) => count <= 3),
      JSON.stringify([...counts]),
    );
    assert.ok(counts.size >= 10);
    assert.equal(pool.statistics().workersDied, 0);
  });

  row('workers have names, which are given again', async () => {
    const option = kind === 'thread' ? 'threadNamePrefix' : 'workerNamePrefix';
    await using pool = make(1, { [option]: 'smith' });
    assert.equal((await pool.submit(tasks.self)).workerName, 'smith_0');
    await failure(pool.submit(tasks.end, 'exit'));
    assert.equal((await pool.submit(tasks.self)).workerName, 'smith_0');
  });

  row('the initializer prepares every worker, also those that come later', async () => {
    await using pool = make(1, { initializer: tasks.prepare, initArgs: [{ ready: new Set([1]) }] });
    assert.deepEqual(await pool.submit(tasks.whatWasPrepared), { ready: new Set([1]) });
    await failure(pool.submit(tasks.end, 'exit'));
    assert.deepEqual(await pool.submit(tasks.whatWasPrepared), { ready: new Set([1]) });
  });

  row('arguments of the initializer that cannot cross break the pool', async () => {
    await using pool = make(1, { initializer: tasks.prepare, initArgs: [() => 1] });
    const error = await failure(pool.submit(tasks.same, 1));
    assert.ok(error instanceof BrokenExecutorError);
    assert.ok(error.cause instanceof NotShareableError);
    assert.match(error.cause.message, /arguments\[0\]: a function/);
  });

  row("onWorkerDeath 'break': a death breaks the pool, for all, now and later", async () => {
    await using pool = make(2, { onWorkerDeath: 'break' });
    const gate = new Note();
    const { options, running } = whenRunning();
    const other = pool.with(options).submit(tasks.waitFor, gate.path, 1);
    await running;
    const dying = pool.submit(tasks.end, 'exit');
    const behind = Array.from({ length: 20 }, (_, n) => pool.submit(tasks.same, n));
    assert.ok((await failure(dying)) instanceof WorkerDiedError);
    for (const future of [other, ...behind]) {
      const error = await failure(future).catch(() => undefined);
      if (error === undefined) continue; // It was done before the other worker died.
      assert.ok(error instanceof BrokenExecutorError, String(error));
      assert.ok(error.cause instanceof WorkerDiedError);
    }
    assert.ok((await failure(pool.submit(tasks.same, 1))) instanceof BrokenExecutorError);
    assert.equal(pool.statistics().state, 'broken');
    await until('its workers are gone', () => pool.statistics().workers.length === 0);
  });

  row('concurrency: a worker has so many tasks in flight', async () => {
    await using pool = make(1, { concurrency: 3 });
    const gate = new Note();
    let running = 0;
    const counted = pool.with({ onReport: () => (running += 1) });
    const futures = [1, 2, 3, 4, 5].map((n) => counted.submit(tasks.waitFor, gate.path, n));
    await until('three run', () => running === 3);
    const { tasks: counts } = pool.statistics();
    gate.open();
    assert.deepEqual(await Promise.all(futures), [1, 2, 3, 4, 5]);
    assert.equal(counts.running, 3);
    assert.equal(idsOf(pool).length, 1);
  });

  row('a death costs all that was in flight on that worker', async () => {
    await using pool = make(1, { concurrency: 2 });
    const never = new Note();
    const { options, running } = whenRunning();
    const other = pool.with(options).submit(tasks.waitFor, never.path, 1);
    await running;
    const dying = pool.submit(tasks.end, 'exit');
    assert.ok((await failure(dying)) instanceof WorkerDiedError);
    assert.ok((await failure(other)) instanceof WorkerDiedError);
    assert.equal(await pool.submit(tasks.same, 1), 1);
  });

  row('environment, and flags', async () => {
    const env = { ...process.env, CONTRACT_TEST: 'yes' };
    const more = { env, execArgv: ['--no-warnings'] };
    const Pool = kind === 'thread' ? ThreadPoolExecutor : ProcessPoolExecutor;
    await using pool = new Pool({ maxWorkers: 1, ...more });
    const surroundings = await pool.submit(tasks.surroundings);
    assert.equal(surroundings.env, 'yes');
    assert.deepEqual(surroundings.execArgv, ['--no-warnings']);
  });

  row('a wrong option names the option, the rule and the value', async () => {
    const wrong: ReadonlyArray<[object, RegExp]> = [
      [{ maxWorkers: 0 }, /^maxWorkers must be >= 1, received 0$/],
      [{ maxWorkers: 1.5 }, /^maxWorkers must be a whole number, received 1.5$/],
      [{ minWorkers: 3, maxWorkers: 2 }, /^minWorkers must be <= maxWorkers \(2\), received 3$/],
      [{ idleTimeout: -1 }, /^idleTimeout must be >= 0 milliseconds, received -1$/],
      [{ maxTasksPerChild: 0 }, /^maxTasksPerChild must be >= 1, received 0$/],
      [{ initializer: 'f' }, /^initializer must be a function, received 'f'$/],
      [{ onWorkerDeath: 'panic' }, /^onWorkerDeath must be one of 'replace', 'break', received 'panic'$/],
      [{ maxworkers: 2 }, /has no option 'maxworkers'/],
    ];
    for (const [options, message] of wrong) {
      assert.throws(
        () => make(2, options),
        (error: Error) => {
          assert.match(error.message, message);
          return error instanceof RangeError || error instanceof TypeError;
        },
      );
    }
  });
});

describe('a process pool', () => {
  const limit = { timeout: 60_000 };

  it('runs where it is told to', limit, async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1, cwd: tmpdir() });
    assert.equal((await pool.submit(tasks.surroundings)).cwd, tmpdir());
  });

  it('whose processes cannot be started is broken, and says why', limit, async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1, cwd: '/is/not/there' });
    const error = await failure(pool.submit(tasks.same, 1));
    assert.ok(error instanceof BrokenExecutorError);
    assert.match(String((error.cause as Error).message), /ENOENT|exited with code/);
  });

  for (const how of ['terminateWorkers', 'killWorkers'] as const) {
    it(`${how}: settles what ran, what lay in its hands and what waited`, limit, async () => {
      const pool = new ProcessPoolExecutor({ maxWorkers: 2 });
      // Quick tasks first: several are then sent at a time.
      for (let n = 0; n < 100; n += 1) await pool.submit(tasks.sameLater, n);
      await pool.map(
        tasks.same,
        Array.from({ length: 200 }, (_, n) => n),
      );
      const never = new Note();
      const { options, running } = whenRunning();
      const busy = pool.with({ ...options, retries: 5 }).submit(tasks.waitFor, never.path, 0);
      const rest = Array.from({ length: 50 }, () =>
        pool.with({ retries: 5 }).submit(tasks.waitFor, never.path, 1),
      );
      await running;
      const pids = pool.statistics().workers.map(({ id }) => id as number);
      await pool[how]();
      const error = await failure(busy);
      assert.ok(error instanceof WorkerDiedError);
      assert.equal(error.reason, `it was ended by ${how}()`);
      for (const future of rest) {
        const other = await failure(future);
        assert.ok(other instanceof WorkerDiedError || other instanceof CancelledError, String(other));
      }
      assert.ok(!pids.some(alive));
      assert.equal(pool.statistics().state, 'closed');
      await pool.shutdown();
    });
  }
});

describe('threads under one lock', () => {
  const limit = { timeout: 60_000 };
  const room = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));

  it('compute one at a time', limit, async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 4, interpreterLock: true });
    const shared = room();
    await Promise.all([1, 2, 3, 4].map(() => pool.submit(tasks.meet, shared, 4)));
    shared.fill(0);
    await Promise.all(Array.from({ length: 12 }, () => pool.submit(tasks.visit, shared, 100)));
    assert.deepEqual([...shared], [0, 1], 'nobody inside, and never more than one');
  });

  it('do not hold it while they await', limit, async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 3, interpreterLock: true });
    const shared = room();
    const all = await Promise.all([1, 2, 3].map(() => pool.submit(tasks.meet, shared, 3)));
    assert.deepEqual(all, [3, 3, 3]);
  });

  it('get it back from one that was killed', limit, async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 3, interpreterLock: true });
    for (let round = 0; round < 3; round += 1) {
      const shared = room();
      const controller = new AbortController();
      const stuck = pool.with({ signal: controller.signal, grace: 0 }).submit(tasks.spinForEver, shared);
      await until('it spins', () => Atomics.load(shared, 0) === 1);
      const others = [1, 2, 3, 4].map((n) => pool.submit(tasks.same, n));
      controller.abort('enough');
      assert.equal(await failure(stuck), 'enough');
      assert.deepEqual(await Promise.all(others), [1, 2, 3, 4]);
    }
  });
});
