// "Every call settles, always, and says why": each row of that table, on each backend.
import assert from 'node:assert/strict';
import {
  BrokenExecutorError,
  CancelledError,
  defineTasks,
  type Executor,
  ExecutorShutdownError,
  NotShareableError,
  TaskNotFoundError,
  TimeoutError,
  WorkerDiedError,
} from '../../src/index.ts';
import { failure, Note, until, whenRunning } from './backends.ts';
import { contract } from './cluster.ts';
import * as tasks from './fixtures/tasks.ts';

/** A function that a worker is told to find in that module. */
function foundIn(file: string, name: string): () => unknown {
  const url = new URL(`./fixtures/${file}`, import.meta.url).href;
  return defineTasks(url, { [name]: () => 'not by name' })[name] as () => unknown;
}

/** The pool is unhurt: it runs tasks, on the workers that it had. */
async function assertUnhurt(pool: Executor): Promise<void> {
  assert.equal(await pool.submit(tasks.add, 2, 3), 5);
  const { workersDied, state } = pool.statistics();
  assert.deepEqual({ workersDied, state }, { workersDied: 0, state: 'open' });
}

/** On a busy machine a worker may load the task for longer than it has to stop. */
const PATIENT_MS = 60_000;

contract('what a task throws', ({ common, row }) => {
  row('an Error arrives with class, message, code, own properties, causes and errors', async () => {
    const pool = common();
    const error = await failure(pool.submit(tasks.fail));
    assert.ok(error instanceof tasks.ShopError, 'its class');
    assert.ok(error instanceof RangeError);
    const { name, message, code, item } = error as tasks.ShopError & { code: string };
    assert.deepEqual(
      { name, message, code, item },
      {
        name: 'ShopError',
        message: 'sold out',
        code: 'E_SOLD_OUT',
        item: 'tea',
      },
    );
    const cause = error.cause as AggregateError;
    assert.ok(cause instanceof AggregateError);
    assert.equal(cause.message, 'several');
    assert.ok(cause.errors[0] instanceof TypeError);
    assert.equal((cause.errors[0] as Error).message, 'first');
    assert.equal(cause.errors[1], 'second');
    assert.deepEqual(cause.cause, { deep: new Map([[1, 2]]) });
    await assertUnhurt(pool);
  });

  row('its stack is the one of the worker, then that of the submit', ['loading'], async () => {
    const pool = common();
    async function whoeverSubmits(): Promise<unknown> {
      return failure(pool.submit(tasks.fail));
    }
    const { stack = '' } = (await whoeverSubmits()) as Error;
    const worker = stack.indexOf('fixtures/tasks.js');
    const submit = stack.indexOf('whoeverSubmits');
    assert.ok(worker > 0 && submit > worker, stack);
  });

  row('anything else arrives as exactly that value', async () => {
    const pool = common();
    for (const value of [null, undefined, 0, -0, Number.NaN, '', 'text', false, 10n]) {
      for (const task of [tasks.throwValue, tasks.throwValueLater]) {
        let thrown: { value: unknown } | undefined;
        try {
          await pool.submit(task, value);
        } catch (error) {
          thrown = { value: error };
        }
        assert.ok(thrown !== undefined, `${String(value)} was thrown`);
        assert.ok(Object.is(thrown.value, value), `${String(value)} arrived as ${String(thrown.value)}`);
      }
    }
    assert.deepEqual(await failure(pool.submit(tasks.throwValue, { status: 404 })), { status: 404 });
    await assertUnhurt(pool);
  });

  row('an error of which a part cannot cross arrives without that part', async () => {
    const pool = common();
    const error = (await failure(pool.submit(tasks.throwUnsendable))) as Error & { kept: number };
    assert.equal(error.message, 'half of it crosses');
    assert.equal(error.kept, 1);
    await assertUnhurt(pool);
  });

  row('exception() tells an error from a thrown undefined', async () => {
    const pool = common();
    assert.equal(await pool.submit(tasks.throwValue, undefined).exception(), undefined);
    assert.equal(await pool.submit(tasks.same, 1).exception(), undefined);
    assert.ok((await pool.submit(tasks.fail).exception()) instanceof tasks.ShopError);
  });
});

contract('what cannot cross', ({ common, row }) => {
  row('a result is refused by its path', async () => {
    const pool = common();
    const error = await failure(pool.submit(tasks.returnHandlers));
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /result\.handlers\[2\]: a function/);
    await assertUnhurt(pool);
  });

  row('an argument is refused by its path', async () => {
    const pool = common();
    const error = await failure(pool.submit(tasks.same<unknown>, { a: [Symbol('here')] }));
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /arguments\[0\]\.a\[0\]: a symbol/);
    await assertUnhurt(pool);
  });

  row('a function is refused by the variables that it captures', async () => {
    const pool = common();
    const error = await failure(pool.submit(tasks.hidden.capturing, 1));
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /capturing.*uses offset, which is defined outside of it/);
    assert.match(error.message, /Pass the values it needs as arguments/);
    await assertUnhurt(pool);
  });

  row('what is no function is refused', async () => {
    const pool = common();
    const error = await failure(pool.submit('fib' as never));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /function/);
    await assertUnhurt(pool);
  });

  row('one item of a map is refused alone', async () => {
    const pool = common();
    const results = pool.with({ chunkSize: 4 }).map(tasks.functionForThree, [1, 2, 3, 4]);
    const iterator = results[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).value, 1);
    assert.equal((await iterator.next()).value, 2);
    const error = await failure(iterator.next());
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /result: a function/);
    assert.equal((await iterator.next()).value, 4);
    await assertUnhurt(pool);
  });
});

contract('what cannot be loaded', ({ common, row }) => {
  row('a module that throws: its own error', ['loading'], async () => {
    const pool = common();
    const error = await failure(pool.submit(foundIn('fails-to-load.js', 'anything')));
    assert.ok(error instanceof RangeError);
    assert.equal(error.message, 'this module does not load');
    assert.equal((error as Error & { code: string }).code, 'E_NOT_TODAY');
    await assertUnhurt(pool);
  });

  row('a module that is not there: the error of the import', ['loading', 'any module'], async () => {
    const pool = common();
    const error = await failure(pool.submit(foundIn('is-not-there.js', 'anything')));
    assert.equal((error as NodeJS.ErrnoException).code, 'ERR_MODULE_NOT_FOUND');
    assert.match((error as Error).message, /is-not-there\.js/);
    await assertUnhurt(pool);
  });

  row('a module without that export: TaskNotFoundError naming file and export', ['loading'], async () => {
    const pool = common();
    const error = await failure(pool.submit(foundIn('loads.js', 'other')));
    assert.ok(error instanceof TaskNotFoundError);
    assert.match(error.message, /other/);
    assert.match(error.message, /loads\.js/);
    await assertUnhurt(pool);
  });
});

contract('the end of a worker', ({ kind, make, row }) => {
  row(
    'process.exit: WorkerDiedError with exit code and last words',
    ['own workers', 'mortal workers'],
    async () => {
      await using pool = make(1);
      const error = await failure(pool.submit(tasks.lastWords, 'so long'));
      assert.ok(error instanceof WorkerDiedError);
      const { exitCode, signal, reason, workerName, stderr } = error;
      assert.deepEqual(
        { exitCode, signal, reason, stderr },
        {
          exitCode: 9,
          signal: null,
          reason: 'it exited with code 9, as by process.exit(9)',
          stderr: ['so long'],
        },
      );
      assert.match(workerName, /(?:Pool|Auto)Executor-\d+_0$/);
      assert.match(error.message, /died while it ran task lastWords: it exited with code 9/);
      assert.equal(await pool.submit(tasks.add, 1, 1), 2);
      assert.equal(pool.statistics().workersDied, 1);
    },
  );

  row('a crash: WorkerDiedError with its reason', ['own workers', 'mortal workers'], async () => {
    await using pool = make(1);
    const error = await failure(pool.submit(tasks.end, 'crash'));
    assert.ok(error instanceof WorkerDiedError);
    const { signal, reason } = error;
    if (kind === 'process') {
      assert.deepEqual({ signal, reason }, { signal: 'SIGKILL', reason: 'it was killed by SIGKILL' });
    } else assert.match(reason, /^it ran out of memory/);
    assert.equal(await pool.submit(tasks.add, 1, 1), 2);
  });

  row('other tasks do not notice, those behind the dying one included', ['mortal workers'], async () => {
    await using pool = make(2);
    await pool.map(
      tasks.same,
      Array.from({ length: 200 }, (_, n) => n),
    );
    const before = Array.from({ length: 20 }, (_, n) => pool.submit(tasks.same, n));
    const dying = pool.submit(tasks.end, 'exit');
    const after = Array.from({ length: 20 }, (_, n) => pool.submit(tasks.same, n));
    assert.ok((await failure(dying)) instanceof WorkerDiedError);
    const expected = Array.from({ length: 20 }, (_, n) => n);
    assert.deepEqual(await Promise.all(before), expected);
    assert.deepEqual(await Promise.all(after), expected);
  });

  row(
    'with retries: the task runs again, as the next attempt',
    ['own workers', 'mortal workers'],
    async () => {
      await using pool = make(1);
      const log = new Note();
      assert.equal(await pool.with({ retries: 1 }).submit(tasks.endOnce, 'exit', log.path, 'done'), 'done');
      assert.deepEqual(log.lines, ['1']);
      assert.equal(pool.statistics().tasks.retried, 1);
      assert.ok(
        (await failure(pool.with({ retries: 2 }).submit(tasks.end, 'exit'))) instanceof WorkerDiedError,
      );
      assert.equal(pool.statistics().workersDied, 4);
    },
  );

  row('an uncaught error or rejection outside of the task: it is the cause', ['mortal workers'], async () => {
    const gate = new Note();
    await using pool = make(1);
    for (const [task, message] of [
      [tasks.rejectOutside, 'nobody awaits this'],
      [tasks.throwOutside, 'thrown in a timer'],
    ] as const) {
      const error = await failure(pool.submit(task, gate.path));
      assert.ok(error instanceof WorkerDiedError);
      assert.ok(error.cause instanceof RangeError);
      assert.equal(error.cause.message, message);
      assert.equal(error.reason, `an error that nothing caught: RangeError: ${message}`);
    }
    assert.equal(await pool.submit(tasks.add, 1, 1), 2);
  });

  row('the initializer fails: BrokenExecutorError for all, with the cause', ['pool options'], async () => {
    await using pool = make(2, { initializer: tasks.prepareOrFail });
    const futures = [1, 2, 3].map((n) => pool.submit(tasks.same, n));
    const errors = await Promise.all(futures.map(failure));
    const later = await failure(pool.submit(tasks.same, 4));
    for (const error of [...errors, later]) {
      assert.ok(error instanceof BrokenExecutorError);
      assert.match(error.message, /its initializer failed: ShopError: no licence/);
      assert.ok(error.cause instanceof tasks.ShopError);
    }
    assert.equal(new Set(errors).size, 3, 'each future has an error of its own');
    assert.equal(pool.statistics().state, 'broken');
  });

  row('an initializer that cannot cross: the same', ['pool options'], async () => {
    await using pool = make(2, { initializer: tasks.hidden.capturing });
    const error = await failure(pool.submit(tasks.same, 1));
    assert.ok(error instanceof BrokenExecutorError);
    assert.ok(error.cause instanceof NotShareableError);
  });

  row('workers die at start, three in a row: the same', ['pool options'], async () => {
    await using pool = make(1, { initializer: tasks.alwaysExit });
    const futures = [1, 2].map((n) => pool.submit(tasks.same, n));
    for (const error of await Promise.all(futures.map(failure))) {
      assert.ok(error instanceof BrokenExecutorError);
      assert.match(error.message, /3 workers in a row died before they were ready/);
      assert.ok(error.cause instanceof WorkerDiedError);
      assert.equal(error.cause.exitCode, 3);
    }
    const { workersStarted, workersDied } = pool.statistics();
    assert.deepEqual({ workersStarted, workersDied }, { workersStarted: 3, workersDied: 3 });
  });
});

contract('the end of a task', ({ make, row }) => {
  row('the time to run is over: TimeoutError that says so', async () => {
    await using pool = make(1);
    const log = new Note();
    const error = await failure(
      pool.with({ timeout: 30, grace: PATIENT_MS, name: 'slow' }).submit(tasks.untilAborted, log.path),
    );
    assert.ok(error instanceof TimeoutError);
    assert.equal(error.message, 'Task slow ran for longer than 30 ms (timeout)');
    await until('the task has stopped by itself', () => log.lines.length > 0);
    assert.deepEqual(log.lines, [`aborted: ${error.message}`]);
    await assertUnhurt(pool);
  });

  row('the time to wait is over: TimeoutError that says so', async () => {
    await using pool = make(1);
    const gate = new Note();
    const first = whenRunning();
    const busy = pool.with(first.options).submit(tasks.waitFor, gate.path, 1);
    await first.running;
    const error = await failure(pool.with({ queueTimeout: 20, name: 'late' }).submit(tasks.same, 2));
    assert.ok(error instanceof TimeoutError);
    assert.equal(error.message, 'Task late waited in the queue for longer than 20 ms (queueTimeout)');
    gate.open();
    assert.equal(await busy, 1);
    await assertUnhurt(pool);
  });

  row('aborted by its signal: signal.reason, and the task hears of it', async () => {
    await using pool = make(1);
    const log = new Note();
    const { options, running } = whenRunning();
    const controller = new AbortController();
    const { signal } = controller;
    const future = pool.with({ ...options, signal, grace: PATIENT_MS }).submit(tasks.untilAborted, log.path);
    await running;
    const reason = new Error('changed my mind');
    controller.abort(reason);
    assert.equal(await failure(future), reason);
    await until('the task has stopped by itself', () => log.lines.length > 0);
    assert.deepEqual(log.lines, ['aborted: changed my mind']);
    await assertUnhurt(pool);
  });

  row('cancelled while pending: CancelledError, and it never runs', async () => {
    await using pool = make(1);
    const gate = new Note();
    const log = new Note();
    const first = whenRunning();
    const busy = pool.with(first.options).submit(tasks.waitFor, gate.path, 1);
    await first.running;
    const future = pool.submit(tasks.note, log.path, 'ran');
    assert.equal(future.state, 'pending');
    assert.equal(future.cancel(), true);
    assert.equal(future.cancelled(), true);
    assert.ok((await failure(future)) instanceof CancelledError);
    assert.equal(busy.cancel(), false, 'what runs is not cancelled');
    gate.open();
    assert.equal(await busy, 1);
    await assertUnhurt(pool);
    assert.deepEqual(log.lines, []);
    assert.equal(pool.statistics().tasks.cancelled, 1);
  });

  row('submitted after shutdown: ExecutorShutdownError', async () => {
    const pool = make(1);
    await pool.shutdown();
    const error = await failure(pool.submit(tasks.same, 1));
    assert.ok(error instanceof ExecutorShutdownError);
    assert.equal(error.message, 'The executor takes no more work: shutdown() was called. Make a new one.');
    assert.ok((await failure(pool.map(tasks.same, [1, 2]))) instanceof ExecutorShutdownError);
    assert.ok((await failure(pool.stream(tasks.upTo, 3).next())) instanceof ExecutorShutdownError);
    assert.equal(pool.statistics().state, 'closed');
  });
});
