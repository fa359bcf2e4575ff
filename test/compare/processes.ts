/**
 * Finding processes by a mark in their environment, which every descendant inherits, however it was orphaned.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The mark can only be read where there is /proc. */
export const cannotFindProcesses: string | false =
  process.platform !== 'linux' && 'processes are looked for in /proc, which only Linux has';

const MARK = 'MANYHANDS_TEST_MARK';

export function newMark(): Record<string, string> {
  return { [MARK]: `${process.pid}-${performance.now()}` };
}

/** All living processes that carry the mark. Zombies have no environment, and do not count. */
export function findMarked(mark: Record<string, string>): number[] {
  const wanted = `${MARK}=${mark[MARK]}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(wanted))
    .map(Number);
}

/**
 * Resolves when no process carries the mark. Orphans tell nobody that they end, so there is nothing to await.
 */
export async function allGone(mark: Record<string, string>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (findMarked(mark).length > 0) {
    if (Date.now() > deadline) throw new Error(`Still running: ${findMarked(mark).join(', ')}`);
    await sleep(20);
  }
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
