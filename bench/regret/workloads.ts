/**
 * The programs that `regret` is about: each is given an executor, and does with it what programs do. None of them takes
 * much less than some 100 ms, so that what is told is how well functions were placed, and not how long a thread takes to
 * start; all lanes start theirs within the time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Executor } from 'manyhands';
import * as tasks from './tasks.ts';

export interface RegretWorkload {
  readonly name: string;
  readonly title: string;
  /** @param steps of `compute` in a millisecond of an idle processor */
  run(executor: Executor, steps: number): PromiseLike<unknown>;
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** All at once. */
const together = (count: number, call: (index: number) => PromiseLike<unknown>): Promise<unknown> =>
  Promise.all(times(count, call));

/** One at a time, or so many. */
async function inTurn(
  count: number,
  call: (index: number) => PromiseLike<unknown>,
  inFlight = 1,
): Promise<void> {
  let next = 0;
  await together(inFlight, async () => {
    while (next < count) await call(next++);
  });
}

/** Between 0 and 1, the same in every run. */
const uneven = (index: number): number => ((index * 2_654_435_761) % 1000) / 1000;

const MEBIBYTE = 1 << 20;

function orderOf(id: number): tasks.Order {
  const lines = times(12, (line) => ({ article: `article ${line}`, count: line + 1, price: 9.5 * line }));
  return { id, customer: `customer ${id}`, lines };
}

export const workloads: readonly RegretWorkload[] = [
  {
    name: 'cpu-short',
    title: '500 computations of 0.6 ms at once',
    run: (executor, steps) => together(500, () => executor.submit(tasks.compute, 0.6 * steps)),
  },
  {
    name: 'cpu-medium',
    title: '60 computations of 8 ms at once',
    run: (executor, steps) => together(60, () => executor.submit(tasks.compute, 8 * steps)),
  },
  {
    name: 'cpu-long',
    title: '6 computations of 80 ms at once',
    run: (executor, steps) => together(6, () => executor.submit(tasks.compute, 80 * steps)),
  },
  {
    name: 'cpu-uneven',
    title: '120 computations of 0 to 8 ms at once',
    run: (executor, steps) =>
      together(120, (index) => executor.submit(tasks.compute, 8 * uneven(index) * steps)),
  },
  {
    name: 'cpu-rarely',
    title: '2000 computations, most of 0.02 ms, one of 40 of 8 ms, at once',
    run: (executor, steps) =>
      together(2000, (index) => executor.submit(tasks.compute, (index % 40 === 0 ? 8 : 0.02) * steps)),
  },
  {
    name: 'cpu-awaited',
    title: '60 computations of 5 ms, one at a time',
    run: (executor, steps) => inTurn(60, () => executor.submit(tasks.compute, 5 * steps)),
  },
  {
    name: 'cpu-map',
    title: 'a map of 400 computations of 1 ms',
    run: (executor, steps) =>
      executor.map(
        tasks.compute,
        times(400, () => steps),
      ),
  },
  {
    name: 'cpu-map-quick',
    title: 'a map of 20,000 computations of 0.02 ms',
    run: (executor, steps) =>
      executor.map(
        tasks.compute,
        times(20_000, () => 0.02 * steps),
      ),
  },
  {
    name: 'cpu-async',
    title: '120 computations of 3 ms at once, by an async function',
    run: (executor, steps) => together(120, () => executor.submit(tasks.computeAsync, 3 * steps)),
  },
  {
    name: 'cpu-several',
    title: '400 computations of 1 ms of four functions, 16 at a time',
    run: (executor, steps) =>
      inTurn(400, (index) => executor.submit(tasks.others[index % 4] ?? tasks.compute, steps), 16),
  },
  {
    name: 'io-short',
    title: '10,000 waits of 2 ms at once',
    run: (executor) => together(10_000, () => executor.submit(tasks.wait, 2)),
  },
  {
    name: 'io-long',
    title: '1500 waits of 50 ms at once',
    run: (executor) => together(1500, () => executor.submit(tasks.wait, 50)),
  },
  {
    name: 'io-awaited',
    title: '80 waits of 4 ms, one at a time',
    run: (executor) => inTurn(80, () => executor.submit(tasks.wait, 4)),
  },
  {
    name: 'io-map',
    title: 'a map of 4000 waits of 10 ms',
    run: (executor) =>
      executor.map(
        tasks.wait,
        times(4000, () => 10),
      ),
  },
  {
    name: 'io-clients',
    title: '4000 waits of 3 ms, 32 at a time',
    run: (executor) => inTurn(4000, () => executor.submit(tasks.wait, 3), 32),
  },
  {
    name: 'hybrid',
    title: '250 waits of 5 ms, each with 2 ms of computation, at once',
    run: (executor, steps) => together(250, () => executor.submit(tasks.waitThenCompute, 5, 2 * steps)),
  },
  {
    name: 'hybrid-light',
    title: '3000 waits of 5 ms, each with 0.1 ms of computation, 64 at a time',
    run: (executor, steps) => inTurn(3000, () => executor.submit(tasks.waitThenCompute, 5, 0.1 * steps), 64),
  },
  {
    name: 'mixed',
    title: '100 computations of 3 ms, and 1000 waits of 20 ms, at once',
    run: (executor, steps) =>
      together(1100, (index) =>
        index % 11 === 0 ? executor.submit(tasks.compute, 3 * steps) : executor.submit(tasks.wait, 20),
      ),
  },
  {
    name: 'trivial-awaited',
    title: '20,000 increments, one at a time',
    run: (executor) => inTurn(20_000, (index) => executor.submit(tasks.increment, index)),
  },
  {
    name: 'trivial-64',
    title: '40,000 increments, 64 at a time',
    run: (executor) => inTurn(40_000, (index) => executor.submit(tasks.increment, index), 64),
  },
  {
    name: 'trivial-burst',
    title: '60,000 increments at once',
    run: (executor) => together(60_000, (index) => executor.submit(tasks.increment, index)),
  },
  {
    name: 'trivial-map',
    title: 'a map of 1,000,000 increments',
    run: (executor) =>
      executor.map(
        tasks.increment,
        times(1_000_000, (index) => index),
      ),
  },
  {
    name: 'small-awaited',
    title: '4000 computations of 0.05 ms, one at a time',
    run: (executor, steps) => inTurn(4000, () => executor.submit(tasks.compute, 0.05 * steps)),
  },
  {
    name: 'objects-awaited',
    title: '8000 sums over a small object, one at a time',
    run: (executor) => inTurn(8000, (index) => executor.submit(tasks.total, orderOf(index))),
  },
  {
    name: 'objects-burst',
    title: '10,000 sums over a small object at once',
    run: (executor) => together(10_000, (index) => executor.submit(tasks.total, orderOf(index))),
  },
  {
    name: 'large-arguments',
    title: '60 sums over 4 MiB, 4 at a time',
    run: (executor) => {
      const values = new Float64Array(MEBIBYTE / 2).fill(1);
      return inTurn(60, () => executor.submit(tasks.sum, values), 4);
    },
  },
  {
    name: 'large-results',
    title: '60 arrays of 4 MiB, 4 at a time',
    run: (executor) => inTurn(60, () => executor.submit(tasks.fill, MEBIBYTE / 2), 4),
  },
  {
    name: 'large-awaited',
    title: '150 pictures of 1 MiB, inverted one at a time',
    run: (executor) => {
      const pixels = new Uint8Array(MEBIBYTE).fill(7);
      return inTurn(150, () => executor.submit(tasks.invert, pixels));
    },
  },
  {
    name: 'memory',
    title: '8 times 60,000 objects at once',
    run: (executor) => together(8, () => executor.submit(tasks.hoard, 60_000)),
  },
  {
    name: 'bursts',
    title: '10 bursts of 25 computations of 1 ms, with pauses of 15 ms',
    run: async (executor, steps) => {
      for (let burst = 0; burst < 10; burst += 1) {
        await together(25, () => executor.submit(tasks.compute, steps));
        await sleep(15);
      }
    },
  },
  {
    name: 'grows',
    title: '4000 computations one at a time, of 0.02 ms; then 60 of 5 ms, 8 at a time',
    run: async (executor, steps) => {
      await inTurn(4000, () => executor.submit(tasks.compute, 0.02 * steps));
      await inTurn(60, () => executor.submit(tasks.compute, 5 * steps), 8);
    },
  },
  {
    name: 'shrinks',
    title: '60 computations of 5 ms, 8 at a time; then 6000 of 0.02 ms, one at a time',
    run: async (executor, steps) => {
      await inTurn(60, () => executor.submit(tasks.compute, 5 * steps), 8);
      await inTurn(6000, () => executor.submit(tasks.compute, 0.02 * steps));
    },
  },
  {
    name: 'io-becomes-cpu',
    title: '1000 waits of 5 ms, 32 at a time; then 100 computations of 3 ms by the same function',
    run: async (executor, steps) => {
      await inTurn(1000, () => executor.submit(tasks.waitOrCompute, 5, 0), 32);
      await inTurn(100, () => executor.submit(tasks.waitOrCompute, 0, 3 * steps), 32);
    },
  },
];
