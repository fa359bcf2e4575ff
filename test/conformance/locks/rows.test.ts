/** Every portable case of CPython's tests of locks has a test of its name in this folder, and no test a name of none. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const rows: Readonly<Record<string, string>> = {
  BaseLockTests:
    'constructor repr locked_repr acquire_destroy acquire_release try_acquire try_acquire_contended acquire_contended ' +
    'with timeout',
  LockTests: 'reacquire different_thread',
  RLockTests: 'repr_count reacquire release_unacquired locked locked_with_2threads',
  EventTests: 'is_set notify timeout set_and_clear repr',
  ConditionTests: 'acquire unacquired_wait unacquired_notify notify timeout waitfor waitfor_timeout',
  BaseSemaphoreTests:
    'constructor acquire acquire_destroy acquire_contended multirelease try_acquire try_acquire_contended ' +
    'acquire_timeout default_value with',
  SemaphoreTests: 'release_unacquired repr',
  BoundedSemaphoreTests: 'release_unacquired repr',
  BarrierTests:
    'constructor barrier barrier_10 wait_return action abort reset abort_and_reset timeout default_timeout ' +
    'single_thread repr',
  _TestLock:
    'repr_lock lock lock_locked_2processes repr_rlock rlock rlock_locked_2processes lock_context rlock_context',
  _TestSemaphore: 'semaphore bounded_semaphore timeout',
  _TestCondition: 'notify notify_all notify_n timeout waitfor waitfor_timeout wait_result',
  _TestEvent: 'event repr',
  _TestBarrier:
    'barrier barrier_10 wait_return action abort reset abort_and_reset timeout default_timeout single_thread thousand',
};

const folder = new URL('../../../../test/conformance/locks/', import.meta.url);

test('every case has a test, and no other', () => {
  const listed = Object.entries(rows).flatMap(([name, cases]) =>
    cases.split(' ').map((row) => `${name}.test_${row}`),
  );
  const text = readdirSync(folder)
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .join('\n');
  const both = [...text.matchAll(/\$\{row\}\.(test_\w+):/g)].flatMap(([, row]) => [
    `BarrierTests.${row}`,
    `_TestBarrier.${row}`,
  ]);
  const named = [...text.matchAll(/['`](\w+\.test_\w+)(?=[:'])/g)].map(([, row]) => String(row));
  assert.deepEqual([...new Set([...both, ...named])].toSorted(), listed.toSorted());
});
