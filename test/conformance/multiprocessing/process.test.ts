// CPython's _test_multiprocessing.py: _TestProcess, _TestSubclassingProcess, TestBaseProcessKwargs.
import assert from 'node:assert/strict';
import { closeSync, openSync, symlinkSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import { Pipe, wait } from '../../../src/connections/index.ts';
import {
  InvalidStateError,
  NotShareableError,
  OwnerDiedError,
  ProcessPoolExecutor,
  TimeoutError,
  WorkerDiedError,
} from '../../../src/index.ts';
import {
  AuthenticationKey,
  activeChildren,
  cpuCount,
  currentProcess,
  Event,
  Lock,
  Process,
  parentProcess,
  type Sentinel,
  setExecutable,
} from '../../../src/multiprocessing/index.ts';
import { alive } from '../../contract/processes.ts';
import { until } from '../futures/support.ts';
import { inScene, LIMIT, runProgram, told } from './support.ts';
import * as tasks from './tasks.ts';

/** What only a process that has ended allows is not allowed. */
const invalid = { name: 'InvalidStateError', code: 'MANYHANDS_INVALID_STATE' };

test('_TestProcess.test_current: the process that this code runs in', () => {
  const current = currentProcess();
  assert.equal(current, currentProcess());
  assert.equal(current.isAlive(), true);
  assert.equal(current.daemon, false);
  assert.equal(current.pid, process.pid);
  assert.equal(current.exitCode, null);
  assert.equal(current.name, 'MainProcess');
  assert.ok(current.authkey instanceof AuthenticationKey);
  assert.ok(current.authkey.export().byteLength > 0);
  assert.throws(() => current.start(), invalid);
});

inScene('_TestProcess.test_set_executable: children run the Node that was set', async (scene) => {
  const path = `${scene.gate}-node`;
  symlinkSync(process.execPath, path);
  try {
    for (const executable of [path, Buffer.from(path), pathToFileURL(path)]) {
      setExecutable(executable);
      const child = new Process({ target: tasks.tellExecutable, args: [scene.log] });
      child.start();
      assert.equal((await child.join()).exitCode, 0);
    }
  } finally {
    setExecutable(process.execPath);
  }
  for (const line of told(scene)) assert.equal((line as string[])[0], path);
  assert.equal(told(scene).length, 3);
  assert.throws(() => setExecutable(1 as never), TypeError);
});

inScene('_TestProcess.test_args_argument: arguments arrive as they are', async (scene) => {
  const frozen = Object.freeze([scene.log, 1, 'two', { three: [3] }, new Map([[1, 'a']])] as const);
  for (const args of [[scene.log], frozen]) {
    const child = new Process({ target: tasks.tellArguments, args: args as [string] });
    child.start();
    await child.join();
  }
  assert.deepEqual(told(scene), [[], [1, 'two', { three: [3] }, [[1, 'a']]]]);
  assert.throws(() => new Process({ target: tasks.tell, args: 'abc' as never }), TypeError);
});

inScene('_TestProcess.test_daemon_argument: as the creator by default', async (scene) => {
  assert.equal(new Process({ target: tasks.stay }).daemon, false);
  assert.equal(new Process({ target: tasks.stay, daemon: true }).daemon, true);
  assert.equal(new Process({ target: tasks.stay, daemon: false }).daemon, false);
  const child = new Process({ target: tasks.tellSelf, args: [scene.log] });
  child.daemon = true;
  child.start();
  assert.throws(() => {
    child.daemon = false;
  }, invalid);
  await child.join();
  assert.equal((told(scene)[0] as [{ daemon: boolean }])[0].daemon, true);
  assert.throws(() => new Process({ daemon: 1 as never }), TypeError);
});

inScene('_TestProcess.test_parent_process_attributes: a child knows its parent', async (scene) => {
  assert.equal(parentProcess(), undefined);
  const child = new Process({ target: tasks.tellParent, args: [scene.log] });
  child.start();
  await child.join();
  assert.deepEqual(told(scene), [[process.pid, 'MainProcess', true]]);
});

inScene('_TestProcess.test_parent_process: whose parent was killed does not outlive it', async (scene) => {
  const child = new Process({ target: tasks.startGrandchild, args: [scene.log] });
  child.start();
  await scene.linesCome(1);
  const [grandchild] = told(scene)[0] as [number];
  assert.equal(alive(grandchild), true);
  child.kill();
  assert.equal((await child.join()).exitCode, -constants.signals.SIGKILL);
  await until(() => !alive(grandchild));
});

inScene('_TestProcess.test_process: from before its start to after its end', async (scene) => {
  const child = new Process({ target: tasks.tellSelf, args: [scene.log, 'hello', 54], name: 'SomeName' });
  child.daemon = true;
  assert.equal(child.isAlive(), false);
  assert.equal(child.pid, undefined);
  assert.equal(child.exitCode, null);
  assert.ok(!activeChildren().includes(child));
  child.start();
  assert.equal(child.exitCode, null);
  assert.equal(child.isAlive(), true);
  assert.ok(activeChildren().includes(child));
  const pid = child.pid;
  assert.deepEqual(await child.join(), { exitCode: 0, signal: null });
  assert.equal(child.exitCode, 0);
  assert.equal(child.signal, null);
  assert.equal(child.isAlive(), false);
  assert.ok(!activeChildren().includes(child));
  const authkey = Buffer.from(currentProcess().authkey.export()).toString('hex');
  assert.deepEqual(told(scene), [
    [{ name: 'SomeName', daemon: true, pid, exitCode: null, authkey, args: ['hello', 54] }],
  ]);
  assert.throws(() => child.start(), invalid);
});

inScene(
  '_TestProcess.test_process_mainthread_native_id: it runs in a main thread of its own',
  async (scene) => {
    const child = new Process({ target: tasks.tellThread, args: [scene.log] });
    child.start();
    await child.join();
    assert.deepEqual(told(scene), [[true, child.pid]]);
    assert.notEqual(child.pid, process.pid);
  },
);

inScene('_TestProcess.test_interrupt: a child that listens for SIGINT decides itself', async (scene) => {
  const child = new Process({ target: tasks.exitOnInterrupt, args: [scene.log] });
  child.start();
  await scene.linesCome(1);
  child.interrupt();
  assert.deepEqual(await child.join(), { exitCode: 1, signal: null });
});

inScene('_TestProcess.test_interrupt_no_handler: others end by it', async (scene) => {
  const child = new Process({ target: tasks.stay, args: [scene.log] });
  child.start();
  await scene.linesCome(1);
  child.interrupt();
  assert.deepEqual(await child.join(), { exitCode: -constants.signals.SIGINT, signal: 'SIGINT' });
});

for (const [title, how, signal] of [
  ['_TestProcess.test_terminate', 'terminate', 'SIGTERM'],
  ['_TestProcess.test_kill', 'kill', 'SIGKILL'],
] as const) {
  inScene(`${title}: the exit code is that of ${signal}`, async (scene) => {
    const child = new Process({ target: tasks.spin, args: [scene.log], daemon: true });
    child.start();
    await scene.linesCome(1);
    assert.equal(child.isAlive(), true);
    await assert.rejects(child.join({ timeout: 0 }), TimeoutError);
    await assert.rejects(child.join({ timeout: -1 }), RangeError);
    await assert.rejects(child.join({ timeout: 20 }), TimeoutError);
    assert.equal(child.isAlive(), true);
    child[how]();
    assert.deepEqual(await child.join(), { exitCode: -constants.signals[signal], signal });
    assert.equal(child.signal, signal);
    assert.equal(child.isAlive(), false);
    child[how]();
  });
}

test('_TestProcess.test_cpu_count: a whole number from 1 on', () => {
  assert.ok(Number.isInteger(cpuCount()) && cpuCount() >= 1);
  assert.ok(cpuCount() >= availableParallelism());
});

inScene('_TestProcess.test_active_children: a child is there while it runs', async (scene) => {
  assert.deepEqual(activeChildren(), []);
  const child = new Process({ target: tasks.stayAtGate, args: [scene.gate, scene.log] });
  assert.deepEqual(activeChildren(), []);
  child.start();
  assert.deepEqual(activeChildren(), [child]);
  scene.open();
  await child.join();
  assert.deepEqual(activeChildren(), []);
});

inScene('_TestProcess.test_recursion: processes start processes', async (scene) => {
  const child = new Process({ target: tasks.recurse, args: [scene.log, [], 2] });
  child.start();
  assert.equal((await child.join()).exitCode, 0);
  assert.deepEqual(told(scene), [[], [0], [0, 0], [0, 1], [1], [1, 0], [1, 1]]);
});

inScene('_TestProcess.test_sentinel: becomes ready when the process ends', async (scene) => {
  const child = new Process({ target: tasks.stayAtGate, args: [scene.gate, scene.log] });
  assert.throws(() => child.sentinel, invalid);
  child.start();
  const { sentinel } = child;
  assert.equal(child.sentinel, sentinel);
  assert.equal(sentinel.ready, false);
  // What `wait()` of connections asks for.
  const ask = (child as unknown as Record<symbol, () => Sentinel>)[Symbol.for('manyhands.sentinel')];
  const asked = ask?.call(child) as Sentinel;
  assert.equal(asked.ready, false);
  assert.equal(await sentinel.poll({ timeout: 0 }), false);
  assert.equal(await sentinel.poll({ timeout: 10 }), false);
  const reason = new TimeoutError('given up');
  await assert.rejects(sentinel.poll({ signal: AbortSignal.abort(reason) }), reason);
  scene.open();
  await Promise.all([sentinel.wait(), asked.wait()]);
  assert.equal(sentinel.ready, true);
  assert.equal(asked.ready, true);
  assert.equal(child.exitCode, 0);
  await sentinel.wait();
  assert.equal(await sentinel.poll({ timeout: 0 }), true);
});

inScene('processes are waited for together with connections', async (scene) => {
  const slow = new Process({ target: tasks.stayAtGate, args: [scene.gate, scene.log] });
  const quick = new Process({ target: tasks.exitWith, args: [0] });
  const [here, there] = Pipe();
  try {
    slow.start();
    quick.start();
    const all = [slow, quick, slow.sentinel, here];
    assert.deepEqual(await wait(all), [quick]);
    there.sendBytesSync(Buffer.from('x'));
    assert.deepEqual(await wait([slow, here]), [here]);
    assert.deepEqual(await wait([slow], { timeout: 10 }), []);
    scene.open();
    assert.deepEqual(await wait([slow.sentinel]), [slow.sentinel]);
  } finally {
    here.close();
    there.close();
  }
});

inScene('_TestProcess.test_close: only what has ended, and then nothing more', async (scene) => {
  const child = new Process({ target: tasks.stayAtGate, args: [scene.gate, scene.log] });
  child.start();
  assert.equal(child.isAlive(), true);
  assert.throws(() => child.close(), invalid);
  scene.open();
  await child.join();
  child.close();
  child.close();
  assert.throws(() => child.isAlive(), invalid);
  await assert.rejects(child.join(), invalid);
  assert.throws(() => child.terminate(), invalid);
  assert.throws(() => child.start(), invalid);
  assert.throws(() => child.exitCode, invalid);
  assert.throws(() => child.pid, invalid);
  assert.throws(() => child.sentinel, invalid);
  assert.match(inspect(child), /Process-\d+, closed/);
});

test('_TestProcess.test_many_processes: many at once end well, or all by the signal', LIMIT, async () => {
  const make = (target: () => unknown): Process[] =>
    Array.from({ length: 20 }, () => new Process({ target, daemon: true }));
  const quick = make(() => undefined);
  const slow = make(tasks.neverEnds);
  try {
    for (const child of [...quick, ...slow]) child.start();
    for (const child of quick) assert.equal((await child.join()).exitCode, 0);
    for (const child of slow) child.terminate();
    for (const child of slow) assert.equal((await child.join()).exitCode, -constants.signals.SIGTERM);
  } finally {
    for (const child of activeChildren()) child.kill();
  }
});

inScene(
  '_TestProcess.test_child_fd_inflation: siblings do not add to the descriptors of a child',
  async (scene) => {
    const count = async (): Promise<number> => {
      const before = scene.lines().length;
      const child = new Process({ target: tasks.listDescriptors, args: [scene.log] });
      child.start();
      await child.join();
      return (told(scene)[before] as string[]).length;
    };
    const alone = await count();
    const siblings = Array.from({ length: 3 }, () => new Process({ target: tasks.neverEnds, daemon: true }));
    for (const sibling of siblings) sibling.start();
    assert.equal(await count(), alone);
  },
);

inScene('TestCloseFds.test_closefd: what this process has open the child does not', async (scene) => {
  const path = `${scene.gate}-open`;
  const descriptor = openSync(path, 'w');
  try {
    const child = new Process({ target: tasks.listDescriptors, args: [scene.log] });
    child.start();
    await child.join();
    assert.ok(!(told(scene)[0] as string[]).includes(path));
  } finally {
    closeSync(descriptor);
  }
});

inScene(
  '_TestProcess.test_wait_for_threads: it ends after its threads, but for those that do not count',
  async (scene) => {
    const child = new Process({
      target: tasks.leaveThreads,
      args: [scene.gate, scene.log, `${scene.gate}-never`],
    });
    child.start();
    await scene.linesCome(1);
    assert.equal(child.isAlive(), true);
    scene.open();
    assert.equal((await child.join()).exitCode, 0);
    assert.deepEqual(told(scene), [['returned'], ['thread']]);
  },
);

test(
  '_TestProcess.test_error_on_stdio_flush_1: a parent without streams has children that work',
  LIMIT,
  async () => {
    const { code, stdout, stderr } = await runProgram('without streams');
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
  },
);

test(
  '_TestProcess.test_error_on_stdio_flush_2: a child that breaks its streams ends well',
  LIMIT,
  async () => {
    const child = new Process({ target: tasks.breakStreams });
    child.start();
    assert.equal((await child.join()).exitCode, 0);
  },
);

inScene('_TestSubclassingProcess.test_subclassing: an object of that class runs there', async (scene) => {
  const child = new tasks.Doubler(scene.log, [1, 2, 21]);
  child.note.set('a', 7);
  child.start();
  assert.equal((await child.join()).exitCode, 0);
  assert.deepEqual(told(scene), [[2], [4], [42], ['doubler', 7, true, true]]);
});

test(
  '_TestSubclassingProcess.test_stderr_flush: the whole stack of an error is on stderr',
  LIMIT,
  async () => {
    const { code, stdout, stderr } = await runProgram('errors');
    assert.equal(code, 0, stderr);
    assert.deepEqual(stdout.split('\n').slice(0, -1), Array(5).fill('1'));
    assert.match(
      stderr,
      /RangeError: from deep inside\n\s+at inner .*tasks\.js.*\n\s+at throwDeep .*tasks\.js/,
    );
    assert.match(stderr, /RangeError: rejected later/);
    assert.match(stderr, /RangeError: nobody caught it/);
    assert.match(stderr, /RangeError: run\(\) of a subclass failed/);
    assert.match(stderr, /a text/);
  },
);

test('_TestSubclassingProcess.test_sys_exit: the exit code is what it exits with', LIMIT, async () => {
  for (const [given, seen] of [
    [0, 0],
    [8, 8],
    [300, 44],
    [256, 0],
    [-1, 255],
  ] as const) {
    const children = [
      new Process({ target: tasks.exitWith, args: [given] }),
      new tasks.Exits(given),
      new Process({ target: tasks.exitCodeOf, args: [given] }),
    ];
    for (const child of children) child.start();
    for (const child of children) assert.equal((await child.join()).exitCode, seen, `${given}`);
  }
});

inScene(
  'TestBaseProcessKwargs.test_default_kwargs_not_shared_between_instances: nor are arguments',
  async (scene) => {
    const args: [string] = [scene.log];
    const children = [1, 2].map(() => new Process({ target: tasks.tellSelf, args }));
    for (const child of children) child.start();
    for (const child of children) await child.join();
    assert.equal(told(scene).length, 2);
    assert.deepEqual(args, [scene.log]);
  },
);

// ── what else may happen ────────────────────────────────────────────────────────────────────────────────────

inScene('a process is named after its class and its place', async (scene) => {
  const first = new Process({ target: tasks.nameOfGrandchild, args: [scene.log] });
  const match = /^Process-(\d+)$/.exec(first.name);
  assert.ok(match, first.name);
  assert.equal(new tasks.Plain().name, `Plain-${Number(match[1]) + 1}`);
  first.start();
  await first.join();
  const names = told(scene).map((line) => (line as [{ name: string }])[0].name);
  assert.deepEqual(names, [`${first.name}:1`, `${first.name}:2`]);
});

inScene('classes are found as they are exported, and refused where they are not', async (scene) => {
  for (const Class of [tasks.Renamed, tasks.Plain]) {
    const child = new Class({ target: tasks.tell, args: [scene.log, Class.name] });
    child.start();
    assert.equal((await child.join()).exitCode, 0);
  }
  assert.deepEqual(told(scene), [['Named'], ['Plain']]);
  class Hidden extends Process {}
  const hidden = new Hidden();
  assert.throws(() => hidden.start(), NotShareableError);
  assert.equal(hidden.isAlive(), false);
  const child = Object.assign(new tasks.Plain(), { handler: () => 1 });
  assert.throws(() => child.start(), /this\.handler: a function/);
});

test('ready resolves before the target is called, and rejects where that never happens', LIMIT, async () => {
  const child = new Process({ target: tasks.neverEnds, daemon: true });
  assert.throws(() => child.ready, invalid);
  child.start();
  await child.ready;
  child.kill();
  await child.join();
  await child.ready;

  const atOnce = new Process({ target: tasks.neverEnds });
  atOnce.start();
  atOnce.kill();
  const { ready } = atOnce;
  assert.deepEqual(await atOnce.join(), { exitCode: -9, signal: 'SIGKILL' });
  await assert.rejects(ready, (error) => error instanceof WorkerDiedError && error.signal === 'SIGKILL');
});

inScene('its event loop runs until it is empty', async (scene) => {
  const child = new Process({ target: tasks.leaveTimer, args: [scene.log] });
  child.start();
  assert.equal((await child.join()).exitCode, 0);
  assert.deepEqual(told(scene), [['returned'], ['timer']]);
});

inScene('_TestAtExit.test_atexit: listeners for exit run in the child', async (scene) => {
  const child = new Process({ target: tasks.leaveExitHook, args: [scene.log] });
  child.start();
  await child.join();
  assert.deepEqual(told(scene), [['exit', 0]]);
});

inScene('large arguments arrive whole', async (scene) => {
  const sizes = [1, 2 ** 20, 2 ** 26];
  const child = new Process({
    target: tasks.lengthOf,
    args: [scene.log, ...sizes.map((size) => new Uint8Array(size))],
  });
  child.start();
  assert.equal((await child.join()).exitCode, 0);
  assert.deepEqual(told(scene), [sizes]);
});

test('a child that is killed while its arguments are on their way', LIMIT, async () => {
  const child = new Process({ target: tasks.lengthOf, args: ['', new Uint8Array(2 ** 26)] });
  child.start();
  child.kill();
  assert.equal((await child.join()).exitCode, -9);
});

inScene('locks are the same in the child, and come free when it dies with one', async (scene) => {
  const [lock, event] = [new Lock(), new Event()];
  const child = new Process({ target: tasks.holdLock, args: [scene.log, lock, { deep: [event] }] });
  child.start();
  await event.wait();
  assert.equal(lock.tryAcquire(), null);
  child.kill();
  await child.join();
  await assert.rejects(lock.acquire(), OwnerDiedError);
  (await lock.acquire()).release();
  const holder = new tasks.Holder(lock);
  holder.start();
  assert.equal((await holder.join()).exitCode, 0);
  assert.equal(lock.locked, false);
});

inScene('arguments are read in start(), and what is changed later is not seen', async (scene) => {
  const list = ['before'];
  const child = new Process({ target: tasks.tellArguments, args: [scene.log, list] });
  list.push('start');
  child.start();
  list.push('after');
  await child.join();
  assert.deepEqual(told(scene), [[['before', 'start']]]);
});

inScene('what cannot cross is refused by start(), which may be called again', async (scene) => {
  const args: [string, unknown] = [scene.log, () => undefined];
  const child = new Process({ target: tasks.tellArguments, args });
  assert.throws(() => child.start(), NotShareableError);
  assert.equal(child.isAlive(), false);
  args[1] = 1;
  child.start();
  await child.join();
  assert.deepEqual(told(scene), [[1]]);
  const captured = new Process({ target: () => void args });
  assert.throws(() => captured.start(), /args/);
});

test('where no process can be started, start() says why', () => {
  const nowhere = new Process({ target: tasks.neverEnds, cwd: '/no/such/folder' });
  assert.throws(() => nowhere.start(), /could not be started: there is no folder \/no\/such\/folder/);
  assert.equal(nowhere.isAlive(), false);
  setExecutable('/no/such/node');
  try {
    assert.throws(() => new Process({ target: tasks.neverEnds }).start(), /there is no \/no\/such\/node/);
  } finally {
    setExecutable(process.execPath);
  }
  assert.deepEqual(activeChildren(), []);
});

test('a target whose promise can never settle ends with 13, as a program does', LIMIT, async () => {
  const { stdout, stderr } = await runProgram('never settles');
  assert.equal(stdout, '13\n', stderr);
});

inScene('env, cwd and execArgv are those of the child', async (scene) => {
  const child = new Process({
    target: tasks.tellPlace,
    args: [scene.log],
    env: { ...process.env, COLOUR: 'green' },
    cwd: '/',
    execArgv: ['--no-deprecation'],
  });
  child.start();
  await child.join();
  assert.deepEqual(told(scene), [['green', '/', ['--no-deprecation']]]);
});

inScene('a daemon may not have children', async (scene) => {
  const child = new Process({ target: tasks.startFromDaemon, args: [scene.log], daemon: true });
  child.start();
  assert.equal((await child.join()).exitCode, 0);
  for (const line of told(scene))
    assert.match((line as string[]).join(), /InvalidStateError.*is a daemon process/);
  assert.equal(told(scene).length, 2);
});

inScene('a child that was started from a thread has a name of its own', async (scene) => {
  const { ThreadPool } = await import('../../../src/multiprocessing/index.js');
  await using pool = new ThreadPool({ processes: 1 });
  await pool.apply(tasks.nameOfGrandchild, [scene.log]);
  const mine = new Process({ target: tasks.tellSelf, args: [scene.log] });
  mine.start();
  await mine.join();
  const names = told(scene).map((line) => (line as [{ name: string }])[0].name);
  assert.equal(new Set(names).size, 3, names.join());
});

inScene("the authkey is the whole family's, and can be set", async (scene) => {
  const original = currentProcess().authkey;
  const hex = (key: AuthenticationKey): string => Buffer.from(key.export()).toString('hex');
  try {
    currentProcess().authkey = 'secret';
    const child = new Process({ target: tasks.tellSelf, args: [scene.log] });
    const other = new Process({ target: tasks.tellSelf, args: [scene.log] });
    other.authkey = Buffer.from('another');
    for (const one of [child, other]) {
      one.start();
      await one.join();
    }
    const keys = told(scene).map((line) => (line as [{ authkey: string }])[0].authkey);
    assert.deepEqual(keys, [Buffer.from('secret').toString('hex'), Buffer.from('another').toString('hex')]);
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    assert.equal(await pool.submit(tasks.authkeyHere), hex(currentProcess().authkey));
  } finally {
    currentProcess().authkey = original;
  }
  assert.throws(() => {
    currentProcess().authkey = 5 as never;
  }, TypeError);
});

test('an authkey cannot be given away by accident', () => {
  const { authkey } = currentProcess();
  assert.throws(() => structuredClone(authkey), { name: 'DataCloneError' });
  assert.throws(() => structuredClone({ deep: [authkey] }), { name: 'DataCloneError' });
  assert.throws(() => serialize(authkey));
  assert.throws(() => JSON.stringify({ authkey }), TypeError);
  assert.doesNotMatch(inspect(authkey), /[0-9a-f]{4}/);
  assert.equal(String(authkey), '[object Object]');
  const bytes = authkey.export();
  bytes.fill(0);
  assert.notDeepEqual(authkey.export(), bytes);
});

test('a process cannot be given away, nor waited for by itself', LIMIT, async () => {
  const child = new Process({ target: tasks.neverEnds });
  assert.throws(() => structuredClone(child), { name: 'DataCloneError' });
  await assert.rejects(currentProcess().join(), invalid);
  await assert.rejects(child.join(), invalid);
  assert.throws(() => child.kill(), invalid);
  assert.throws(() => new Process({ taget: tasks.neverEnds } as never), /has no option 'taget'/);
  assert.throws(() => new Process(tasks.neverEnds as never), /takes its options in an object, received \[/);
  assert.throws(() => new Process({ target: 'x' as never }), TypeError);
  child.close();
});

inScene('await using waits for the process; using takes one that has ended', async (scene) => {
  let child: Process;
  {
    await using inner = new Process({ target: tasks.leaveTimer, args: [scene.log] });
    inner.start();
    child = inner;
  }
  assert.equal(scene.lines().length, 2);
  assert.throws(() => child.isAlive(), invalid);
  {
    await using never = new Process({ target: tasks.neverEnds });
    assert.equal(never.isAlive(), false);
  }
  using done = new Process({ target: tasks.exitWith, args: [0] });
  done.start();
  await done.join();
});

test('twenty children at once, some killed at their start', LIMIT, async () => {
  const children = Array.from({ length: 20 }, (_, n) =>
    n % 5 === 0
      ? new Process({ target: tasks.neverEnds })
      : new Process({ target: tasks.exitWith, args: [n] }),
  );
  try {
    for (const child of children) child.start();
    for (const [n, child] of children.entries()) if (n % 5 === 0) child.kill();
    const exits = await Promise.all(children.map((child) => child.join()));
    assert.deepEqual(
      exits.map(({ exitCode }) => exitCode),
      children.map((_, n) => (n % 5 === 0 ? -9 : n)),
    );
  } finally {
    for (const child of activeChildren()) child.kill();
  }
  assert.deepEqual(activeChildren(), []);
});

for (const signal of ['SIGSEGV', 'SIGABRT', 'SIGHUP', 'SIGALRM'] as const) {
  test(`a child that ${signal} ends has that as its exit code`, LIMIT, async () => {
    const child = new Process({ target: tasks.killSelf, args: [signal] });
    child.start();
    assert.deepEqual(await child.join(), { exitCode: -constants.signals[signal], signal });
  });
}

test('InvalidStateError is the one of the library', () => {
  assert.throws(() => new Process().sentinel, InvalidStateError);
});

test('a wait for a child can be given up, and leaves nothing behind', LIMIT, async () => {
  const child = new Process({ target: tasks.neverEnds, daemon: true });
  child.start();
  const reason = new Error('enough');
  await assert.rejects(child.join({ signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const waiting = child.join({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  child.kill();
  await child.join();
});

// @ts-expect-error: it takes a string first
void (() => new Process({ target: tasks.tell, args: [1] }));
