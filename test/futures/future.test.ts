import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  CancelledError,
  Future,
  type FutureState,
  InvalidStateError,
  TimeoutError,
} from '../../src/index.ts';

const BOOM = new RangeError('boom');

/** A future in each state, and what each call does to it: the next state, and what it returns or throws. */
const MAKE = {
  pending: () => new Future<unknown>(),
  running: () => {
    const future = new Future<unknown>();
    future.setRunningOrNotifyCancel();
    return future;
  },
  cancelled: () => {
    const future = new Future<unknown>();
    future.cancel();
    return future;
  },
  'cancelled, told': () => {
    const future = new Future<unknown>();
    future.cancel();
    future.setRunningOrNotifyCancel();
    return future;
  },
  succeeded: () => {
    const future = new Future<unknown>();
    future.setResult('value');
    return future;
  },
  failed: () => {
    const future = new Future<unknown>();
    future.addDoneCallback(() => undefined);
    future.setException(BOOM);
    return future;
  },
} satisfies Record<string, () => Future<unknown>>;

const CALLS = {
  cancel: (future: Future<unknown>) => future.cancel(),
  begin: (future: Future<unknown>) => future.setRunningOrNotifyCancel(),
  result: (future: Future<unknown>) => future.setResult('new'),
  exception: (future: Future<unknown>) => {
    future.addDoneCallback(() => undefined);
    future.setException(new Error('new'));
  },
} satisfies Record<string, (future: Future<unknown>) => unknown>;

const REFUSED = 'InvalidStateError';
const TRANSITIONS: Record<keyof typeof MAKE, Record<keyof typeof CALLS, [FutureState, unknown]>> = {
  pending: {
    cancel: ['cancelled', true],
    begin: ['running', true],
    result: ['finished', undefined],
    exception: ['finished', undefined],
  },
  running: {
    cancel: ['running', false],
    begin: ['running', REFUSED],
    result: ['finished', undefined],
    exception: ['finished', undefined],
  },
  cancelled: {
    cancel: ['cancelled', true],
    begin: ['cancelled', false],
    result: ['cancelled', REFUSED],
    exception: ['cancelled', REFUSED],
  },
  'cancelled, told': {
    cancel: ['cancelled', true],
    begin: ['cancelled', REFUSED],
    result: ['cancelled', REFUSED],
    exception: ['cancelled', REFUSED],
  },
  succeeded: {
    cancel: ['finished', false],
    begin: ['finished', REFUSED],
    result: ['finished', REFUSED],
    exception: ['finished', REFUSED],
  },
  failed: {
    cancel: ['finished', false],
    begin: ['finished', REFUSED],
    result: ['finished', REFUSED],
    exception: ['finished', REFUSED],
  },
};

for (const [from, calls] of Object.entries(TRANSITIONS)) {
  for (const [call, [to, outcome]] of Object.entries(calls)) {
    test(`${from}: ${call} gives ${String(outcome)}, and it is ${to}`, async () => {
      const future = MAKE[from as keyof typeof MAKE]();
      const heard: FutureState[] = [];
      const settledBefore = future.done();
      future.addDoneCallback((it) => heard.push(it.state));
      const before = settledBefore ? heard.length : 0;
      let got: unknown;
      try {
        got = CALLS[call as keyof typeof CALLS](future);
      } catch (error) {
        assert.ok(error instanceof InvalidStateError);
        assert.equal(error.code, 'MANYHANDS_INVALID_STATE');
        got = error.name;
      }
      assert.equal(got, outcome);
      assert.equal(future.state, to);
      assert.equal(future.done(), to === 'finished' || to === 'cancelled');
      assert.equal(future.running(), to === 'running');
      assert.equal(future.cancelled(), to === 'cancelled');
      assert.deepEqual(heard.slice(before), !settledBefore && future.done() ? [to] : []);
      // The first outcome stays.
      if (from === 'succeeded') assert.equal(await future, 'value');
      if (from === 'failed') assert.equal(await future.exception(), BOOM);
      if (to === 'cancelled') await assert.rejects(future.result(), CancelledError);
    });
  }
}

test('callbacks run in order, on settling, and before promise reactions', async () => {
  const future = new Future<number>();
  const order: string[] = [];
  const reaction = future.then(() => order.push('reaction'));
  future.addDoneCallback(() => order.push('first'));
  future.addDoneCallback((it) => {
    order.push('second');
    it.addDoneCallback(() => order.push('added while they run'));
  });
  future.addDoneCallback(() => order.push('third'));
  future.setResult(1);
  order.push('set');
  await reaction;
  assert.deepEqual(order, ['first', 'second', 'added while they run', 'third', 'set', 'reaction']);
});

test('the same callback twice is called twice', () => {
  const future = new Future<number>();
  let calls = 0;
  const count = (): void => void (calls += 1);
  future.addDoneCallback(count);
  future.addDoneCallback(count);
  future.setResult(1);
  assert.equal(calls, 2);
});

test('a callback that throws anything is a warning with what it threw', async () => {
  for (const thrown of [new RangeError('an error'), 'a string', null, undefined]) {
    const future = new Future<number>();
    let reached = false;
    future.addDoneCallback(() => {
      throw thrown;
    });
    future.addDoneCallback(() => (reached = true));
    const warning = once(process, 'warning') as Promise<[Error & { code?: string }]>;
    future.setResult(1);
    const [{ message, code }] = await warning;
    assert.ok(reached);
    assert.equal(code, 'MANYHANDS_CALLBACK');
    assert.ok(message.includes(thrown instanceof Error ? thrown.message : inspect(thrown)), message);
  }
});

test('await, then, catch and finally are those of a promise', async () => {
  const good = new Future<number>();
  const bad = new Future<number>();
  setImmediate(() => {
    good.setResult(1);
    bad.setException(BOOM);
  });
  const nothing: unknown[] = [];
  assert.equal(await good, 1);
  assert.equal(await good.then(), 1);
  assert.equal(await good.then((value) => value + 1), 2);
  assert.equal(await good.finally(() => nothing.push('good')), 1);
  assert.equal(await good.catch(() => 0), 1);
  assert.equal(await bad.catch((error: unknown) => error), BOOM);
  assert.equal(await bad.then(undefined, () => 'caught'), 'caught');
  await assert.rejects(
    bad.finally(() => nothing.push('bad')),
    BOOM,
  );
  assert.deepEqual(nothing, ['good', 'bad']);
  assert.deepEqual(await Promise.all([good, good]), [1, 1]);
  assert.equal(await (async () => good)(), 1, 'an async function returns what it becomes');
});

test('what is thrown may be nothing at all', async () => {
  for (const nothing of [undefined, null, 0, '', false]) {
    const future = new Future<number>();
    future.setException(nothing);
    assert.equal(await future.exception(), nothing);
    const seen = await future.then(
      () => 'no error',
      (error: unknown) => [error],
    );
    assert.deepEqual(seen, [nothing]);
  }
});

test('waits: wrong options reject, an end of the time leaves the task alone', async () => {
  for (const method of ['result', 'exception'] as const) {
    const future = new Future<number>();
    for (const timeout of [-1, Number.NaN, -Infinity]) {
      await assert.rejects(future[method]({ timeout }), {
        name: 'RangeError',
        message: /^timeout must be >= 0/,
      });
    }
    await assert.rejects(future[method]({ timeout: '5' as unknown as number }), { name: 'TypeError' });
    await assert.rejects(future[method]({ signal: {} as AbortSignal }), { name: 'TypeError' });
    await assert.rejects(future[method]({ timeout: 0 }), TimeoutError);
    await assert.rejects(future[method]({ timeout: 1 }), {
      message: /pending; it did not finish within 1 ms/,
    });
    assert.equal(future.state, 'pending');
    const reason = new RangeError('enough');
    await assert.rejects(future[method]({ signal: AbortSignal.abort(reason) }), (error) => error === reason);
    const controller = new AbortController();
    const waiting = future[method]({ signal: controller.signal, timeout: Infinity });
    controller.abort(reason);
    await assert.rejects(waiting, (error) => error === reason);
    future.setResult(1);
    const value = await future[method]({ timeout: 0, signal: AbortSignal.abort(reason) });
    assert.equal(value, method === 'result' ? 1 : undefined, 'what is there is taken');
  }
});

test('a wait that was given up leaves no listener on the signal, nor a callback', async () => {
  const future = new Future<number>();
  const controller = new AbortController();
  let added = 0;
  const { signal } = controller;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    added += 1;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    added -= 1;
    removeEventListener.apply(signal, args);
  };
  for (let n = 0; n < 10; n += 1) await assert.rejects(future.result({ timeout: 1, signal }), TimeoutError);
  assert.equal(added, 0);
  const waiting = future.result({ signal });
  assert.equal(added, 1);
  future.setResult(1);
  await waiting;
  assert.equal(added, 0);
});

test('inspect shows the type of the outcome, not the outcome', () => {
  const shown = (value: unknown): string => {
    const future = new Future<unknown>();
    future.setResult(value);
    return inspect(future);
  };
  assert.equal(shown(undefined), 'Future { finished, returned undefined }');
  assert.equal(shown(null), 'Future { finished, returned null }');
  assert.equal(shown('secret'), 'Future { finished, returned string }');
  assert.equal(shown([1]), 'Future { finished, returned Array }');
  assert.equal(shown(Object.create(null)), 'Future { finished, returned object }');
  assert.equal(Object.prototype.toString.call(new Future()), '[object Future]');
});
