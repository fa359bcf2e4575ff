// Objects that are shared instead of copied: locks, queues and the like; here tokens, that do nothing else.
import assert from 'node:assert/strict';
import { NotShareableError, type PoolOptions } from '../../src/index.ts';
import { type BackendUnderTest, contract, failure } from './backends.ts';
import * as tasks from './fixtures/sharing.ts';
import { LocalToken, LostToken, Token } from './fixtures/token.ts';

let made = 0;

function newToken(): Token {
  made += 1;
  return new Token(`token ${made}`);
}

/** Where the module of the tokens is loaded by nobody but the library: in workers. */
async function assertNotLoaded(
  { kind, make }: BackendUnderTest,
  options?: PoolOptions,
): Promise<ReturnType<BackendUnderTest['make']>> {
  const pool = make(1, options);
  if (kind !== 'event-loop') assert.equal(await pool.submit(tasks.knowsTokens), false);
  return pool;
}

contract('shareable objects', (backend) => {
  const { make, row, name } = backend;

  row('are arguments of tasks, also where their module has not been loaded', async () => {
    await using pool = await assertNotLoaded(backend);
    const token = newToken();
    assert.equal(await pool.submit(tasks.hear, token), token.id);
    // Now it has.
    assert.equal(await pool.submit(tasks.hear, token), token.id);
  });

  row('are found wherever they are in an argument, and are one object there', async () => {
    await using pool = await assertNotLoaded(backend);
    const token = newToken();
    assert.equal(await pool.submit(tasks.hearBoth, token, { token }), `${token.id} ${token.id} true`);
    interface Circle {
      token: Token;
      self?: Circle;
    }
    const circle: Circle = { token };
    circle.self = circle;
    assert.deepEqual(await pool.submit(tasks.same, token, token, circle, newToken()), [true, false, false]);
    const inMap = (value: Token, map: Map<Token, Set<Token>>): boolean => map.get(value)?.has(value) === true;
    assert.equal(await pool.submit(inMap, token, new Map([[token, new Set([token])]])), true);
    const inCircle = (value: Token, { self }: Circle): boolean => self?.self?.token === value;
    assert.equal(await pool.submit(inCircle, token, circle), true);
  });

  row('are the same object in one task as in another of that worker', async () => {
    await using pool = await assertNotLoaded(backend);
    const token = newToken();
    assert.equal(await pool.submit(tasks.keep, token), token.id);
    assert.equal(await pool.submit(tasks.isKept, token), true);
    assert.equal(await pool.submit(tasks.isKept, newToken()), false);
  });

  row('come back as what they were: results, reports', async () => {
    await using pool = make(1);
    const token = newToken();
    const reports: unknown[] = [];
    const onReport = (value: unknown): void => void reports.push(value);
    const result = await pool.with({ onReport }).submit(tasks.reportAndReturn, token);
    assert.equal(result.token, token);
    assert.equal(result.list[0], token);
    assert.equal((reports[0] as { token: Token }).token, token);
    assert.deepEqual(reports.slice(1), ['then this']);
  });

  row('are values of streams', async () => {
    await using pool = make(1);
    const token = newToken();
    const items: unknown[] = [];
    for await (const item of pool.stream(tasks.repeat, token)) items.push(item);
    assert.equal(items[0], token);
    assert.equal((items[1] as unknown[])[0], token);
    assert.deepEqual(items.length, 3);
  });

  row('are items and results of maps, also next to items that fail', async () => {
    await using pool = make(2);
    const all = Array.from({ length: 20 }, newToken);
    assert.deepEqual(
      await pool.with({ chunkSize: 6 }).map(tasks.hear, all),
      all.map(({ id }) => id),
    );
    const results: unknown[] = [];
    const mapped = pool.with({ chunkSize: 3 }).map(tasks.failAt, [0, 1, 2, 3], all);
    const iterator = mapped[Symbol.asyncIterator]();
    for (;;) {
      try {
        const { done, value } = await iterator.next();
        if (done) break;
        results.push(value);
      } catch (error) {
        results.push(error);
      }
    }
    assert.deepEqual([results[0], results[2], results[3]], [all[0], all[2], all[3]]);
    const error = results[1] as RangeError & { token: Token };
    assert.ok(error instanceof RangeError);
    assert.equal(error.message, all[1]?.id);
    assert.equal(error.token, all[1]);
  });

  row('are arguments of the initializer', ['pool options'], async () => {
    const token = newToken();
    await using pool = make(2, { initializer: tasks.keep, initArgs: [token] });
    assert.deepEqual(await pool.with({ chunkSize: 1 }).map(tasks.isKept, [token, token]), [true, true]);
    assert.equal(await pool.submit(tasks.hearKept), token.id);
  });

  row('are there again when a task is retried', ['mortal workers'], async () => {
    await using pool = make(1);
    const token = newToken();
    assert.equal(await pool.with({ retries: 1 }).submit(tasks.dieOnce, token), `${token.id} at attempt 2`);
  });

  row('leave names, time limits and urgency of their tasks as they are', async () => {
    await using pool = await assertNotLoaded(backend);
    const token = newToken();
    const named = pool.with({ name: 'hearing', timeout: 30_000, priority: 3 });
    assert.equal(await named.submit(tasks.nameAndToken, token), `hearing ${token.id}`);
  });

  row('that do not reach another process are refused, with their path', async () => {
    await using pool = make(1);
    const token = new LocalToken('local');
    const submitted = pool.submit(tasks.hear, token, { deep: [1, token] });
    if (backend.kind !== 'process') {
      assert.equal(await submitted, 'local');
      return;
    }
    const error = (await failure(submitted)) as Error;
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /^arguments\[0\]: a threading\.LocalToken .* use multiprocessing\.Token/);
    const nested = (await failure(pool.submit(tasks.same, 1, { deep: [1, token] }))) as Error;
    assert.match(nested.message, /^arguments\[1\]\.deep\[1\]: a threading\.LocalToken/);
    assert.equal(await pool.submit(tasks.hear, newToken()), `token ${made}`);
  });

  row('whose module cannot be loaded fail the task, and say which module', ['loading'], async () => {
    await using pool = make(1);
    const lost = new LostToken();
    for (let time = 0; time < 2; time += 1) {
      const error = (await failure(pool.submit(tasks.same, lost))) as Error;
      assert.ok(error instanceof NotShareableError, String(error));
      assert.ok(error.message.includes(lost.module), error.message);
    }
    assert.deepEqual(await pool.submit(tasks.same, 1, 1), [true]);
    assert.equal(pool.statistics().workersDied, 0);
  });

  row('of a kind that is new to the program come after it has loaded their module, in order', async () => {
    await using pool = make(1);
    const query = `result in ${name}`.replaceAll(/\W+/g, '-');
    const heard: unknown[] = [];
    const onReport = (value: unknown): void => void heard.push(value);
    const first = pool.with({ onReport }).submit(tasks.returnStranger, query);
    first.addDoneCallback(() => heard.push('done'));
    const { token } = (await first) as { token: Token };
    assert.equal(token.say(), query);
    assert.deepEqual(heard, [[token], 'then this', 'done']);
    assert.notEqual(token.constructor, Token);
  });

  row('of a new kind are values of streams and results of maps, in order', async () => {
    await using pool = make(1);
    const query = `item in ${name}`.replaceAll(/\W+/g, '-');
    const items: unknown[] = [];
    for await (const item of pool.stream(tasks.yieldStrangers, query)) items.push(item);
    assert.equal((items[0] as Token).say(), query);
    assert.deepEqual(items, [items[0], 'then this', items[0]]);

    const other = `chunk in ${name}`.replaceAll(/\W+/g, '-');
    const settled: unknown[] = [];
    const results = pool.with({ chunkSize: 3 }).map(tasks.returnStrangerAt, [0, 1, 2], [other, other, other]);
    const iterator = results[Symbol.asyncIterator]();
    for (let index = 0; index < 3; index += 1) {
      settled.push(
        await iterator.next().then(
          ({ value }) => value as unknown,
          (error: unknown) => error,
        ),
      );
    }
    assert.equal((settled[0] as Token).say(), other);
    assert.ok(settled[1] instanceof RangeError);
    assert.equal(settled[2], settled[0]);
  });
});
