/** From a lane to the executor behind it, and the loop that all experiments with plain tasks share. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EventLoopExecutor, type Executor, ProcessPoolExecutor, ThreadPoolExecutor } from '../index.ts';
import type { Timed } from './job.ts';
import type { NodeLaneId } from './lanes.ts';

/** A lane that has an executor. One after the other needs none. */
export type ExecutorLane = Exclude<NodeLaneId, 'sequential'>;

export function openExecutor(lane: ExecutorLane, workers: number): Executor {
  switch (lane) {
    case 'event-loop':
      return new EventLoopExecutor();
    case 'threads':
      return new ThreadPoolExecutor({ maxWorkers: workers });
    case 'threads-gil':
      return new ThreadPoolExecutor({ maxWorkers: workers, interpreterLock: true });
    case 'processes':
      return new ProcessPoolExecutor({ maxWorkers: workers });
  }
}

/** One call of a task, to be run by whatever lane. */
export type Call = [task: (argument: never) => Promise<Timed<unknown>>, argument: unknown];

export interface CallResults {
  readonly calls: Timed<unknown>[];
  /**
   * How many had finished when all had been submitted, before anybody waited. Not told one after the other.
   */
  readonly doneBeforeJoin: number | null;
}

/**
 * Runs calls in the lane's way, from no worker at all to no worker left: starting and ending them is part of
 * what a lane costs, as it is in the articles.
 */
export async function runCalls(
  lane: NodeLaneId,
  calls: readonly Call[],
  poolSize: number,
): Promise<CallResults> {
  if (lane === 'sequential') return { calls: await runOneByOne(calls), doneBeforeJoin: null };
  const executor = openExecutor(lane, poolSize);
  try {
    const futures = calls.map(([task, argument]) => executor.submit(task, argument as never));
    const doneBeforeJoin = futures.filter((future) => future.done()).length;
    return { calls: await Promise.all(futures), doneBeforeJoin };
  } finally {
    await executor.shutdown({ cancelFutures: true });
  }
}

async function runOneByOne(calls: readonly Call[]): Promise<Timed<unknown>[]> {
  const results: Timed<unknown>[] = [];
  for (const [task, argument] of calls) {
    results.push(await task(argument as never));
    // Tasks that only compute would keep this process from noticing that its owner has gone.
    await nextTurn();
  }
  return results;
}
