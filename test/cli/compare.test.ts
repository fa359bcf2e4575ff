import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../src/compare/report.ts';
import { allGone, cannotFindProcesses, findMarked, newMark } from '../compare/processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'manyhands-cli-'));
after(() => rmSync(directory, { recursive: true, force: true }));

function start(args: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [main, 'compare', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function finish(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

/** Resolves when the progress on stderr names this experiment and lane. */
function reached(child: ChildProcess, step: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (piece: Buffer) => {
      text += piece.toString();
      if (step.test(text)) resolve();
    });
    child.once('exit', () => reject(new Error(`It ended before ${step}:\n${text}`)));
  });
}

describe('a wrong command line is refused with status 2, before anything runs', () => {
  const rows: [name: string, args: string[], says: RegExp][] = [
    ['an unknown experiment', ['--only', 'cpu,juggle'], /"juggle"; there are io, cpu, sleep/],
    ['an empty experiment', ['--only', ''], /there are io, cpu/],
    ['no tasks', ['--n', '0'], /'0'.*from 1 to/s],
    ['half a task', ['--n', '1.5'], /'1\.5'.*whole number/s],
    ['tasks that are no number', ['--n', 'many'], /'many'.*whole number/s],
    ['fewer than no workers', ['--workers', '-1'], /'-1'.*whole number/s],
    ['an unknown option', ['--fast'], /unknown option '--fast'/],
    ['a stray argument', ['cpu'], /too many arguments|argument/],
    ['a file in no directory', ['--json', '/no/such/directory/report.json'], /not a directory/],
    ['a directory for a file', ['--json', tmpdir()], /is a directory/],
  ];
  for (const [name, args, says] of rows) {
    test(name, async () => {
      const { status, stdout, stderr } = await finish(start(args));
      assert.match(stderr, says);
      assert.equal(status, 2);
      assert.equal(stdout, '');
    });
  }
});

test('--help is no error and names all options', async () => {
  const { status, stdout } = await finish(start(['--help']));
  assert.equal(status, 0);
  for (const option of ['--n', '--workers', '--only', '--quick', '--json', '--html']) {
    assert.ok(stdout.includes(option), option);
  }
});

const page = fileURLToPath(new URL('../../ui/report.html', import.meta.url));

test('a run prints tables, writes the figures and a page with them, and ends with 0', {
  skip: !existsSync(page) && 'the page was not built',
}, async () => {
  const file = join(directory, 'report.json');
  const html = join(directory, 'report.html');
  const args = ['--quick', '--only', 'sum,start', '--json', file, '--html', html];
  const { status, stdout, stderr } = await finish(start(args));
  assert.equal(status, 0, stderr);
  assert.match(stdout, /Sum: 2 x/);
  assert.match(stdout, /What the articles claim/);
  assert.match(stdout, /Threads or processes, and when\?/);
  assert.match(stderr, /sum: threads under a GIL/);
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(stdout + stderr, /\u001B/);
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  assert.deepEqual(
    report.experiments.map(({ id }) => id),
    ['sum', 'start'],
  );
  assert.ok(report.experiments.every(({ lanes }) => lanes.every(({ ok }) => ok)));
  const [, json = ''] =
    /<script[^>]*id="report"[^>]*>([\s\S]*?)<\/script>/.exec(readFileSync(html, 'utf8')) ?? [];
  assert.deepEqual(JSON.parse(json), report);
});

test('--html without the page is refused at once', {
  skip: existsSync(page) && 'the page was built',
}, async () => {
  const { status, stderr } = await finish(start(['--only', 'sum', '--html', join(directory, 'report.html')]));
  assert.equal(status, 2);
  assert.match(stderr, /npm run build/);
});

describe('nothing is left behind', { skip: cannotFindProcesses }, () => {
  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    test(`after ${signal}, and the status says so`, async () => {
      const mark = newMark();
      const child = start(['--quick', '--only', 'io,cpu'], mark);
      const ended = finish(child);
      await reached(child, /io: processes/);
      assert.ok(findMarked(mark).length >= 3, 'the command, the server and a lane');
      child.kill(signal);
      const { status, stderr } = await ended;
      assert.equal(status, expected, stderr);
      await allGone(mark);
    });
  }

  for (const step of [/sleep: processes/, /sleep: Python: multiproc/, /sleep: Python: ProcessPool/]) {
    test(`after the command itself was killed at ${step} and could do nothing about it`, async (t) => {
      const mark = newMark();
      const child = start(['--quick', '--only', 'sleep', '--n', '4'], mark);
      const ended = finish(child);
      try {
        await reached(child, step);
      } catch (error) {
        const { stdout } = await ended;
        if (/No python3/.test(stdout)) return t.skip('there is no python3');
        throw error;
      }
      child.kill('SIGKILL');
      assert.equal((await ended).status, null);
      await allGone(mark);
    });
  }

  test('after a lane was killed; the others went on, and the status is 1', async () => {
    const mark = newMark();
    const child = start(['--quick', '--only', 'sleep,sum'], mark);
    const ended = finish(child);
    await reached(child, /sleep: event loop/);
    for (const pid of findMarked(mark)) if (pid !== child.pid) process.kill(pid, 'SIGKILL');
    const { status, stdout } = await ended;
    assert.equal(status, 1);
    assert.match(stdout, /event loop failed: .*SIGKILL/);
    assert.match(stdout, /^threads .*✓/m);
    assert.match(stdout, /^Sum: /m);
    await allGone(mark);
  });
});
