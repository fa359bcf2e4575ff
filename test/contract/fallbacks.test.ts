// Where memory cannot be shared, or not enough of it: tasks travel as messages, the statistics say why, and nothing
// is lost.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ProcessBackend } from '../../src/backends/process/process-backend.ts';
import { Executor } from '../../src/futures/executor.ts';
import {
  BrokenExecutorError,
  EventLoopExecutor,
  type PoolOptions,
  ProcessPoolExecutor,
  type ProcessPoolOptions,
  ThreadPoolExecutor,
  transfer,
} from '../../src/index.ts';
import { loadSystem } from '../../src/memory/linux.ts';
import { createProcessRegion, type ProcessRegion } from '../../src/memory/process-region.ts';
import { errors, type System } from '../../src/memory/system.ts';
import type { Backend } from '../../src/pool/backend.ts';
import { poolSettings } from '../../src/pool/options.ts';
import { Pool } from '../../src/pool/pool.ts';
import { failure, until } from './backends.ts';
import * as tasks from './fixtures/tasks.ts';

const limit = { timeout: 60_000 };
const numbers = Array.from({ length: 60 }, (_, n) => n);

const { system } = loadSystem();
assert.ok(system !== undefined);
const real: System = system;

/** Processes on a system that is the real one but for what `part` says at the time. */
class ProcessesOf extends ProcessBackend {
  part: Partial<System> = {};

  override makeRegion(bytes: number): ProcessRegion {
    const { region, unavailable } = createProcessRegion(bytes, { system: { ...real, ...this.part } });
    if (region === undefined) throw new Error(unavailable);
    return region;
  }
}

class TestExecutor extends Executor {
  constructor(backend: Backend, options: PoolOptions) {
    super(new Pool(backend, poolSettings(options, 'TestExecutor')));
  }
}

async function assertWorks(pool: Executor): Promise<void> {
  const buffer = new Uint8Array(100_000).fill(1);
  const [singles, chunks, sum] = await Promise.all([
    Promise.all(numbers.map((n) => pool.submit(tasks.same, { n }))),
    pool.map(tasks.square, numbers),
    pool.submit(tasks.sum, transfer(buffer, [buffer.buffer])),
  ]);
  assert.deepEqual(
    singles,
    numbers.map((n) => ({ n })),
  );
  assert.deepEqual(
    chunks,
    numbers.map((n) => n * n),
  );
  assert.equal(sum, 100_000);
}

/** What a program prints that works on processes, asked to share memory; `prepare` runs before the pool is made. */
async function program(flags: readonly string[], prepare = '', after = '', shell = ''): Promise<unknown> {
  const library = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
  const fixtures = JSON.stringify(new URL('./fixtures/tasks.js', import.meta.url).href);
  const text = `
    import * as lib from ${library};
    import * as tasks from ${fixtures};
    ${prepare}
    const pool = new lib.ProcessPoolExecutor({ maxWorkers: 2, channel: 'shared' });
    ${after}
    const results = await Promise.all(Array.from({ length: 20 }, (_, n) => pool.submit(tasks.same, { n })));
    console.log(JSON.stringify({ sum: results.reduce((sum, { n }) => sum + n, 0), ...pool.statistics().channel }));`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = [process.execPath, ...flags, '--input-type=module', '-e', text];
  const { stdout } = await promisify(execFile)('sh', ['-c', `${shell} exec "$@"`, 'sh', ...run], { env });
  return JSON.parse(stdout);
}

/** Has a process not find koffi. */
const withoutKoffi = [
  '--import',
  `data:text/javascript,${encodeURIComponent(`import Module from 'node:module';
      const load = Module._load;
      Module._load = (name, ...rest) => {
        if (name === 'koffi') throw new Error("Cannot find module 'koffi'");
        return load(name, ...rest);
      };`)}`,
];

describe('where processes cannot share memory', () => {
  it('koffi is missing', limit, async () => {
    const printed = await program(withoutKoffi);
    const reason = "koffi could not be loaded: Cannot find module 'koffi'";
    assert.deepEqual(printed, { sum: 190, kind: 'plain', reason });
  });

  it('they must not load native addons', limit, async () => {
    const cases: ReadonlyArray<readonly [string, ProcessPoolOptions]> = [
      ['--no-addons', { execArgv: ['--no-addons'] }],
      ['--no-addons', { env: { ...process.env, NODE_OPTIONS: '--no-addons' } }],
    ];
    for (const [flag, options] of cases) {
      await using pool = new ProcessPoolExecutor({ maxWorkers: 2, channel: 'shared', ...options });
      await assertWorks(pool);
      const reason = `the processes cannot load koffi, being started with ${flag}`;
      assert.deepEqual(pool.statistics().channel, { kind: 'plain', reason });
    }
  });

  it('nor open it, though the pool could: the pool is broken, and says why', limit, async () => {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 2, execArgv: withoutKoffi });
    const error = await failure(pool.submit(tasks.same, 1));
    assert.ok(error instanceof BrokenExecutorError);
    assert.match(
      error.message,
      /died before they were ready \(.*koffi could not be loaded: Cannot find module 'koffi'/,
    );
  });

  it('files are limited in size (RLIMIT_FSIZE)', limit, async () => {
    const printed = await program([], '', '', 'ulimit -f 64;');
    const { kind, sum, reason } = printed as { kind: string; sum: number; reason: string };
    assert.deepEqual([kind, sum], ['plain', 190]);
    assert.match(reason, /^the system has no room for .* of shared memory \(EFBIG\)$/);
  });

  it('all descriptors are in use', limit, async () => {
    const printed = await program(
      [],
      `import { closeSync, openSync } from 'node:fs';
       await new lib.ProcessPoolExecutor({ maxWorkers: 1 }).submit(tasks.same, 1);
       const open = [];
       try { for (;;) open.push(openSync('/dev/null')); } catch {}`,
      'for (const descriptor of open) closeSync(descriptor);',
      'ulimit -n 100;',
    );
    const { kind, sum, reason } = printed as { kind: string; sum: number; reason: string };
    assert.deepEqual([kind, sum], ['plain', 190]);
    assert.match(reason, /^the system refused .* of shared memory \(EMFILE\)$/);
  });

  for (const [what, part] of [
    ['to be made', { createMemory: () => errors.noSpace }],
    ['to be mapped', { map: () => errors.noMemory }],
    ['to be written to', { allocate: () => errors.noSpace }],
  ] as const) {
    it(`the system has no room for it ${what}`, limit, async () => {
      for (const channel of ['auto', 'shared'] as const) {
        const backend = new ProcessesOf({});
        backend.part = part;
        await using pool = new TestExecutor(backend, { maxWorkers: 2, channel });
        await assertWorks(pool);
        const { kind, reason = '' } = pool.statistics().channel;
        assert.equal(kind, 'plain');
        assert.match(reason, /^the system has no room for .* of shared memory \((ENOSPC|ENOMEM)\)$/);
      }
    });
  }
});

describe('where threads do not', () => {
  it('run under one lock', limit, async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 2, interpreterLock: true, channel: 'shared' });
    await assertWorks(pool);
    assert.deepEqual(pool.statistics().channel, {
      kind: 'plain',
      reason: 'threads under an interpreterLock get their tasks one by one, as messages',
    });
  });

  it('there are none', async () => {
    await using pool = new EventLoopExecutor();
    await assertWorks(pool);
    assert.deepEqual(pool.statistics().channel, { kind: 'none' });
  });

  it('were told not to', async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1, channel: 'plain' });
    assert.deepEqual(pool.statistics().channel, { kind: 'plain' });
  });
});

describe('where memory runs out later', () => {
  it('a pool goes on with the workers that it has, and grows when there is room again', limit, async () => {
    const backend = new ProcessesOf({});
    await using pool = new TestExecutor(backend, { maxWorkers: 2 });
    await pool.submit(tasks.same, 1);
    assert.equal(pool.statistics().channel.kind, 'shared');
    backend.part = { createMemory: () => errors.noSpace };
    for (let round = 0; round < 3; round += 1) await assertWorks(pool);
    assert.equal(pool.statistics().workers.length, 1);
    backend.part = {};
    await until('there is a second worker', () => {
      void pool.map(tasks.compute, [5, 5, 5, 5], [1, 2, 3, 4]);
      return pool.statistics().workers.filter(({ state }) => state !== 'starting').length === 2;
    });
    await assertWorks(pool);
  });

  it('what the host cannot write down is sent', limit, async () => {
    const backend = new ProcessesOf({});
    let isFull = false;
    let refused = 0;
    const allocate: System['allocate'] = (...range) => {
      if (!isFull) return real.allocate(...range);
      refused += 1;
      return errors.noSpace;
    };
    backend.part = { allocate };
    await using pool = new TestExecutor(backend, { maxWorkers: 2, minWorkers: 2 });
    await pool.submit(tasks.same, 1);
    isFull = true;
    const large = Array.from({ length: 10 }, (_, n) => new Uint8Array(2 ** 20).fill(n));
    assert.deepEqual(await Promise.all(large.map((bytes) => pool.submit(tasks.same, bytes))), large);
    assert.ok(refused > 0);
    await assertWorks(pool);
    assert.equal(pool.statistics().channel.kind, 'shared');
  });

  const SIZE = 4 * 2 ** 20;
  for (const [name, AnyPool] of [
    ['threads', ThreadPoolExecutor],
    ['processes', ProcessPoolExecutor],
  ] as const) {
    it(`100 values of 4 MiB find their way, there and back (${name})`, limit, async () => {
      await using pool = new AnyPool({ maxWorkers: 2 });
      assert.equal(pool.statistics().channel.kind, 'shared');
      const back = await Promise.all(
        Array.from({ length: 100 }, (_, n) => pool.submit(tasks.same, new Uint8Array(SIZE).fill(n))),
      );
      for (const [n, bytes] of back.entries()) {
        assert.equal(bytes.length, SIZE);
        assert.ok(bytes[0] === n && bytes[SIZE >> 1] === n && bytes[SIZE - 1] === n);
      }
      // Texts of this length, of which it is not known before how many bytes they are.
      const texts = await pool.map(
        tasks.same,
        Array.from({ length: 30 }, (_, n) => `${n}é`.repeat(2 ** 19)),
      );
      assert.deepEqual(
        texts.map((text) => text.length),
        numbers.slice(0, 30).map((n) => `${n}é`.length * 2 ** 19),
      );
      await assertWorks(pool);
    });
  }
});
