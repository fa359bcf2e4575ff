// `manyhands dashboard` and `manyhands top`, on programs that run and on such that they start.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lineOf, screenOf } from '../../src/cli/top/screen.ts';
import type { Program, Tick } from '../../src/observe/dashboard/messages.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const busy = fileURLToPath(new URL('./fixtures/busy.js', import.meta.url));
const TIMEOUT = { timeout: 60_000 };

/** A command, what it has printed so far, and how to wait for more of it. */
class Started {
  readonly child: ChildProcess;
  readonly closed: Promise<number | null>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], env: Record<string, string>) {
    this.child = spawn(process.execPath, [main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...env },
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.closed = once(this.child, 'close').then(([status]) => status as number | null);
  }

  /** What `pattern` finds in all that was printed, as soon as it does. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.stdout + this.stderr);
      if (found !== null) return found;
      const ended = await Promise.race([
        once(this.child.stdout as NodeJS.ReadableStream, 'data').then(() => false),
        once(this.child.stderr as NodeJS.ReadableStream, 'data').then(() => false),
        this.closed.then(() => true),
      ]);
      const last = pattern.exec(this.stdout + this.stderr);
      if (ended && last === null) assert.fail(`It ended before ${pattern}:\n${this.stdout}${this.stderr}`);
    }
  }
}

describe('the commands that look at programs', () => {
  let folder: string;
  let gate: string;
  let started: Started[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'manyhands-look-'));
    gate = join(folder, 'gate');
    started = [];
  });

  afterEach(async () => {
    // Programs end by it, and with them who looks at them.
    writeFileSync(gate, '');
    await Promise.all(started.map(({ closed }) => closed));
    rmSync(folder, { recursive: true, force: true });
  });

  function start(...args: string[]): Started {
    const one = new Started(args, { XDG_RUNTIME_DIR: folder });
    started.push(one);
    return one;
  }

  test('a program is run with a dashboard, found by others, and its status passed on', TIMEOUT, async () => {
    const program = start('dashboard', '--', process.execPath, busy, gate);
    const [, url = ''] = await program.says(/dashboard at (http:\S+)/);
    await program.says(/the program speaks/);
    const { status, headers } = await fetch(url, { redirect: 'manual' });
    assert.equal(status, 303);
    assert.match(String(headers.get('set-cookie')), /HttpOnly/);
    assert.equal((await fetch(new URL('/', url))).status, 401);

    const list = start('dashboard');
    assert.equal(await list.closed, 0, list.stderr);
    const [, pid = ''] = /^(\d+) {2}busy\.js {2}(.*)$/m.exec(list.stdout) ?? [];
    assert.ok(list.stdout.includes(url), list.stdout);

    const top = start('top', pid);
    await top.says(/\d tasks\/s .* wait p50 [\d.]+ (?:µs|ms)/);
    writeFileSync(gate, '');
    assert.equal(await program.closed, 7);
    assert.equal(await top.closed, 0, top.stderr);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(top.stdout, /\u001B/);
  });

  test(
    'a program is run in the terminal, its output beside the figures, and its status passed on',
    TIMEOUT,
    async () => {
      const top = start('top', '--', process.execPath, busy, gate);
      await top.says(/\d tasks\/s .* wait p50 [\d.]+ (?:µs|ms)/);
      writeFileSync(gate, '');
      assert.equal(await top.closed, 7);
      assert.match(top.stderr, /the program speaks/);
      assert.doesNotMatch(top.stdout, /the program speaks/);
      assert.doesNotMatch(top.stderr, /dashboard at/);
    },
  );

  test('a signal to the command ends the program', TIMEOUT, async () => {
    const program = start('dashboard', '--', process.execPath, busy, gate);
    await program.says(/dashboard at/);
    program.child.kill('SIGTERM');
    assert.equal(await program.closed, 128 + 15);
    const list = start('dashboard');
    assert.equal(await list.closed, 1);
    assert.equal(list.stdout, '');
  });

  const refused: [name: string, args: string[], status: number, says: RegExp][] = [
    ['no program', ['dashboard'], 1, /No program of this user has a dashboard.*dashboard -- node app\.js/],
    ['no program for top', ['top'], 1, /No program of this user has a dashboard/],
    ['a process without one', ['top', String(process.pid)], 1, /Process \d+ has no dashboard/],
    ['a command that is not there', ['dashboard', '--', '/no/such/program'], 1, /ENOENT/],
    ['a port that is none', ['dashboard', '--port', '70000'], 2, /'70000'.*up to 65535/s],
  ];
  for (const [name, args, status, says] of refused) {
    test(`says what is wrong: ${name}`, TIMEOUT, async () => {
      const command = start(...args);
      assert.equal(await command.closed, status);
      assert.match(command.stderr, says);
      assert.doesNotMatch(command.stderr, /^ {4}at /m);
    });
  }
});

describe('a tick as text', () => {
  const program: Program = {
    pid: 12,
    title: 'app.js',
    node: 'v20.20.0',
    cores: 4,
    startedAt: 0,
    instance: 'x',
    tickMs: 500,
  };
  const times = { p50: 0.25, p95: 3, p99: 40, max: 1500 };
  const tick: Tick = {
    at: Date.UTC(2030, 0, 1),
    ms: 500,
    watched: true,
    executors: [
      {
        id: 1,
        name: 'pool',
        backend: 'process',
        state: 'open',
        maxWorkers: 2,
        concurrency: 1,
        pending: 1200,
        running: 2,
        settled: 5000,
        failed: 3,
        cancelled: 0,
        wait: times,
        run: times,
        workers: [
          {
            name: 'pool_0',
            id: 13,
            state: 'busy',
            inFlight: 2,
            busy: 0.5,
            cpu: 0.9,
            memory: 64 * 1024 * 1024,
          },
          { name: 'pool_1', id: 14, state: 'idle', inFlight: 0, busy: 0, cpu: null, memory: null },
        ],
      },
    ],
    rows: [],
    names: [],
    spans: [],
    running: [],
    oneOf: 1,
    ended: 5000,
    functions: [{ name: '\u001B[2Jevil', count: 5000, failed: 3, runMs: 250 }],
    errors: [
      {
        at: 0,
        source: 'evil',
        executor: 'pool',
        worker: null,
        message: '\u001B]0;title\u0007\nsecond',
        stack: '',
      },
    ],
    moreErrors: 0,
    host: { cpu: 1.5, memory: 100 * 1024 * 1024, heap: 1024, loopBusy: 0.25, loopDelay: times },
  };

  test('is one line where there is no terminal', () => {
    assert.equal(
      lineOf(tick),
      '2030-01-01T00:00:00.000Z  10,000 tasks/s  3 failed  1,200 waiting  2 running  ' +
        'wait p50 250 µs p95 3 ms p99 40 ms  run p50 250 µs p95 3 ms p99 40 ms  CPU 150 %  100 MB',
    );
  });

  test('fills a terminal and no more, and names do not steer it', () => {
    const lines = screenOf(program, tick, 100, 40);
    const text = lines.join('\n');
    assert.match(text, /pool \(process\) {2}10,000 tasks\/s/);
    assert.match(text, /pool_0 +busy +\[##########          \] +50 % {2}CPU 90 % {2}64 MB/);
    assert.match(text, /\?\[2Jevil/);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(text, /[\u0000-\u0009\u000B-\u001F]/);
    assert.ok(lines.every((line) => line.length <= 100));
    assert.equal(screenOf(program, tick, 20, 4).length, 4);
  });
});
