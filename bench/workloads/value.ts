/** Processes that count up the same number, each as quickly as it can. */
import type { Value } from 'manyhands/multiprocessing';
import { pythonPrimitive } from '../baselines/python.ts';
import { add, increment, type Party } from '../parties.ts';
import { OURS, timed, withPool } from '../rivals.ts';
import { expect, type Workload, type Yardstick } from '../workload.ts';

const PYTHON: readonly Yardstick[] = [{ lane: 'python-multiprocessing', key: 'locked' }];

export const value: Workload = {
  name: 'value',
  title: 'increments of a shared number by all at once',
  figures: [
    { key: 'locked', label: 'under its lock', unit: 'increments/s', better: 'higher', against: PYTHON },
    { key: 'atomic', label: 'add, without lock', unit: 'increments/s', better: 'higher', against: PYTHON },
  ],
  workers: [1, 2],
  rivals: [
    {
      name: OURS.process,
      reach: 'process',
      role: 'ours',
      measure: ({ workers, scale }) =>
        withPool('process', workers, async (pool) => {
          const { Value: SharedValue } = await import('manyhands/multiprocessing');
          const rate = async (count: Party<Value<'i'>>) => {
            const total = new SharedValue('i');
            const elapsed = await timed(scale, async (steps) => {
              total.value = 0;
              const spans = await Promise.all(
                Array.from({ length: workers }, () => pool.submit(count, total, steps)),
              );
              expect(total.value === steps * workers, `${total.value} of ${steps * workers} increments`);
              return spans;
            });
            return (scale.steps * workers * 1000) / elapsed;
          };
          return { locked: await rate(increment), atomic: await rate(add) };
        }),
    },
  ],
  baselines: [pythonPrimitive('value', 'process')],
};
