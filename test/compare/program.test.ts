import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProgram } from '../../src/compare/program.ts';
import { allGone, cannotFindProcesses, findMarked, newMark } from './processes.ts';

const forever = new AbortController().signal;

function script(text: string): string[] {
  return ['-e', text];
}

test('a program gets its job, and its lines of JSON arrive as messages', async () => {
  const messages: unknown[] = [];
  const program = startProgram(
    process.execPath,
    script(`process.stdin.once('data', (job) => {
      console.log('{"type":"echo","job":' + job.toString().trim() + '}');
      console.log('not for us');
      process.exit();
    })`),
    { job: { answer: 42 }, signal: forever, onMessage: (message) => messages.push(message) },
  );
  assert.equal((await program.ended).exitCode, 0);
  assert.deepEqual(messages, [{ type: 'echo', job: { answer: 42 } }]);
});

test('the end tells the exit code and the last words', async () => {
  const program = startProgram(process.execPath, script(`console.error('alas'); process.exit(3)`), {
    job: null,
    signal: forever,
    onMessage() {},
  });
  assert.deepEqual(await program.ended, { exitCode: 3, signal: null, stderr: 'alas' });
});

test('a program that cannot be started ends with the reason', async () => {
  const program = startProgram('/no/such/program', [], { job: null, signal: forever, onMessage() {} });
  assert.match((await program.ended).stderr, /ENOENT/);
});

test('a program takes its own children along, however it ends', { skip: cannotFindProcesses }, async () => {
  const parent = (last: string): string[] =>
    script(`
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'],
        { stdio: 'inherit' });
      child.once('spawn', () => { console.log('{"type":"up"}'); ${last} });`);
  for (const [how, last] of [
    ['killed', 'setInterval(() => {}, 1000)'],
    ['exits', 'process.exit(0)'],
  ] as const) {
    const mark = newMark();
    Object.assign(process.env, mark);
    let up: () => void = () => {};
    const started = new Promise<void>((resolve) => {
      up = resolve;
    });
    const program = startProgram(process.execPath, parent(last), {
      job: null,
      signal: forever,
      onMessage: () => up(),
    });
    for (const name of Object.keys(mark)) delete process.env[name];
    await started;
    if (how === 'killed') {
      assert.equal(findMarked(mark).length, 2);
      program.kill();
    }
    await program.ended;
    await allGone(mark);
  }
});
