/**
 * A queue in Redis between a caller and 1, 2 and 4 worker processes: ours, and BullMQ alone as one uses it for results, with
 * one listener for the ends of all jobs. Both sides run the tasks in the event loop of the worker, as BullMQ does unless
 * told otherwise; ours besides in a thread of it, which is what a task that computes needs.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { oneAtATime, throughput } from '../load.ts';
import { burning } from '../process-tree.ts';
import { noop } from '../tasks.ts';
import type { Measured, Rival, Setting, Workload } from '../workload.ts';

const IN_FLIGHT = 64;
/** Tasks that a worker has at once. */
const CONCURRENCY = 32;

const compiled = (file: string): string => fileURLToPath(new URL(`../../${file}.js`, import.meta.url));

/** Measures `call`, which goes to the workers that `start` has started. */
async function measureCalls(call: () => PromiseLike<unknown>, { scale }: Setting): Promise<Measured> {
  await throughput(call, IN_FLIGHT, scale.warmUp);
  const { result, ms } = await burning(() => throughput(call, IN_FLIGHT, scale.window));
  const times = await oneAtATime(call, scale.window);
  return {
    rate: result.rate,
    ...(ms === undefined ? {} : { cost: (ms * 1000) / result.done }),
    p50: times.percentile(50),
    p99: times.percentile(99),
  };
}

async function withRedis<R>(use: (url: string, port: number) => Promise<R>): Promise<R> {
  const { RedisServer } = await import('../../test/cluster/servers.ts');
  await using redis = await RedisServer.start();
  return await use(redis.url, redis.port);
}

async function withChildren<R>(children: readonly ChildProcess[], use: () => Promise<R>): Promise<R> {
  try {
    return await use();
  } finally {
    await Promise.all(
      children.map((child) => {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        return ended;
      }),
    );
  }
}

const plain: Rival = {
  name: 'bullmq',
  library: 'bullmq',
  reach: 'process',
  measure: (setting) =>
    withRedis(async (_, port) => {
      const { Queue, QueueEvents } = await import('bullmq');
      const children = Array.from({ length: setting.workers }, () =>
        fork(compiled('bench/bullmq-worker'), ['noop', String(port), String(CONCURRENCY)]),
      );
      return await withChildren(children, async () => {
        await Promise.all(children.map((child) => once(child, 'message')));
        const queue = new Queue('noop', { connection: { port } });
        // From the beginning: it begins to listen some time after it says that it is ready.
        const events = new QueueEvents('noop', { connection: { port }, lastEventId: '0-0' });
        await events.waitUntilReady();
        const waiting = new Map<string, () => void>();
        events.on('completed', ({ jobId }) => {
          waiting.get(jobId)?.();
          waiting.delete(jobId);
        });
        let last = 0;
        const call = async (): Promise<void> => {
          last += 1;
          const jobId = `job-${last}`;
          const done = new Promise<void>((resolve) => waiting.set(jobId, resolve));
          await queue.add('noop', {}, { jobId, removeOnComplete: { age: 3600, count: 10_000 } });
          await done;
        };
        const measured = await measureCalls(call, setting);
        await events.close();
        await queue.close();
        return measured;
      });
    }),
};

function ours(name: string, ...options: string[]): Rival {
  return {
    name,
    reach: 'process',
    role: 'ours',
    measure: (setting) =>
      withRedis(async (connection) => {
        const { ClusterExecutor } = await import('manyhands/cluster');
        const where = ['--queue', 'noop', '--redis', connection, '--modules', compiled('bench/tasks')];
        const children = Array.from({ length: setting.workers }, (_, index) =>
          spawn(
            process.execPath,
            [
              compiled('src/cli/main'),
              'worker',
              ...where,
              '--workers',
              '1',
              '--name',
              `${index}`,
              ...options,
            ],
            { stdio: ['ignore', 'ignore', 'pipe'] },
          ),
        );
        return await withChildren(children, async () => {
          await Promise.all(children.map((child) => once(child.stderr as NodeJS.EventEmitter, 'data')));
          await using executor = new ClusterExecutor({ connection, queue: 'noop' });
          return await measureCalls(() => executor.submit(noop), setting);
        });
      }),
  };
}

export const cluster: Workload = {
  name: 'cluster',
  title: `no-op tasks by way of Redis, ${IN_FLIGHT} in flight, then one at a time`,
  figures: [
    { key: 'rate', label: 'throughput', unit: 'tasks/s', better: 'higher' },
    { key: 'cost', label: 'processor time for each task, all processes', unit: 'us', better: 'lower' },
    { key: 'p50', label: 'round trip, p50', unit: 'us', better: 'lower' },
    { key: 'p99', label: 'round trip, p99', unit: 'us', better: 'lower' },
  ],
  workers: [1, 2, 4],
  limit: 60_000,
  rivals: [
    ours('manyhands-cluster', '--backend', 'event-loop', '--concurrency', String(CONCURRENCY)),
    ours('manyhands-cluster-threads', '--backend', 'thread', '--concurrency', String(CONCURRENCY)),
    plain,
  ],
};
