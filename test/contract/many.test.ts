// Many items, and values that come one by one: map and stream.
import assert from 'node:assert/strict';
import { failure, Note, until } from './backends.ts';
import { contract } from './cluster.ts';
import * as tasks from './fixtures/tasks.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

contract('map', ({ common, row }) => {
  row('gives an array in order, whatever the chunks', async () => {
    const pool = common(2);
    for (const chunkSize of [1, 3, 1000, 'auto'] as const) {
      const results = await pool.with({ chunkSize }).map(tasks.square, numbers(250));
      assert.deepEqual(results, numbers(250).map(tasks.square));
    }
    assert.deepEqual(await pool.map(tasks.square, []), []);
  });

  row('takes several iterables of any kind, up to the shortest', async () => {
    const pool = common(2);
    const sums = pool.map(tasks.add, new Set([1, 2, 3]), endlessNumbers());
    assert.deepEqual(await sums, [1, 3, 5]);
    const slowly = async function* (): AsyncGenerator<number> {
      yield* numbers(5);
    };
    assert.deepEqual(await pool.map(tasks.add, slowly(), new Uint8Array([1, 1, 1])), [1, 2, 3]);
    assert.deepEqual(await pool.map(tasks.same, 'abc'), ['a', 'b', 'c']);
  });

  row('streams endless input, and pulls no further than it needs', async () => {
    const pool = common(2);
    let pulled = 0;
    let closed = false;
    const input = function* (): Generator<number> {
      try {
        for (;;) yield pulled++;
      } finally {
        closed = true;
      }
    };
    const taken: number[] = [];
    for await (const result of pool.with({ bufferSize: 10 }).map(tasks.square, input())) {
      taken.push(result);
      assert.ok(pulled <= taken.length + 10, `${pulled} pulled, ${taken.length} taken`);
      if (taken.length === 100) break;
    }
    assert.deepEqual(taken, numbers(100).map(tasks.square));
    assert.ok(closed, 'the input was told');
  });

  row('throws an error in its place and goes on', async () => {
    const pool = common(2);
    for (const chunkSize of [1, 4] as const) {
      const seen: unknown[] = [];
      const items = numbers(12);
      const results = pool.with({ chunkSize }).map(
        tasks.endAt,
        items,
        items.map(() => 'error' as const),
        items.map(() => 5),
      );
      const iterator = results[Symbol.asyncIterator]();
      for (;;) {
        try {
          const { done, value } = await iterator.next();
          if (done) break;
          seen.push(value);
        } catch (error) {
          seen.push((error as Error).message);
        }
      }
      assert.deepEqual(seen, [0, 1, 2, 3, 4, 'as asked', 6, 7, 8, 9, 10, 11]);
    }
  });

  row('awaited, rejects with the first error', async () => {
    const pool = common(2);
    const items = numbers(100);
    const results = pool.map(
      tasks.endAt,
      items,
      items.map(() => 'error' as const),
      items.map(() => 50),
    );
    assert.equal(((await failure(results)) as Error).message, 'as asked');
    assert.equal(await pool.submit(tasks.add, 1, 1), 2);
  });

  row('unordered, gives what is there first', async () => {
    const pool = common(2);
    const gate = new Note();
    const results = pool.with({ ordered: false, chunkSize: 1 }).map(tasks.waitIfAny, [gate.path, '', '']);
    const iterator = results[Symbol.asyncIterator]();
    assert.deepEqual([(await iterator.next()).value, (await iterator.next()).value], ['', '']);
    gate.open();
    assert.equal((await iterator.next()).value, gate.path);
    assert.equal((await iterator.next()).done, true);
  });

  row('left early, cancels what is pending', async () => {
    const pool = common(1);
    const log = new Note();
    const items = numbers(500).map(String);
    for await (const result of pool.with({ chunkSize: 1, bufferSize: 5 }).map(
      tasks.note,
      items.map(() => log.path),
      items,
    )) {
      if (result === '20') break;
    }
    await pool.submit(tasks.same, 1);
    assert.ok(log.lines.length <= 26, `${log.lines.length} ran`);
  });

  row('tells its progress', async () => {
    const pool = common(2);
    const progress: Array<{ done: number; total?: number }> = [];
    await pool.with({ onProgress: (step) => progress.push(step) }).map(tasks.square, numbers(100));
    assert.deepEqual(progress.at(-1), { done: 100, total: 100 });
    const done = progress.map((step) => step.done);
    assert.deepEqual(
      done,
      [...done].toSorted((a, b) => a - b),
    );
  });

  row('aborted while its input is awaited: the reason, and then the end', async () => {
    const pool = common(1);
    const controller = new AbortController();
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const input = async function* (): AsyncGenerator<number> {
      yield 1;
      await released;
      yield* numbers(1000);
    };
    const results = pool.with({ signal: controller.signal }).map(tasks.same, input());
    const iterator = results[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).value, 1);
    controller.abort('enough');
    release();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await failure(iterator.next()), 'enough');
    assert.equal((await iterator.next()).done, true);
  });

  row('an error of the input is thrown after what came before it', async () => {
    const pool = common(1);
    const input = function* (): Generator<number> {
      yield 1;
      throw new Error('the input is broken');
    };
    assert.equal(((await failure(pool.map(tasks.same, input()))) as Error).message, 'the input is broken');
    const iterator = pool.map(tasks.same, input())[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).value, 1);
    assert.equal(((await failure(iterator.next())) as Error).message, 'the input is broken');
    assert.throws(() => pool.map(tasks.same, 5 as never), /map\(\) needs an iterable for each parameter/);
  });
});

contract('stream', ({ make, common, row }) => {
  row('gives what the generator yields', async () => {
    const pool = common(1);
    const seen: number[] = [];
    for await (const value of pool.stream(tasks.upTo, 100)) seen.push(value);
    assert.deepEqual(seen, numbers(100));
    assert.equal((await pool.stream(tasks.upTo, 0).next()).done, true);
  });

  for (const [kind, generator] of [
    ['a generator', tasks.endless],
    ['an async generator', tasks.endlessLater],
  ] as const) {
    row(`a consumer that stops pulling stops ${kind}`, async () => {
      const pool = common(1);
      const log = new Note();
      const stream = pool.with({ bufferSize: 8 }).stream(generator, log.path);
      for (let n = 0; n < 3; n += 1) assert.equal((await stream.next()).value, n);
      await until('it has used its credit', () => log.lines.length >= 8);
      // What can still come has come when the worker has answered something else twice; and then it stays so.
      for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
      assert.ok(log.lines.length <= 3 + 8, `${log.lines.length} produced for 3 taken`);
      for (let n = 3; n < 30; n += 1) assert.equal((await stream.next()).value, n);
      assert.ok(log.lines.length <= 30 + 8, `${log.lines.length} produced for 30 taken`);
      await stream.return?.();
      assert.equal(log.lines.at(-1), 'finally', 'leaving ends it, and waits for that');
      assert.equal(await pool.submit(tasks.add, 1, 1), 2, 'and frees its worker');
    });

    row(`leaving the loop ends ${kind}`, async () => {
      const pool = common(1);
      const log = new Note();
      for await (const value of pool.stream(generator, log.path)) if (value === 5) break;
      assert.equal(log.lines.at(-1), 'finally');
      assert.equal(pool.statistics().workersDied, 0);
    });
  }

  row('throws in its place, after all that came before', async () => {
    const pool = common(1);
    const seen: number[] = [];
    const error = await failure(
      (async () => {
        for await (const value of pool.stream(tasks.yieldThenEnd, 20, 'error')) seen.push(value);
      })(),
    );
    assert.equal((error as Error).message, 'as asked');
    assert.deepEqual(seen, numbers(20));
  });

  row('a value that cannot cross ends it with the reason', async () => {
    const pool = common(1);
    const stream = pool.stream(tasks.yieldUnsendable);
    assert.equal((await stream.next()).value, 1);
    assert.match(String(await failure(stream.next())), /item: a function/);
    assert.equal((await stream.next()).done, true);
  });

  row('of a function that is no generator: TypeError', async () => {
    const pool = common(1);
    const error = await failure(pool.stream(tasks.notAGenerator as never).next());
    assert.match(String(error), /TypeError: stream\(\) needs a generator function/);
  });

  row('values come while the generator computes', ['parallelism'], async () => {
    const pool = common(1);
    const gate = new Note();
    const stream = pool.stream(tasks.yieldThenBlock, gate.path);
    assert.equal((await stream.next()).value, 'first');
    gate.open();
    assert.equal((await stream.next()).value, 'second');
    assert.equal((await stream.next()).done, true);
  });

  row('left while it computes: the worker is stopped after grace', ['force'], async () => {
    await using pool = make(1);
    const never = new Note();
    const stream = pool.with({ grace: 10, retries: 3 }).stream(tasks.yieldThenBlock, never.path);
    assert.equal((await stream.next()).value, 'first');
    await stream.return?.();
    assert.equal(await pool.submit(tasks.add, 1, 1), 2);
    assert.equal(pool.statistics().tasks.retried, 0);
  });

  row('left before the first step: nothing runs', async () => {
    const pool = common(1);
    const log = new Note();
    const stream = pool.stream(tasks.endless, log.path);
    await stream.return?.();
    assert.equal((await stream.next()).done, true);
    await pool.submit(tasks.same, 1);
    assert.deepEqual(log.lines, []);
  });
});

function* endlessNumbers(): Generator<number> {
  for (let n = 0; ; n += 1) yield n;
}
