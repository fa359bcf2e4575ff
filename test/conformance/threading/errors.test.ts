// What threads do not catch: ThreadingExceptionTests and ExceptHookTests of test_threading.py.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type ExceptHookArgs,
  excepthook,
  originalExcepthook,
  setExcepthook,
} from '../../../src/threading/index.ts';
import { limit, ran, runProgram, testHearing, words } from './support.ts';
import * as tasks from './tasks.ts';

describe('the excepthook', () => {
  testHearing('ExceptHookTests.test_custom_excepthook: gets the error and the thread', async (heard) => {
    const thread = await ran({ target: tasks.fail, args: ['of a thread'], name: 'failing' });
    assert.equal(heard.length, 1);
    const { error, thread: failed } = heard[0] as ExceptHookArgs;
    assert.ok(error instanceof tasks.Oops);
    assert.equal(error.message, 'of a thread');
    assert.deepEqual(error.rows, [1, 2]);
    assert.match(String(error.stack), /at fail \(/);
    assert.equal(failed, thread);
  });

  testHearing('gets whatever is thrown, and what does not load', async (heard) => {
    await ran({ target: tasks.throwNothing });
    assert.deepEqual(
      heard.map(({ error }) => error),
      [undefined],
    );
    await ran({ target: Object.assign(new Function('throw 5') as () => void, {}) });
    assert.equal(heard[1]?.error, 5);
  });

  testHearing('gets what is thrown outside of the function, and what is rejected unheard', async (heard) => {
    await ran({ target: tasks.failLater });
    await ran({ target: tasks.rejectUnheard });
    assert.deepEqual(
      heard.map(({ error }) => (error as Error).message),
      ['from a timer', 'unheard'],
    );
  });

  testHearing('hears nothing of a result that could not cross: nobody wants it', async (heard) => {
    await ran({ target: tasks.returnsWhatCannotCross });
    assert.deepEqual(heard, []);
  });

  testHearing(
    'ExceptHookTests.test_system_exit: nor of a thread that leaves by process.exit()',
    async (heard) => {
      for (const code of [0, 1, 3])
        assert.equal((await ran({ target: tasks.leave, args: [code] })).isAlive(), false);
      assert.deepEqual(heard, []);
    },
  );

  testHearing('of the main thread gets the errors of threads that threads have started', async (heard) => {
    await ran({ target: tasks.startFailing, args: ['grandchild'] });
    await ran({ target: tasks.timeInThread, args: [words()] });
    assert.deepEqual(
      heard.map(({ error, thread }) => [(error as Error).message, thread?.name]),
      [
        ['of a child', 'grandchild'],
        ['of a timer', 'tick'],
      ],
    );
  });

  testHearing(
    'ThreadingExceptionTests.test_recursion_limit: a stack that overflows is an error',
    async (heard) => {
      await ran({ target: tasks.recurse, args: [0] });
      assert.ok(heard[0]?.error instanceof RangeError);
      assert.match(heard[0].error.message, /call stack/);
    },
  );

  test('ExceptHookTests.test_original_excepthook: can be put back', limit, () => {
    const mine = (): void => undefined;
    assert.equal(setExcepthook(mine), originalExcepthook);
    assert.equal(setExcepthook(originalExcepthook), mine);
    assert.equal(setExcepthook(), originalExcepthook);
    assert.throws(() => setExcepthook(5 as never), TypeError);
  });

  test('can be called for errors that are caught', limit, () => {
    const heard: unknown[] = [];
    const before = setExcepthook(({ error }) => heard.push(error));
    excepthook({ error: 1, thread: undefined });
    setExcepthook(before);
    assert.deepEqual(heard, [1]);
  });
});

describe('a program whose thread fails', () => {
  test(
    'ThreadingExceptionTests.test_print_exception: goes on, and says which thread and where',
    limit,
    async () => {
      const { code, lines, stderr } = await runProgram(`
      const thread = new lib.Thread({ target: tasks.fail, args: ['hello'], name: 'failing' });
      thread.start();
      await thread.join();
      console.log('on');`);
      assert.deepEqual({ code, lines }, { code: 0, lines: ['on'] });
      assert.match(stderr, /thread failing:\n.*Oops \[Error\]: hello\n.*at fail \(.*tasks\.js/s);
    },
  );

  test('ExceptHookTests.test_excepthook: says it once, also when nobody joins', limit, async () => {
    const { code, stderr } = await runProgram(
      "new lib.Thread({ target: tasks.fail, args: ['hello'] }).start();",
    );
    assert.equal(code, 0);
    assert.equal(stderr.match(/^Oops.*: hello$/gm)?.length, 1);
    assert.match(stderr, /^Uncaught error in thread Thread-1 \(fail\):/);
  });

  test('says it of the threads of threads', limit, async () => {
    const { code, stderr } = await runProgram(
      "new lib.Thread({ target: tasks.startFailing, args: ['grandchild'] }).start();",
    );
    assert.equal(code, 0);
    assert.match(stderr, /^Uncaught error in thread grandchild:\n.*: of a child/s);
    assert.equal(stderr.match(/^Oops.*: of a child$/gm)?.length, 1);
  });

  test(
    'ExceptHookTests.test_excepthook_thread_None: says which number, where it knows no thread',
    limit,
    async () => {
      const { stderr } = await runProgram(
        "lib.excepthook({ error: new Error('hello'), thread: undefined });",
      );
      assert.match(stderr, /^Uncaught error in thread 1:\nError: hello\n/);
    },
  );

  test('ExceptHookTests.test_custom_excepthook_fail: survives a hook that throws', limit, async () => {
    const fail = `
      lib.setExcepthook(() => { throw new Error('the hook'); });
      new lib.Thread({ target: tasks.fail, args: ['hello'] }).start();`;
    const alone = await runProgram(fail);
    assert.equal(alone.code, 0);
    assert.match(alone.stderr, /^Uncaught error in the excepthook of threading:\nError: the hook\n/);
    const heard = await runProgram(
      `process.on('uncaughtException', ({ message }) => console.log(message)); ${fail}`,
    );
    assert.deepEqual(heard, {
      code: 0,
      lines: ['the hook'],
      stderr: 'Uncaught error in the excepthook of threading:\n',
    });
  });

  test('hears of threads that the worker of a pool has started', limit, async () => {
    const index = JSON.stringify(new URL('../../../src/index.js', import.meta.url).href);
    const outcome = await runProgram(`
      import { ThreadPoolExecutor } from ${index};
      lib.setExcepthook(({ error, thread }) => console.log(thread.name, error.message));
      await new ThreadPoolExecutor({ maxWorkers: 1 }).submit(tasks.startFailingInPool, 'of a pool');`);
    assert.deepEqual(outcome, { code: 0, lines: ['of a pool of a child'], stderr: '' });
  });
});
