// Whole programs: when they end, what they leave behind, what they say of failures that nobody looked at.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { backends, Note, until } from './backends.ts';
import { alive, regionNames } from './processes.ts';

const library = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
const choosing = JSON.stringify(new URL('../../src/choose/index.js', import.meta.url).href);
const fixtures = JSON.stringify(new URL('./fixtures/tasks.js', import.meta.url).href);
const executors = {
  'event-loop': 'new lib.EventLoopExecutor()',
  thread: 'new lib.ThreadPoolExecutor({ maxWorkers: 2 })',
  'thread, plain': "new lib.ThreadPoolExecutor({ channel: 'plain', maxWorkers: 2 })",
  process: 'new lib.ProcessPoolExecutor({ maxWorkers: 2 })',
  'process, plain': "new lib.ProcessPoolExecutor({ channel: 'plain', maxWorkers: 2 })",
  auto: 'new AutoExecutor({ maxWorkers: 2 })',
};

/** Those that still run: a test that failed must not keep them, and itself, alive. */
const running = new Set<ChildProcess>();
after(() => {
  for (const { pid } of running) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
});

interface Program {
  readonly child: ChildProcess;
  /** What it has printed so far, line by line. */
  lines(): string[];
  stderr(): string;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

/** Starts a program that has `lib`, `tasks`, and an executor in `pool`. */
function start(text: string, kind: keyof typeof executors, flags: readonly string[] = []): Program {
  const source = `
    import * as lib from ${library};
    import * as tasks from ${fixtures};
    ${kind === 'auto' ? `const { AutoExecutor } = await import(${choosing});` : ''}
    const pool = ${executors[kind]};
    ${text}`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', source], {
    env,
    detached: true,
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => (stdout += piece));
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => (stderr += piece));
  const ended = once(child, 'close').then(
    ([code, signal]) => ({ code, signal }) as { code: number | null; signal: string | null },
  );
  return { child, lines: () => stdout.split('\n').slice(0, -1), stderr: () => stderr, ended };
}

async function run(text: string, kind: keyof typeof executors, flags?: readonly string[]): Promise<Program> {
  const program = start(text, kind, flags);
  await program.ended;
  return program;
}

const limit = { timeout: 60_000 };

for (const { name } of backends) {
  describe(`a program (${name})`, () => {
    it('ends by itself when the work is done, without a shutdown', limit, async () => {
      const program = await run('console.log(await pool.submit(tasks.add, 1, 2));', name);
      assert.deepEqual(program.lines(), ['3']);
      assert.equal(program.stderr(), '');
      assert.deepEqual(await program.ended, { code: 0, signal: null });
    });

    it('that falls off its end does the pending work first', limit, async () => {
      const log = new Note();
      const program = await run(
        `for (let n = 0; n < 5; n += 1) pool.submit(tasks.note, ${JSON.stringify(log.path)}, String(n));
         void pool.map(tasks.sameLater, [1, 2, 3]).then((all) => console.log(all.join()));`,
        name,
      );
      assert.deepEqual(program.lines(), ['1,2,3']);
      assert.deepEqual(log.lines.toSorted(), ['0', '1', '2', '3', '4']);
    });

    it('ends with idle workers, kept or not, and with an executor that was never used', limit, async () => {
      const warm =
        name === 'event-loop' || name === 'auto'
          ? ''
          : `new ${executors[name].slice(4).replace('{', '{ minWorkers: 2,')}`;
      const program = await run(
        `const other = ${executors[name]}; ${warm}; await pool.submit(tasks.same, 1);`,
        name,
      );
      assert.equal(program.stderr(), '');
      assert.equal((await program.ended).code, 0);
    });

    it('ends with timers and streams given up half way', limit, async () => {
      const log = new Note();
      const program = await run(
        `const stream = pool.stream(tasks.endless, ${JSON.stringify(log.path)});
         await stream.next();
         await stream.return();
         await pool.with({ timeout: 60_000, queueTimeout: 60_000 }).submit(tasks.same, 1);
         await pool.submit(tasks.same, 1).result({ timeout: 60_000 });
         console.log('end');`,
        name,
      );
      assert.deepEqual(program.lines(), ['end']);
    });

    it('ends at once by process.exit, with work pending', limit, async () => {
      const never = new Note();
      const { options, wait } = {
        options: 'pool.with({ onReport: () => process.exit(5) })',
        wait: JSON.stringify(never.path),
      };
      const program = await run(`void ${options}.submit(tasks.waitFor, ${wait}, 1);`, name);
      assert.deepEqual(await program.ended, { code: 5, signal: null });
    });

    it(
      'is warned once of a failure that nobody looked at, at the latest on exit, and does not crash',
      limit,
      async () => {
        const program = await run(
          `pool.submit(tasks.fail); pool.submit(tasks.fail).catch(() => {}); void pool.map(tasks.fail, [[]]);
         process.on('exit', () => console.log('exit', process.exitCode ?? 0));`,
          name,
        );
        assert.deepEqual(program.lines(), ['exit 0']);
        const warnings = program.stderr().match(/UnobservedFailureWarning: .*/g) ?? [];
        assert.equal(warnings.length, 2, program.stderr());
        assert.match(warnings.join(), /Task fail failed and nobody looked at it: ShopError: sold out/);
        assert.match(warnings.join(), /An item of a map failed and nobody looked at it: ShopError: sold out/);
      },
    );

    it('is warned of it as soon as the future is collected', limit, async () => {
      const program = await run(
        `let settled;
         const done = new Promise((resolve) => (settled = resolve));
         (() => void pool.submit(tasks.fail))();
         await pool.submit(tasks.sameLater, 1);
         while (pool.statistics().tasks.failed === 0) await new Promise((resolve) => setTimeout(resolve, 2));
         let warned = 0;
         process.on('warning', (warning) => { warned += 1; console.log(warning.name, warning.code); });
         while (warned === 0) { gc(); await new Promise((resolve) => setTimeout(resolve, 2)); }
         console.log('alive');`,
        name,
        ['--expose-gc'],
      );
      assert.deepEqual(program.lines(), ['UnobservedFailureWarning MANYHANDS_UNOBSERVED_FAILURE', 'alive']);
    });
  });
}

describe('the parent of worker processes', () => {
  /** A program with two workers, of which one is idle and one runs `task`; prints their ids. */
  const family = (task: string, handler = ''): string => `
    ${handler}
    const ids = () => pool.statistics().workers.filter(({ state }) => state !== 'starting').map(({ id }) => id);
    const busy = pool.with({ onReport: () => console.log('running', ...ids()) });
    await Promise.all([pool.submit(tasks.sameLater, 1), pool.submit(tasks.sameLater, 2)]);
    while (ids().length < 2) await Promise.all([pool.submit(tasks.compute, 20, 1), pool.submit(tasks.compute, 20, 2)]);
    const future = busy.submit(${task});
    console.log('result', await future.catch((error) => error.name));
  `;

  async function workersOf(program: Program): Promise<number[]> {
    await until('the task runs', () => program.lines().some((line) => line.startsWith('running')));
    const line = program.lines().find((one) => one.startsWith('running')) as string;
    return line.split(' ').slice(1).map(Number);
  }

  for (const [what, task] of [
    ['idle or waiting', 'tasks.waitFor'],
    ['computing', 'tasks.blockOn'],
  ] as const) {
    it(`killed by SIGKILL takes its workers along: ${what}`, limit, async (t) => {
      if (what === 'computing' && process.platform !== 'linux') return t.skip('only Linux ends those');
      const never = new Note();
      const program = start(family(`${task}, ${JSON.stringify(never.path)}, 1`), 'process');
      const workers = await workersOf(program);
      assert.equal(workers.length, 2);
      program.child.kill('SIGKILL');
      await until('all workers have ended', () => !workers.some(alive));
      assert.equal((await program.ended).signal, 'SIGKILL');
    });
  }

  it('killed at any moment under load takes its workers along, and leaves nothing', limit, async () => {
    const memory = regionNames();
    for (const ms of [0, 5, 50]) {
      const program = start(
        `const large = new Uint8Array(1_000_000);
           await Promise.all([1, 2].map((n) => pool.submit(tasks.sameLater, n)));
           console.log('running', ...pool.statistics().workers.map(({ id }) => id));
           for (let n = 0; ; n += 1) {
             await Promise.all([
               ...Array.from({ length: 200 }, (_, m) => pool.submit(tasks.same, m)),
               pool.submit(tasks.same, large),
               pool.submit(tasks.sum, lib.transfer(new Uint8Array(10), [])),
               pool.map(tasks.square, [1, 2, 3]),
             ]);
           }`,
        'process',
      );
      const workers = await workersOf(program);
      await delay(ms);
      program.child.kill('SIGKILL');
      assert.equal((await program.ended).signal, 'SIGKILL', program.stderr());
      await until('all workers have ended', () => !workers.some(alive));
    }
    assert.deepEqual(regionNames(), memory);
    const next = await run('console.log(await pool.submit(tasks.add, 1, 2));', 'process');
    assert.deepEqual(next.lines(), ['3']);
  });

  it('decides what Ctrl-C does: its handler runs, and the workers work on', limit, async () => {
    const gate = new Note();
    const handler = "process.on('SIGINT', () => console.log('interrupted'));";
    const program = start(family(`tasks.waitFor, ${JSON.stringify(gate.path)}, 'done'`, handler), 'process');
    const workers = await workersOf(program);
    process.kill(-(program.child.pid as number), 'SIGINT');
    await until('the handler has run', () => program.lines().includes('interrupted'));
    assert.ok(workers.every(alive));
    gate.open();
    assert.deepEqual(await program.ended, { code: 0, signal: null });
    assert.equal(program.lines().at(-1), 'result done');
    await until('all workers have ended', () => !workers.some(alive));
  });

  it('decides also while its workers start', limit, async () => {
    const program = start(
      `process.on('SIGINT', () => console.log('interrupted'));
       const futures = [1, 2, 3, 4].map((n) => pool.submit(tasks.square, n));
       console.log('starting', pool.statistics().workers.length);
       const results = await Promise.all(futures);
       console.log(results.join());`,
      'process',
    );
    await until('workers start', () => program.lines().length > 0);
    process.kill(-(program.child.pid as number), 'SIGINT');
    await program.ended;
    assert.ok(program.lines().includes('1,4,9,16'), program.stderr());
  });

  it('without a handler, Ctrl-C ends them all', limit, async () => {
    const never = new Note();
    const program = start(family(`tasks.waitFor, ${JSON.stringify(never.path)}, 1`), 'process');
    const workers = await workersOf(program);
    process.kill(-(program.child.pid as number), 'SIGINT');
    assert.equal((await program.ended).signal, 'SIGINT');
    await until('all workers have ended', () => !workers.some(alive));
  });
});

describe('a module that starts tasks while a worker loads it', () => {
  for (const name of ['thread', 'process'] as const) {
    it(`is told of the guard to write (${name})`, limit, async () => {
      const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
      const { tmpdir } = await import('node:os');
      const { join } = await import('node:path');
      const folder = await mkdtemp(join(tmpdir(), 'manyhands-'));
      try {
        const file = join(folder, 'main.mjs');
        const pool = executors[name];
        await writeFile(
          file,
          `import * as lib from ${library};
          export const work = (x) => x + 1;
          const pool = ${pool};
          const error = await pool.submit(work, 1).exception();
          console.log(error.message);`,
        );
        const source = `import { pathToFileURL } from 'node:url'; await import(${JSON.stringify(pathToFileURL(file).href)});`;
        const program = await run(source, name);
        assert.match(program.lines().join(), /runs tasks at its top level.*isMain\(import\.meta\)/);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});
