// Values of AsyncLocalStorage that travel with calls, on every backend: to the task, and to nobody else.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { NotShareableError } from '../../src/errors.ts';
import { carryContext } from '../../src/index.ts';
import { contract, failure, Note } from '../contract/backends.ts';
import * as tasks from './fixtures/context-tasks.ts';

const { requestId, tenant } = tasks;

contract('context', ({ make, row }) => {
  row('is there in the task, also after an await', async () => {
    await using pool = make(1);
    const both = tenant.run('blue', () =>
      requestId.run({ id: 'a', tags: new Set([1]) }, () => pool.submit(tasks.look)),
    );
    const seen = [{ id: 'a', tags: new Set([1]) }, 'blue'];
    assert.deepEqual(await both, [...seen, ...seen]);
    assert.equal(await requestId.run('b', () => pool.submit(tasks.lookNow)), 'b');
  });

  row('is that of each call, and gone with it', async () => {
    await using pool = make(1, { concurrency: 4 });
    const ids = Array.from({ length: 40 }, (_, n) => (n % 3 === 0 ? undefined : `id ${n}`));
    const submit = (id: string | undefined) => {
      const task = (): Promise<unknown> =>
        pool.submit(tasks.look).then(([before, , after]) => [before, after]);
      return id === undefined ? task() : requestId.run(id, task);
    };
    assert.deepEqual(
      await Promise.all(ids.map(submit)),
      ids.map((id) => [id, id]),
    );
    assert.equal(await pool.submit(tasks.lookNow), undefined);
  });

  row('comes along with names, and arguments large and small', async () => {
    await using pool = make(1);
    const large = 'x'.repeat(100_000);
    const named = pool.with({ name: 'named' });
    assert.deepEqual(await requestId.run('a', () => pool.submit(tasks.lookBehind, 1, 'two')), [
      1,
      'two',
      'a',
    ]);
    assert.deepEqual(await requestId.run('a', () => named.submit(tasks.lookBehind, large)), [large, 'a']);
    assert.deepEqual(await requestId.run('a', () => named.submit(tasks.lookBehind)), ['a']);
  });

  row('is that of the map for all of its items', async () => {
    await using pool = make(2);
    const items = Array.from({ length: 50 }, (_, n) => n);
    const mapped = requestId.run('m', () => pool.with({ chunkSize: 3 }).map(tasks.lookWith, items));
    assert.deepEqual(
      await requestId.run('other', () => mapped),
      items.map((item) => `${item} m`),
    );
    const lazily = async function* (): AsyncGenerator<number> {
      for (const item of items) {
        await delay(0);
        yield item;
      }
    };
    const streamed = requestId.run('s', () => pool.with({ chunkSize: 2 }).map(tasks.lookWith, lazily()));
    const seen: string[] = [];
    for await (const text of streamed) seen.push(text);
    assert.deepEqual(
      seen,
      items.map((item) => `${item} s`),
    );
  });

  row('is there all the way in a stream', async () => {
    await using pool = make(1);
    const seen: unknown[] = [];
    for await (const value of requestId.run('s', () => pool.stream(tasks.lookTwice))) seen.push(value);
    assert.deepEqual(seen, ['s', 's']);
  });

  row('comes again with a retry', ['mortal workers'], async () => {
    await using pool = make(1);
    const log = new Note();
    const future = requestId.run('r', () => pool.with({ retries: 1 }).submit(tasks.lookAgain, log.path));
    assert.equal(await future, 'r');
  });

  row('that cannot cross is named', async () => {
    await using pool = make(1);
    const broken = { handlers: [() => undefined] };
    const error = await failure(requestId.run(broken, () => pool.submit(tasks.lookNow)));
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /context requestId/);
    assert.match(error.message, /handlers\[0\]/);
    const argument = await failure(requestId.run('a', () => pool.submit(tasks.lookBehind, broken)));
    assert.ok(argument instanceof NotShareableError);
    assert.match(argument.message, /arguments\[0\]/);
  });

  row('that the worker does not know is left out', async () => {
    const unknown = carryContext('known to the program only', new AsyncLocalStorage<number>());
    await using pool = make(1);
    assert.equal(await unknown.run(1, () => pool.submit((x: number) => x + 1, 1)), 2);
  });
});

describe('carryContext', () => {
  it('gives the storage back, and refuses what is none', () => {
    const storage = new AsyncLocalStorage<string>();
    assert.equal(carryContext('given back', storage), storage);
    assert.throws(() => carryContext(1 as never, storage), TypeError);
    assert.throws(() => carryContext('none', {} as never), {
      name: 'TypeError',
      message: /AsyncLocalStorage/,
    });
  });
});
