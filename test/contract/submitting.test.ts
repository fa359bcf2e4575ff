// What goes in and what comes out: arguments, options, the task's view of itself, moving, statistics.
import assert from 'node:assert/strict';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import {
  currentTask,
  NotShareableError,
  QueueFullError,
  transfer,
  WorkerDiedError,
} from '../../src/index.ts';
import { failure, Note, until, whenRunning } from './backends.ts';
import { contract } from './cluster.ts';
import * as tasks from './fixtures/tasks.ts';

contract('values', ({ kind, make, common, row }) => {
  row('arguments are read inside submit, map and stream', async () => {
    const pool = common(1);
    const list = [1];
    const bytes = new Uint8Array([1, 2, 3]);
    const items = [[1], [2]];
    const single = pool.submit(tasks.same, { list, bytes });
    const stream = pool.stream(tasks.upTo, 2);
    const mapped = pool.map(tasks.same, items);
    list.push(2);
    bytes.fill(9);
    items.push([3]);
    assert.deepEqual(await single, { list: [1], bytes: new Uint8Array([1, 2, 3]) });
    assert.deepEqual(await mapped, [[1], [2]]);
    assert.equal((await stream.next()).value, 0);
    await stream.return?.();
  });

  row('values cross as structuredClone copies them', async () => {
    const pool = common(1);
    const cycle: Record<string, unknown> = { name: 'cycle' };
    cycle['self'] = cycle;
    const shared = { shared: true };
    const buffer = new Uint8Array([1, 2, 3, 4]).buffer;
    const value = {
      map: new Map<unknown, unknown>([[shared, new Set([1n, shared])]]),
      date: new Date(0),
      pattern: /a+/gi,
      views: [new Uint16Array(buffer, 2, 1), new DataView(buffer)],
      error: new RangeError('no', { cause: shared }),
      sparse: [1, , 3], // oxlint-disable-line no-sparse-arrays
      odd: [undefined, null, -0, Number.NaN, Infinity, '\ud800', 2n ** 70n],
      boxed: [new Number(1), new String('s'), Object(1n)], // oxlint-disable-line no-new-wrappers
      cycle,
      point: new (class Point {
        x = 1;
      })(),
    };
    for (const copy of [await pool.submit(tasks.same, value), await pool.submit(tasks.sameLater, value)]) {
      assert.deepStrictEqual(copy, structuredClone(value));
      assert.notEqual(copy, value);
      const [[key, set]] = [...copy.map] as [[object, Set<unknown>]];
      assert.ok(set.has(key), 'what is shared stays shared');
      assert.equal(copy.views[0]?.buffer, copy.views[1]?.buffer);
      assert.equal(copy.cycle['self'], copy.cycle);
    }
  });

  row('large values cross whole', async () => {
    const pool = common(1);
    const text = 'ä€𝄞'.repeat(100_000);
    const bytes = new Uint8Array(2_000_000).map((_, n) => n);
    assert.equal(await pool.submit(tasks.same, text), text);
    assert.deepEqual(await pool.submit(tasks.same, bytes), bytes);
  });

  row('nothing that could be mistaken for an option or a promise is', async () => {
    const pool = common(1);
    assert.deepEqual(await pool.submit(tasks.same, { timeout: 0, signal: 5 }), { timeout: 0, signal: 5 });
    const thenable = { value: 1, then: undefined };
    assert.deepEqual(await pool.submit(tasks.same, thenable), thenable);
  });

  row('what is moved is gone here, arguments', async () => {
    const pool = common(1);
    const marked = new Uint8Array(50_000).fill(1);
    assert.equal(await pool.submit(tasks.sum, transfer(marked, [marked.buffer])), 50_000);
    assert.equal(marked.length, 0);
    const listed = new Uint8Array(50_000).fill(1);
    assert.equal(await pool.with({ transfer: [listed.buffer] }).submit(tasks.sum, listed), 50_000);
    assert.equal(listed.length, 0);
  });

  row('what is moved is gone there, results', async () => {
    const pool = common(1);
    assert.deepEqual(await pool.submit(tasks.makeMoved, 50_000), new Uint8Array(50_000).fill(1));
    assert.equal((await pool.submit(tasks.makeAndKeep, 50_000)).length, 50_000);
    assert.equal(await pool.submit(tasks.lengthOfKept), 0);
    // Whatever comes before it in a chunk.
    const chunk = await pool.with({ chunkSize: 2 }).map(tasks.makeAndKeepBeyond, [1, 50_000]);
    assert.deepEqual([chunk[0], (chunk[1] as Uint8Array).length], [1, 50_000]);
    assert.equal(await pool.submit(tasks.lengthOfKept), 0);
  });

  row('what is moved survives the death of its worker', ['mortal workers'], async () => {
    await using pool = make(1);
    const log = new Note();
    const bytes = new Uint8Array(50_000).fill(1);
    const again = pool.with({ retries: 1, transfer: [bytes.buffer] });
    const copy = await again.submit(tasks.endOnce, 'exit', log.path, bytes);
    assert.deepEqual(copy, new Uint8Array(50_000).fill(1));
    assert.equal(bytes.length, 0);
  });

  row('ports are moved, or refused where they cannot be', async () => {
    const pool = common(1);
    const { port1, port2 } = new MessageChannel();
    const future = pool.submit(
      (port: typeof port2) => {
        port.postMessage('from the task');
        port.close();
      },
      transfer(port2, [port2]),
    );
    if (kind === 'process' || kind === 'cluster') {
      const error = await failure(future);
      assert.ok(error instanceof NotShareableError);
      assert.match(error.message, /MessagePort/);
    } else {
      await future;
      let received: { message: unknown } | undefined;
      await until('the message arrives', () => (received ??= receiveMessageOnPort(port1)) !== undefined);
      assert.equal(received?.message, 'from the task');
    }
    port1.close();
    port2.close();
  });

  row('shared memory is shared between threads, and refused between processes', async () => {
    const pool = common(1);
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const future = pool.submit(tasks.visit, shared, 1);
    if (kind === 'process' || kind === 'cluster')
      assert.ok((await failure(future)) instanceof NotShareableError);
    else {
      await future;
      assert.equal(shared[0], 0);
    }
  });
});

contract('options of a task', ({ make, common, row, lack }) => {
  row('priority: the more urgent first, first in, first out within one', async () => {
    const pool = common(1);
    const gate = new Note();
    const log = new Note();
    const { options, running } = whenRunning();
    const busy = pool.with(options).submit(tasks.waitFor, gate.path, 0);
    await running;
    const order = [0, 5, -1, 5, 0, 100, -1].map((priority, n) =>
      pool.with({ priority }).submit(tasks.note, log.path, `${priority} ${n}`),
    );
    gate.open();
    await busy;
    await Promise.all(order);
    assert.deepEqual(log.lines, ['100 5', '5 1', '5 3', '0 0', '0 4', '-1 2', '-1 6']);
  });

  row('an urgent task overtakes what lies in the hands of workers', ['taking back', 'one line'], async () => {
    const pool = common(1);
    const gate = new Note();
    const log = new Note();
    const { options, running } = whenRunning();
    const busy = pool.with(options).submit(tasks.waitFor, gate.path, 0);
    // A worker that has not begun it yet may be taking the next ones while they are taken back.
    await running;
    const patient = Array.from({ length: 30 }, (_, n) => pool.submit(tasks.note, log.path, `patient ${n}`));
    // They have left for the worker by then, and lie ready behind the first.
    await new Promise((resolve) => setImmediate(resolve));
    const urgent = pool.with({ priority: 1 }).submit(tasks.note, log.path, 'urgent');
    await new Promise((resolve) => setImmediate(resolve));
    gate.open();
    await Promise.all([busy, urgent, ...patient]);
    assert.equal(log.lines[0], 'urgent');
    assert.deepEqual(
      log.lines.slice(1),
      patient.map((_, n) => `patient ${n}`),
      'and the others keep their order',
    );
  });

  row('retries: not for what throws', async () => {
    const pool = common(1);
    const log = new Note();
    const throws = pool.with({ retries: 3 }).submit(tasks.endOnce, 'error', log.path, 1);
    assert.equal(((await failure(throws)) as Error).message, 'as asked');
    assert.deepEqual(log.lines, ['1']);
  });

  row('retries: for every item of a chunk whose worker died', ['mortal workers'], async () => {
    await using pool = make(2);
    const log = new Note();
    const endings = Array.from({ length: 8 }, () => 'exit' as const);
    const paths = endings.map(() => log.path);
    const values = endings.map((_, n) => n);
    const results = pool.with({ retries: 8, chunkSize: 4 }).map(tasks.endOnce, endings, paths, values);
    assert.deepEqual(await results, values);
  });

  row('name, attempt, workerName and signal, in the task and after an await', async () => {
    const pool = common(1);
    const self = await pool.with({ name: 'portrait' }).submit(tasks.self);
    assert.match(self.workerName ?? '', /Executor-\d+_0$/);
    assert.deepEqual(
      { ...self, workerName: '' },
      { name: 'portrait', attempt: 1, workerName: '', aborted: false },
    );
    assert.equal((await pool.submit(tasks.self)).name, 'self');
    assert.equal(currentTask(), undefined, 'and none outside');
  });

  row('attempt counts the runs', ['mortal workers'], async () => {
    await using pool = make(1);
    const log = new Note();
    assert.equal(await pool.with({ retries: 2 }).submit(tasks.endUntil, 3, log.path), 3);
    assert.deepEqual(log.lines, ['1', '2', '3']);
  });

  row('onReport hears every report, in order, before the result', async () => {
    const pool = common(1);
    const reports: unknown[] = [];
    const values = [1, { deep: [new Date(0)] }, null, undefined, 'last'];
    const count = await pool
      .with({ onReport: (value) => reports.push(value) })
      .submit(tasks.reportEach, values);
    assert.equal(count, values.length);
    assert.deepEqual(reports, values);
  });

  row('a task that blocks is heard while it blocks', ['parallelism'], async () => {
    const pool = common(1);
    const gate = new Note();
    assert.equal(
      await pool.with({ onReport: () => gate.open() }).submit(tasks.reportThenBlock, gate.path),
      'heard',
    );
  });

  row('a report that cannot cross throws in the task', async () => {
    const pool = common(1);
    const error = await failure(pool.submit(tasks.reportUnsendable));
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /report\.callback: a function/);
  });

  row('an onReport that throws stops nothing', async () => {
    const pool = common(1);
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const bad = pool.with({
      onReport: () => {
        throw new Error('clumsy');
      },
    });
    assert.equal(await bad.submit(tasks.reportEach, [1]), 1);
    assert.match((await warned).message, /onReport of task reportEach threw: Error: clumsy/);
  });

  row('maxQueue: QueueFullError at once, and room again later', ['pool options'], async () => {
    await using pool = make(1, { maxQueue: 2 });
    const gate = new Note();
    const held = [1, 2, 3].map((n) => pool.submit(tasks.waitFor, gate.path, n));
    const refused = pool.submit(tasks.same, 4);
    assert.equal(refused.done(), true);
    const error = await failure(refused);
    assert.ok(error instanceof QueueFullError);
    assert.match(error.message, /^2 tasks wait already \(maxQueue\)/);
    assert.equal(held[2]?.cancel(), true);
    const fits = pool.submit(tasks.same, 5);
    gate.open();
    assert.deepEqual(await Promise.all([held[0], held[1], fits]), [1, 2, 5]);
    const many = Array.from({ length: 200 }, (_, n) => n);
    assert.deepEqual(await pool.map(tasks.same, many), many, 'a map keeps within it');
  });

  row('a wrong option names the option, the rule and the value', async () => {
    const pool = common(1);
    const wrong: ReadonlyArray<[object, RegExp]> = [
      [{ timeout: -1 }, /^timeout must be >= 0 milliseconds, received -1$/],
      [{ queueTimeout: Number.NaN }, /^queueTimeout must be >= 0 milliseconds, received NaN$/],
      [{ grace: '5' }, /^grace must be a number of milliseconds, received '5'$/],
      [{ priority: Infinity }, /^priority must be finite, received Infinity$/],
      [{ retries: 1.5 }, /^retries must be a whole number or Infinity, received 1.5$/],
      [{ signal: {} }, /^signal must be an AbortSignal, received/],
      [{ chunkSize: 0 }, /^chunkSize must be >= 1, received 0$/],
      [{ bufferSize: 0 }, /^bufferSize must be >= 1, received 0$/],
      [{ timeOut: 5 }, /^with has no option 'timeOut'/],
    ];
    for (const [options, message] of wrong) {
      assert.throws(
        () => pool.with(options),
        (error: Error) => {
          assert.ok(error instanceof RangeError || error instanceof TypeError);
          assert.match(error.message, message);
          return true;
        },
      );
    }
  });

  row('with keeps what it does not change, and shares the pool', async () => {
    const pool = common(1);
    const named = pool.with({ name: 'one' }).with({ priority: 1 });
    assert.equal((await named.submit(tasks.self)).name, 'one');
    assert.equal((await named.with({ name: undefined }).submit(tasks.self)).name, 'self');
    assert.equal(named.statistics().tasks.submitted, pool.statistics().tasks.submitted);
  });

  row('statistics are a snapshot that nobody can change', ['own workers'], async () => {
    await using pool = make(2);
    const gate = new Note();
    const first = whenRunning();
    const before = pool.statistics();
    const busy = pool.with(first.options).submit(tasks.waitFor, gate.path, 1);
    await first.running;
    const during = pool.statistics();
    gate.open();
    await busy;
    await failure(pool.submit(tasks.fail));
    const { tasks: counts, workers, ...rest } = pool.statistics();
    assert.equal(before.tasks.submitted, 0);
    assert.equal(during.tasks.running, 1);
    assert.equal(during.workers.filter(({ state }) => state === 'busy').length, 1);
    assert.deepEqual(counts, {
      submitted: 2,
      pending: 0,
      running: 0,
      succeeded: 1,
      failed: 1,
      cancelled: 0,
      retried: 0,
    });
    assert.equal(rest.state, 'open');
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    assert.ok(frozen(during) && frozen(workers), 'all the way down');
  });

  row('a future says where its task is', ['one line'], async () => {
    const pool = common(1);
    const gate = new Note();
    const first = whenRunning();
    const busy = pool.with(first.options).submit(tasks.waitFor, gate.path, 1);
    const waiting = pool.submit(tasks.same, 2);
    await first.running;
    assert.equal(busy.state, 'running');
    assert.equal(busy.running(), true);
    assert.equal(waiting.state, 'pending');
    gate.open();
    await Promise.all([busy, waiting]);
    assert.deepEqual([busy.state, waiting.state], ['finished', 'finished']);
  });

  row('a task that is slow delays nobody else', ['parallelism'], async () => {
    const pool = common(2);
    await pool.map(
      tasks.same,
      Array.from({ length: 100 }, (_, n) => n),
    );
    const gate = new Note();
    const { options, running } = whenRunning();
    const slow = pool.with(options).submit(tasks.blockOn, gate.path, 'slow');
    if (lack('taking back') !== undefined) await running;
    const quick = Array.from({ length: 1000 }, (_, n) => pool.submit(tasks.same, n));
    assert.deepEqual(
      await Promise.all(quick),
      quick.map((_, n) => n),
    );
    assert.equal(slow.done(), false);
    gate.open();
    assert.equal(await slow, 'slow');
  });

  row('the death of a worker is told with the name of the task', ['mortal workers'], async () => {
    await using pool = make(1);
    const error = await failure(pool.with({ name: 'risky' }).submit(tasks.end, 'exit'));
    assert.ok(error instanceof WorkerDiedError);
    assert.match(error.message, /died while it ran task risky: it exited with code 7/);
  });
});
