/** Claims about what is left when a worker dies. */

import { whole } from '../format.ts';
import { type ClaimDefinition, type Evidence, type Finding, given, type Role, sources } from './claim.ts';

export const crash: readonly ClaimDefinition[] = [
  {
    id: 'thread-fault-takes-all',
    source: sources.difference,
    text: 'When a thread crashes, the whole process may go with it',
    judge: (run) => survivors(run, 'threads', 'survivorsOfFault', (left) => left === 0),
  },
  {
    id: 'thread-error-takes-all',
    source: sources.difference,
    text: 'An error that nobody catches in one thread takes the others along',
    judge: (run) => survivors(run, 'threads', 'survivorsOfError', (left, all) => left < all),
  },
  {
    id: 'process-fault-stays-alone',
    source: sources.guide,
    text: 'When a process crashes, the others go on',
    judge: (run) => survivors(run, 'processes', 'survivorsOfFault', (left, all) => left === all),
  },
  {
    id: 'process-error-stays-alone',
    source: sources.guide,
    text: 'An error in one process does not affect the others',
    judge: (run) => survivors(run, 'processes', 'survivorsOfError', (left, all) => left === all),
  },
  {
    id: 'pool-survives-crash',
    source: sources.guide,
    text: 'The isolation holds in a process pool as well: the rest of the pool goes on',
    judge: (run) => survivors(run, 'process-pool', 'survivorsOfFault', (left, all) => left === all),
  },
];

function survivors(
  run: Evidence,
  role: Role,
  metric: 'survivorsOfError' | 'survivorsOfFault',
  holds: (left: number, all: number) => boolean,
): Finding | undefined {
  return given([run.metric('crash', role, metric), run.metric('crash', role, 'others')], (left, all) => ({
    holds: holds(left, all),
    figures: `${whole(left)} of ${whole(all)} other tasks reach their end`,
  }));
}
