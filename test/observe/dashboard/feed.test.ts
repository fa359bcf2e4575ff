// What a dashboard tells of real executors: all that ran is counted, what is shown of it is bounded, and nothing is listened to
// for nobody.
import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { describe, it } from 'node:test';
import { EventLoopExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from '../../../src/index.ts';
import { MOST_SPANS } from '../../../src/observe/dashboard/span-sample.ts';
import { dashboard } from '../../../src/observe/index.ts';
import { Note, until } from '../../contract/backends.ts';
import * as tasks from '../../contract/fixtures/tasks.ts';
import { Viewer } from './viewer.ts';

const TIMEOUT = { timeout: 30_000 };
const CHANNELS = ['manyhands:task:submit', 'manyhands:task:start', 'manyhands:task:settle'];
const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('the feed of a dashboard', () => {
  it('listens to tasks only while somebody looks', TIMEOUT, async () => {
    const listening = (): boolean => CHANNELS.some((name) => channel(name).hasSubscribers);
    await using board = await dashboard();
    assert.equal(listening(), false);
    const first = await Viewer.open(board);
    const second = await Viewer.open(board);
    assert.equal(listening(), true);
    await first[Symbol.asyncDispose]();
    await second.tick(({ watched }) => watched);
    assert.equal(listening(), true);
    await second[Symbol.asyncDispose]();
    await until('it has heard that nobody looks', () => !listening());
    await Viewer.open(board);
    assert.equal(listening(), true);
    await board.close();
    assert.equal(listening(), false);
  });

  it('tells of tasks of all executors, those that were there before too', TIMEOUT, async () => {
    await using threads = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: 'seen-thread' });
    await using board = await threads.dashboard();
    await using viewer = await Viewer.open(board);
    await using processes = new ProcessPoolExecutor({ maxWorkers: 1 });
    await using loop = new EventLoopExecutor();
    for (const pool of [threads, processes, loop])
      await pool.with({ name: 'task' }).submit(tasks.compute, 60, 1);
    await viewer.tick(() => sum(viewer.ticks.map(({ ended }) => ended)) === 3);

    const shown = viewer.ticks.flatMap(({ spans, rows, names }) =>
      spans.map(([row, name, start, end, outcome]) => ({
        row: rows[row],
        name: names[name],
        start,
        end,
        outcome,
      })),
    );
    assert.equal(new Set(shown.map(({ row }) => row)).size, 3);
    for (const { name, start, end, outcome } of shown) {
      assert.equal(name, 'task');
      assert.equal(outcome, 0);
      assert.ok(end - start >= 59 && end <= 0.001, `${start} to ${end}`);
    }
    const executors = viewer.ticks.flatMap((tick) => tick.executors);
    for (const backend of ['thread', 'process', 'event-loop']) {
      const own = executors.filter((executor) => executor.backend === backend);
      assert.equal(sum(own.map(({ settled }) => settled)), 1, backend);
      const timed = own.filter(({ run }) => run !== null);
      assert.equal(timed.length, 1, backend);
      assert.ok((timed[0]?.run?.p50 ?? 0) >= 59);
      const busy = own.flatMap(({ workers }) => workers.map((worker) => worker.busy ?? 0));
      assert.ok(Math.max(...busy) > 0, backend);
    }
    const [program] = viewer.programs;
    assert.equal(program?.pid, process.pid);
    const [counted] = viewer.ticks.flatMap(({ functions }) => functions);
    assert.equal(counted?.name, 'task');
    await viewer.tick(({ host }) => host.loopDelay !== null && host.memory > 0 && host.cpu >= 0);
  });

  it('measures processes, where the system says what they take', {
    ...TIMEOUT,
    skip: process.platform !== 'linux' && 'there is no /proc',
  }, async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    await using board = await dashboard();
    await using viewer = await Viewer.open(board);
    const working = Array.from({ length: 4 }, () => pool.submit(tasks.compute, 400, 0));
    const used = await viewer.tick(({ executors }) =>
      executors.some(({ workers }) => workers.some(({ cpu }) => (cpu ?? 0) > 0)),
    );
    const worker = used.executors.flatMap(({ workers }) => workers).find(({ cpu }) => cpu !== null);
    assert.ok((worker?.memory ?? 0) > 10e6, String(worker?.memory));
    await Promise.all(working);
  });

  it('shows what runs while it runs', TIMEOUT, async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    await using board = await dashboard();
    await using viewer = await Viewer.open(board);
    const gate = new Note();
    const future = pool.submit(tasks.blockOn, gate.path, 1);
    const { running, names } = await viewer.tick((tick) => tick.running.length === 1);
    assert.equal(names[running[0]?.[1] ?? -1], 'blockOn');
    gate.open();
    await future;
    const before = viewer.ticks.length;
    await viewer.tick((tick) => viewer.ticks.indexOf(tick) > before && tick.running.length === 0);
  });

  it(
    'counts all of many tasks, shows a bounded part of them, and says how large a part',
    TIMEOUT,
    async () => {
      await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
      await using board = await dashboard();
      await using viewer = await Viewer.open(board);
      const BURST = 5000;
      const burst = async (): Promise<void> => {
        const seen = sum(viewer.ticks.map(({ ended }) => ended));
        await Promise.all(Array.from({ length: BURST }, (_, index) => pool.submit(tasks.same, index)));
        await viewer.tick(() => sum(viewer.ticks.map(({ ended }) => ended)) === seen + BURST);
      };
      for (let round = 0; !viewer.ticks.some(({ oneOf, ended }) => oneOf > 1 && ended > oneOf); round += 1) {
        assert.ok(round < 20, 'it never began to leave tasks out');
        await burst();
      }
      const settled = sum(
        viewer.ticks.flatMap(({ executors }) => executors.map((executor) => executor.settled)),
      );
      const ended = sum(viewer.ticks.map((tick) => tick.ended));
      assert.equal(settled, ended);
      assert.equal(sum(viewer.ticks.flatMap(({ functions }) => functions.map(({ count }) => count))), ended);
      for (const { spans, running, ended: all, oneOf } of viewer.ticks) {
        assert.ok(spans.length <= Math.min(MOST_SPANS, Math.ceil(all / oneOf)), `${spans.length} of ${all}`);
        assert.ok(running.length <= MOST_SPANS);
      }
    },
  );

  it('shows all that failed, with stacks of the first, and counts the others', TIMEOUT, async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    await using board = await dashboard();
    await using viewer = await Viewer.open(board);
    const FAILURES = 30;
    await Promise.allSettled(Array.from({ length: FAILURES }, () => pool.submit(tasks.fail)));
    await viewer.tick(
      () => sum(viewer.ticks.map(({ errors, moreErrors }) => errors.length + moreErrors)) === FAILURES,
    );
    assert.equal(
      sum(viewer.ticks.map(({ spans }) => spans.filter((span) => span[4] === 1).length)),
      FAILURES,
    );
    const [error] = viewer.ticks.flatMap(({ errors }) => errors);
    assert.equal(error?.source, 'fail');
    assert.match(error?.message ?? '', /ShopError/);
    assert.match(error?.stack ?? '', /tasks\.js/);
    assert.ok(sum(viewer.ticks.map(({ moreErrors }) => moreErrors)) > 0);
  });

  it('tells of workers that died', TIMEOUT, async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    await using board = await dashboard();
    await using viewer = await Viewer.open(board);
    await assert.rejects(pool.submit(() => process.kill(process.pid, 'SIGKILL')));
    const { errors } = await viewer.tick((tick) =>
      tick.errors.some(({ source, worker }) => source === worker),
    );
    assert.match(errors.find(({ source, worker }) => source === worker)?.message ?? '', /SIGKILL/);
  });
});
