/** Every contestant, ours first, threads before processes. */
import type { Contestant } from '../contestant.ts';
import { piscina, piscinaDeep } from './piscina.ts';
import { poolifier, poolifierCluster } from './poolifier.ts';
import { tinypool, tinypoolDeep, tinypoolProcesses } from './tinypool.ts';
import { workerpool, workerpoolProcesses } from './workerpool.ts';

export const contestants: readonly Contestant[] = [
  piscina,
  piscinaDeep,
  tinypool,
  tinypoolDeep,
  workerpool,
  poolifier,
  tinypoolProcesses,
  workerpoolProcesses,
  poolifierCluster,
];
