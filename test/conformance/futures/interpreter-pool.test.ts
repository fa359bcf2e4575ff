// CPython's test_concurrent_futures/test_interpreter_pool.py: workers that share nothing but what they are
// given.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import {
  BrokenExecutorError,
  NotShareableError,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
  type ThreadPoolOptions,
} from '../../../src/index.ts';
import { ALL, POOLS, Scene, taskThatFailsToLoad, testOn } from './support.ts';
import {
  countCalls,
  fail,
  failToInitialize,
  identity,
  initialize,
  initialValue,
  multiply,
  waitAtGate,
  workerName,
} from './tasks.ts';

const CLASSES = [ThreadPoolExecutor, ProcessPoolExecutor] as const;

class Local {
  readonly #factor = 3;

  times(value: number): number {
    return value * this.#factor;
  }
}

for (const Pool of CLASSES) {
  const withOptions = (
    title: string,
    options: ThreadPoolOptions,
    body: (pool: ThreadPoolExecutor | ProcessPoolExecutor) => Promise<void>,
  ): void => {
    test(`${title} [${Pool.name}]`, { timeout: 120_000 }, async () => {
      const pool = new Pool({ maxWorkers: 1, ...options });
      try {
        await body(pool);
      } finally {
        await pool.shutdown();
      }
    });
  };

  const initialized: ThreadPoolOptions = { initializer: initialize, initArgs: ['\u{1D11E} hello'] };
  withOptions(
    'InterpreterPoolExecutorTest.test_init_func: it runs before the first task, with its arguments',
    initialized,
    async (pool) => {
      assert.equal(await pool.submit(initialValue), '\u{1D11E} hello');
    },
  );

  withOptions(
    "InterpreterPoolExecutorTest.test_init_with___main___global: it changes the worker's module, and not ours",
    initialized,
    async (pool) => {
      assert.equal(await pool.submit(initialValue), '\u{1D11E} hello');
      assert.equal(initialValue(), 'uninitialized');
    },
  );

  const breaks = (
    title: string,
    initializer: (...args: never[]) => unknown,
    cause: { name: string; message?: string },
  ): void => {
    withOptions(title, { initializer }, async (pool) => {
      const futures = [pool.submit(identity, 1), pool.submit(identity, 2)];
      for (const future of futures) {
        const error = await future.exception();
        assert.ok(error instanceof BrokenExecutorError, String(error));
        const { name, message } = error.cause as Error;
        assert.deepEqual({ name, ...('message' in cause ? { message } : {}) }, cause);
      }
      const later = await pool.submit(identity, 3).exception();
      assert.ok(later instanceof BrokenExecutorError, 'it stays broken');
    });
  };

  const captured = Math.random();
  breaks(
    'InterpreterPoolExecutorTest.test_init_closure: one that captures a variable breaks the pool',
    () => captured,
    { name: 'NotShareableError' },
  );
  breaks(
    'InterpreterPoolExecutorTest.test_init_instance_method: a method of an object breaks the pool',
    new Local().times,
    { name: 'NotShareableError' },
  );
  breaks(
    'InterpreterPoolExecutorTest.test_init_exception_in_func: one that throws breaks the pool, and is the cause',
    failToInitialize,
    { name: 'RangeError', message: 'the initializer gave up' },
  );

  withOptions(
    'InterpreterPoolExecutorTest.test_thread_name_prefix: workers are called after the class, pool and place',
    {},
    async (pool) => {
      assert.match(String(await pool.submit(workerName)), new RegExp(`^${Pool.name}-\\d+_0$`));
    },
  );
}

testOn(
  ALL,
  'InterpreterPoolExecutorTest.test_submit_closure: a function that captures a variable is refused',
  async (pool) => {
    const captured = Math.random();
    const error = await pool.submit(() => captured).exception();
    assert.ok(error instanceof NotShareableError, String(error));
    assert.match(error.message, /captured/);
    assert.equal(await pool.submit(identity, 1), 1);
  },
);

testOn(ALL, 'InterpreterPoolExecutorTest.test_submit_local_instance: so is a class', async (pool) => {
  const error = await pool.submit(Local as unknown as () => void).exception();
  assert.ok(error instanceof NotShareableError, String(error));
});

testOn(
  ALL,
  'InterpreterPoolExecutorTest.test_submit_instance_method: so is a method of an object',
  async (pool) => {
    const local = new Local();
    for (const method of [local.times, local.times.bind(local)]) {
      const error = await pool.submit(method, 2).exception();
      assert.ok(error instanceof NotShareableError, String(error));
    }
  },
);

testOn(
  POOLS,
  "InterpreterPoolExecutorTest.test_submit_func_globals: a task has the variables of its worker's module",
  async (pool) => {
    const here = countCalls();
    assert.equal(await pool.submit(countCalls), 1);
    assert.equal(await pool.submit(countCalls), 2);
    assert.equal(countCalls(), here + 1);
  },
  1,
);

testOn(
  ALL,
  'InterpreterPoolExecutorTest.test_submit_exception_in_func: an error keeps class, message and stack',
  async (pool) => {
    const error = await pool.submit(fail, 'spam').exception();
    assert.ok(error instanceof RangeError);
    assert.equal(error.message, 'spam');
    assert.match(String(error.stack), /at fail .*tasks\./s);
  },
);

testOn(
  POOLS,
  'InterpreterPoolExecutorTest.test_saturation: never more workers than maxWorkers',
  async (pool, scene) => {
    const futures = Array.from({ length: 60 }, (_, n) => pool.submit(waitAtGate, scene.gate, scene.log, n));
    await scene.linesCome(4);
    assert.equal(pool.statistics().workers.length, 4);
    scene.open();
    await Promise.all(futures);
    assert.equal(pool.statistics().workersStarted, 4);
  },
  4,
);

for (const [row, workers] of [
  ['InterpreterPoolExecutorTest.test_blocking', 10],
  ['InterpreterPoolExecutorTest.test_blocking_with_limited_workers', 4],
] as const) {
  testOn(
    ALL,
    `${row}: tasks that wait go on one by one as they are let through`,
    async (pool, scene) => {
      const gates = Array.from({ length: 10 }, (_, n) => `${scene.gate}-${n}`);
      const futures = gates.map((gate, n) => pool.submit(waitAtGate, gate, scene.log, n));
      const seen = new Set<string>();
      while (seen.size < 10) {
        // One more has begun to wait: let it through, before the next can be expected.
        const lines = await scene.linesCome(seen.size + 1);
        const next = lines.find((line) => !seen.has(line)) as string;
        seen.add(next);
        writeFileSync(gates[Number(next)] as string, '');
        assert.equal(await futures[Number(next)], Number(next));
      }
    },
    workers,
  );
}

testOn(
  POOLS,
  'InterpreterPoolExecutorTest.test_idle_thread_reuse: one idle worker takes task after task',
  async (pool) => {
    for (let n = 0; n < 3; n += 1) assert.equal(await pool.submit(multiply, 21, n), 21 * n);
    assert.equal(pool.statistics().workersStarted, 1);
  },
  4,
);

testOn(
  POOLS,
  'InterpreterPoolExecutorTest.test_pickle_errors_propagate: what cannot be read in the worker fails its future',
  async (pool) => {
    const task = await taskThatFailsToLoad('error');
    const error = await pool.submit(task, 1).exception();
    assert.ok(error instanceof RangeError, String(error));
    assert.equal(error.message, 'this module does not load in a worker');
    assert.equal(await pool.submit(identity, 1), 1);
  },
);

testOn(ALL, 'AsyncioTest.test_run_in_executor: a result is awaited like any promise', async (pool) => {
  assert.equal(await pool.submit(identity, 'spam'), 'spam');
});

test('AsyncioTest.test_run_in_executor_cancel: what was cancelled says nothing later', async (context: TestContext) => {
  const scene = new Scene(context);
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const running = pool.submit(waitAtGate, scene.gate, scene.log, 'first');
  const cancelled = pool.submit(identity, 'second');
  const heard: string[] = [];
  cancelled.addDoneCallback(({ state }) => heard.push(state));
  await scene.linesCome(1);
  assert.equal(cancelled.cancel(), true);
  scene.open();
  assert.equal(await running, 'first');
  await pool.shutdown();
  assert.deepEqual(heard, ['cancelled']);
});
