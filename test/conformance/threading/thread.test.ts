// ThreadTests of test_threading.py, as far as they are about single threads. Programs that end are in programs.test.ts.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ThreadPoolExecutor } from '../../../src/index.ts';
import {
  activeCount,
  currentThread,
  enumerate,
  getIdent,
  mainThread,
  stackSize,
  Thread,
} from '../../../src/threading/index.ts';
import { gateFor, limit, ran, runProgram, STILLBORN, started, until, words } from './support.ts';
import * as tasks from './tasks.ts';

interface Self {
  readonly name: string;
  readonly ident: number;
  readonly own: number;
  readonly daemon: boolean;
  readonly alive: boolean;
  readonly isMain: boolean;
  readonly isSame: boolean;
  readonly isListed: boolean;
  readonly main: unknown;
  readonly names: string[];
  readonly active: number;
  readonly inherits: boolean;
  readonly text: string;
  readonly refusesToJoinItself: boolean;
}

async function describeItself(options: { name?: string; daemon?: boolean } = {}): Promise<[Self, Thread]> {
  const memory = words(1024);
  const thread = await ran({ target: tasks.describe, args: [memory], ...options });
  return [tasks.read<Self>(memory), thread];
}

describe('a thread that has not started', () => {
  test('ThreadTests.test_name: a name that is given, a number and the function, or a number', limit, () => {
    const own = (options: { target?: () => void; name?: string | number }): string =>
      new Thread(options).name;
    assert.equal(own({ target: tasks.pass, name: 'mine' }), 'mine');
    assert.equal(own({ name: 123 }), '123');
    assert.match(own({ target: tasks.pass }), /^Thread-\d+ \(pass\)$/);
    assert.match(own({}), /^Thread-\d+$/);
    assert.match(own({ name: '' }), /^Thread-\d+$/);
    assert.match(own({ name: '', target: tasks.pass }), /^Thread-\d+ \(pass\)$/);
    assert.match(own({ target: () => undefined }), /^Thread-\d+/);
    const [first, second] = [own({}), own({})].map((name) => Number(name.slice('Thread-'.length))) as [
      number,
      number,
    ];
    assert.equal(second, first + 1);
  });

  test('ThreadTests.test_daemon_param: as the main thread is, or as is said', limit, () => {
    assert.equal(new Thread({}).daemon, false);
    assert.equal(new Thread({ daemon: false }).daemon, false);
    assert.equal(new Thread({ daemon: true }).daemon, true);
    const thread = new Thread({});
    thread.daemon = true;
    assert.equal(thread.daemon, true);
  });

  test('refuses options that are wrong, and names them', limit, () => {
    const make =
      (options: object): (() => Thread) =>
      () =>
        new Thread(options);
    assert.throws(make({ target: 'work' }), { name: 'TypeError', message: /target must be a function/ });
    assert.throws(
      make(() => undefined),
      {
        name: 'TypeError',
        message: /^Thread takes its options in an object, received \[Function/,
      },
    );
    assert.throws(make({ target: null }), { name: 'TypeError', message: /target must be a function/ });
    assert.throws(make({ args: 1 }), { name: 'TypeError', message: /args must be an array/ });
    assert.throws(make({ daemon: 1 }), { name: 'TypeError', message: /daemon must be true or false/ });
    assert.throws(make({ kwargs: {} }), { name: 'TypeError', message: /no option 'kwargs'/ });
    assert.throws(make({ resourceLimits: { stackSizeMb: 0.1 } }), {
      name: 'RangeError',
      message: /stackSizeMb must be >= 0.5/,
    });
  });

  test('has neither ident nor life, and is not listed', limit, () => {
    const thread = new Thread({ target: tasks.pass });
    assert.equal(thread.ident, undefined);
    assert.equal(thread.isAlive(), false);
    assert.ok(!enumerate().includes(thread));
  });
});

describe('a thread', () => {
  test('ThreadTests.test_args_argument: any list, lists in it included', limit, async () => {
    const word = words();
    await ran({ target: tasks.sum, args: [word, 1, [2, [3]], { a: 4 }] });
    assert.equal(word[0], 1);
  });

  test('gets its arguments as they were at the start', limit, async (context) => {
    const [gate, memory] = [gateFor(context), words(64)];
    const list = [1];
    const thread = started({ target: tasks.write, args: [memory, list] });
    list.push(2);
    assert.ok(thread.joinSync({ timeout: 50_000 }));
    assert.deepEqual(tasks.read(memory), [1]);
    assert.equal(gate[0], 0);
  });

  test('gets what is to be moved, which is gone here', limit, async () => {
    const [memory, bytes] = [words(64), new Uint8Array([1, 2, 3])];
    await ran({ target: tasks.write, args: [memory, bytes], transfer: [bytes.buffer] });
    assert.deepEqual(tasks.read(memory), { 0: 1, 1: 2, 2: 3 });
    assert.equal(bytes.length, 0);
  });

  for (const [row, size] of [
    ['ThreadTests.test_various_ops: ten threads pass a gate for three', 0],
    ['ThreadTests.test_various_ops_small_stack: likewise with half a MiB of stack', 0.5],
    ['ThreadTests.test_various_ops_large_stack: and with one', 1],
  ] as const) {
    test(row, limit, async () => {
      const before = stackSize(size);
      const memory = words(4);
      memory[3] = 3;
      try {
        const threads = Array.from(
          { length: 10 },
          () => new Thread({ target: tasks.enterGate, args: [memory] }),
        );
        for (const thread of threads) {
          assert.equal(thread.ident, undefined);
          assert.match(String(thread), /^Thread\(Thread-\d+ \(enterGate\), initial\)$/);
          thread.start();
        }
        assert.equal(new Set(threads.map(({ ident }) => ident)).size, 10);
        for (const thread of threads) {
          assert.equal(await thread.join(), true);
          assert.equal(thread.isAlive(), false);
          assert.ok((thread.ident as number) > 1);
          assert.match(String(thread), /^Thread\(Thread-\d+ \(enterGate\), stopped \d+\)$/);
        }
      } finally {
        assert.equal(stackSize(before), size);
      }
      assert.deepEqual([memory[0], memory[2], memory[3]], [0, 10, 3]);
      assert.ok((memory[1] as number) >= 1 && (memory[1] as number) <= 3, `${memory[1]} at a time`);
    });
  }

  test('stackSize is at least what Node needs', limit, () => {
    assert.equal(stackSize(), 0);
    assert.throws(() => stackSize(0.25), {
      name: 'RangeError',
      message: /size must be >= 0.5 MiB, received 0.25/,
    });
    assert.throws(() => stackSize(-1), RangeError);
    assert.throws(() => stackSize('1' as never), TypeError);
    assert.equal(stackSize(), 0);
  });

  test('ThreadTests.test_boolean_target: a function runs, whatever it is equal to', limit, async () => {
    const word = words();
    const target = Object.assign(tasks.count, { valueOf: () => false, [Symbol.toPrimitive]: () => '' });
    await ran({ target, args: [word] });
    assert.equal(word[0], 1);
    assert.equal((await ran({})).isAlive(), false);
  });

  test('ThreadTests.test_repr_daemon: its printed form says whether it is a daemon', limit, () => {
    const thread = new Thread({});
    assert.doesNotMatch(String(thread), /daemon/);
    thread.daemon = true;
    assert.match(String(thread), /initial daemon\)/);
  });

  test(
    'ThreadTests.test_repr_stopped: its printed form says that it has ended, also to those who did not join it',
    limit,
    async (context) => {
      const gate = gateFor(context);
      const thread = started({ target: tasks.waitAt, args: [gate] });
      assert.match(String(thread), /started/);
      tasks.say(gate, 1);
      await until(() => String(thread).includes('stopped'));
    },
  );

  test('ThreadTests.test_main_thread: the main thread is known everywhere', limit, async () => {
    assert.equal(mainThread().name, 'MainThread');
    assert.equal(mainThread().ident, getIdent());
    assert.equal(mainThread(), currentThread());
    assert.equal(getIdent(), 1);
    const [self] = await describeItself();
    assert.equal(self.isMain, false);
    assert.deepEqual(self.main, { name: 'MainThread', ident: 1, alive: true });
  });

  test('knows itself, and the others', limit, async () => {
    const [self, thread] = await describeItself({ name: 'Åsa 🧵' });
    assert.equal(self.name, 'Åsa 🧵');
    assert.equal(self.ident, thread.ident);
    assert.equal(self.own, thread.ident);
    assert.ok(self.alive && self.isSame && self.isListed && self.refusesToJoinItself);
    assert.deepEqual(self.names, ['MainThread', 'Åsa 🧵']);
    assert.equal(self.active, 2);
    assert.equal(self.text, `Thread(Åsa 🧵, started ${thread.ident})`);
  });

  test('hands on to its threads whether it is a daemon', limit, async () => {
    for (const daemon of [false, true]) {
      const [self, thread] = await describeItself({ daemon });
      assert.equal(thread.daemon, daemon);
      assert.equal(self.daemon, daemon);
      assert.equal(self.inherits, daemon);
    }
  });

  test('is listed by all, whoever started it, and is one object in each', limit, async (context) => {
    const gate = gateFor(context);
    const word = words();
    const top = started({ target: tasks.startAndLeave, args: [gate, word] });
    await until(() => gate[1] === 1);
    const child = enumerate().find(({ ident }) => ident === word[0]) as Thread;
    assert.deepEqual(enumerate().slice(0, 2), [mainThread(), top]);
    assert.equal(activeCount(), 3);
    assert.equal(child.name.endsWith('(comeAndWaitAt)'), true);
    assert.equal(enumerate()[2], child);
    assert.throws(() => child.start(), { code: 'MANYHANDS_INVALID_STATE' });
    assert.equal(await child.join({ timeout: 1 }), false);
    tasks.say(gate, 1);
    assert.equal(await child.join(), true);
    assert.ok(!enumerate().includes(child));
    tasks.say(gate.subarray(2), 1);
    await top.join();
  });

  test('ThreadTests.test_leak_without_join: one that nobody joins leaves nothing', limit, async () => {
    const thread = started({ target: tasks.pass });
    const { ident } = thread;
    await until(() => !thread.isAlive());
    assert.ok(!enumerate().some((other) => other.ident === ident));
    assert.equal(activeCount(), 1);
  });

  test('ThreadTests.test_limbo_cleanup: one that dies at its start is not listed', limit, async () => {
    const outcome = await runProgram(
      `lib.setExcepthook(({ error, thread }) => console.log(thread.name, error.message));
       const thread = new lib.Thread({ name: 'one' });
       thread.start();
       console.log(await thread.ready.catch(({ message }) => message));
       console.log(await thread.join(), thread.isAlive(), lib.activeCount());`,
      STILLBORN,
    );
    assert.deepEqual(outcome, { code: 0, lines: ['one stillborn', 'stillborn', 'true false 1'], stderr: '' });
  });

  test('one that dies at its start does not hang who waits for it blocked', limit, async (context) => {
    if (process.platform !== 'linux') return context.skip('only Linux tells which threads there are');
    const outcome = await runProgram(
      `lib.setExcepthook(({ error }) => console.log(error.message));
       const thread = new lib.Thread({});
       thread.start();
       console.log(thread.joinSync(), lib.activeCount());`,
      STILLBORN,
    );
    assert.deepEqual(outcome, { code: 0, lines: ['true 1', 'stillborn'], stderr: '' });
  });

  test(
    'ThreadTests.test_start_new_thread_failed: what cannot start throws, and leaves nothing',
    limit,
    async () => {
      const secret = words();
      const unnamed = new Thread({ target: () => secret });
      assert.throws(() => unnamed.start(), { code: 'MANYHANDS_NOT_SHAREABLE', message: /secret/ });
      const noClone = new Thread({ target: tasks.write, args: [secret, () => undefined] });
      assert.throws(() => noClone.start(), { code: 'MANYHANDS_NOT_SHAREABLE', message: /arguments\[1\]/ });
      for (const thread of [unnamed, noClone]) assert.match(String(thread), /initial/);
      // What Node throws, when the system refuses a thread, is thrown at the same place.
      const limits = {
        get codeRangeSizeMb(): number {
          throw new Error('no more threads');
        },
      };
      const refused = new Thread({ target: tasks.pass, resourceLimits: limits });
      assert.throws(() => refused.start(), /no more threads/);
      assert.match(String(refused), /initial/);
      assert.deepEqual(enumerate(), [mainThread()]);
    },
  );

  test('is a dummy where it is of a pool, once it has asked who it is', limit, async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: 'pool' });
    const seen = await pool.submit(tasks.asDummy);
    assert.match(seen.text, /^pool/);
    assert.deepEqual(
      { ...seen, text: '' },
      { text: '', alive: true, joining: 'InvalidStateError', listed: true, daemon: true },
    );
    const dummy = enumerate().find(({ name }) => name === seen.text) as Thread;
    await assert.rejects(dummy.join(), {
      code: 'MANYHANDS_INVALID_STATE',
      message: /not started as a Thread/,
    });
    await pool.shutdown();
    await until(() => !enumerate().includes(dummy));
  });

  test('of the program itself is a dummy, too, and can list the others', limit, async () => {
    const { code, lines, stderr } = await runProgram(`
      import { Worker } from 'node:worker_threads';
      lib.mainThread();
      const source = \`import(\${JSON.stringify(${JSON.stringify(new URL('./tasks.js', import.meta.url).href)})}).then((tasks) => {
        console.log(JSON.stringify(tasks.asDummy()));
      });\`;
      new Worker(source, { eval: true });`);
    assert.equal(stderr, '');
    const { text, ...rest } = JSON.parse(String(lines[0])) as { text: string };
    assert.equal(text, 'Dummy-1');
    assert.deepEqual(rest, { alive: true, joining: 'InvalidStateError', listed: true, daemon: true });
    assert.equal(code, 0);
  });
});

describe('a class that extends Thread', () => {
  test('runs its own body, with its fields and its name', limit, async () => {
    const word = words();
    const thread = new tasks.Worker(word, 5);
    thread.factor = 7;
    thread.start();
    thread.factor = 9;
    await thread.join();
    assert.equal(word[0], 7);
    assert.equal(thread.secret, 5);
  });

  test('that its module does not export is refused', limit, () => {
    const thread = tasks.makeHidden();
    assert.throws(() => thread.start(), {
      code: 'MANYHANDS_NOT_SHAREABLE',
      message: /is not exported from a module/,
    });
  });

  test('that has no name is refused', limit, () => {
    const thread = new (class extends Thread {
      override run(): void {}
    })();
    assert.throws(() => thread.start(), { code: 'MANYHANDS_NOT_SHAREABLE', message: /without a name/ });
  });

  test('with a field that cannot be copied is refused, naming it', limit, () => {
    const thread = Object.assign(new tasks.Worker(words(), 1), { handler: () => undefined });
    assert.throws(() => thread.start(), { code: 'MANYHANDS_NOT_SHAREABLE', message: /handler/ });
  });
});

describe('run()', () => {
  test('called directly runs here', limit, () => {
    const word = words();
    new Thread({ target: tasks.count, args: [word] }).run();
    assert.equal(word[0], 1);
  });
});
