/**
 * CPU time of the thread that asks.
 *
 * Wall time alone does not tell a function that computes from one that waits, nor either from one that stood in line for
 * a processor. The CPU time of the process would, if no other thread of it did anything.
 */

import { readFileSync } from 'node:fs';
import { loadSystem } from '../memory/linux.ts';

interface Clock {
  /** Whose time it is: of the thread, or, where that is not to be had, of all threads of the process. */
  readonly of: 'thread' | 'process';
  /** Milliseconds since some time in the past. */
  now(): number;
}

const SCHEDSTAT = '/proc/thread-self/schedstat';

let clock: Clock | undefined;

/** The best clock that there is. The first use may load koffi, which takes some ms: not while something is measured. */
export function threadClock(): Clock {
  clock ??= findClock();
  return clock;
}

/**
 * The clock of the system first, though Node has one of its own (since 22.19 and 24): that goes by what the kernel noted when it
 * last looked at the thread, which may be 4 ms ago, and a call that takes less often seems to take nothing.
 */
function findClock(): Clock {
  const { system } = loadSystem();
  if (system !== undefined) return { of: 'thread', now: () => system.threadCpuTime() };
  // The types are those of Node 20.
  const { threadCpuUsage } = process as { threadCpuUsage?: () => NodeJS.CpuUsage };
  if (threadCpuUsage !== undefined) {
    return {
      of: 'thread',
      now() {
        const { user, system: inKernel } = threadCpuUsage();
        return (user + inKernel) / 1000;
      },
    };
  }
  try {
    readSchedstat();
    // Up to a tick of the kernel (1 to 10 ms) behind, and 25 us to read.
    return { of: 'thread', now: readSchedstat };
  } catch {
    return {
      of: 'process',
      now() {
        const { user, system: inKernel } = process.cpuUsage();
        return (user + inKernel) / 1000;
      },
    };
  }
}

/**
 * Milliseconds that this thread has been ready to run and had no processor, all in all; undefined where the system does not
 * tell. What a call took longer than its CPU time it has waited for: in this line, or for something of its own.
 */
export function queuedTime(): number | undefined {
  try {
    return schedstat(1);
  } catch {
    return undefined;
  }
}

function readSchedstat(): number {
  return schedstat(0);
}

/** CPU time, or time in line for it. Reading takes some 25 us. */
function schedstat(field: 0 | 1): number {
  return Number(readFileSync(SCHEDSTAT, 'latin1').split(' ')[field]) / 1e6;
}
