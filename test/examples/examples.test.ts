/** Every example runs, as a user would run it, and prints what it says it prints. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const folder = new URL('../../examples/', import.meta.url);

/** The lines that an example prints. Fails when it does not end well, or says anything on stderr. */
async function linesOf(example: string, ...args: string[]): Promise<string[]> {
  const child = spawn(process.execPath, [new URL(`${example}.js`, folder).pathname, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  });
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.setEncoding('utf8').toArray(),
    child.stderr.setEncoding('utf8').toArray(),
    new Promise((resolve, reject) => child.on('close', resolve).on('error', reject)),
  ]);
  assert.deepEqual({ code, stderr: stderr.join('') }, { code: 0, stderr: '' }, `${example} did not end well`);
  return stdout.join('').trimEnd().split('\n');
}

/** Asserts that lines which independent workers print are there, each worker's own in the order given. */
function assertInterleaved(lines: readonly string[], ...workers: string[][]): void {
  assert.deepEqual(lines.toSorted(), workers.flat().toSorted());
  for (const own of workers)
    assert.deepEqual(
      lines.filter((line) => own.includes(line)),
      own,
    );
}

const startedAndCompleted = (what: string): string[] => [`${what} started`, `${what} completed`];

for (const example of ['threads', 'processes']) {
  test(`${example}: three tasks start and complete, then comes the last line`, async () => {
    const lines = await linesOf(example);
    assert.equal(lines.pop(), 'All tasks completed');
    assertInterleaved(lines, ...['Task 0', 'Task 1', 'Task 2'].map(startedAndCompleted));
  });
}

test('two-threads: each thread starts and finishes', async () => {
  const lines = await linesOf('two-threads');
  assert.equal(lines.pop(), 'Done');
  assertInterleaved(
    lines,
    ...['A', 'B'].map((name) => [`Thread ${name} starting`, `Thread ${name} finished`]),
  );
});

test('background: the daemon has seen the work, and does not keep the program', async () => {
  const lines = await linesOf('background');
  assert.match(lines.shift() ?? '', /^Threads: MainThread, clock, worker$/);
  assert.deepEqual(lines.toSorted(), [
    'Half of the time is over',
    'Primes below 200000: 17984',
    'worker has ended: true',
  ]);
  assert.equal(lines.at(-1), 'worker has ended: true');
});

test('numbers-and-letters: both functions print to their end, on threads and in processes', async () => {
  const lines = await linesOf('numbers-and-letters');
  const numbers = [1, 2, 3, 4, 5].map((number) => `Number: ${number}`);
  const letters = [...'abcde'].map((letter) => `Letter: ${letter}`);
  const half = lines.indexOf('In processes');
  assert.equal(lines[0], 'On threads');
  assertInterleaved(lines.slice(1, half), numbers, letters);
  assertInterleaved(lines.slice(half + 1), numbers, letters);
});

test('hybrid: a process and a thread, then the last line', async () => {
  const lines = await linesOf('hybrid');
  assert.equal(lines.pop(), 'Hybrid execution completed');
  assertInterleaved(lines, startedAndCompleted('CPU Task 1'), startedAndCompleted('I/O Task 2'));
});

test('thread-pool: results in the order of the input', async () => {
  assert.deepEqual(await linesOf('thread-pool'), ['[ 0, 1, 2, 3, 4 ]']);
});

test('process-pool: squares in the order of the input', async () => {
  assert.deepEqual(await linesOf('process-pool'), ['[ 0, 1, 4, 9, 16 ]']);
});

test('downloads: ten by threads, ten by processes, and how long each took', async () => {
  const lines = await linesOf('downloads');
  const downloaded = Array.from({ length: 10 }, (_, id) => `Task ${id}: Downloaded 27520 bytes`).toSorted();
  assert.deepEqual(lines.slice(0, 10).toSorted(), downloaded);
  assert.match(lines[10] ?? '', /^Total time with 10 threads: \d+\.\d\d seconds$/);
  assert.deepEqual(lines.slice(11, 21).toSorted(), downloaded);
  assert.match(lines[21] ?? '', /^Total time with 10 processes: \d+\.\d\d seconds$/);
  assert.equal(lines.length, 22);
});

test('fibonacci: the right number ten times each, and how long it took', async () => {
  const lines = await linesOf('fibonacci', '25');
  const found = Array.from({ length: 10 }, () => 'fibonacci(25) = 75025');
  assert.deepEqual(lines.slice(0, 10), found);
  assert.match(lines[10] ?? '', /^Total time with 10 threads: \d+\.\d\d seconds$/);
  assert.deepEqual(lines.slice(11, 21), found);
  assert.match(lines[21] ?? '', /^Total time with 10 processes: \d+\.\d\d seconds$/);
  assert.equal(lines.length, 22);
});

test('sum: both processes find the same', async () => {
  const lines = await linesOf('sum');
  assert.equal(lines.pop(), 'Done');
  assert.deepEqual(lines.toSorted(), [
    'Process finished: 49999995000000',
    'Process finished: 49999995000000',
    'Process starting',
    'Process starting',
  ]);
});

test('multiprocessing-process: a function and a method, each in a process that says how it ended', async () => {
  assert.deepEqual(await linesOf('multiprocessing-process'), [
    'Hello Bob, from greeter',
    'The greeter exited with 0',
    'The counter counted to 1000: 500500',
    'The counter exited with 3',
  ]);
});

test('multiprocessing-pool: results of all kinds of calls', async () => {
  assert.deepEqual(await linesOf('multiprocessing-pool'), [
    '[ 0, 1, 4, 9, 16 ]',
    '[ 8, 9 ]',
    '25',
    '36',
    'It is 1024',
    'Done',
  ]);
});

test('shared-memory: two processes draw one image', async () => {
  assert.deepEqual(await linesOf('shared-memory'), ['1000 rows drawn', 'all white: true']);
});

test('lock: each thread comes in, and none keeps the lock', async () => {
  const lines = await linesOf('lock');
  assert.deepEqual(lines, [...Array(3).fill('Synchronized access'), 'Locked at the end: false']);
});

for (const [example, whose] of [
  ['race', 'a'],
  ['shared-value', 'its'],
] as const) {
  test(`${example}: under a lock nothing is lost`, async () => {
    const [without = '', ...lines] = await linesOf(example);
    const [, kept] = new RegExp(`^Without ${whose} lock: (\\d+) of 2000000$`).exec(without) ?? [];
    // How much is lost, if anything, is up to the system.
    assert.ok(Number(kept) >= 1 && Number(kept) <= 2_000_000, without);
    assert.deepEqual(lines, [`With ${whose} lock: 2000000 of 2000000`]);
  });
}

test('hello-queue: a greeting of each process', async () => {
  const greetings = [1, 2, 3, 4].map((number) => `Hello from Process-${number}`);
  assert.deepEqual((await linesOf('hello-queue')).toSorted(), greetings);
});

test('producer-consumer: each item is produced, and consumed once', async () => {
  const lines = await linesOf('producer-consumer');
  assert.equal(lines.pop(), 'Left over: 0');
  const items = [1, 2, 3, 4, 5, 6];
  const produced = items.map((item) => `Produced ${item}`);
  // Two consume, and which of them is heard first is open.
  assertInterleaved(lines, produced, ...items.map((item) => [`Consumed ${item}`]));
});

test('pipeline: squares in order, then the end of the pipe', async () => {
  const squares = [1, 4, 9, 16, 25].map((square) => `Received ${square}`);
  assert.deepEqual(await linesOf('pipeline'), [...squares, 'Done']);
});

test('semaphore: all download, and never more at once than there are permits', async () => {
  const lines = await linesOf('semaphore');
  assert.equal(lines.pop(), 'Never more than 2 at once: true');
  assert.deepEqual(
    lines.toSorted(),
    [0, 1, 2, 3, 4, 5].map((id) => `Task ${id}: downloaded`),
  );
});

test('event: the worker runs until it is told to stop', async () => {
  const [started, stopped = '', ...lines] = await linesOf('event');
  assert.equal(started, 'Worker started');
  assert.match(stopped, /^Worker stopped after \d+ rounds$/);
  assert.deepEqual(lines, ['Worker alive: false']);
});

test('multiprocessing-manager: what a process changed, the other sees', async () => {
  assert.deepEqual(await linesOf('multiprocessing-manager'), [
    "Map(2) { 'one' => 1, 'two' => 2 }",
    '[ 0, 1, 2, 3, 4, 5 ]',
  ]);
});

test('the list of examples names each of them', () => {
  const readme = readFileSync(new URL('../../../examples/README.md', import.meta.url), 'utf8');
  const examples = readdirSync(folder).filter((file) => file.endsWith('.js'));
  const listed = [...readme.matchAll(/\]\(([\w-]+)\.ts\)/g)].map(([, name]) => `${name}.js`);
  assert.deepEqual(listed.toSorted(), examples.toSorted());
});
