/** Measuring what machine.ts keeps: about two seconds of real workers and real tasks. */

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventLoopExecutor } from '../backends/event-loop/event-loop-executor.ts';
import { ProcessPoolExecutor } from '../backends/process/process-pool-executor.ts';
import { ThreadPoolExecutor } from '../backends/thread/thread-pool-executor.ts';
import type { Executor } from '../futures/executor.ts';
import type { BackendCosts, MachineCosts, MessageCosts } from './machine-costs.ts';
import { threadClock } from './thread-cpu.ts';

/** Enough to see how much longer many take than one; hundreds would take seconds. */
const MOST_STARTED = 8;
/** Starts are measured so many times, of which the fastest counts. */
const STARTS = 3;
const ROUND_TRIPS = 150;
const TASKS = 3000;
const ITEMS = 100_000;
const CHUNK = 1000;
const SIZES = [1e3, 1e4, 1e5, 1e6, 4e6] as const;
/** Bytes that are sent in each size, and the most messages: a quarter of a second in all. */
const BYTES_SENT = 12e6;
const MOST_SENT = 40;
/** Milliseconds between two looks whether all workers have started. */
const LOOK_MS = 1;

type Costs = Pick<MachineCosts, 'eventLoopTask' | 'thread' | 'process'>;

/** @param cores for how many workers that are started at once. */
export async function measureMachine(cores: number, signal?: AbortSignal): Promise<Costs> {
  const workers = Math.min(cores, MOST_STARTED);
  threadClock();
  return {
    eventLoopTask: await measureEventLoop(),
    thread: await measureBackend(
      (maxWorkers, minWorkers) => new ThreadPoolExecutor({ maxWorkers, minWorkers }),
      workers,
      residentGrowth,
      signal,
    ),
    process: await measureBackend(
      (maxWorkers, minWorkers) => new ProcessPoolExecutor({ maxWorkers, minWorkers }),
      workers,
      async (pool, measure) => {
        await measure();
        return privateMemory(pool);
      },
      signal,
    ),
  };
}

/** What `measure`, which starts all workers of the pool, adds to the program for each of them. */
type MemoryOf = (pool: Executor, measure: () => Promise<void>) => Promise<number>;

async function measureBackend(
  make: (maxWorkers: number, minWorkers: number) => Executor,
  workers: number,
  memoryOf: MemoryOf,
  signal: AbortSignal | undefined,
): Promise<BackendCosts> {
  const first = await fastest(STARTS, async () => {
    signal?.throwIfAborted();
    const startedAt = performance.now();
    await using pool = make(1, 0);
    await pool.submit(nothing);
    return performance.now() - startedAt;
  });
  await using one = make(1, 0);
  const roundTrip = await measureRoundTrip(one, signal);
  const task = await perMessage(one, TASKS, async () => {
    await Promise.all(Array.from({ length: TASKS }, () => one.submit(nothing)));
  });
  const items = Array.from({ length: ITEMS }, (_, index) => index);
  const item = await perMessage(one, ITEMS, async () => {
    await one.with({ chunkSize: CHUNK }).map(same, items);
  });
  const bytes = await measureBytes(one, roundTrip, signal);
  signal?.throwIfAborted();
  let memory = 0;
  const all = await fastest(STARTS, async () => {
    const started = await startAll(make, workers, memoryOf);
    memory = Math.max(memory, started.memory);
    return started.all;
  });
  return {
    start: { first, all: Math.max(first, all), workers },
    roundTrip,
    task,
    item: {
      caller: Math.max(0, item.caller - task.caller / CHUNK),
      worker: Math.max(0, item.worker - task.worker / CHUNK),
    },
    bytes,
    memory,
  };
}

/** The least of some times: what is longer has stood in line for a processor. */
async function fastest(count: number, measure: () => Promise<number>): Promise<number> {
  let least = Infinity;
  for (let done = 0; done < count; done += 1) least = Math.min(least, await measure());
  return least;
}

// Tasks by their source: whatever stood around them would have to be loaded in the worker.
const nothing = (): void => undefined;
const processCpu = (): NodeJS.CpuUsage => process.cpuUsage();
const same = (value: number): number => value;
const lengthOf = (bytes: Uint8Array): number => bytes.length;

async function measureRoundTrip(pool: Executor, signal: AbortSignal | undefined): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < ROUND_TRIPS; count += 1) {
    signal?.throwIfAborted();
    const startedAt = performance.now();
    await pool.submit(nothing);
    times.push(performance.now() - startedAt);
  }
  return times.toSorted((a, b) => a - b)[ROUND_TRIPS >> 2] ?? 0;
}

/** What each of `count` messages costs, the second time, when both sides know the way. */
async function perMessage(pool: Executor, count: number, send: () => Promise<void>): Promise<MessageCosts> {
  await send();
  const [ownBefore, allBefore, otherBefore] = [
    threadClock().now(),
    processCpu(),
    await pool.submit(processCpu),
  ];
  const startedAt = performance.now();
  await send();
  const wall = performance.now() - startedAt;
  const caller = threadClock().now() - ownBefore;
  const other = milliseconds(await pool.submit(processCpu)) - milliseconds(otherBefore);
  const isThread = pool.statistics().backend !== 'process';
  const worker = isThread ? milliseconds(processCpu()) - milliseconds(allBefore) - caller : other;
  // Not what it waits for messages, looking for the next one.
  return { caller: caller / count, worker: Math.min(wall, Math.max(0, worker)) / count };
}

function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}

async function measureBytes(
  pool: Executor,
  roundTrip: number,
  signal: AbortSignal | undefined,
): Promise<BackendCosts['bytes']> {
  const measured: Array<{ bytes: number; ms: number }> = [];
  for (const bytes of SIZES) {
    signal?.throwIfAborted();
    const value = new Uint8Array(bytes);
    const count = Math.max(3, Math.min(MOST_SENT, Math.floor(BYTES_SENT / bytes)));
    const time = await fastest(count, async () => {
      const startedAt = performance.now();
      await pool.submit(lengthOf, value);
      return performance.now() - startedAt;
    });
    const ms = Math.max(0, time - roundTrip);
    // More bytes never take less time; what says so is noise.
    measured.push({ bytes, ms: Math.max(ms, measured.at(-1)?.ms ?? 0) });
  }
  return measured;
}

async function startAll(
  make: (maxWorkers: number, minWorkers: number) => Executor,
  workers: number,
  memoryOf: MemoryOf,
): Promise<{ all: number; memory: number }> {
  const startedAt = performance.now();
  await using pool = make(workers, workers);
  let all = 0;
  const memory = await memoryOf(pool, async () => {
    while (pool.statistics().workers.filter(({ state }) => state === 'idle').length < workers) {
      await sleep(LOOK_MS);
    }
    all = performance.now() - startedAt;
  });
  return { all, memory: memory / workers };
}

async function measureEventLoop(): Promise<number> {
  await using loop = new EventLoopExecutor({ isolated: false });
  const { caller } = await perMessage(loop, TASKS, async () => {
    await Promise.all(Array.from({ length: TASKS }, () => loop.submit(nothing)));
  });
  return caller;
}

/** By how much the program grows, of which its threads are a part. */
async function residentGrowth(_pool: Executor, measure: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss();
  await measure();
  return Math.max(0, process.memoryUsage.rss() - before);
}

/**
 * Memory that belongs to no other process: much of what a process of Node seems to take is the program itself, which all of
 * them share. Without /proc each worker is asked for all that it has.
 */
async function privateMemory(pool: Executor): Promise<number> {
  let sum = 0;
  for (const { id } of pool.statistics().workers) {
    sum += (id === undefined ? undefined : privateBytes(id)) ?? (await pool.submit(residentBytes));
  }
  return sum;
}

const residentBytes = (): number => process.memoryUsage.rss();

/** Of another process, on Linux. */
export function privateBytes(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
