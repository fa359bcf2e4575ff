/** Claims about what workers cost: memory, start, switching, and pools that save some of it. */

import { megabytes, microseconds, milliseconds } from '../format.ts';
import { type ClaimDefinition, smaller, sources } from './claim.ts';

export const cost: readonly ClaimDefinition[] = [
  {
    id: 'threads-lighter-in-memory',
    source: sources.all,
    text: 'A thread needs less memory than a process',
    judge: (run) =>
      smaller(
        ['a thread', run.metric('start', 'threads', 'memoryMb')],
        ['a process', run.metric('start', 'processes', 'memoryMb')],
        megabytes,
      ),
    whyDifferent: 'A thread of Node has a heap of its own, and processes share the pages of their program.',
  },
  {
    id: 'threads-start-faster',
    source: sources.choosing,
    text: 'A thread starts faster than a process',
    judge: (run) =>
      smaller(
        ['a thread', run.metric('start', 'threads', 'startMs')],
        ['a process', run.metric('start', 'processes', 'startMs')],
        milliseconds,
      ),
  },
  {
    id: 'processes-cost-more-cpu',
    source: sources.guide,
    text: 'Processes cost more CPU time than threads for the same tasks',
    judge: (run) =>
      smaller(
        ['sleeping threads', run.cpu('sleep', 'threads')],
        ['processes', run.cpu('sleep', 'processes')],
        milliseconds,
      ),
  },
  {
    id: 'threads-switch-faster',
    source: sources.guide,
    text: 'Switching between threads is faster than between processes',
    judge: (run) =>
      smaller(
        ['threads', run.metric('switch', 'threads', 'switchUs')],
        ['processes', run.metric('switch', 'processes', 'switchUs')],
        microseconds,
      ),
  },
  {
    id: 'threads-for-many-short-tasks',
    source: sources.choosing,
    text: 'For many short tasks threads are the better choice',
    judge: (run) =>
      smaller(
        ['a task on a thread', run.metric('communicate', 'thread-pool', 'roundTripUs')],
        ['on a process', run.metric('communicate', 'process-pool', 'roundTripUs')],
        microseconds,
      ),
  },
  {
    id: 'thread-pool-efficient',
    source: sources.choosing,
    text: 'A thread pool is more efficient than a new thread for each task',
    judge: (run) =>
      smaller(
        ['a task in the pool', inMs(run.metric('communicate', 'thread-pool', 'roundTripUs'))],
        ['a new thread', run.metric('start', 'threads', 'startMs')],
        milliseconds,
      ),
  },
  {
    id: 'process-pool-efficient',
    source: sources.choosing,
    text: 'A process pool is more efficient than a new process for each task',
    judge: (run) =>
      smaller(
        ['a task in the pool', inMs(run.metric('communicate', 'process-pool', 'roundTripUs'))],
        ['a new process', run.metric('start', 'processes', 'startMs')],
        milliseconds,
      ),
  },
];

function inMs(us: number | undefined): number | undefined {
  return us === undefined ? undefined : us / 1000;
}
