/** Every contestant, ours first, threads before processes. */
import type { Contestant } from '../contestant.ts';
import { jestWorker, jestWorkerProcesses } from './jest-worker.ts';
import { processes, processesPlain, threads, threadsPlain } from './manyhands.ts';
import { noPool } from './no-pool.ts';
import { piscina, piscinaDeep } from './piscina.ts';
import { poolifier, poolifierCluster } from './poolifier.ts';
import { tinypool, tinypoolDeep, tinypoolProcesses } from './tinypool.ts';
import { workerpool, workerpoolProcesses } from './workerpool.ts';

export const contestants: readonly Contestant[] = [
  threads,
  threadsPlain,
  piscina,
  piscinaDeep,
  tinypool,
  tinypoolDeep,
  workerpool,
  poolifier,
  jestWorker,
  noPool,
  processes,
  processesPlain,
  tinypoolProcesses,
  workerpoolProcesses,
  poolifierCluster,
  jestWorkerProcesses,
];
