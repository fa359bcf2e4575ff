/**
 * Locks: one thread alone, which finds it free each time, and several that fight for it, with nothing to do while they
 * have it. The time of a turn is that of all, divided by the turns that they took together.
 */
import { pythonPrimitive } from '../baselines/python.ts';
import type { Reach } from '../contestant.ts';
import { type AnyLock, type Party, takeTurns, takeTurnsAsync, takeTurnsByFunction } from '../parties.ts';
import { OURS, timed, withPool } from '../rivals.ts';
import type { Measured, Rival, Scale, Workload } from '../workload.ts';

async function lockOf(reach: Reach): Promise<AnyLock> {
  const { Lock } = await (reach === 'thread'
    ? import('manyhands/threading')
    : import('manyhands/multiprocessing'));
  return new Lock();
}

/** Nanoseconds for each of `turns`. */
function perTurn(milliseconds: number, turns: number): number {
  return (milliseconds * 1e6) / turns;
}

function blocking(reach: Reach): Rival {
  return {
    name: OURS[reach],
    reach,
    role: 'ours',
    measure: ({ workers, scale }) =>
      withPool(reach, workers, async (pool) => {
        const shared = await lockOf(reach);
        const elapsed = await timed(scale, (steps) =>
          Promise.all(Array.from({ length: workers }, () => pool.submit(takeTurns, shared, steps))),
        );
        return { time: perTurn(elapsed, scale.steps * workers) };
      }),
  };
}

export const lock: Workload = {
  name: 'lock',
  title: 'a lock taken and released by all at once, blocking',
  figures: [
    {
      key: 'time',
      label: 'time of a turn',
      unit: 'ns',
      better: 'lower',
      against: [
        { lane: 'python-threading', reach: 'thread' },
        { lane: 'python-multiprocessing', reach: 'process' },
      ],
    },
  ],
  workers: [1, 2],
  rivals: [blocking('thread'), blocking('process')],
  baselines: [pythonPrimitive('lock', 'thread'), pythonPrimitive('lock', 'process')],
};

/** As many as await the same lock at once. */
const CALLERS = 64;

async function awaited<T>(scale: Scale, shared: T, takeTurnsOf: Party<T>): Promise<Measured> {
  const each = Math.ceil(scale.steps / CALLERS);
  const alone = await timed(scale, async (steps) => [await takeTurnsOf(shared, steps)]);
  const crowd = await timed({ ...scale, steps: each }, (steps) =>
    Promise.all(Array.from({ length: CALLERS }, () => takeTurnsOf(shared, steps))),
  );
  return { alone: perTurn(alone, scale.steps), crowd: perTurn(crowd, each * CALLERS) };
}

function awaiting(reach: Reach): Rival {
  return {
    name: OURS[reach],
    reach,
    role: 'ours',
    measure: async ({ scale }) => awaited(scale, await lockOf(reach), takeTurnsAsync),
  };
}

export const lockAsync: Workload = {
  name: 'lock-async',
  title: 'a lock taken and released, awaiting, in one thread',
  figures: [
    { key: 'alone', label: 'time of a turn, alone', unit: 'ns', better: 'lower' },
    { key: 'crowd', label: `time of a turn, ${CALLERS} at once`, unit: 'ns', better: 'lower' },
  ],
  workers: [1],
  rivals: [
    awaiting('thread'),
    {
      name: 'async-mutex',
      library: 'async-mutex',
      reach: 'thread',
      async measure({ scale }) {
        const { Mutex } = await import('async-mutex');
        return awaited(scale, new Mutex(), takeTurnsByFunction);
      },
    },
    awaiting('process'),
  ],
};
