// One call of a function, measured where it runs: what it costs, and that it is otherwise the call it would have been.
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import { type MeasuredBackend, submitMeasured } from '../../src/choose/measured.ts';
import type { CallCost } from '../../src/choose/measured-task.ts';
import {
  EventLoopExecutor,
  type Executor,
  NotShareableError,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
  WorkerDiedError,
} from '../../src/index.ts';
import { defineTasks } from '../../src/tasks/registry.ts';
import * as fixtures from './fixtures/functions.ts';

const makers: ReadonlyArray<readonly [string, MeasuredBackend, () => Executor]> = [
  ['the event loop', 'event-loop', () => new EventLoopExecutor()],
  ['a thread', 'thread', () => new ThreadPoolExecutor({ maxWorkers: 1 })],
  ['a process', 'process', () => new ProcessPoolExecutor({ maxWorkers: 1 })],
];

const { half } = defineTasks(import.meta.url, { half: (n: number): number => n / 2 });

/** What came of a call, and what it cost. */
async function measure<A extends unknown[], R>(
  executor: Executor,
  backend: MeasuredBackend,
  fn: (...args: A) => R,
  ...args: A
): Promise<{ value: Awaited<R> | undefined; error: unknown; costs: CallCost[] }> {
  const costs: CallCost[] = [];
  const future = submitMeasured(executor, backend, fn, args, (cost) => costs.push(cost));
  const error = await future.exception();
  return { value: error === undefined ? await future : undefined, error, costs };
}

for (const [where, backend, make] of makers) {
  describe(`a measured call on ${where}`, { timeout: 60_000 }, () => {
    it('of a function that computes is CPU time, all of it blocking', async () => {
      await using executor = make();
      const { value, costs } = await measure(executor, backend, fixtures.spin, 30);
      assert.ok(Number(value) > 0);
      const [cost, ...more] = costs as [CallCost];
      assert.deepEqual(more, []);
      assert.ok(cost.wall >= 30);
      assert.equal(cost.sync, cost.wall);
      assert.deepEqual(cost.blocked, { longest: cost.wall, total: cost.wall });
      assert.equal(cost.async, false);
      assert.equal(cost.failed, false);
      assert.equal(cost.cpuOf, 'thread');
      if (process.platform === 'linux') assert.ok(Number(cost.queued) >= 0);
    });

    it('of a function that waits is hardly any', async () => {
      await using executor = make();
      const { value, costs } = await measure(executor, backend, fixtures.nap, 50);
      assert.equal(value, 'rested');
      const [cost] = costs as [CallCost];
      assert.equal(cost.async, true);
      assert.ok(cost.wall >= 49);
      assert.ok(cost.cpu < cost.wall / 2, `${cost.cpu} of ${cost.wall} ms`);
      assert.ok(cost.sync <= cost.blocked.longest);
      assert.ok(cost.blocked.longest <= cost.blocked.total);
      assert.ok(cost.blocked.total <= cost.wall);
    });

    it('of a function that waits and computes says for how long it blocked', async () => {
      await using executor = make();
      const { costs } = await measure(executor, backend, fixtures.napAndSpin, 40);
      const [cost] = costs as [CallCost];
      assert.ok(cost.wall >= 119);
      assert.ok(cost.blocked.longest >= 39, `${cost.blocked.longest} ms`);
      assert.ok(cost.sync < cost.blocked.longest);
    });

    it('says how large arguments and results are, and what copying them costs', async () => {
      await using executor = make();
      const { value, costs } = await measure(executor, backend, fixtures.zeros, 1e6);
      assert.deepEqual(value, new Uint8Array(1e6));
      const [cost] = costs as [CallCost];
      assert.ok((cost.arguments?.bytes ?? Infinity) < 100);
      assert.ok((cost.result?.bytes ?? 0) >= 1e6 && (cost.result?.bytes ?? 0) < 1.01e6);
      assert.ok((cost.result?.encode ?? 0) > 0);
      assert.ok((cost.result?.decode ?? 0) > 0);
      // A collection of garbage may fall into a call, and hide what that took.
      const heaps = [cost.heap];
      for (let call = 1; call < 5; call += 1) {
        heaps.push(...(await measure(executor, backend, fixtures.zeros, 1e6)).costs.map(({ heap }) => heap));
      }
      assert.ok(Math.max(...heaps) >= 1e6, heaps.join(', '));

      const large = await measure(executor, backend, fixtures.lengthOf, new Uint8Array(2e6));
      assert.equal(large.value, 2e6);
      assert.ok((large.costs[0]?.arguments?.bytes ?? 0) >= 2e6);
    });

    it('takes no sizes where none are wanted', async () => {
      await using executor = make();
      const costs: CallCost[] = [];
      const onCost = (cost: CallCost): unknown => costs.push(cost);
      await submitMeasured(executor, backend, fixtures.add, [1, 2], onCost, { sizes: false, queued: false });
      assert.equal(costs[0] && 'arguments' in costs[0], false);
      assert.equal(costs[0] && 'result' in costs[0], false);
      assert.equal(costs[0] && 'queued' in costs[0], false);
    });

    it('passes errors on as they are, with what they cost', async () => {
      await using executor = make();
      for (const fn of [fixtures.fail, fixtures.failLater]) {
        const { error, costs } = await measure(executor, backend, fn, 'too far');
        assert.ok(error instanceof fixtures.OutOfRange, String(error));
        assert.equal(error.message, 'too far');
        assert.equal(costs[0]?.failed, true);
        assert.equal(costs[0]?.result, undefined);
      }
      const settled = submitMeasured(executor, backend, fixtures.throwNothing, [], () => undefined);
      await assert.rejects(Promise.resolve(settled), (error) => error === undefined);
    });

    it('names what cannot cross as a common call does', async () => {
      await using executor = make();
      const { error, costs } = await measure(executor, backend, fixtures.returnFunction);
      assert.ok(error instanceof NotShareableError);
      assert.match(error.message, /result\.list\[0\]/);
      assert.equal(costs[0]?.result, undefined);
      const add = fixtures.add as (...args: unknown[]) => unknown;
      const wrong = await measure(executor, backend, add, 1, { inside: () => 1 });
      assert.ok(wrong.error instanceof NotShareableError);
      assert.match(wrong.error.message, /arguments\[1\]\.inside/);
    });

    it('moves what the function moves', async () => {
      await using executor = make();
      assert.deepEqual((await measure(executor, backend, fixtures.moved, 1000)).value, new Uint8Array(1000));
      if (backend === 'process') return;
      const { value, costs } = await measure(executor, backend, fixtures.port);
      assert.equal(value?.constructor.name, 'MessagePort');
      value.close();
      assert.equal(costs.length, 1);
    });

    it('has the name of the function, and leaves its reports alone', async () => {
      await using executor = make();
      const said: unknown[] = [];
      const costs: CallCost[] = [];
      const options = { onReport: (value: unknown): unknown => said.push(value) };
      const onCost = (cost: CallCost): unknown => costs.push(cost);
      const submit = (): PromiseLike<string | undefined> =>
        submitMeasured(executor, backend, fixtures.nameAndSay, ['hello'], onCost, options);
      assert.equal(await submit(), 'nameAndSay');
      assert.equal(await submit(), 'nameAndSay');
      assert.deepEqual(said, ['hello', 'hello']);
      assert.deepEqual(
        costs.map(({ first }) => first),
        [true, false],
      );
      assert.notEqual(costs[0]?.worker, '');
    });

    it('finds registered functions, functions by source and builtins', async () => {
      await using executor = make();
      assert.equal((await measure(executor, backend, half, 84)).value, 42);
      assert.equal((await measure(executor, backend, (a: number) => a * 2, 21)).value, 42);
      assert.equal((await measure(executor, backend, basename, '/a/b')).value, 'b');
    });

    if (backend === 'process') {
      it('that ends its worker costs nothing that is known', async () => {
        await using executor = make();
        const { error, costs } = await measure(executor, backend, fixtures.exit, 3);
        assert.ok(error instanceof WorkerDiedError);
        assert.deepEqual(costs, []);
      });
    }
  });
}

describe('a measured call', { timeout: 60_000 }, () => {
  it('on an event loop that isolates nothing may be of a closure', async () => {
    await using executor = new EventLoopExecutor({ isolated: false });
    const seen: object[] = [];
    const value = {};
    await submitMeasured(
      executor,
      'event-loop',
      (item: object) => void seen.push(item),
      [value],
      () => {},
    );
    assert.equal(seen[0], value);
  });

  it('elsewhere refuses a closure at once', async () => {
    await using executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const outside = {};
    assert.throws(
      () =>
        submitMeasured(
          executor,
          'thread',
          () => outside,
          [],
          () => {},
        ),
      NotShareableError,
    );
  });
});
