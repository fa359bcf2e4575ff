// When programs with threads end: ThreadJoinOnShutdown of test_threading.py, and what ThreadTests says of exits.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { limit, runProgram } from './support.ts';

const library = JSON.stringify(new URL('../../../src/threading/index.js', import.meta.url).href);
const ended = (...lines: string[]): object => ({ code: 0, lines, stderr: '' });

describe('a program', () => {
  test(
    'ThreadTests.test_join_nondaemon_on_shutdown: waits for its threads, and ends with its code',
    limit,
    async () => {
      const outcome = await runProgram(`
      new lib.Thread({ target: tasks.printLater, args: ['late', 100] }).start();
      process.exitCode = 3;
      console.log('over');`);
      assert.deepEqual(outcome, { code: 3, lines: ['over', 'late'], stderr: '' });
    },
  );

  for (const target of ['printAfterMain', 'printAfterMainBlocked']) {
    test(
      `ThreadJoinOnShutdown.test_1_join_on_shutdown: a thread may wait for its last line (${target})`,
      limit,
      async () => {
        const outcome = await runProgram(`
        new lib.Thread({ target: tasks.${target}, args: ['end of thread'] }).start();
        setTimeout(() => console.log('end of main'), 50);`);
        assert.deepEqual(outcome, ended('end of main', 'end of thread'));
      },
    );
  }

  test('ThreadJoinOnShutdown.test_4_daemon_threads: leaves its daemons, in silence', limit, async () => {
    const outcome = await runProgram(`
      const here = new Int32Array(new SharedArrayBuffer(4));
      for (let n = 0; n < 12; n += 1) {
        new lib.Thread({ target: tasks.readForEver, args: [here], daemon: true }).start();
      }
      while (Atomics.load(here, 0) < 12) await new Promise((resolve) => setTimeout(resolve, 5));
      console.log('over');`);
    assert.deepEqual(outcome, ended('over'));
  });

  test('leaves daemons that compute, and what they have started', limit, async () => {
    const outcome = await runProgram(`
      const thread = new lib.Thread({ target: tasks.computeForEver, daemon: true });
      thread.start();
      new lib.Thread({ target: tasks.startPrinting, args: ['never', true], daemon: true }).start();
      await thread.ready;
      console.log('over', thread.isAlive());`);
    assert.deepEqual(outcome, ended('over true'));
  });

  test('waits for threads that threads have started, though nobody joins them', limit, async () => {
    const outcome = await runProgram(
      "new lib.Thread({ target: tasks.startPrinting, args: ['late', false] }).start();",
    );
    assert.deepEqual(outcome, ended('late'));
  });

  test('prints what its threads print before those who wait for them go on', limit, async () => {
    const outcome = await runProgram(`
      const thread = new lib.Thread({ target: tasks.printLater, args: ['thread', 0] });
      thread.start();
      await thread.join();
      console.log('main');`);
    assert.deepEqual(outcome, ended('thread', 'main'));
  });

  test('ends all threads by process.exit()', limit, async () => {
    const outcome = await runProgram(`
      const thread = new lib.Thread({ target: tasks.computeForEver });
      thread.start();
      await thread.ready;
      process.exit(4);`);
    assert.deepEqual(outcome, { code: 4, lines: [], stderr: '' });
  });

  test(
    'ThreadTests.test_start_new_thread_at_finalization: cannot start threads while it exits',
    limit,
    async () => {
      const outcome = await runProgram(`
      process.on('exit', () => {
        try {
          new lib.Thread({ target: tasks.printLater, args: ['never', 0] }).start();
        } catch ({ code, message }) {
          console.log(code, message);
        }
        console.log(lib.activeCount());
      });`);
      assert.deepEqual(
        outcome,
        ended(
          'MANYHANDS_INVALID_STATE Thread(Thread-1 (printLater), initial) cannot start: the process exits',
          '1',
        ),
      );
    },
  );

  test('is told of the guard to write, if it starts threads while a thread loads it', limit, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'manyhands-'));
    try {
      const file = join(folder, 'main.mjs');
      writeFileSync(
        file,
        `import { Thread } from ${library};
         export const work = () => console.log('work');
         new Thread({ target: work }).start();`,
      );
      const { code, lines, stderr } = await runProgram(
        `await import(${JSON.stringify(pathToFileURL(file).href)});`,
      );
      assert.deepEqual({ code, lines }, { code: 0, lines: [] });
      assert.match(stderr, /starts a thread at its top level.*isMain\(import\.meta\)/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('that never starts a thread is not held by looking at them', limit, async () => {
    const outcome = await runProgram('console.log(lib.activeCount(), String(lib.currentThread()));');
    assert.deepEqual(outcome, ended('1 Thread(MainThread, started 1)'));
  });

  test('that goes on after its event loop was empty is listed again', limit, async () => {
    const outcome = await runProgram(`
      new lib.Thread({ target: tasks.printLater, args: ['late', 50] }).start();
      process.once('beforeExit', () => setTimeout(() => console.log(lib.enumerate().map(({ name }) => name).join()), 1));`);
    assert.equal(outcome.lines[0], 'MainThread,Thread-1 (printLater)');
    assert.equal(outcome.lines[1], 'late');
  });
});

describe('a program with timers', () => {
  test('waits for one that is not cancelled', limit, async () => {
    for (const options of ['{}', '{ thread: true }']) {
      const outcome = await runProgram(
        `new lib.Timer(50, tasks.printLater, { args: ['rang', 1], ...${options} }).start();`,
      );
      assert.deepEqual(outcome, ended('rang'));
    }
  });

  test('waits for none that is cancelled, or a daemon', limit, async () => {
    for (const options of ['{}', '{ thread: true }']) {
      const outcome = await runProgram(`
        const timer = new lib.Timer(2e9, tasks.printLater, { args: ['never', 1], ...${options} });
        timer.start();
        new lib.Timer(2e9, tasks.printLater, { args: ['never', 1], daemon: true, ...${options} }).start();
        timer.cancel();
        console.log('over');`);
      assert.deepEqual(outcome, ended('over'));
    }
  });
});
