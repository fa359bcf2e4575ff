// Ends of pipes in other threads and processes.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Client, Listener, Pipe } from '../../src/connections/index.ts';
import {
  EndOfFileError,
  EventLoopExecutor,
  type Executor,
  InvalidStateError,
  NotShareableError,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
  WorkerDiedError,
} from '../../src/index.ts';
import { answerOnWhatComes, dieWith, echo, echoSync, makePipe, receiveOne } from './fixtures/tasks.ts';

const LIMITS = { timeout: 60_000 };

function testOn(
  title: string,
  body: (pool: Executor, context: TestContext) => Promise<void>,
  kinds: ReadonlyArray<'threads' | 'processes' | 'plain processes'> = [
    'threads',
    'processes',
    'plain processes',
  ],
): void {
  for (const kind of kinds) {
    test(`${title} [${kind}]`, LIMITS, async (context) => {
      await using pool =
        kind === 'threads'
          ? new ThreadPoolExecutor({ maxWorkers: 2 })
          : new ProcessPoolExecutor({ maxWorkers: 2, channel: kind === 'processes' ? 'auto' : 'plain' });
      await body(pool, context);
    });
  }
}

testOn('an end that was passed as an argument works there, and may be closed here at once', async (pool) => {
  const [ours, theirs] = Pipe();
  const task = pool.submit(echo, theirs);
  theirs.close();
  for (const value of ['a', new Map([[1, 2]]), new Uint8Array(200_000)]) {
    const sending = ours.send(value);
    assert.deepEqual(await ours.recv(), value);
    await sending;
  }
  ours.close();
  assert.equal(await task, 3);
});

testOn('both sides can block', async (pool) => {
  const [ours, theirs] = Pipe();
  const task = pool.submit(echoSync, theirs);
  theirs.close();
  // Workers need our event loop to start.
  assert.equal(await ours.recv(), 'here');
  for (let count = 0; count < 100; count += 1) {
    ours.sendSync(count);
    assert.equal(ours.recvSync(), count);
  }
  const large = new Uint8Array(1_000_000).fill(7);
  const sending = ours.send(large);
  assert.deepEqual(await ours.recv(), large);
  await sending;
  ours.sendSync('stop');
  assert.throws(() => ours.recvSync(), EndOfFileError);
  await task;
  ours.close();
});

testOn('an end goes through a pipe, and on to the next', async (pool) => {
  const [ours, theirs] = Pipe();
  const [near, far] = Pipe();
  const task = pool.submit(answerOnWhatComes, theirs, 'from there');
  theirs.close();
  await ours.send(far);
  far.close();
  assert.equal(await near.recv(), 'from there');
  await near.send('from here');
  assert.equal(await task, 'from here');
  await assert.rejects(near.recv(), EndOfFileError);
  near.close();
  ours.close();
});

testOn('two workers talk without us', async (pool) => {
  const [one, other] = Pipe();
  const talk = [pool.submit(echo, one), pool.submit(receiveOne, other)];
  await other.send('to the echo');
  one.close();
  assert.equal(await talk[1], 'to the echo');
  other.close();
  assert.equal(await talk[0], 1);
});

testOn('an end that was made there can be a result', async (pool) => {
  const end = await pool.submit(makePipe);
  assert.equal(await end.recv(), 'made elsewhere');
  end.close();
});

testOn(
  'the end comes, however the other side went',
  async (pool) => {
    const [ours, theirs] = Pipe();
    const task = pool.submit(dieWith, theirs);
    theirs.close();
    const pid = (await ours.recv()) as number;
    const ended = assert.rejects(ours.recv(), EndOfFileError);
    process.kill(pid, 'SIGKILL');
    await ended;
    await assert.rejects(Promise.resolve(task), WorkerDiedError);
    ours.close();
  },
  ['processes', 'plain processes'],
);

test('in one thread an end that comes back is the same object', LIMITS, async () => {
  await using pool = new EventLoopExecutor();
  const [a, b] = Pipe();
  const [c, d] = Pipe();
  await a.send([c, c, { c }]);
  const [first, second, third] = (await b.recv()) as [unknown, unknown, { c: unknown }];
  assert.ok(first === c && second === c && third.c === c);
  assert.equal(await pool.submit((end: unknown) => end, c), c);
  for (const end of [a, b, c, d]) end.close();
});

test('a closed end cannot be passed on, and no end crosses a socket', LIMITS, async () => {
  const [a, b] = Pipe();
  const [c, d] = Pipe();
  c.close();
  await assert.rejects(a.send({ c }), (error) => {
    assert.ok(error instanceof NotShareableError || error instanceof InvalidStateError, String(error));
    assert.match(String(error), /closed/);
    return true;
  });
  await using listener = await Listener.listen();
  using client = await Client(listener.address);
  await assert.rejects(client.send([d]), {
    name: 'NotShareableError',
    message: /PipeConnection .* cannot cross a socket/,
  });
  // The sockets themselves stay where they are.
  await assert.rejects(a.send(client), NotShareableError);
  for (const end of [a, b, d]) end.close();
});
