// CPython's test_concurrent_futures/test_shutdown.py.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ExecutorShutdownError, ProcessPoolExecutor, ThreadPoolExecutor } from '../../../src/index.ts';
import { type Run, runNode } from '../../tasks/support.ts';
import { ALL, type Kind, POOLS, PROCESSES, Scene, THREADS, testOn, until } from './support.ts';
import { fail, identity, multiply, pid, waitAtGate, workerName } from './tasks.ts';

const PROGRAM = fileURLToPath(new URL('./program.js', import.meta.url));

/** Runs the program; `during` may watch it, and opens the gate that its tasks wait at. */
function testProgram(
  title: string,
  what: string,
  during: (scene: Scene) => Promise<void>,
  check: (run: Run, scene: Scene, kind: Kind) => void,
): void {
  for (const kind of ALL) {
    test(`${title} [${kind.name}]`, { timeout: 120_000 }, async (context: TestContext) => {
      const scene = new Scene(context);
      const running = runNode([PROGRAM, what, kind.name, scene.gate, scene.log]);
      await during(scene);
      const run = await running;
      assert.equal(run.stderr, '');
      assert.equal(run.code, 0);
      check(run, scene, kind);
    });
  }
}

const openOnceBegun = async (scene: Scene): Promise<void> => {
  await scene.linesCome(1);
  scene.open();
};

testOn(ALL, 'ExecutorShutdownTest.test_run_after_shutdown: nothing is taken after shutdown', async (pool) => {
  await pool.shutdown();
  assert.ok((await pool.submit(identity, 1).exception()) instanceof ExecutorShutdownError);
  await assert.rejects(Promise.resolve(pool.map(identity, [1])), { name: 'ExecutorShutdownError' });
});

testProgram(
  'ExecutorShutdownTest.test_interpreter_shutdown: a program that falls off its end finishes its work',
  'fall off',
  openOnceBegun,
  ({ stdout }, scene) => {
    assert.equal(stdout, 'finished\n');
    assert.deepEqual(scene.lines(), ['apple']);
  },
);

testProgram(
  'ExecutorShutdownTest.test_submit_after_interpreter_shutdown: an exiting program cannot begin anything',
  'submit at exit',
  async () => undefined,
  ({ stdout }) => assert.match(stdout, /raised ExecutorShutdownError/),
);

testOn(
  ALL,
  'ExecutorShutdownTest.test_hang_issue12364: shutdown finishes all that is queued',
  async (pool) => {
    const futures = Array.from({ length: 50 }, (_, n) => pool.submit(identity, n));
    await pool.shutdown();
    assert.ok(futures.every((future) => future.done()));
    assert.deepEqual(
      await Promise.all(futures),
      futures.map((_, n) => n),
    );
  },
);

testOn(
  ALL,
  'ExecutorShutdownTest.test_cancel_futures: what has begun is finished, the rest is cancelled',
  async (pool, scene) => {
    const futures = Array.from({ length: 50 }, (_, n) => pool.submit(waitAtGate, scene.gate, scene.log, n));
    await scene.linesCome(2);
    const closing = pool.shutdown({ cancelFutures: true });
    scene.open();
    await closing;
    assert.deepEqual(
      futures.map((future) => future.state),
      futures.map((_, n) => (n < 2 ? 'finished' : 'cancelled')),
    );
    assert.deepEqual(await Promise.all(futures.slice(0, 2)), [0, 1]);
  },
);

testProgram(
  'ExecutorShutdownTest.test_hang_gh83386: a program that shuts down without waiting ends after its tasks',
  'shut down without waiting',
  openOnceBegun,
  ({ stdout }, scene) => {
    assert.equal(stdout, 'shut down\nfinished\n');
    assert.deepEqual(scene.lines(), ['apple']);
  },
);

testOn(
  ALL,
  'ExecutorShutdownTest.test_hang_gh94440: submit, cancel, shutdown does not hang',
  async (pool, scene) => {
    const running = pool.submit(waitAtGate, scene.gate, scene.log, 'first');
    await scene.linesCome(1);
    const pending = pool.submit(identity, 1);
    assert.equal(pending.cancel(), true);
    scene.open();
    await pool.shutdown();
    assert.equal(await running, 'first');
    assert.equal(pending.cancelled(), true);
  },
  1,
);

// ── threads ───────────────────────────────────────────────────────────────────────────────────────────────────

testOn(
  [THREADS],
  'ThreadPoolShutdownTest.test_threads_terminate: after shutdown no thread is left',
  async (pool) => {
    await Promise.all([1, 2, 3].map((n) => pool.submit(multiply, n, n)));
    assert.ok(pool.statistics().workers.length > 0);
    await pool.shutdown();
    assert.deepEqual(pool.statistics().workers, []);
    assert.equal(pool.statistics().state, 'closed');
  },
  3,
);

testOn(
  POOLS,
  'ThreadPoolShutdownTest.test_shutdown_no_wait: it returns at once, the work is done all the same',
  async (pool, scene) => {
    const futures = [0, 1, 2].map((n) => pool.submit(waitAtGate, scene.gate, scene.log, n));
    await scene.linesCome(1);
    await pool.shutdown({ wait: false });
    assert.equal(futures[0]?.done(), false);
    scene.open();
    assert.deepEqual(await Promise.all(futures), [0, 1, 2]);
    await until(() => pool.statistics().workers.length === 0);
  },
);

for (const [row, Pool] of [
  ['ThreadPoolShutdownTest.test_context_manager_shutdown', ThreadPoolExecutor],
  ['ProcessPoolShutdownTest.test_context_manager_shutdown', ProcessPoolExecutor],
] as const) {
  test(`${row}: leaving the block waits, also when it throws`, async () => {
    const thrown = new RangeError('out of the block');
    let pool: ThreadPoolExecutor | ProcessPoolExecutor | undefined;
    const use = async (): Promise<never> => {
      await using scoped = new Pool({ maxWorkers: 2 });
      pool = scoped;
      scoped.submit(identity, 'a').addDoneCallback(() => undefined);
      throw thrown;
    };
    await assert.rejects(use(), (error) => error === thrown);
    assert.equal(pool?.statistics().state, 'closed');
    assert.equal(pool?.statistics().tasks.succeeded, 1);
    assert.deepEqual(pool?.statistics().workers, []);
  });
}

test('ThreadPoolShutdownTest.test_thread_names_assigned: workers are called after the prefix', async () => {
  for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    await using pool = new Pool({ maxWorkers: 2, threadNamePrefix: 'SpecialPool' });
    const names = await Promise.all([1, 2, 3, 4].map(() => pool.submit(workerName)));
    for (const name of names) assert.match(String(name), /^SpecialPool_[01]$/);
  }
});

test('ThreadPoolShutdownTest.test_thread_names_default: pools number themselves', async () => {
  for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    await using first = new Pool({ maxWorkers: 1 });
    await using second = new Pool({ maxWorkers: 1 });
    const names = await Promise.all([first.submit(workerName), second.submit(workerName)]);
    for (const name of names) assert.match(String(name), new RegExp(`^${Pool.name}-\\d+_0$`));
    assert.notEqual(names[0], names[1]);
  }
});

testProgram(
  'ThreadPoolShutdownTest.test_cancel_futures_wait_false: such a program ends, with what had begun',
  'shut down, cancelling',
  async (scene) => {
    await scene.linesCome(2);
    scene.open();
  },
  ({ stdout }, scene) => {
    assert.deepEqual(stdout.split('\n').toSorted(), ['', 'cancelled', 'cancelled', 'finished']);
    assert.deepEqual(scene.lines().toSorted(), ['apple', 'shut down']);
  },
);

// ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────

testOn(
  [PROCESSES],
  'ProcessPoolShutdownTest.test_processes_terminate: after shutdown no process is left',
  async (pool) => {
    const pids = new Set(await Promise.all([1, 2, 3].map(() => pool.submit(pid))));
    assert.ok(pids.size >= 1 && pids.size <= 3);
    await pool.shutdown();
    assert.deepEqual(pool.statistics().workers, []);
    for (const id of pids) assert.throws(() => process.kill(id, 0), { code: 'ESRCH' });
  },
  3,
);

testOn(
  [PROCESSES],
  'ProcessPoolShutdownTest.test_shutdown_no_wait: the results come, and then the processes end',
  async (pool) => {
    const futures = [1, 2].map((n) => pool.submit(identity, n));
    await pool.shutdown({ wait: false });
    assert.deepEqual(await Promise.all(futures), [1, 2]);
    await until(() => pool.statistics().workers.length === 0);
  },
);

for (const [row, maxWorkers] of [
  ['ProcessPoolShutdownTest.test_shutdown_gh_132969_case_1', 2],
  ['ProcessPoolShutdownTest.test_shutdown_gh_132969_case_2', 4],
] as const) {
  test(`${row}: a failing task, one task for each worker, and a shutdown that does not wait`, async () => {
    const pool = new ProcessPoolExecutor({ maxWorkers, maxTasksPerChild: 1 });
    const good = [1, 2].map((n) => pool.submit(identity, n));
    const bad = pool.submit(fail, 'on purpose');
    await pool.shutdown({ wait: false });
    assert.deepEqual(await Promise.all(good), [1, 2]);
    assert.match(String(await bad.exception()), /on purpose/);
    await until(() => pool.statistics().workers.length === 0);
  });
}
