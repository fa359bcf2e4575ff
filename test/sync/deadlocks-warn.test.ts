// What is said about a deadlock, by whom, and when nothing is.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { detectDeadlocks } from '../../src/sync/index.ts';
import { runNode } from '../tasks/support.ts';
import { BOTH, HAVE, lastWarning, noteWarnings, reachFor, WARNED } from './fixtures/rivals.ts';
import { boardOf, FORMS, HANGS_MS, locksOf, poolOf, REACHES, until } from './stage.ts';

before(() => detectDeadlocks('warn'));

for (const reach of REACHES) {
  const { Lock } = locksOf(reach);
  const module = reach === 'threads' ? 'threading' : 'multiprocessing';

  describe(`warnings of deadlocks [${reach}]`, () => {
    const pool = poolOf(reach, 2);
    const ended = new AbortController();
    const endable = pool.with({ signal: ended.signal, grace: 0 });
    after(async () => {
      ended.abort();
      await pool.shutdown();
    });

    for (const form of FORMS) {
      test(`say who holds what, and who waits for what [${reach}, ${form}]`, {
        timeout: HANGS_MS,
      }, async () => {
        const [one, other] = [new Lock(), new Lock()];
        const board = boardOf(reach);
        const first = endable.submit(reachFor, form, [one, other], board, 2);
        const second = endable.submit(reachFor, form, [other, one], board, 2);
        await until(() => Atomics.load(board.words, WARNED) > 0);
        const lines = lastWarning(board).split('\n');
        assert.match(lines[0] as string, /^Deadlock: /);
        const who =
          reach === 'threads' ? `thread \\d+.* of process ${process.pid}` : 'the main thread of process \\d+';
        const acquired = form === 'sync' ? '' : ', acquired at reachFor \\(/.*/rivals\\.js:\\d+:\\d+\\),';
        const verb = form === 'sync' ? 'blocks' : 'waits';
        const line = new RegExp(
          `^  \\d\\. ${who} holds ${module}\\.Lock #(\\d+)${acquired} and ${verb} for ${module}\\.Lock #(\\d+) ` +
            'at reachFor \\(/.*/rivals\\.js:\\d+:\\d+\\)$',
        );
        const [here, there] = [line.exec(lines[1] as string), line.exec(lines[2] as string)];
        assert.ok(here !== null && there !== null, lines.join('\n'));
        assert.deepEqual([here[1], here[2]], [there[2], there[1]]);
        // Two who see it at the same time both say so, and nobody twice.
        assert.ok(Atomics.load(board.words, WARNED) <= 2);
        // A lock may be released by others than its holder: so both get on.
        one.release();
        await first.exception();
        await second.exception();
      });
    }

    test(`come once for each circle of functions in one thread [${reach}]`, {
      timeout: HANGS_MS,
    }, async () => {
      const [one, other] = [new Lock(), new Lock()];
      const board = boardOf(reach);
      noteWarnings(board);
      const reaching = [[one, other] as const, [other, one] as const].map(async ([first, second]) => {
        await first.acquire();
        Atomics.add(board.words, HAVE, 1);
        await until(() => Atomics.load(board.words, HAVE) >= 2);
        const guard = await second.acquire();
        guard.release();
        return BOTH;
      });
      await until(() => Atomics.load(board.words, WARNED) > 0);
      one.release();
      assert.deepEqual(await Promise.race(reaching), BOTH);
      other.release();
      assert.deepEqual(await Promise.all(reaching), [BOTH, BOTH]);
      assert.equal(Atomics.load(board.words, WARNED), 1);
    });
  });
}

const threading = JSON.stringify(new URL('../../src/threading/index.js', import.meta.url).href);

/** Whether a program that runs into a deadlock is warned of it. */
async function isWarned(environment: string | undefined, mode?: string): Promise<boolean> {
  const program = `import { detectDeadlocks, Lock } from ${threading};
    ${mode === undefined ? '' : `detectDeadlocks('${mode}');`}
    const lock = new Lock();
    await lock.acquire();
    setTimeout(() => lock.release(), 20);
    await lock.acquire();`;
  const env: NodeJS.ProcessEnv = { ...process.env };
  delete env['NODE_ENV'];
  if (environment !== undefined) env['NODE_ENV'] = environment;
  const { code, stderr } = await runNode(['--input-type=module', '-e', program], { env });
  assert.equal(code, 0, stderr);
  return stderr.includes('[MANYHANDS_DEADLOCK] DeadlockWarning: Deadlock: ');
}

describe('deadlocks are looked for', () => {
  for (const [environment, mode, expected] of [
    [undefined, undefined, false],
    ['production', undefined, false],
    ['development', undefined, true],
    ['development', 'off', false],
    ['production', 'warn', true],
  ] as const) {
    test(`NODE_ENV ${environment}, ${mode ?? 'nothing'} said: ${expected}`, {
      timeout: HANGS_MS,
    }, async () => {
      assert.equal(await isWarned(environment, mode), expected);
    });
  }

  test('in one of three ways', () => {
    for (const mode of ['loud', undefined, true]) {
      assert.throws(() => detectDeadlocks(mode as never), {
        name: 'TypeError',
        message: /^mode must be one of 'warn', 'throw', 'off', received/,
      });
    }
  });

  test('of a thread that blocks, at once', { timeout: HANGS_MS }, async () => {
    const program = `import { detectDeadlocks, Lock } from ${threading};
      detectDeadlocks('warn');
      const lock = new Lock();
      lock.acquireSync();
      process.on('warning', () => process.exit(3));
      lock.acquireSync();`;
    const { code, stderr } = await runNode(['--input-type=module', '-e', program]);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /holds threading\.Lock #\d+ and blocks for threading\.Lock #\d+/);
  });
});
