// CPython's test_concurrent_futures/test_deadlock.py: whatever a task does, nothing hangs, and the caller
// hears of it.
//
// Where Python pickles objects by code of their own, here the places that run user code on the way are:
// getters of an argument (in `submit`), the task's module (when the worker loads it), and getters of a result
// (in the worker). Nothing of the user's runs when the pool reads a result; a codec of its own stands for
// what cannot be read there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventLoopBackend } from '../../../src/backends/event-loop/event-loop-backend.ts';
import { Executor, ProcessPoolExecutor, ThreadPoolExecutor, WorkerDiedError } from '../../../src/index.ts';
import { poolSettings } from '../../../src/pool/options.ts';
import { Pool } from '../../../src/pool/pool.ts';
import { type Codec, realmCodec } from '../../../src/wire/codec.ts';
import { type Kind, POOLS, taskThatFailsToLoad, testOn, until } from './support.ts';
import {
  crash,
  crashAtGate,
  crashWith,
  ErrorWhenRead,
  exit,
  fail,
  identity,
  multiply,
  objectWithGetter,
} from './tasks.ts';

/**
 * A crash in a thread is a crash of the process, so those rows are for processes; the others are for both.
 */
const PROCESSES_ONLY = POOLS.filter(({ name }) => name === 'processes');

/** The pool goes on: the next task is run, by a new worker if need be. */
async function assertServes(pool: Executor): Promise<void> {
  assert.equal(await pool.submit(multiply, 6, 7), 42);
}

async function assertWorkerDied(pool: Executor, future: PromiseLike<unknown>, kind: Kind): Promise<void> {
  await assert.rejects(Promise.resolve(future), (error) => {
    assert.ok(error instanceof WorkerDiedError, `${kind.name}: ${String(error)}`);
    return true;
  });
  await assertServes(pool);
}

const argument = (): object => Object.defineProperty({}, 'value', { enumerable: true, get: () => () => 1 });

testOn(
  POOLS,
  'ExecutorDeadlockTest.test_error_at_task_pickle: an argument that cannot be written fails its future',
  async (pool) => {
    await assert.rejects(Promise.resolve(pool.submit(identity, argument())), { name: 'NotShareableError' });
    const throwing = Object.defineProperty({}, 'value', {
      enumerable: true,
      get: () => new ErrorWhenRead().value,
    });
    assert.ok((await pool.submit(identity, throwing).exception()) instanceof Error);
    await assertServes(pool);
  },
);

testOn(
  POOLS,
  'ExecutorDeadlockTest.test_exit_at_task_unpickle: a task whose loading ends the worker has lost its worker',
  async (pool, _scene, kind) => {
    const task = await taskThatFailsToLoad('exit');
    await assertWorkerDied(pool, pool.submit(task, 1), kind);
  },
);

testOn(
  POOLS,
  'ExecutorDeadlockTest.test_error_at_task_unpickle: a task that cannot be loaded fails with the reason',
  async (pool) => {
    const task = await taskThatFailsToLoad('error');
    await assert.rejects(Promise.resolve(pool.submit(task, 1)), {
      name: 'RangeError',
      message: /does not load/,
    });
    await assertServes(pool);
  },
);

testOn(
  PROCESSES_ONLY,
  'ExecutorDeadlockTest.test_crash_at_task_unpickle: a task whose loading crashes the worker has lost its worker',
  async (pool, _scene, kind) => {
    const task = await taskThatFailsToLoad('crash');
    await assertWorkerDied(pool, pool.submit(task, 1), kind);
  },
);

testOn(
  PROCESSES_ONLY,
  'ExecutorDeadlockTest.test_crash_during_func_exec_on_worker: a crash in a task costs its worker',
  async (pool, _scene, kind) => {
    await assertWorkerDied(pool, pool.submit(crash), kind);
  },
);

testOn(
  POOLS,
  'ExecutorDeadlockTest.test_exit_during_func_exec_on_worker: process.exit() in a task costs its worker',
  async (pool, _scene, kind) => {
    await assertWorkerDied(pool, pool.submit(exit, 1), kind);
  },
);

testOn(
  POOLS,
  'ExecutorDeadlockTest.test_error_during_func_exec_on_worker: an error comes as it is',
  async (pool) => {
    await assert.rejects(Promise.resolve(pool.submit(fail, 'plain')), {
      name: 'RangeError',
      message: 'plain',
    });
    await assertServes(pool);
  },
);

testOn(
  PROCESSES_ONLY,
  'ExecutorDeadlockTest.test_crash_during_result_pickle_on_worker: a crash while a result is written, likewise',
  async (pool, _scene, kind) => {
    await assertWorkerDied(pool, pool.submit(objectWithGetter, 'crash'), kind);
  },
);

testOn(
  POOLS,
  'ExecutorDeadlockTest.test_exit_during_result_pickle_on_worker: process.exit() there costs the worker',
  async (pool, _scene, kind) => {
    await assertWorkerDied(pool, pool.submit(objectWithGetter, 'exit'), kind);
  },
);

testOn(
  POOLS,
  'ExecutorDeadlockTest.test_error_during_result_pickle_on_worker: a result that cannot be written fails its future',
  async (pool) => {
    await assert.rejects(Promise.resolve(pool.submit(objectWithGetter, 'function')), {
      name: 'NotShareableError',
    });
    assert.ok((await pool.submit(objectWithGetter, 'error').exception()) instanceof Error);
    await assertServes(pool);
    assert.equal(pool.statistics().workersDied, 0);
  },
);

const UNREADABLE = Symbol('unreadable');
/** Results cross, and cannot be read. */
const unreadable: Codec = {
  ...realmCodec,
  encode: (value, what, transfer) => {
    const packed = realmCodec.encode(value, what, transfer);
    return what === 'result' ? { ...packed, value: UNREADABLE } : packed;
  },
  decode: (packed) => {
    if (packed === UNREADABLE) throw new RangeError('these bytes mean nothing');
    return realmCodec.decode(packed);
  },
};
class UnreadableBackend extends EventLoopBackend {
  override readonly codec = unreadable;
}
class UnreadableExecutor extends Executor {
  constructor() {
    super(new Pool(new UnreadableBackend(true), poolSettings({ maxWorkers: 1 }, 'UnreadableExecutor')));
  }
}

test('ExecutorDeadlockTest.test_error_during_result_unpickle_in_result_handler: a result that cannot be read fails its future', async () => {
  const pool = new UnreadableExecutor();
  for (let n = 0; n < 3; n += 1) {
    const error = await pool.submit(identity, n).exception();
    assert.ok(error instanceof RangeError);
    assert.equal(error.message, 'these bytes mean nothing');
  }
  await pool.shutdown();
});

testOn(
  POOLS,
  'ExecutorDeadlockTest.test_shutdown_deadlock: a worker that dies after shutdown does not hold it up',
  async (pool, scene, kind) => {
    const task =
      kind.name === 'threads' ? pool.submit(exit, 1) : pool.submit(crashAtGate, scene.gate, scene.log);
    const closing = pool.shutdown();
    scene.open();
    await closing;
    assert.ok((await task.exception()) instanceof WorkerDiedError);
    assert.deepEqual(pool.statistics().workers, []);
  },
);

testOn(
  POOLS,
  'ExecutorDeadlockTest.test_shutdown_deadlock_pickle: nor does a task that could not be written',
  async (pool) => {
    await assertServes(pool);
    const failed = pool.submit(identity, argument());
    await pool.shutdown({ wait: false });
    await assert.rejects(Promise.resolve(failed), { name: 'NotShareableError' });
    await until(() => pool.statistics().workers.length === 0);
  },
);

for (const onWorkerDeath of ['replace', 'break'] as const) {
  test(`ExecutorDeadlockTest.test_crash_big_data: a crash while much is on its way, onWorkerDeath '${onWorkerDeath}'`, async () => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 2, onWorkerDeath });
    const data = 'a'.repeat(4 * 1024 * 1024);
    const results = pool.with({ chunkSize: 1 }).map(
      crashWith,
      Array.from({ length: 4 }, () => data),
    );
    const iterator = results[Symbol.asyncIterator]();
    const names: string[] = [];
    for (let ended = false; !ended; ) {
      ended = await iterator.next().then(
        ({ done }) => done === true,
        (error: Error) => {
          names.push(error.name);
          return false;
        },
      );
    }
    if (onWorkerDeath === 'replace') assert.deepEqual(names, Array(4).fill('WorkerDiedError'));
    // A pool that is broken ends the map, and says so once, after what the tasks of its dead workers say.
    else assert.match(names.join(), /^(WorkerDiedError,){0,3}BrokenExecutorError$/);
    await pool.shutdown();
  });
}

testOn(
  POOLS,
  'ExecutorDeadlockTest.test_gh105829_should_not_deadlock_if_wakeup_pipe_full: many submits in one go are no trouble',
  async (pool) => {
    // Far more than any pipe or port takes at once, before a worker has started.
    const text = 'x'.repeat(10_000);
    const futures = Array.from({ length: 1000 }, () => pool.submit(identity, text));
    const results = await Promise.all(futures);
    assert.ok(results.every((result) => result === text));
  },
);

test('ExecutorDeadlockTest.test_exit_during_func_exec_on_worker: tasks of other workers do not notice', async () => {
  for (const Class of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    await using pool = new Class({ maxWorkers: 2 });
    const doomed = pool.submit(exit, 1);
    const others = Array.from({ length: 20 }, (_, n) => pool.with({ retries: 1 }).submit(identity, n));
    assert.ok((await doomed.exception()) instanceof WorkerDiedError);
    assert.deepEqual(
      await Promise.all(others),
      others.map((_, n) => n),
    );
  }
});
