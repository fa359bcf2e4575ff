/** The most memory, host and workers together, under a load of small and large values. */
import { peakMegabytes } from '../process-tree.ts';
import type { Workload } from '../workload.ts';

/** Fixed counts instead of a time: a quick library must not be charged for having done more. */
const SMALL_TASKS = 20_000;
const LARGE_ECHOES = 64;

export const memory: Workload = {
  name: 'memory',
  title: `peak memory after ${SMALL_TASKS.toLocaleString('en')} no-ops and ${LARGE_ECHOES} echoes of 1 MiB`,
  figures: [{ key: 'peak', label: 'resident set, host and workers', unit: 'MB', better: 'lower' }],
  binary: true,
  // What is allocated varies little; two rounds show whether it did.
  maxRounds: 2,
  async run(open) {
    const block = new Uint8Array(1 << 20);
    const pool = await open();
    await takeTurns(SMALL_TASKS, 64, () => pool.noop());
    await takeTurns(LARGE_ECHOES, 4, () => pool.echo(block));
    const peak = peakMegabytes();
    return peak === undefined ? {} : { peak };
  },
};

/** `count` calls, at most `inFlight` at a time. */
async function takeTurns(count: number, inFlight: number, call: () => PromiseLike<unknown>): Promise<void> {
  let left = count;
  const caller = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
}
