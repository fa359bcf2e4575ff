/**
 * Processor time that the library burns while there is nothing to do, and while a worker is busy by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { throughput } from '../load.ts';
import { burning } from '../process-tree.ts';
import type { Workload } from '../workload.ts';

const HOLD_MS = 2000;

/** What idling is told for, however long it was watched. */
const IDLE_MS = 2000;

/** Time for compilers and collectors to finish with the load before; they are not what is measured. */
const SETTLE_MS = 1000;

export const cpu: Workload = {
  name: 'cpu',
  title: 'processor time burnt, host and workers',
  figures: [
    // Processes report in steps of 10 ms each, so less than one step is not told apart.
    { key: 'idle', label: 'in 2 s of idling', unit: 'ms', better: 'lower', floor: 10 },
    { key: 'held', label: 'while one task sleeps for 2 s', unit: 'ms', better: 'lower', floor: 10 },
  ],
  sideBySide: true,
  maxRounds: 2,
  limit: 30_000,
  async run(open, { scale }) {
    const pool = await open();
    await throughput(() => pool.noop(), 64, scale.warmUp);
    await sleep(SETTLE_MS);
    const { ms: idle } = await burning(() => sleep(scale.idle));
    const { ms: held } = await burning(() => pool.hold(HOLD_MS));
    if (idle === undefined || held === undefined) return {};
    return { idle: (idle * IDLE_MS) / scale.idle, held };
  },
};
