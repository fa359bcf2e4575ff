/**
 * The library under test: threads and processes, over the channel that it chooses and over plain ones. Its
 * workers are started at once and kept, as those of the others are.
 */
import type { Executor } from 'manyhands';
import type { Contestant, OpenOptions, Pool } from '../contestant.ts';
import { echo, fib, hold, noop, square } from '../tasks.ts';

function poolOf(executor: Executor): Pool {
  const map = async (numbers: readonly number[]) => executor.map(square, numbers);
  return {
    noop: () => executor.submit(noop),
    echo: <T>(value: T) => executor.submit(echo<T>, value) as PromiseLike<T>,
    fib: (n) => executor.submit(fib, n),
    hold: (ms) => executor.submit(hold, ms),
    // Its map makes chunks by itself, so both ways to write it are the same.
    map,
    mapEach: map,
    close: () => executor.shutdown(),
  };
}

type Channel = 'auto' | 'plain';

function optionsFor({ workers }: OpenOptions, channel: Channel) {
  return { maxWorkers: workers, minWorkers: workers, channel };
}

async function openThreads(options: OpenOptions, channel: Channel): Promise<Pool> {
  const { ThreadPoolExecutor } = await import('manyhands');
  return poolOf(new ThreadPoolExecutor(optionsFor(options, channel)));
}

async function openProcesses(options: OpenOptions, channel: Channel): Promise<Pool> {
  const { ProcessPoolExecutor } = await import('manyhands');
  return poolOf(new ProcessPoolExecutor(optionsFor(options, channel)));
}

export const threads: Contestant = {
  name: 'manyhands-threads',
  reach: 'thread',
  role: 'ours',
  open: (options) => openThreads(options, 'auto'),
};

export const threadsPlain: Contestant = {
  name: 'manyhands-threads-plain',
  reach: 'thread',
  role: 'ours',
  onRequest: true,
  open: (options) => openThreads(options, 'plain'),
};

export const processes: Contestant = {
  name: 'manyhands-processes',
  reach: 'process',
  role: 'ours',
  open: (options) => openProcesses(options, 'auto'),
};

export const processesPlain: Contestant = {
  name: 'manyhands-processes-plain',
  reach: 'process',
  role: 'ours',
  onRequest: true,
  open: (options) => openProcesses(options, 'plain'),
};
