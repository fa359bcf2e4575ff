/** A number through a pipe and back, between two processes. */
import type { PipeConnection } from 'manyhands/multiprocessing';
import { pythonPrimitive } from '../baselines/python.ts';
import { answer, answerAsync, ask, askAsync, type Party } from '../parties.ts';
import { OURS, timed, withPool } from '../rivals.ts';
import type { Workload, Yardstick } from '../workload.ts';

const PYTHON: readonly Yardstick[] = [{ lane: 'python-multiprocessing', key: 'blocked' }];

export const pipe: Workload = {
  name: 'pipe',
  title: 'numbers through a pipe and back, one at a time',
  figures: [
    { key: 'blocked', label: 'round trip, both block', unit: 'us', better: 'lower', against: PYTHON },
    { key: 'awaiting', label: 'round trip, both await', unit: 'us', better: 'lower', against: PYTHON },
  ],
  workers: [2],
  rivals: [
    {
      name: OURS.process,
      reach: 'process',
      role: 'ours',
      measure: ({ workers, scale: { warmUp, ...scale } }) =>
        withPool('process', workers, async (pool) => {
          const { Pipe } = await import('manyhands/multiprocessing');
          const steps = scale.steps / 10;
          const roundTrip = async (there: Party<PipeConnection>, back: Party<PipeConnection>) => {
            const [ours, theirs] = Pipe();
            const elapsed = await timed({ steps, warmUp }, (count) =>
              Promise.all([pool.submit(there, ours, count), pool.submit(back, theirs, count)]),
            );
            return (elapsed * 1000) / steps;
          };
          return { blocked: await roundTrip(ask, answer), awaiting: await roundTrip(askAsync, answerAsync) };
        }),
    },
  ],
  baselines: [pythonPrimitive('pipe', 'process')],
};
