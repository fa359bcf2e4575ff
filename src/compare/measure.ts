/**
 * Wall time, CPU time and memory of a whole tree of processes.
 *
 * Node tells a process's own CPU time and memory, and nothing of its children's; Linux tells both in /proc.
 *
 * - **CPU**: own time, plus that of children that have ended (`cutime` and `cstime` in /proc/self/stat).
 *   Hence pools are shut down inside what is measured. Without /proc: what the tasks reported of their
 *   processes.
 * - **Peak memory**: sampled by the command while the lane runs. Pages that processes share, such as the
 *   text of the `node` binary, are counted once. Without /proc: the lane process's own maximum, which covers
 *   threads, and not child processes.
 * - **Memory of a worker**: the proportional set size of the tree before and after, which is exact and slow
 *   to read, so it is read twice and not sampled.
 */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Linux counts CPU time of other processes in hundredths of a second on every architecture that Node runs on.
 */
const MS_PER_TICK = 10;
const KB_PER_MB = 1024;

/** More seldom would miss workers that live for some milliseconds only. */
const SAMPLE_INTERVAL_MS = 10;
/**
 * A sample of ten processes takes a millisecond or more; more than a thirtieth of a core would show in the
 * figures.
 */
const IDLE_PER_SAMPLE = 30;

export interface Measured<T> {
  readonly value: T;
  /** Milliseconds since the epoch, with fractions: the same clock in every process. */
  readonly startedAt: number;
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Now, in milliseconds since the epoch, finer than `Date.now()`. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Runs `work`, and says what it cost. Children count once they have ended, so `work` ends what it started.
 */
export async function measure<T>(work: () => Promise<T>): Promise<Measured<T>> {
  const cpuBefore = ownCpuMs() + endedChildrenCpuMs();
  const startedAt = now();
  const value = await work();
  const wallMs = now() - startedAt;
  return { value, startedAt, wallMs, cpuMs: ownCpuMs() + endedChildrenCpuMs() - cpuBefore };
}

/** CPU time of this process, all threads, since its start. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Can the CPU time of ended children be read here? Otherwise whoever measures must ask the children. */
export function knowsChildrenCpu(): boolean {
  return readText('/proc/self/stat') !== undefined;
}

function endedChildrenCpuMs(): number {
  const stat = readText('/proc/self/stat');
  if (stat === undefined) return 0;
  // The second field is the program's name in parentheses and may hold anything; count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * MS_PER_TICK;
}

/** Memory of a process and all below it in MiB, shared pages in proportion; `null` without /proc. */
export function treeMemoryMb(pid: number): number | null {
  let sum = 0;
  for (const each of treeOf(pid)) {
    const rollup = readText(`/proc/${each}/smaps_rollup`);
    if (rollup !== undefined) sum += kilobytes(rollup, 'Pss') / KB_PER_MB;
  }
  return sum > 0 ? sum : null;
}

/**
 * Watches the memory of a process and all below it, until `stop`, which returns the most that it saw in MiB.
 */
export function watchMemory(pid: number): { stop(): number | null } {
  let peak = 0;
  let timer: NodeJS.Timeout | undefined;
  const sample = (): void => {
    const startedAt = performance.now();
    peak = Math.max(peak, residentMb(pid));
    const cost = performance.now() - startedAt;
    timer = setTimeout(sample, Math.max(SAMPLE_INTERVAL_MS, cost * IDLE_PER_SAMPLE));
  };
  sample();
  return {
    stop() {
      clearTimeout(timer);
      return peak > 0 ? peak : null;
    },
  };
}

/** Private memory of every process of the tree, plus once the shared memory of the one that shares most. */
function residentMb(pid: number): number {
  let ownKb = 0;
  let sharedKb = 0;
  for (const each of treeOf(pid)) {
    const status = readText(`/proc/${each}/status`);
    if (status === undefined) continue;
    ownKb += kilobytes(status, 'RssAnon');
    sharedKb = Math.max(sharedKb, kilobytes(status, 'RssFile') + kilobytes(status, 'RssShmem'));
  }
  return (ownKb + sharedKb) / KB_PER_MB;
}

function kilobytes(table: string, field: string): number {
  return Number(table.match(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm'))?.[1] ?? 0);
}

/** A process and all that descend from it. Any of them may be gone by the time that this returns. */
export function treeOf(pid: number): number[] {
  const found = [pid];
  for (const thread of list(`/proc/${pid}/task`)) {
    const children = readText(`/proc/${pid}/task/${thread}/children`)?.trim();
    if (children) for (const child of children.split(' ')) found.push(...treeOf(Number(child)));
  }
  return found;
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
