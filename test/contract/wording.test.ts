// One wording for one failure, over all backends: a program that moves from one to another need not relearn
// it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventLoopBackend } from '../../src/backends/event-loop/event-loop-backend.ts';
import { Executor } from '../../src/futures/executor.ts';
import { poolSettings } from '../../src/pool/options.ts';
import { Pool } from '../../src/pool/pool.ts';
import { type Codec, realmCodec } from '../../src/wire/codec.ts';
import { type BackendUnderTest, backends, failure, type Need, Note, whenRunning } from './backends.ts';
import * as tasks from './fixtures/tasks.ts';

interface Failing {
  readonly what: string;
  readonly needs?: readonly Need[];
  provoke(backend: BackendUnderTest): Promise<unknown>;
}

/** A failure of one task on a pool of its own. */
const once =
  (provoke: (pool: Executor) => PromiseLike<unknown>) =>
  async ({ make }: BackendUnderTest): Promise<unknown> => {
    await using pool = make(1);
    return await failure(provoke(pool));
  };

/** A failure of one task while another runs. */
const behind =
  (provoke: (pool: Executor) => PromiseLike<unknown>) =>
  async ({ make }: BackendUnderTest): Promise<unknown> => {
    await using pool = make(1);
    const gate = new Note();
    const { options, running } = whenRunning();
    void pool.with(options).submit(tasks.waitFor, gate.path, 1);
    await running;
    const error = await failure(provoke(pool));
    gate.open();
    return error;
  };

const failures: readonly Failing[] = [
  { what: 'a thrown error', provoke: once((pool) => pool.submit(tasks.fail)) },
  { what: 'a result that cannot cross', provoke: once((pool) => pool.submit(tasks.returnHandlers)) },
  { what: 'an argument that cannot cross', provoke: once((pool) => pool.submit(tasks.same, [() => 1])) },
  { what: 'a function that cannot cross', provoke: once((pool) => pool.submit(tasks.hidden.capturing, 1)) },
  {
    what: 'a value of a stream that cannot cross',
    provoke: once(async (pool) => {
      for await (const _ of pool.stream(tasks.yieldUnsendable)) continue;
    }),
  },
  { what: 'no generator', provoke: once((pool) => pool.stream(tasks.notAGenerator as never).next()) },
  { what: 'no function', provoke: once((pool) => pool.submit(5 as never)) },
  {
    what: 'a run that takes too long',
    provoke: once((pool) =>
      pool.with({ timeout: 1, name: 'slow' }).submit(tasks.untilAborted, new Note().path),
    ),
  },
  {
    what: 'a wait that takes too long',
    provoke: behind((pool) => pool.with({ queueTimeout: 1 }).submit(tasks.same, 1)),
  },
  {
    what: 'a cancelled task',
    provoke: behind((pool) => {
      const future = pool.submit(tasks.same, 1);
      future.cancel();
      return future;
    }),
  },
  {
    what: 'a wait for a result',
    provoke: behind((pool) => pool.submit(tasks.same, 1).result({ timeout: 0 })),
  },
  {
    what: 'a shutdown',
    provoke: once(async (pool) => {
      await pool.shutdown();
      await pool.submit(tasks.same, 1);
    }),
  },
  { what: 'an exit', needs: ['mortal workers'], provoke: once((pool) => pool.submit(tasks.end, 'exit')) },
  {
    what: 'an error outside',
    needs: ['mortal workers'],
    provoke: once((pool) => pool.submit(tasks.throwOutside, new Note().path)),
  },
  {
    what: 'a failing initializer',
    needs: ['pool options'],
    provoke: async ({ make }) => {
      await using pool = make(1, { initializer: tasks.prepareOrFail });
      return await failure(pool.submit(tasks.same, 1));
    },
  },
  {
    what: 'three deaths at start',
    needs: ['pool options'],
    provoke: async ({ make }) => {
      await using pool = make(1, { initializer: tasks.alwaysExit });
      return await failure(pool.submit(tasks.same, 1));
    },
  },
  {
    what: 'a full queue',
    needs: ['pool options'],
    provoke: async ({ make }) => {
      await using pool = make(1, { maxQueue: 0 });
      const gate = new Note();
      void pool.submit(tasks.waitFor, gate.path, 1);
      const error = await failure(pool.submit(tasks.same, 1));
      gate.open();
      return error;
    },
  },
];

/** Class, code and message, without what has to differ: what a worker is, and is called. */
function said(error: unknown): string {
  const { name, code, message } = error as Error & { code?: string };
  const text = message
    .replace(/\b\w+Executor-\d+_\d+/g, 'WORKER')
    .replace(/to another (?:thread|process)/g, 'to another WORKER');
  return `${name} ${code}: ${text}`;
}

describe('the wording', () => {
  for (const { what, needs = [], provoke } of failures) {
    it(`of ${what} is the same on every backend that knows it`, { timeout: 60_000 }, async () => {
      const able = backends.filter(({ lack }) => needs.every((need) => lack(need) === undefined));
      const words = new Map<string, string>();
      for (const backend of able) words.set(backend.name, said(await provoke(backend)));
      assert.equal(new Set(words.values()).size, 1, JSON.stringify(Object.fromEntries(words), null, 2));
    });
  }
});

/** A backend whose answers cannot always be read: what a bug in a codec, or bytes gone wrong, would do. */
class Garbled extends EventLoopBackend {
  override readonly codec: Codec = {
    ...realmCodec,
    decode: (packed) => {
      if (packed === 'garbled') throw new RangeError('these bytes mean nothing');
      return packed;
    },
  };
}

class GarbledExecutor extends Executor {
  constructor() {
    super(new Pool(new Garbled(true), poolSettings({ maxWorkers: 1 }, 'GarbledExecutor')));
  }
}

describe('what cannot be decoded', () => {
  it('fails its own future with the decode error, and nothing else', { timeout: 60_000 }, async () => {
    await using pool = new GarbledExecutor();
    const [before, garbled, after] = [1, 'garbled', 2].map((value) => pool.submit(tasks.same, value));
    assert.equal(await before, 1);
    assert.match(
      String(await failure(garbled as NonNullable<typeof garbled>)),
      /RangeError: these bytes mean nothing/,
    );
    assert.equal(await after, 2);
  });

  it('ends a stream with the decode error', { timeout: 60_000 }, async () => {
    await using pool = new GarbledExecutor();
    const stream = pool.with({ grace: 0 }).stream(function* () {
      yield 'fine';
      yield 'garbled';
      yield 'never seen';
    });
    assert.equal((await stream.next()).value, 'fine');
    assert.match(String(await failure(stream.next())), /RangeError: these bytes mean nothing/);
    assert.equal((await stream.next()).done, true);
    assert.equal(await pool.submit(tasks.same, 1), 1);
  });

  it('as a report is a warning', { timeout: 60_000 }, async () => {
    await using pool = new GarbledExecutor();
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    assert.equal(await pool.with({ onReport: () => undefined }).submit(tasks.reportEach, ['garbled']), 1);
    assert.match((await warned).message, /these bytes mean nothing/);
  });
});
