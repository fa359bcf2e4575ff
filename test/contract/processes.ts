// What the tests ask of the system: which processes live, whose children they are, what a program holds open.
import { readdirSync, readFileSync } from 'node:fs';

/** Whether the process lives; one that has ended and was not yet waited for does not. */
export function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The children of this process. */
export function children(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]) === process.pid;
      } catch {
        return false;
      }
    })
    .map(Number)
    .filter(alive);
}

/**
 * The names of regions in /dev/shm, of this program and of others. Blocks that have names of their own, which tests that run at
 * the same time make and remove, are none of these.
 */
export function regionNames(): string[] {
  return readdirSync('/dev/shm').filter((name) => name.startsWith('manyhands-'));
}

/** What keeps, or could keep, this program open, by kind. */
export function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo().toSorted()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
