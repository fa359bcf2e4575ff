// What the module exports, and two small cases: MiscTestCase and InterruptMainTests of test_threading.py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as threading from '../../../src/threading/index.ts';
import { gateFor, limit, started, until, words } from './support.ts';
import * as tasks from './tasks.ts';

test('MiscTestCase.test__all__: the module exports what is documented', limit, () => {
  assert.deepEqual(Object.keys(threading).toSorted(), [
    'Barrier',
    'BoundedSemaphore',
    'BrokenBarrierError',
    'Condition',
    'DeadlockError',
    'Event',
    'Lock',
    'OwnerDiedError',
    'RLock',
    'Semaphore',
    'TIMEOUT_MAX',
    'Thread',
    'ThreadLocal',
    'Timer',
    'activeCount',
    'currentThread',
    'detectDeadlocks',
    'enumerate',
    'excepthook',
    'getIdent',
    'mainThread',
    'originalExcepthook',
    'setExcepthook',
    'stackSize',
  ]);
  assert.equal(threading.TIMEOUT_MAX, 2 ** 31 - 1);
});

test(
  'MiscTestCase.test_change_name: a thread that is given another name has it everywhere',
  limit,
  async (context) => {
    const [gate, memory] = [gateFor(context), words(256)];
    const thread = started({ target: tasks.rename, args: [memory, gate], name: 'before' });
    await until(() => memory[0] !== 0);
    assert.deepEqual(tasks.read(memory), ['renamed', ['MainThread', 'renamed']]);
    assert.equal(thread.name, 'renamed');
    thread.name = 'again';
    assert.match(String(threading.enumerate()[1]), /^Thread\(again, started/);
    tasks.say(gate, 1);
    await thread.join();
    assert.equal(thread.name, 'again');
    const main = threading.currentThread();
    main.name = 'mine';
    assert.equal(threading.mainThread().name, 'mine');
    main.name = 'MainThread';
  },
);

test('a long name is cut for others at a whole character', limit, async (context) => {
  const gate = gateFor(context);
  const name = 'ü'.repeat(200);
  const thread = started({ target: tasks.waitAt, args: [gate], name });
  assert.equal(thread.name, name);
  tasks.say(gate, 1);
  await thread.join();
  assert.equal(thread.name, name);
});

test(
  'InterruptMainTests.test_can_interrupt_tight_loops: a loop sees what another thread writes',
  limit,
  async () => {
    const [begun, ended] = [words(), words()];
    const thread = started({
      target: (here: Int32Array, stop: Int32Array) => {
        Atomics.store(here, 0, 1);
        Atomics.notify(here, 0);
        while (Atomics.load(stop, 0) === 0);
      },
      args: [begun, ended],
    });
    assert.notEqual(Atomics.wait(begun, 0, 0, 50_000), 'timed-out');
    Atomics.store(ended, 0, 1);
    assert.equal(thread.joinSync({ timeout: 50_000 }), true);
  },
);
