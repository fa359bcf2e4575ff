// Whole programs with processes: when they end, what they leave behind. From CPython's _test_multiprocessing.py:
// TestFlags, TestNoForkBomb, _TestPoolWorkerLifetime, TestStdinBadfiledescriptor, _TestLogging, TestStartMethod.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as bundledMultiprocessing from 'manyhands/multiprocessing';
import { InvalidStateError } from '../../../src/index.ts';
import * as multiprocessing from '../../../src/multiprocessing/index.ts';
import {
  getAllStartMethods,
  getContext,
  getLogger,
  getStartMethod,
  type LogRecord,
  Process,
  setStartMethod,
} from '../../../src/multiprocessing/index.ts';
import { alive } from '../../contract/processes.ts';
import { runNode } from '../../tasks/support.ts';
import { until } from '../futures/support.ts';
import { inScene, LIMIT, runProgram, told } from './support.ts';
import * as tasks from './tasks.ts';

inScene('a program that falls off its end waits for its children', async (scene) => {
  const ending = runProgram('leaves a child', [scene.gate, scene.log]);
  await scene.linesCome(1);
  const [pid] = told(scene)[0] as [number];
  assert.equal(alive(pid), true);
  scene.open();
  const { code, stderr } = await ending;
  assert.equal(code, 0, stderr);
  assert.deepEqual(told(scene).at(-1), ['parent ends']);
  assert.equal(alive(pid), false);
});

inScene('it ends its daemons instead', async (scene) => {
  const { code, stderr } = await runProgram('leaves a daemon', [scene.log]);
  assert.equal(code, 0, stderr);
  const [pid] = told(scene)[0] as [number];
  await until(() => !alive(pid));
});

for (const [how, expected] of [
  ['exit', 3],
  ['throw', 1],
  ['SIGTERM', null],
  ['SIGKILL', null],
] as const) {
  inScene(`children do not outlive a parent that ends by ${how}, daemons or not`, async (scene) => {
    const { code, stderr } = await runProgram('has children', [scene.log, how]);
    assert.equal(code, expected, stderr);
    const pids = told(scene).map((line) => (line as [number])[0]);
    assert.equal(pids.length, 2);
    await until(() => !pids.some(alive));
  });
}

inScene('nor do they where only a pipe can tell them of its end', async (scene) => {
  const { stderr } = await runProgram('has children', [scene.log, 'SIGKILL', 'idle'], [], { PATH: '' });
  const pids = told(scene).map((line) => (line as [number])[0]);
  assert.equal(pids.length, 2, stderr);
  await until(() => !pids.some(alive));
});

test('a program that exits starts nothing any more', LIMIT, async () => {
  const { code, stdout } = await runProgram('starts at exit');
  assert.equal(code, 0);
  assert.match(stdout, /^InvalidStateError: .*this process is exiting/);
});

inScene('TestFlags.test_flags: a child has the flags of its parent', async (scene) => {
  const flags = ['--stack-trace-limit=7', '--no-deprecation'];
  const { code, stderr } = await runProgram('tells flags', [scene.log], flags);
  assert.equal(code, 0, stderr);
  assert.deepEqual((told(scene)[0] as unknown[])[2], flags);
});

for (const how of ['process', 'pool']) {
  test(
    `TestNoForkBomb.test_noforkbomb: a module that starts a ${how} while it loads is told so`,
    LIMIT,
    async () => {
      const { code, stdout, stderr } = await runNode([
        fileURLToPath(new URL('./fixtures/unguarded.js', import.meta.url)),
        how,
      ]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, 'the child exited with 1\n');
      assert.match(stderr, /being loaded in a worker .* at its top level[^]*isMain/);
      assert.equal(stderr.match(/^Error: A module that is being loaded/gm)?.length, 1, stderr);
    },
  );
}

test(
  '_TestPoolWorkerLifetime.test_worker_finalization_via_atexit_handler_of_multiprocessing: a pool that nobody closed',
  LIMIT,
  async () => {
    const { code, stdout, stderr } = await runProgram('holds a pool');
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '[ 1, 4, 9 ]\n', stderr: '' });
  },
);

inScene('TestStdinBadfiledescriptor.test_pool_in_process: a child has a pool of its own', async (scene) => {
  const child = new Process({ target: tasks.usePool, args: [scene.log], name: 'middle' });
  child.start();
  assert.equal((await child.join()).exitCode, 0);
  const [squares, names] = told(scene)[0] as [number[], [string, string, number]];
  assert.deepEqual(squares, [1, 4, 9]);
  assert.match(names[0], /^ProcessPoolExecutor-\d+_0$/);
  assert.deepEqual(names.slice(1), ['middle', child.pid]);
});

// ── logging ─────────────────────────────────────────────────────────────────────────────────────────────────

test('_TestLogging.test_enable_logging: the logger lets through what its level says', () => {
  const logger = getLogger();
  assert.equal(logger, getLogger());
  const { level, sink } = logger;
  const records: LogRecord[] = [];
  try {
    logger.sink = (record) => records.push(record);
    logger.level = 'warning';
    logger.log('info', 'not this');
    logger.log('error', 'but this');
    logger.level = 'off';
    logger.log('error', 'nor this');
    assert.deepEqual(records, [{ level: 'error', processName: 'MainProcess', message: 'but this' }]);
    assert.equal(logger.isEnabledFor('error'), false);
    assert.throws(() => {
      logger.level = 'loud' as never;
    }, TypeError);
  } finally {
    Object.assign(logger, { level, sink });
  }
});

test('_TestLogging.test_level: a child has the level that its parent had', LIMIT, async () => {
  const { code, stderr } = await runProgram('logs', ['warning', 'error']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(stderr.split('\n').slice(0, -1), [
    '[warning/Process-1] says warning',
    '[error/Process-1] says error',
    '[error/Process-2] says error',
    '[error/MainProcess] MainProcess is done',
  ]);
});

// ── start methods ───────────────────────────────────────────────────────────────────────────────────────────

test('TestStartMethod.test_context: a context is bound to its method', LIMIT, async () => {
  const context = getContext('spawn');
  assert.equal(context.getStartMethod(), 'spawn');
  assert.equal(context.getContext(), context);
  assert.equal(context.getContext('spawn'), context);
  assert.throws(() => context.setStartMethod('spawn'), InvalidStateError);
  assert.throws(() => getContext('fork' as never), TypeError);
  const child = new context.Process({ target: tasks.exitWith, args: [0] });
  child.start();
  assert.equal((await child.join()).exitCode, 0);
  assert.ok(child instanceof Process);
});

test(
  'TestStartMethod.test_spawn_dont_set_context: using one leaves the method of the program open',
  LIMIT,
  async () => {
    setStartMethod(undefined, { force: true });
    const child = new (getContext('spawn').Process)({ target: tasks.exitWith, args: [0] });
    child.start();
    await child.join();
    assert.equal(getStartMethod({ allowNone: true }), undefined);
  },
);

test('TestStartMethod.test_set_get: the method is set once', () => {
  setStartMethod(undefined, { force: true });
  assert.equal(getStartMethod({ allowNone: true }), undefined);
  setStartMethod('spawn');
  assert.equal(getStartMethod(), 'spawn');
  assert.throws(() => setStartMethod('spawn'), InvalidStateError);
  setStartMethod('spawn', { force: true });
  setStartMethod(undefined, { force: true });
  assert.throws(() => setStartMethod(undefined), TypeError);
  assert.throws(() => setStartMethod('fork' as never), TypeError);
  assert.equal(getStartMethod(), 'spawn');
  assert.throws(() => setStartMethod('spawn'), InvalidStateError);
});

test('TestStartMethod.test_get_all_start_methods: there is one', () => {
  assert.deepEqual(getAllStartMethods(), ['spawn']);
});

// ── the package ─────────────────────────────────────────────────────────────────────────────────────────────

test('_TestImportStar.test_import: all that is exported is there', () => {
  for (const [name, value] of Object.entries(multiprocessing)) assert.notEqual(value, undefined, name);
});

test('MiscTestCase.test__all__: the package is what its source exports', () => {
  assert.deepEqual(Object.keys(bundledMultiprocessing), Object.keys(multiprocessing));
  for (const name of ['Process', 'Pool', 'currentProcess', 'parentProcess', 'activeChildren', 'cpuCount'])
    assert.ok(name in multiprocessing, name);
});
