// AutoExecutor: where it runs what, and that nobody notices.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AutoExecutor, type AutoStatistics, map, run } from '../../src/choose/index.ts';
import { CancelledError, ExecutorShutdownError, WorkerDiedError } from '../../src/index.ts';
import * as tasks from './fixtures/auto-tasks.ts';

/** A test with an executor of its own, which is shut down in any case. */
function row(title: string, test: (auto: AutoExecutor) => Promise<void>, maxWorkers = 2): void {
  it(title, { timeout: 60_000 }, async () => {
    const auto = new AutoExecutor({ maxWorkers });
    try {
      await test(auto);
    } finally {
      await auto.shutdown({ wait: true, cancelFutures: true });
    }
  });
}

const isHere = ({ pid, threadId }: tasks.Spot): boolean => pid === process.pid && threadId === 0;
const placed = (auto: { statistics(): AutoStatistics }, name: string) =>
  auto.statistics().functions.find((known) => known.name === name);

/** Calls it until it runs in this thread; on a busy machine a trivial call may look like more. */
async function untilHere(call: () => PromiseLike<tasks.Spot>): Promise<void> {
  while (!isHere(await call()));
}

/** Memory that holds up tasks until `open` is called. */
function gate(): { flag: Int32Array; open(): void } {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  return {
    flag,
    open() {
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
    },
  };
}

describe('AutoExecutor', () => {
  row('runs what is new on a thread, and what is trivial on the event loop soon', async (auto) => {
    for (let n = 0; n < 3; n += 1) assert.equal(isHere(await auto.submit(tasks.here)), false);
    // A call that a busy machine interrupts is doubted for a moment.
    do await untilHere(() => auto.submit(tasks.here));
    while (placed(auto, 'here')?.manner !== 'inline');
    const { backend, manner, explanation = '' } = placed(auto, 'here') ?? {};
    assert.deepEqual([backend, manner], ['event-loop', 'inline']);
    assert.match(explanation, /^here runs on the event loop, or in batches on threads: it takes less than/);
  });

  row('knows a function that is written where it is submitted', async (auto) => {
    for (let n = 0; n < 30; n += 1) assert.equal(await auto.submit((x: number) => x + 1, n), n + 1);
    const { functions } = auto.statistics();
    assert.deepEqual(
      functions.map(({ calls }) => calls),
      [30],
    );
  });

  row('moves what has grown after one slow call, and whatever waits behind that', async (auto) => {
    await untilHere(() => auto.submit(tasks.hereAfter, 0));
    const slow = await Promise.all(Array.from({ length: 30 }, () => auto.submit(tasks.hereAfter, 20)));
    assert.ok(slow.filter(isHere).length <= 1, JSON.stringify(slow));
    const { backend, strikes = 0 } = placed(auto, 'hereAfter') ?? {};
    assert.ok(backend === 'thread' && strikes >= 1);
    const { tasks: counts } = auto.statistics();
    assert.equal(counts.succeeded, counts.submitted);
    assert.equal(counts.running + counts.pending, 0);
  });

  row('runs what waits many at once, however many come before anything is known', async (auto) => {
    const spots = await Promise.all(Array.from({ length: 400 }, () => auto.submit(tasks.hereLater, 5)));
    assert.equal(isHere(spots[0] as tasks.Spot), false);
    assert.equal(placed(auto, 'hereLater')?.manner, 'shared');
    const { tasks: counts } = auto.statistics();
    assert.deepEqual([counts.submitted, counts.succeeded, counts.pending], [400, 400, 0]);
  });

  row('runs what has crashed in processes', async (auto) => {
    await assert.rejects(async () => await auto.submit(tasks.exitOr, true), WorkerDiedError);
    const { pid } = await auto.submit(tasks.exitOr, false);
    assert.notEqual(pid, process.pid);
    assert.match(placed(auto, 'exitOr')?.explanation ?? '', /^exitOr runs in processes: a worker died of it/);
  });

  row('follows hints', async (auto) => {
    const on = (backend: 'event-loop' | 'thread' | 'process') => auto.with({ backend }).submit(tasks.here);
    assert.ok(isHere(await on('event-loop')));
    const thread = await on('thread');
    assert.ok(thread.pid === process.pid && thread.threadId !== 0);
    assert.notEqual((await on('process')).pid, process.pid);
    assert.notEqual((await auto.with({ isolate: true }).submit(tasks.here)).pid, process.pid);
    assert.notEqual(
      (await auto.with({ isolate: true }).with({ name: 'x' }).submit(tasks.here)).pid,
      process.pid,
    );
  });

  row('refuses wrong options, with their names', async (auto) => {
    const wrong = { backend: 'cluster' } as unknown as { backend: 'thread' };
    assert.throws(() => auto.with(wrong), /backend must be .*received 'cluster'/);
    assert.throws(() => auto.with({ backend: 'thread', isolate: true }), /isolate.*received 'thread'/);
    assert.throws(() => auto.with({ isolate: true }).with({ backend: 'event-loop' }), RangeError);
    assert.throws(() => auto.with({ timeout: -1 }), /timeout/);
    assert.throws(() => new AutoExecutor({ maxWorkers: 0 }), /maxWorkers/);
    assert.throws(() => new AutoExecutor({ concurrency: 0.5 }), /concurrency/);
  });

  row('maps and streams', async (auto) => {
    const numbers = Array.from({ length: 5000 }, (_, n) => n);
    const squares = numbers.map((x) => x * x);
    assert.deepEqual(await auto.map(tasks.square, numbers), squares);
    assert.deepEqual(await auto.with({ chunkSize: 7 }).map(tasks.square, numbers), squares);
    const spots = await auto.map(
      tasks.hereLater,
      numbers.slice(0, 300).map(() => 1),
    );
    assert.equal(spots.length, 300);
    const streamed: number[] = [];
    for await (const n of auto.stream(tasks.count, 40)) streamed.push(n);
    assert.deepEqual(streamed, numbers.slice(0, 40));
    assert.equal(placed(auto, 'square')?.calls, 10_000);
  });

  row('says how things stand, in what nobody can change', async (auto) => {
    await auto.submit(tasks.increment, 1);
    const statistics = auto.statistics();
    const { backend, state, maxWorkers, functions, pools, workersStarted } = statistics;
    assert.deepEqual([backend, state, maxWorkers, workersStarted], ['auto', 'open', 2, 1]);
    assert.deepEqual(Object.keys(pools), ['thread']);
    assert.equal(functions[0]?.milliseconds?.wall !== undefined, true);
    assert.ok([statistics, functions, functions[0], pools, statistics.tasks].every(Object.isFrozen));
    await auto.shutdown();
    assert.equal(auto.statistics().state, 'closed');
    await assert.rejects(async () => await auto.submit(tasks.increment, 1), ExecutorShutdownError);
  });
});

describe('a call that is held back until more is known', () => {
  row(
    'has its arguments as they were',
    async (auto) => {
      const { flag, open } = gate();
      const first = auto.submit(tasks.block, flag, { n: 0 });
      const value = { n: 1 };
      const second = auto.submit(tasks.block, flag, value);
      value.n = 2;
      assert.equal(auto.statistics().tasks.pending + auto.statistics().tasks.running, 2);
      open();
      assert.deepEqual(await Promise.all([first, second]), [{ n: 0 }, { n: 1 }]);
    },
    1,
  );

  row(
    'can be cancelled',
    async (auto) => {
      const { flag, open } = gate();
      const [first, second, third] = [1, 2, 3].map((n) => auto.submit(tasks.block, flag, n));
      assert.equal(second?.state, 'pending');
      assert.equal(second?.cancel(), true);
      await assert.rejects(async () => await second, CancelledError);
      open();
      assert.deepEqual([await first, await third], [1, 3]);
      const { submitted, succeeded, cancelled } = auto.statistics().tasks;
      assert.deepEqual([submitted, succeeded, cancelled], [3, 2, 1]);
    },
    1,
  );

  row(
    'fails with the stack of who submitted it',
    async (auto) => {
      const { flag, open } = gate();
      const first = auto.submit(tasks.blockOrFail, flag, false);
      const second = auto.submit(tasks.blockOrFail, flag, true);
      open();
      await first;
      const { message, stack = '' } = (await second.exception()) as Error;
      assert.equal(message, 'as asked');
      assert.match(stack, /auto\.test\.js/);
    },
    1,
  );

  row(
    'runs when the call before it has died',
    async (auto) => {
      const outcomes = await Promise.allSettled(
        [true, true, true].map(async (exits) => await auto.submit(tasks.exitOr, exits)),
      );
      for (const outcome of outcomes) assert.equal(outcome.status, 'rejected');
      assert.equal(auto.statistics().tasks.failed, 3);
    },
    1,
  );

  row(
    'is done before a shutdown is',
    async (auto) => {
      const { flag, open } = gate();
      const futures = [1, 2, 3].map((n) => auto.submit(tasks.block, flag, n));
      const over = auto.shutdown();
      open();
      await over;
      assert.deepEqual(await Promise.all(futures), [1, 2, 3]);
    },
    1,
  );

  row(
    'is cancelled by a shutdown that says so',
    async (auto) => {
      const { flag, open } = gate();
      const futures = [1, 2, 3].map((n) => auto.submit(tasks.block, flag, n));
      const over = auto.shutdown({ cancelFutures: true });
      open();
      await over;
      assert.deepEqual(
        futures.slice(1).map((future) => future.cancelled()),
        [true, true],
      );
    },
    1,
  );
});

describe('the executor that all of a program shares', () => {
  it('runs and maps, without being made or shut down', { timeout: 60_000 }, async () => {
    assert.equal(await run(tasks.increment, 1), 2);
    assert.deepEqual(await map(tasks.increment, [1, 2, 3]), [2, 3, 4]);
  });
});
