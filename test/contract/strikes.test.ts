// A worker that dies at any one step of a task on the shared channel costs that task, and nothing else: see
// fixtures/strikes.ts for how it is made to.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  BrokenExecutorError,
  type Executor,
  type PoolOptions,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
  transfer,
  WorkerDiedError,
} from '../../src/index.ts';
import { Note, until } from './backends.ts';
import type { Orders } from './fixtures/strikes.ts';
import * as tasks from './fixtures/tasks.ts';
import { alive, children, regionNames } from './processes.ts';

/** Steps of any task, and how many tasks its worker has begun and not answered there. */
const steps: ReadonlyArray<readonly [stage: string, begun: 0 | 1]> = [
  ['before the claim', 0],
  ['right after the exchange of the claim', 1],
  ['after the head has moved', 1],
  ['after the claim', 1],
  ['before its arguments are read', 1],
  ['after its arguments are read', 1],
  ['while the function runs', 1],
  ['half way through a large answer', 1],
  ['before the answer is written', 1],
  ['before the answer is pushed', 1],
  ['in the middle of the push', 1],
  ['before the host is roused', 0],
  ['after the answer', 0],
  ['while it sleeps', 0],
  ['as it lies down', 0],
  // With one processor nobody looks: whoever has nothing to do sleeps at once.
  ...(availableParallelism() > 1 ? [['while it looks for a task', 0] as const] : []),
  ['before it asks for a call', 1],
  ['after it has asked for a call', 1],
];

/** More than the board has slots. */
const MANY = 700;
const limit = { timeout: 60_000 };

/** Threads of this process by their ids, to end one from outside, which no executor offers. */
const threads = new Map<number, Worker>();
const { unref } = Worker.prototype;
before(() => {
  Worker.prototype.unref = function (): void {
    threads.set(this.threadId, this);
    unref.call(this);
  };
});
after(() => {
  Worker.prototype.unref = unref;
});

const descriptors = (): number => readdirSync('/proc/self/fd').length;

const hook = ['--import', new URL('./fixtures/strikes.js', import.meta.url).href];
const kinds: Readonly<
  Record<string, { how: Orders['how']; make(options: PoolOptions & { env: NodeJS.ProcessEnv }): Executor }>
> = {
  'a process that crashes': {
    how: 'crash',
    make: (options) => new ProcessPoolExecutor({ execArgv: hook, ...options }),
  },
  'a thread that exits': {
    how: 'exit',
    make: (options) => new ThreadPoolExecutor({ execArgv: hook, ...options }),
  },
  'a thread that is terminated': {
    how: 'wait',
    make: (options) => new ThreadPoolExecutor({ execArgv: hook, ...options }),
  },
};

/** Tasks of all kinds: what each should give, and it. */
function mixture(pool: Executor): Array<readonly [unknown, Promise<unknown>]> {
  const all: Array<readonly [unknown, Promise<unknown>]> = [];
  const large = tasks.texts(64);
  for (let n = 0; n < 50; n += 1) {
    if (n % 25 === 0) all.push([large, pool.submit(tasks.texts, 64).result()]);
    else if (n % 5 === 0) {
      const bytes = new Uint8Array(20_000).fill(1);
      all.push([20_000, pool.submit(tasks.sum, transfer(bytes, [bytes.buffer])).result()]);
    } else all.push([n, pool.submit(tasks.same, n).result()]);
  }
  return all;
}

/** The errors among them; the values are as they should be, unless they were `touched`. */
async function settled(
  all: ReadonlyArray<readonly [unknown, Promise<unknown>]>,
  touched: boolean = false,
): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(all.map(([, promise]) => promise));
  const errors: unknown[] = [];
  for (const [n, outcome] of outcomes.entries()) {
    if (outcome.status === 'rejected') errors.push(outcome.reason);
    else if (!touched) assert.deepEqual(outcome.value, all[n]?.[0]);
  }
  return errors;
}

for (const [kind, { how, make }] of Object.entries(kinds)) {
  describe(`${kind} at a step of its task`, () => {
    /** A pool whose workers end at this stage, and a way to have the next one do so, and to wait for it. */
    function poolFor(
      stage: string,
      concurrency: number = 1,
    ): { pool: Executor; arm(): void; struck(deaths: number): Promise<void> } {
      const permit = new Note();
      const victim = new Note();
      const orders: Orders = { stage, how, permit: permit.path, victim: victim.path };
      const env = { ...process.env, STRIKE: JSON.stringify(orders) };
      const pool = make({ maxWorkers: 2, concurrency, env });
      return {
        pool,
        arm() {
          permit.open();
          if (how === 'wait') void endFromOutside(victim.path);
        },
        async struck(deaths) {
          // A worker sleeps, or looks for a task, only when there is none.
          while (existsSync(permit.path)) await pool.submit(tasks.same, 1).catch(() => undefined);
          await until('the death is known', () => pool.statistics().workersDied === deaths);
        },
      };
    }

    async function endFromOutside(victim: string): Promise<void> {
      await until('a worker waits for its end', () => existsSync(victim) && readFileSync(victim).length > 0);
      const worker = threads.get(Number(readFileSync(victim, 'utf8')));
      rmSync(victim);
      await worker?.terminate();
    }

    for (const [stage, begun] of steps) {
      it(stage, limit, async () => {
        const memory = regionNames();
        const { pool, arm, struck } = poolFor(stage);
        assert.equal(pool.statistics().channel.kind, 'shared');
        const patient = pool.with({ retries: 1 });
        assert.deepEqual(await settled(mixture(pool)), []);
        const held = descriptors();
        arm();
        const errors = await settled(mixture(pool));
        await struck(1);
        assert.equal(errors.length, begun, String(errors));
        for (const error of errors) assert.ok(error instanceof WorkerDiedError, String(error));

        arm();
        assert.deepEqual(await settled(mixture(patient)), [], 'another worker does them');
        await struck(2);
        assert.deepEqual(await settled(mixture(pool)), [], 'the pool goes on');
        const many = Array.from({ length: MANY }, (_, n) => n);
        assert.deepEqual(await Promise.all(many.map((n) => pool.submit(tasks.same, n))), many);
        const { pending, running, submitted, succeeded, failed, cancelled } = pool.statistics().tasks;
        assert.deepEqual([pending, running, cancelled], [0, 0, 0]);
        assert.equal(succeeded + failed, submitted);
        await until('all descriptors are closed', () => descriptors() <= held);
        await pool.shutdown();
        await until('all children are gone', () => children().length === 0);
        assert.deepEqual(regionNames(), memory);
      });
    }

    it('with several in its hands', limit, async () => {
      const { pool, arm, struck } = poolFor('before its arguments are read', 4);
      const many = (): Array<readonly [unknown, Promise<unknown>]> =>
        Array.from({ length: 50 }, (_, n) => [n, pool.submit(tasks.sameLater, n).result()] as const);
      await settled(many());
      for (let round = 1; round <= 3; round += 1) {
        arm();
        const errors = await settled(many());
        await struck(round);
        assert.ok(errors.length > 0 && errors.length <= 4, String(errors));
        for (const error of errors) assert.ok(error instanceof WorkerDiedError, String(error));
      }
      assert.deepEqual(await settled(many()), []);
      await pool.shutdown();
    });

    it('while it streams', limit, async () => {
      const { pool, arm, struck } = poolFor('while it streams');
      await settled(mixture(pool));
      for (let round = 1; round <= 3; round += 1) {
        arm();
        const others = mixture(pool);
        const seen: number[] = [];
        await assert.rejects(async () => {
          for await (const value of pool.stream(tasks.upToAndOn, 40)) seen.push(value);
        }, WorkerDiedError);
        assert.deepEqual(
          seen,
          Array.from({ length: 20 }, (_, n) => n),
        );
        await struck(round);
        assert.deepEqual(await settled(others), []);
      }
      await pool.shutdown();
    });
  });
}

/** Words of the board, see `memory/board.ts`. */
const HEAD = 0;
const TAIL = 16;
const RING = 64;
const SLOTS = RING + 512;
/** Of a lane, see `memory/lane.ts`. */
const LANE_TAIL = 0;
const LANE_RING = 48;

const makers: Readonly<Record<string, (options: PoolOptions & { env: NodeJS.ProcessEnv }) => Executor>> = {
  'a process': (options) => new ProcessPoolExecutor({ execArgv: hook, ...options }),
  'a thread': (options) => new ThreadPoolExecutor({ execArgv: hook, ...options }),
};

for (const [who, make] of Object.entries(makers)) {
  describe(`${who} that writes nonsense`, () => {
    function poolFor(orders: Omit<Orders, 'permit' | 'victim'>): { pool: Executor; permit: Note } {
      const permit = new Note();
      const env = { ...process.env, STRIKE: JSON.stringify({ ...orders, permit: permit.path, victim: '' }) };
      return { pool: make({ maxWorkers: 2, env }), permit };
    }

    for (const [what, words] of [
      ['the tail of its lane', [LANE_TAIL, LANE_TAIL + 1]],
      ['the ring of its lane', [LANE_RING, LANE_RING + 1024]],
    ] as const) {
      it(`over ${what} is replaced`, limit, async () => {
        const { pool, permit } = poolFor({ stage: 'in the middle of the push', how: 'lane', words });
        for (let round = 1; round <= 3; round += 1) {
          await settled(mixture(pool));
          permit.open();
          const errors = await settled(mixture(pool));
          // That of this push, and those of earlier ones that the pool had not read.
          assert.ok(errors.length > 0);
          for (const error of errors) {
            assert.ok(error instanceof WorkerDiedError);
            assert.match(error.reason, /^it damaged the memory that it shares with the pool: /);
          }
          await until('the death is known', () => pool.statistics().workersDied === round);
        }
        assert.deepEqual(await settled(mixture(pool)), []);
        await pool.shutdown();
      });
    }

    for (const [what, words] of [
      ['the head of the board', [HEAD, HEAD + 1]],
      ['the tail of the board', [TAIL, TAIL + 1]],
      ['the ring of the board', [RING, RING + 512]],
      ['all slots', [SLOTS, SLOTS + 512 * 32]],
      ['all of it', []],
    ] as const) {
      it(`over ${what} breaks the pool`, limit, async () => {
        const orders = { stage: 'while the function runs', how: 'board', words: words as never } as const;
        const { pool, permit } = poolFor(orders);
        await settled(mixture(pool));
        permit.open();
        const errors: unknown[] = [];
        // What is damaged is seen when it is used.
        while (!errors.some((error) => error instanceof BrokenExecutorError))
          errors.push(...(await settled(mixture(pool), true)));
        const broken = errors.find((error) => error instanceof BrokenExecutorError);
        assert.match(
          String(broken),
          /runs nothing any more: its shared memory is damaged: .*Make a new one\.$/,
        );
        await pool.shutdown();
        const { pending, running } = pool.statistics().tasks;
        assert.deepEqual([pending, running], [0, 0]);
        await until('all children are gone', () => children().length === 0);
      });
    }
  });
}

after(() => assert.deepEqual(children().filter(alive), []));
