/** CPU time and memory of other processes, from /proc: where there is none, nothing is known. */

import { readFileSync } from 'node:fs';

/** Linux counts CPU time for /proc in hundredths of a second on all its platforms: `USER_HZ`. */
const TICKS_PER_SECOND = 100;
/** `statm` counts pages; of 4 KiB wherever Node runs, but for some arm64 kernels. `status` says it in KiB. */
const RESIDENT = /^VmRSS:\s+(\d+) kB/m;

export interface ProcessUsage {
  /** Cores in use since the last look; null at the first. */
  readonly cpu: number | null;
  readonly memory: number | null;
}

export class ProcessUsages {
  #last = new Map<number, { cpuMs: number; at: number }>();
  #next = new Map<number, { cpuMs: number; at: number }>();

  /** Of one process. Those that are not asked for between two calls of `turn` are forgotten. */
  of(pid: number, now: number): ProcessUsage {
    let stat: string;
    let status: string;
    try {
      stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      status = readFileSync(`/proc/${pid}/status`, 'latin1');
    } catch {
      // It has ended, or this is no Linux.
      return { cpu: null, memory: null };
    }
    // The second field is the name, in parentheses, and may hold anything. utime and stime are the 14th and 15th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const cpuMs = ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
    const before = this.#last.get(pid);
    this.#next.set(pid, { cpuMs, at: now });
    const kibibytes = RESIDENT.exec(status)?.[1];
    return {
      cpu: before === undefined ? null : Math.max(0, (cpuMs - before.cpuMs) / (now - before.at)),
      memory: kibibytes === undefined ? null : Number(kibibytes) * 1024,
    };
  }

  turn(): void {
    this.#last = this.#next;
    this.#next = new Map();
  }
}
