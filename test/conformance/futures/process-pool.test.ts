// CPython's test_concurrent_futures/test_process_pool.py.
import assert from 'node:assert/strict';
import { mkdirSync, renameSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import {
  BrokenExecutorError,
  CancelledError,
  ExecutorShutdownError,
  ProcessPoolExecutor,
  WorkerDiedError,
} from '../../../src/index.ts';
import { ALL, POOLS, PROCESSES, Scene, testOn, until } from './support.ts';
import { exit, fail, identity, multiply, passGate, pid, waitAtGate } from './tasks.ts';

const HOW = ['terminateWorkers', 'killWorkers'] as const;

function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
}

/** The only worker of the pool. */
function onlyWorker(pool: ProcessPoolExecutor): number {
  const ids = pool.statistics().workers.map(({ id }) => id as number);
  assert.equal(ids.length, 1);
  return ids[0] as number;
}

const inScene = (title: string, body: (scene: Scene) => Promise<void>): void => {
  test(title, { timeout: 120_000 }, async (context: TestContext) => {
    const scene = new Scene(context);
    try {
      await body(scene);
    } finally {
      scene.open();
    }
  });
};

inScene(
  'ProcessPoolExecutorTest.test_killed_child: with onWorkerDeath "break" a death costs the pool',
  async (scene) => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 2, onWorkerDeath: 'break' });
    const running = pool.submit(waitAtGate, scene.gate, scene.log, 'first');
    await scene.linesCome(1);
    process.kill(onlyWorker(pool), 'SIGKILL');
    const error = await running.exception();
    assert.ok(error instanceof WorkerDiedError, String(error));
    assert.equal(error.signal, 'SIGKILL');
    const later = await pool.submit(multiply, 2, 8).exception();
    assert.ok(later instanceof BrokenExecutorError, String(later));
    await pool.shutdown();
  },
);

inScene(
  'ProcessPoolExecutorTest.test_killed_child: by default it costs the tasks of that worker only',
  async (scene) => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    const running = pool.submit(waitAtGate, scene.gate, scene.log, 'first');
    const pending = pool.submit(multiply, 2, 8);
    await scene.linesCome(1);
    process.kill(onlyWorker(pool), 'SIGKILL');
    assert.ok((await running.exception()) instanceof WorkerDiedError);
    assert.equal(await pending, 16);
    assert.equal(await pool.submit(multiply, 2, 8), 16);
  },
);

inScene(
  'ProcessPoolExecutorTest.test_broken_process_pool_traceback: each future has an error of its own',
  async (scene) => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 1, onWorkerDeath: 'break' });
    const futures = ['a', 'b', 'c'].map((name) => pool.submit(waitAtGate, scene.gate, scene.log, name));
    await scene.linesCome(1);
    process.kill(onlyWorker(pool), 'SIGKILL');
    const errors = await Promise.all(futures.map((future) => future.exception()));
    assert.deepEqual(
      errors.map((error) => (error as Error).name),
      ['WorkerDiedError', 'BrokenExecutorError', 'BrokenExecutorError'],
    );
    assert.equal(new Set(errors).size, 3);
    assert.notEqual((errors[1] as Error).cause, (errors[2] as Error).cause);
    await pool.shutdown();
  },
);

testOn(
  ALL,
  'ProcessPoolExecutorTest.test_map_chunksize: the size of chunks does not show in the results',
  async (pool) => {
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    const products = numbers.map((n) => n * n);
    for (const chunkSize of [6, 40, 50]) {
      assert.deepEqual(await pool.with({ chunkSize }).map(multiply, numbers, numbers), products);
    }
    for (const chunkSize of [0, -1]) {
      assert.throws(() => pool.with({ chunkSize }), {
        name: 'RangeError',
        message: /^chunkSize must be >= 1/,
      });
    }
  },
);

testOn(
  POOLS,
  'ProcessPoolExecutorTest.test_traceback: an error has the stack of the worker, then that of the submit',
  async (pool) => {
    const error = await pool.submit(fail, '123').exception();
    assert.ok(error instanceof RangeError);
    assert.equal(error.message, '123');
    const stack = String(error.stack);
    const [inWorker, inParent] = [stack.indexOf('at fail'), stack.indexOf('process-pool.test')];
    assert.ok(inWorker > 0 && inParent > inWorker, stack);
  },
);

test('ProcessPoolExecutorTest.test_traceback_when_child_process_terminates_abruptly: the error says who, and how', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1, workerNamePrefix: 'doomed' });
  const error = await pool.submit(exit, 99).exception();
  assert.ok(error instanceof WorkerDiedError, String(error));
  assert.equal(error.exitCode, 99);
  assert.equal(error.workerName, 'doomed_0');
  assert.match(error.message, /doomed_0 died.*exited with code 99/);
});

testOn(
  [PROCESSES],
  'ProcessPoolExecutorTest.test_saturation: never more processes than maxWorkers',
  async (pool, scene) => {
    const futures = Array.from({ length: 30 }, (_, n) => pool.submit(waitAtGate, scene.gate, scene.log, n));
    await scene.linesCome(2);
    assert.equal(pool.statistics().workers.length, 2);
    scene.open();
    await Promise.all(futures);
    assert.equal(pool.statistics().workersStarted, 2);
  },
);

testOn(
  [PROCESSES],
  'ProcessPoolExecutorTest.test_idle_process_reuse_one: one after the other needs one process',
  async (pool) => {
    for (let n = 0; n < 3; n += 1) await pool.submit(multiply, n, n);
    assert.equal(pool.statistics().workersStarted, 1);
  },
  4,
);

testOn(
  [PROCESSES],
  'ProcessPoolExecutorTest.test_idle_process_reuse_multiple: never two at a time, never more than two processes',
  async (pool) => {
    for (let n = 0; n < 3; n += 1) {
      const pair = [pool.submit(multiply, n, 7), pool.submit(multiply, n, 8)];
      assert.deepEqual(await Promise.all(pair), [n * 7, n * 8]);
    }
    assert.ok(pool.statistics().workersStarted <= 2);
  },
  5,
);

test('ProcessPoolExecutorTest.test_max_tasks_per_child: after so many tasks there is a new process', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1, maxTasksPerChild: 3 });
  const first = await pool.submit(pid);
  assert.equal(await pool.submit(pid), first);
  assert.equal(await pool.submit(pid), first);
  const second = await pool.submit(pid);
  assert.notEqual(second, first);
  await until(() => !isAlive(first));
  assert.equal(pool.statistics().workersStarted, 2);
});

for (const [maxWorkers, maxTasksPerChild, count] of [
  [1, 2, 6],
  [2, 2, 8],
] as const) {
  test(`ProcessPoolExecutorTest.test_max_tasks_per_child_pending_tasks_gh115634: a backlog outlives ${maxWorkers} such workers`, async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers, maxTasksPerChild });
    const futures = Array.from({ length: count }, (_, n) => pool.submit(multiply, n, 2));
    assert.deepEqual(
      await Promise.all(futures),
      futures.map((_, n) => n * 2),
    );
    assert.ok(pool.statistics().workersStarted >= count / maxTasksPerChild);
  });
}

inScene(
  'ProcessPoolExecutorTest.test_shutdown_no_wait_max_tasks_gh119592: workers are replaced after shutdown, too',
  async (scene) => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 1, maxTasksPerChild: 1 });
    const futures = [0, 1, 2].map((n) => pool.submit(waitAtGate, scene.gate, scene.log, n));
    await scene.linesCome(1);
    await pool.shutdown({ wait: false });
    scene.open();
    assert.deepEqual(await Promise.all(futures), [0, 1, 2]);
    await pool.shutdown();
    assert.equal(pool.statistics().workersStarted, 3);
  },
);

for (const how of HOW) {
  inScene(
    `ProcessPoolExecutorTest.test_force_shutdown_during_max_tasks_worker_exit: ${how} starts no successor`,
    async (scene) => {
      const pool = new ProcessPoolExecutor({ maxWorkers: 1, maxTasksPerChild: 1 });
      const futures = [0, 1, 2].map((n) => pool.submit(waitAtGate, scene.gate, scene.log, n));
      await scene.linesCome(1);
      const ending = pool[how]();
      scene.open();
      const errors = await Promise.all(futures.slice(1).map((future) => future.exception().catch((e) => e)));
      for (const error of errors) assert.ok(error instanceof CancelledError, String(error));
      await ending;
      assert.ok(futures[0]?.done());
      await futures[0]?.exception();
      assert.equal(pool.statistics().workersStarted, 1);
      assert.equal(pool.statistics().workers.length, 0);
    },
  );
}

inScene(
  'ProcessPoolExecutorTest.test_failed_worker_replacement_breaks_pool: when none can be started, all futures say so',
  async (scene) => {
    const folder = `${scene.gate}-folder`;
    mkdirSync(folder);
    const pool = new ProcessPoolExecutor({ maxWorkers: 1, maxTasksPerChild: 1, cwd: folder });
    const futures = [0, 1, 2].map((n) => pool.submit(waitAtGate, scene.gate, scene.log, n));
    await scene.linesCome(1);
    // A process cannot be started in a folder that is not there.
    renameSync(folder, `${folder}-gone`);
    scene.open();
    assert.equal(await futures[0], 0);
    for (const future of futures.slice(1)) {
      const error = await future.exception();
      assert.ok(error instanceof BrokenExecutorError, String(error));
      assert.match(error.message, /died before they were ready/);
    }
    await pool.shutdown();
  },
);

test('ProcessPoolExecutorTest.test_max_tasks_early_shutdown: a shutdown right behind the tasks loses none', async () => {
  const pool = new ProcessPoolExecutor({ maxWorkers: 3, maxTasksPerChild: 1 });
  const futures = Array.from({ length: 6 }, (_, n) => pool.submit(multiply, n, n));
  await pool.shutdown();
  assert.deepEqual(await Promise.all(futures), [0, 1, 4, 9, 16, 25]);
});

/**
 * Starts a task that waits at the gate, ends the pool with force, and gives what the task's future then
 * holds.
 */
async function endWithForce(scene: Scene, how: (typeof HOW)[number]): Promise<WorkerDiedError> {
  const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const running = pool.submit(passGate, scene.gate, scene.log, 'task');
  await scene.linesCome(1);
  const id = onlyWorker(pool);
  await pool[how]();
  assert.equal(isAlive(id), false);
  const error = await running.exception();
  assert.ok(error instanceof WorkerDiedError, String(error));
  assert.match(error.reason, new RegExp(`${how}\\(\\)`));
  assert.deepEqual(scene.lines(), ['task started']);
  return error;
}

inScene('ProcessPoolExecutorTest.test_terminate_workers: they get SIGTERM', async (scene) => {
  assert.equal((await endWithForce(scene, 'terminateWorkers')).signal, 'SIGTERM');
});

inScene('ProcessPoolExecutorTest.test_kill_workers: they get SIGKILL', async (scene) => {
  assert.equal((await endWithForce(scene, 'killWorkers')).signal, 'SIGKILL');
});

for (const how of HOW) {
  inScene(
    `ProcessPoolExecutorTest.test_force_shutdown_workers: ${how} ends what has begun before it is through`,
    async (scene) => {
      await endWithForce(scene, how);
    },
  );

  test(`ProcessPoolExecutorTest.test_force_shutdown_workers_dead_workers: ${how} ends a broken pool quietly`, async () => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 1, onWorkerDeath: 'break' });
    assert.ok((await pool.submit(exit, 1).exception()) instanceof WorkerDiedError);
    await pool[how]();
    await pool[how]();
    await pool.shutdown();
  });

  test(`ProcessPoolExecutorTest.test_force_shutdown_workers_not_started_yet: ${how} ends a pool that did nothing`, async () => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    await pool[how]();
    assert.equal(pool.statistics().workersStarted, 0);
    assert.equal(pool.statistics().state, 'closed');
  });

  test(`ProcessPoolExecutorTest.test_force_shutdown_workers_stops_pool: after ${how} nothing more is taken`, async () => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    assert.equal(await pool.submit(identity, 1), 1);
    const id = onlyWorker(pool);
    await pool[how]();
    assert.ok((await pool.submit(identity, 1).exception()) instanceof ExecutorShutdownError);
    assert.equal(isAlive(id), false);
  });
}
