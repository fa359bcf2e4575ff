// `manyhands advise` as a program: what it takes, what it prints, and that it ends as it should.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Advice } from '../../src/choose/advice.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const functions = fileURLToPath(new URL('../choose/fixtures/functions.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'manyhands-cli-advise-'));
after(() => rmSync(directory, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Figures of the machine are measured once for all of these tests, and left nowhere. */
async function run(...args: string[][]): Promise<Ended> {
  const child = spawn(process.execPath, [main, 'advise', ...args.flat()], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', XDG_CACHE_HOME: directory },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe('manyhands advise', { timeout: 120_000 }, () => {
  it('says in words what to use, and writes a page', async () => {
    const page = join(directory, 'advice.html');
    const { status, stdout, stderr } = await run(
      [`${functions}#add`, '--args', '[1, 2]', '--args', '[3, 4]'],
      ['--calls', '500', '--budget', '1000', '--html', page],
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^Call add as it is, without any pool/);
    for (const title of ['Because', 'The code', 'Predicted for 500 calls', 'Calls that were tried']) {
      assert.ok(stdout.includes(`\n${title}\n`), `${title} is not in\n${stdout}`);
    }
    assert.match(stderr, /trying: input 1 of 2/);
    assert.match(readFileSync(page, 'utf8'), /id="report">\{"function":\{"name":"add"/);
  });

  it('prints JSON and nothing else', async () => {
    const input = file('input.json', '[20, [21]]');
    const { status, stdout, stderr } = await run(
      [`${functions}#fib`, '--input', input, '--json', '--budget', '1000'],
      ['--workers', '1', '--script', '--warm'],
    );
    assert.equal(status, 0, stderr);
    const advice = JSON.parse(stdout) as Advice;
    assert.deepEqual([advice.inputs, advice.calls, advice.maxWorkers], [2, 2, 1]);
    assert.deepEqual([advice.maxBlocked, advice.warm], [null, true]);
    assert.ok(advice.options.every(({ startMs }) => startMs === 0));
  });

  it('tells what is wrong with the function', async () => {
    const missing = await run([`${functions}#fibb`, '--args', '[1]']);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /error: .* has no function fibb: it exports .*fib/);
    const broken = await run([file('broken.mjs', 'throw new Error("not today")'), '--args', '[1]']);
    assert.equal(broken.status, 1);
    assert.match(broken.stderr, /error: not today/);
  });

  it('refuses a wrong command line with status 2, before anything runs', async () => {
    const target = `${functions}#fib`;
    const rows: Array<readonly [args: string[], says: RegExp]> = [
      [[], /missing required argument/],
      [['no-such-file.js#fib', '--args', '[1]'], /There is no file "no-such-file\.js"/],
      [[`${functions}#`, '--args', '[1]'], /name of the export is missing/],
      [[target], /--input FILE\.json or --args JSON/],
      [[target, '--args', '5'], /must be a JSON array/],
      [[target, '--args', '[5'], /It is no JSON/],
      [[target, '--input', '/no/such/file.json'], /cannot be read/],
      [[target, '--input', file('empty.json', '[]')], /holds no calls/],
      [[target, '--args', '[1]', '--calls', '0'], /whole number from 1/],
      [[target, '--args', '[1]', '--budget', 'long'], /whole number from 1/],
      [[target, '--args', '[1]', '--html', '/no/such/directory/page.html'], /not a directory/],
    ];
    const ended = await Promise.all(rows.map(([args]) => run(args)));
    for (const [index, { status, stdout, stderr }] of ended.entries()) {
      const [args, says] = rows[index] as (typeof rows)[number];
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, says);
      assert.equal(stdout, '');
    }
  });
});
