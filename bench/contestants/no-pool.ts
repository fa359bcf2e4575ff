/**
 * No library and no worker: the tasks run where they are asked for. It is what the measuring itself costs, so
 * a lane that comes near to it is no longer told apart from the measuring, and the bare process beside the
 * pools in what a process uses.
 */
import type { Contestant, Pool } from '../contestant.ts';
import { echo, fib, hold, noop, square } from '../tasks.ts';

const squaresOf = async (numbers: readonly number[]): Promise<number[]> => numbers.map(square);

const pool: Pool = {
  noop: async () => noop(),
  echo: async (value) => echo(value),
  fib: async (n) => fib(n),
  hold: async (ms) => hold(ms),
  map: squaresOf,
  mapEach: squaresOf,
  close: async () => {},
};

export const noPool: Contestant = {
  name: 'no-pool',
  reach: 'thread',
  role: 'baseline',
  open: async () => pool,
};
