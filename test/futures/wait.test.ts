import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { asCompleted, Future, TimeoutError, wait } from '../../src/index.ts';

const futures = (count: number): Future<number>[] =>
  Array.from({ length: count }, () => new Future<number>());

function collectGarbage(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

test('wait: wrong options reject', async () => {
  for (const timeout of [-1, Number.NaN]) {
    await assert.rejects(wait([], { timeout }), { name: 'RangeError', message: /^timeout/ });
  }
  await assert.rejects(wait([], { returnWhen: 'all' as never }), {
    name: 'TypeError',
    message: /^returnWhen/,
  });
  await assert.rejects(wait([1 as never]), { name: 'TypeError', message: /Expected futures, received 1/ });
  await assert.rejects(wait([Promise.resolve(1) as never]), { name: 'TypeError' });
});

test('wait: no futures, no waiting', async () => {
  for (const returnWhen of ['all-completed', 'first-completed', 'first-exception'] as const) {
    const { done, notDone } = await wait([], { returnWhen });
    assert.equal(done.size + notDone.size, 0);
  }
});

test('wait: a timeout of 0 says how things stand', async () => {
  const [one, two] = futures(2) as [Future<number>, Future<number>];
  one.setResult(1);
  for (const returnWhen of ['all-completed', 'first-exception'] as const) {
    const { done, notDone } = await wait([one, two], { timeout: 0, returnWhen });
    assert.deepEqual([[...done], [...notDone]], [[one], [two]]);
  }
});

test('wait: an abort rejects with its reason, even with a TimeoutError', async () => {
  const reasons = [new RangeError('enough'), new TimeoutError('a caller of ours has no time'), undefined];
  for (const reason of reasons) {
    const controller = new AbortController();
    const waiting = wait(futures(2), { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(waiting, (error) => error === controller.signal.reason);
    await assert.rejects(wait(futures(1), { signal: controller.signal, timeout: 0 }), (error) => {
      return error === controller.signal.reason;
    });
  }
});

test('wait: what holds already is taken, whatever the limits', async () => {
  const [one] = futures(1) as [Future<number>];
  one.setResult(1);
  const { done } = await wait([one], { timeout: 0, signal: AbortSignal.abort() });
  assert.deepEqual([...done], [one]);
});

test('wait: the sets are a snapshot', async () => {
  const [one, two] = futures(2) as [Future<number>, Future<number>];
  one.setResult(1);
  const { done, notDone } = await wait([one, two], { returnWhen: 'first-completed' });
  two.setResult(2);
  assert.deepEqual([[...done], [...notDone]], [[one], [two]]);
});

test('wait: a wait that ends leaves nothing behind on its futures', async () => {
  const controller = new AbortController();
  const kept = futures(1) as [Future<number>];
  const collected: string[] = [];
  const registry = new FinalizationRegistry<string>((name) => collected.push(name));
  const give = async (name: string): Promise<void> => {
    // What stays on the future that is kept would hold the other one.
    const other = new Future<number>();
    registry.register(other, name);
    if (name === 'time') await wait([...kept, other], { timeout: 0 });
    else if (name === 'first') {
      const waiting = wait([...kept, other], { returnWhen: 'first-completed' });
      other.setResult(1);
      await waiting;
    } else {
      const waiting = wait([...kept, other], { signal: controller.signal });
      controller.abort();
      await assert.rejects(waiting);
    }
  };
  for (const name of ['time', 'first', 'abort']) await give(name);
  const collect = collectGarbage();
  for (let tries = 0; tries < 200 && collected.length < 3; tries += 1) {
    collect();
    await new Promise(setImmediate);
  }
  assert.deepEqual(collected.toSorted(), ['abort', 'first', 'time']);
  assert.equal(kept[0].state, 'pending');
});

test('asCompleted: wrong options throw at the call', () => {
  assert.throws(() => asCompleted([], { timeout: -1 }), RangeError);
  assert.throws(() => asCompleted([1 as never]), TypeError);
});

test('asCompleted: in the order in which they finish, those that are done first', async () => {
  const [a, b, c, d] = futures(4) as [Future<number>, Future<number>, Future<number>, Future<number>];
  c.setResult(3);
  const results = asCompleted([a, b, c, d]);
  assert.equal((await results.next()).value, c);
  d.setResult(4);
  a.cancel();
  b.setException(new Error('looked at'));
  b.addDoneCallback(() => undefined);
  const rest = [await results.next(), await results.next(), await results.next()];
  assert.deepEqual(
    rest.map(({ value }) => value as unknown),
    [d, a, b],
  );
  assert.equal((await results.next()).done, true);
  assert.equal((await results.next()).done, true);
});

test('asCompleted: what has finished is handed out when the time is over, then the error, then the end', async () => {
  const [a, b, c] = futures(3) as [Future<number>, Future<number>, Future<number>];
  a.setResult(1);
  b.setResult(2);
  const results = asCompleted([a, b, c], { timeout: 0 });
  assert.equal((await results.next()).value, a);
  assert.equal((await results.next()).value, b);
  await assert.rejects(results.next(), { name: 'TimeoutError', message: /^1 \(of 3\) futures unfinished/ });
  assert.equal((await results.next()).done, true);
});

test('asCompleted: the clock runs from the call', async () => {
  const [a] = futures(1) as [Future<number>];
  const late = asCompleted([a], { timeout: 1 });
  // A wait with the same limit that began later is over; so this one is.
  await wait([a], { timeout: 5 });
  a.setResult(1);
  await assert.rejects(late.next(), TimeoutError);
});

test('asCompleted: an abort is the reason, after what has finished', async () => {
  const [a, b] = futures(2) as [Future<number>, Future<number>];
  const controller = new AbortController();
  const results = asCompleted([a, b], { signal: controller.signal });
  const reason = new RangeError('enough');
  a.setResult(1);
  controller.abort(reason);
  b.setResult(2);
  assert.equal((await results.next()).value, a);
  await assert.rejects(results.next(), (error) => error === reason);
  assert.equal((await results.next()).done, true);
});

test('asCompleted: return() ends it, and steps that wait', async () => {
  const [a] = futures(1) as [Future<number>];
  const results = asCompleted([a]);
  const waiting = results.next();
  assert.deepEqual(await results.return?.(), { done: true, value: undefined });
  assert.equal((await waiting).done, true);
  a.setResult(1);
  assert.equal((await results.next()).done, true);
});

test('asCompleted: steps that are asked for at once get one future each', async () => {
  const all = futures(3);
  const results = asCompleted([...all, ...all]);
  const steps = Promise.all([results.next(), results.next(), results.next(), results.next()]);
  for (const future of all.toReversed()) future.setResult(1);
  const values = (await steps).map(({ value }) => value as unknown);
  assert.deepEqual(new Set(values), new Set([...all, undefined]));
});
