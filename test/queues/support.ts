// What the tests of queues share: both reaches, and others who use the queues.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { after } from 'node:test';
import { Worker } from 'node:worker_threads';
import * as mp from '../../src/multiprocessing/queues.ts';
import * as thread from '../../src/queue/index.ts';
import { bytesCodec, cloneCodec } from '../../src/wire/codec.ts';
import type { Actions, AnyQueue } from './fixtures/actor.ts';

export const limit = { timeout: 60_000 };

const url = new URL('./fixtures/actor.js', import.meta.url);

export interface Actor<R> {
  readonly result: Promise<R>;
  /** By force, whatever it does. */
  kill(): Promise<unknown>;
}

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
}

const running = new Set<Actor<unknown>>();

after(() => Promise.all([...running].map((actor) => actor.kill())));

function actorOf(answer: Promise<Answer>, end: () => Promise<unknown>): Actor<unknown> {
  const result = answer.then(({ result: value, error, message }) => {
    if (error !== undefined) throw Object.assign(new Error(message), { name: error });
    return value;
  });
  // Of one that is killed nobody asks for the result.
  result.catch(() => undefined);
  const actor: Actor<unknown> = {
    result,
    kill: async () => {
      running.delete(actor);
      return end();
    },
  };
  running.add(actor);
  return actor;
}

function startThread(call: readonly unknown[]): Actor<unknown> {
  const { value } = cloneCodec.encode(call, 'call');
  const worker = new Worker(url, { workerData: { actor: value } });
  const answer = new Promise<Answer>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('it ended without an answer')));
  });
  return actorOf(answer, () => worker.terminate());
}

function startProcess(call: readonly unknown[]): Actor<unknown> {
  const { value } = bytesCodec.encode(call, 'call');
  const child = fork(url, { serialization: 'advanced' });
  const exited = once(child, 'exit');
  const answer = new Promise<Answer>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Answer));
    child.once('exit', () => reject(new Error('it ended without an answer')));
  });
  child.send(value as never);
  return actorOf(answer, () => {
    child.kill('SIGKILL');
    return exited;
  });
}

type Start = <N extends keyof Actions>(
  name: N,
  ...args: Parameters<Actions[N]>
) => Actor<Awaited<ReturnType<Actions[N]>>>;

export interface ReachOfQueues {
  readonly name: string;
  queue<T>(options?: thread.QueueOptions): AnyQueue<T>;
  start: Start;
}

export const threads: ReachOfQueues = {
  name: 'threads',
  queue: (options) => new thread.Queue(options),
  start: ((...call: unknown[]) => startThread(call)) as Start,
};

export const processes: ReachOfQueues = {
  name: 'processes',
  queue: (options) => new mp.JoinableQueue(options),
  start: ((...call: unknown[]) => startProcess(call)) as Start,
};

export const reaches: readonly ReachOfQueues[] = [threads, processes];
