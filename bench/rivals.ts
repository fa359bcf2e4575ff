/**
 * Runs all sides of a primitive. They are tasks of a pool, and have worked for a while before they are timed: what is
 * measured is the primitive, not the start of a worker, nor its compiler.
 *
 * The library is loaded by those who measure it: every measuring process loads all workloads.
 */
import type { Executor } from 'manyhands';
import type { Reach } from './contestant.ts';
import type { Span } from './parties.ts';
import type { Scale } from './workload.ts';

/** The lane of ours, named like the contestant of that reach, so that both stand in one column of the report. */
export const OURS = { thread: 'manyhands-threads', process: 'manyhands-processes' } as const;

/** Calls `work` with a pool of `workers`, all of which are idle, and closes it. */
export async function withPool<R>(
  reach: Reach,
  workers: number,
  work: (pool: Executor) => Promise<R>,
): Promise<R> {
  const { ProcessPoolExecutor, ThreadPoolExecutor } = await import('manyhands');
  const options = { maxWorkers: workers, minWorkers: workers };
  const pool = reach === 'thread' ? new ThreadPoolExecutor(options) : new ProcessPoolExecutor(options);
  try {
    return await work(pool);
  } finally {
    await pool.shutdown();
  }
}

/** Milliseconds from when the first of the parties of `work` begins until all have done their `steps`. */
export async function timed(
  { steps, warmUp }: Pick<Scale, 'steps' | 'warmUp'>,
  work: (steps: number) => Promise<readonly Span[]>,
): Promise<number> {
  const start = performance.now();
  do await work(Math.ceil(steps / 10));
  while (performance.now() - start < warmUp);
  const spans = await work(steps);
  return Math.max(...spans.map(({ ended }) => ended)) - Math.min(...spans.map(({ begun }) => begun));
}
