// CPython's test_concurrent_futures/test_future.py: the future by itself.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { CancelledError, Future, InvalidStateError, TimeoutError } from '../../../src/index.ts';

const BOOM = new RangeError('boom');

function inState(
  state: 'pending' | 'running' | 'cancelled' | 'notified' | 'failed' | 'succeeded',
): Future<number> {
  const future = new Future<number>();
  if (state === 'running') future.setRunningOrNotifyCancel();
  if (state === 'cancelled' || state === 'notified') future.cancel();
  if (state === 'notified') future.setRunningOrNotifyCancel();
  if (state === 'failed') future.setException(BOOM);
  if (state === 'succeeded') future.setResult(42);
  // Looked at, so that nobody is told of a failure that a test leaves alone.
  if (state === 'failed') future.addDoneCallback(() => undefined);
  return future;
}

const STATES = ['pending', 'running', 'cancelled', 'notified', 'failed', 'succeeded'] as const;

/** Another turn of the event loop, in which somebody else may settle the future. */
const later = (fn: () => void): void => void setImmediate(fn);

test('FutureTests.test_done_callback_with_result: the callback sees the result', async () => {
  const future = new Future<number>();
  const seen: Array<Promise<number>> = [];
  future.addDoneCallback((it) => seen.push(it.result()));
  future.setResult(5);
  assert.deepEqual(await Promise.all(seen), [5]);
});

test('FutureTests.test_done_callback_with_exception: the callback sees the error', async () => {
  const future = new Future<number>();
  const seen: Array<Promise<unknown>> = [];
  future.addDoneCallback((it) => seen.push(it.exception()));
  future.setException(BOOM);
  assert.deepEqual(await Promise.all(seen), [BOOM]);
});

test('FutureTests.test_done_callback_with_cancel: the callback sees that it was cancelled, at once', () => {
  const future = new Future<number>();
  const seen: boolean[] = [];
  future.addDoneCallback((it) => seen.push(it.cancelled()));
  assert.equal(future.cancel(), true);
  assert.deepEqual(seen, [true]);
});

test('FutureTests.test_done_callback_raises: a callback that throws stops no other, and is reported', async () => {
  const future = new Future<number>();
  const seen: string[] = [];
  const warning = once(process, 'warning') as Promise<[Error]>;
  future.addDoneCallback(() => {
    seen.push('throws');
    throw BOOM;
  });
  future.addDoneCallback(() => seen.push('goes on'));
  future.setResult(5);
  assert.deepEqual(seen, ['throws', 'goes on']);
  const [{ name, message }] = await warning;
  assert.equal(name, 'FutureCallbackWarning');
  assert.match(message, /boom/);
  assert.equal(await future, 5);
});

test('FutureTests.test_done_callback_already_successful: it is called at once', () => {
  const seen: Future<number>[] = [];
  const future = inState('succeeded');
  future.addDoneCallback((it) => seen.push(it));
  assert.deepEqual(seen, [future]);
});

test('FutureTests.test_done_callback_already_failed: likewise', () => {
  const seen: Future<number>[] = [];
  const future = inState('failed');
  future.addDoneCallback((it) => seen.push(it));
  assert.deepEqual(seen, [future]);
});

test('FutureTests.test_done_callback_already_cancelled: likewise', () => {
  for (const state of ['cancelled', 'notified'] as const) {
    const seen: boolean[] = [];
    inState(state).addDoneCallback((it) => seen.push(it.cancelled()));
    assert.deepEqual(seen, [true]);
  }
});

test('FutureTests.test_done_callback_raises_already_succeeded: adding it does not throw', async () => {
  const warning = once(process, 'warning') as Promise<[Error]>;
  inState('succeeded').addDoneCallback(() => {
    throw new RangeError('late');
  });
  const [{ message }] = await warning;
  assert.match(message, /late/);
});

test('FutureTests.test_repr: it prints its state, and the type of its outcome', () => {
  assert.deepEqual(
    STATES.map((state) => inspect(inState(state))),
    [
      'Future { pending }',
      'Future { running }',
      'Future { cancelled }',
      'Future { cancelled }',
      'Future { finished, raised RangeError }',
      'Future { finished, returned number }',
    ],
  );
});

test('FutureTests.test_cancel: true for what was pending or cancelled, and nothing else changes', () => {
  const expected = {
    pending: true,
    running: false,
    cancelled: true,
    notified: true,
    failed: false,
    succeeded: false,
  };
  for (const state of STATES) {
    const future = inState(state);
    const before = future.state;
    assert.equal(future.cancel(), expected[state], state);
    assert.equal(future.state, state === 'pending' ? 'cancelled' : before, state);
  }
});

test('FutureTests.test_cancelled: in the cancelled state only', () => {
  assert.deepEqual(
    STATES.map((state) => inState(state).cancelled()),
    [false, false, true, true, false, false],
  );
});

test('FutureTests.test_done: cancelled or finished', () => {
  assert.deepEqual(
    STATES.map((state) => inState(state).done()),
    [false, false, true, true, true, true],
  );
});

test('FutureTests.test_running: in the running state only', () => {
  assert.deepEqual(
    STATES.map((state) => inState(state).running()),
    [false, true, false, false, false, false],
  );
});

test('FutureTests.test_result_with_timeout: without waiting, what each state gives', async () => {
  const error = async (state: (typeof STATES)[number]): Promise<unknown> =>
    inState(state)
      .result({ timeout: 0 })
      .catch((reason: unknown) => reason);
  for (const state of ['pending', 'running'] as const)
    assert.ok((await error(state)) instanceof TimeoutError);
  for (const state of ['cancelled', 'notified'] as const)
    assert.ok((await error(state)) instanceof CancelledError);
  assert.equal(await error('failed'), BOOM);
  assert.equal(await inState('succeeded').result({ timeout: 0 }), 42);
});

test('FutureTests.test_result_with_success: who waits gets the result that comes', async () => {
  const future = inState('pending');
  later(() => future.setResult(42));
  assert.equal(await future.result({ timeout: 60_000 }), 42);
});

test('FutureTests.test_result_with_cancel: who waits hears of the cancellation', async () => {
  const future = inState('pending');
  later(() => void future.cancel());
  await assert.rejects(future.result({ timeout: 60_000 }), CancelledError);
});

test('FutureTests.test_exception_with_timeout: without waiting, what each state gives', async () => {
  const take = (state: (typeof STATES)[number]): Promise<unknown> => inState(state).exception({ timeout: 0 });
  for (const state of ['pending', 'running'] as const) await assert.rejects(take(state), TimeoutError);
  for (const state of ['cancelled', 'notified'] as const) await assert.rejects(take(state), CancelledError);
  assert.equal(await take('failed'), BOOM);
  assert.equal(await take('succeeded'), undefined);
});

test('FutureTests.test_exception_with_success: who waits gets the error that comes', async () => {
  const future = inState('pending');
  later(() => future.setException(BOOM));
  assert.equal(await future.exception({ timeout: 60_000 }), BOOM);
});

test('FutureTests.test_multiple_set_result: the first result stays', async () => {
  const future = inState('succeeded');
  assert.throws(() => future.setResult(2), { name: 'InvalidStateError', message: /finished/ });
  assert.throws(() => future.setResult(2), InvalidStateError);
  assert.equal(await future, 42);
});

test('FutureTests.test_multiple_set_exception: the first error stays', async () => {
  const future = inState('failed');
  assert.throws(() => future.setException(new Error('second')), {
    name: 'InvalidStateError',
    message: /finished/,
  });
  assert.equal(await future.exception(), BOOM);
});
