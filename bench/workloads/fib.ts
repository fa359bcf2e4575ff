/** Pure computation: how much of the workers' power arrives. */
import { fib as compute } from '../tasks.ts';
import { expect, type Workload } from '../workload.ts';

const RUNS = 10;

export const fib: Workload = {
  name: 'fib',
  title: `${RUNS} x fib(35) (fib(31) with --quick)`,
  figures: [{ key: 'speedUp', label: 'speed-up over the same on one thread', unit: 'x', better: 'higher' }],
  async run(open, { scale }) {
    const pool = await open();
    // Workers start and compile the function before; so does this thread.
    const right = compute(scale.fib - 8);
    const warm = await Promise.all(Array.from({ length: RUNS }, () => pool.fib(scale.fib - 8)));
    expect(
      warm.every((value) => value === right),
      'fib',
    );
    // Half of the baseline before and half after, so that a machine that slows down meanwhile slows both.
    const half = () => {
      const start = performance.now();
      for (let i = 0; i < RUNS / 2; i++) compute(scale.fib);
      return performance.now() - start;
    };
    const before = half();
    const start = performance.now();
    await Promise.all(Array.from({ length: RUNS }, () => pool.fib(scale.fib)));
    const elapsed = performance.now() - start;
    return { speedUp: (before + half()) / elapsed };
  },
};
