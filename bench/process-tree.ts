/**
 * What this process and all of its descendants use, threads included. Asking the pools would miss what they
 * start beside their workers, so the system is asked; only Linux tells it without starting a program.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** `/proc` counts processor time in ticks of 10 ms on every Linux that Node runs on. */
const TICK_MS = 10;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // It has ended since it was listed.
  }
}

interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMs: number;
}

function timesOf(pid: number): ProcessTimes | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the program's name, in parentheses, and may hold anything; the third follows the last
  // ")".
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]); // utime and stime
  return { pid, parent: Number(fields[1]), cpuMs: ticks * TICK_MS };
}

/** The processes that descend from this one, without it. `undefined` where the system has no `/proc`. */
function descendants(): ProcessTimes[] | undefined {
  if (process.platform !== 'linux') return undefined;
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => timesOf(Number(name)) ?? []);
  const family = new Set([process.pid]);
  const found: ProcessTimes[] = [];
  // A child may be listed before its parent when process ids have wrapped, hence until nothing is added.
  for (let before = -1; before !== found.length; ) {
    before = found.length;
    for (const entry of all) {
      if (family.has(entry.parent) && !family.has(entry.pid)) {
        family.add(entry.pid);
        found.push(entry);
      }
    }
  }
  return found;
}

/** Milliseconds of processor used so far: exact for this process, to 10 ms for each other. */
function cpuMilliseconds(): number | undefined {
  const others = descendants();
  if (others === undefined) return undefined;
  const { user, system } = process.cpuUsage();
  return others.reduce((sum, { cpuMs }) => sum + cpuMs, (user + system) / 1000);
}

/** What `work` gives, and the milliseconds of processor that all used meanwhile. */
export async function burning<T>(work: () => PromiseLike<T>): Promise<{ result: T; ms: number | undefined }> {
  const before = cpuMilliseconds();
  const result = await work();
  const after = cpuMilliseconds();
  return { result, ms: before === undefined || after === undefined ? undefined : after - before };
}

/**
 * The most memory that each process held so far, added up, in megabytes. Pages that processes share, such as
 * Node's own code, count once for each.
 */
export function peakMegabytes(): number | undefined {
  const others = descendants();
  if (others === undefined) return undefined;
  return [process.pid, ...others.map(({ pid }) => pid)]
    .map((pid) => Number(/VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) / 1000)
    .reduce((sum, megabytes) => sum + megabytes, 0);
}
