/**
 * The measuring process: one contestant, one workload, one time. It says the figures to the runner before it
 * closes the pool, so that a library which does not close loses none; the runner ends what is left.
 */
import type { Pool } from './contestant.ts';
import { contestants } from './contestants/index.ts';
import type { Measured, Setting } from './workload.ts';
import { check } from './workloads/check.ts';
import { workloads } from './workloads/index.ts';

export interface Order extends Setting {
  readonly contestant: string;
  readonly workload: string;
}

/** What the runner is told: figures, or why there are none. */
export type Outcome = { readonly figures: Measured } | { readonly error: string };

async function carryOut({ contestant: wanted, workload: name, ...setting }: Order): Promise<void> {
  const workload = [...workloads, check].find((candidate) => candidate.name === name);
  if (workload === undefined) throw new Error(`No workload ${name}`);
  if ('rivals' in workload) {
    const rival = workload.rivals.find((candidate) => candidate.name === wanted);
    if (rival === undefined) throw new Error(`No rival ${wanted} in ${name}`);
    tell({ figures: await rival.measure(setting) });
    return;
  }
  const contestant = contestants.find((candidate) => candidate.name === wanted);
  if (contestant === undefined) throw new Error(`No contestant ${wanted}`);
  let opened: Pool | undefined;
  const open = async (workers = setting.workers) => {
    opened = await contestant.open({ workers, binary: workload.binary ?? false });
    return opened;
  };
  tell({ figures: await workload.run(open, setting) });
  await opened?.close();
}

function tell(outcome: Outcome): void {
  process.send?.(outcome);
}

// Nobody is left to hear the result. Without this, an interrupted run would leave pools behind.
process.once('disconnect', () => process.exit(1));

try {
  await carryOut(JSON.parse(process.argv[2] ?? '') as Order);
  process.disconnect();
  process.exit(0);
} catch (error) {
  tell({ error: error instanceof Error ? `${error.name}: ${error.message}` : `threw ${String(error)}` });
  process.disconnect();
  process.exit(1);
}
