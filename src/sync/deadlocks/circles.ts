/**
 * Looks for circles in what the threads wait for.
 *
 *   lock ── owner word ─▶ thread ── its records ─▶ the lock that it waits for ── owner word ─▶ ...
 *
 * Each has said what it waits for before it looks. So of those who close a circle at the same time the last to say so
 * sees all of it. A circle does not go away by itself: all of its waits are without limits, and what they wait for is held by
 * each other. So one that is real is found again by a second look; and what was put together from different moments
 * is not, as some record or owner in it has changed.
 */

import type { Arena } from '../../memory/arena/arena.ts';
import { isAlive } from '../../memory/owner.ts';
import { edgesFrom, type Found, type Lock } from './records.ts';

/** One that holds a lock, and waits for the next one. */
export interface Step extends Found {
  readonly held: Lock;
  readonly owner: number;
}

/**
 * The way from a lock back to the one who asks, along those who wait.
 *
 * @param closes whether one who holds that lock is the one who asks, or waits for the same end
 */
export function findCircle(
  start: Lock,
  closes: (lock: Lock, owner: number) => boolean,
  arenas: readonly Arena[],
): Step[] | undefined {
  const seen: Lock[] = [];
  const search = (lock: Lock): Step[] | undefined => {
    if (seen.some((other) => isSame(other, lock))) return undefined;
    seen.push(lock);
    const owner = ownerOf(lock);
    if (owner <= 0) return undefined;
    if (closes(lock, owner)) return [];
    for (const edge of edgesFrom(lock, owner, arenas)) {
      const rest = search(edge.waited);
      if (rest !== undefined) return [{ ...edge, held: lock, owner }, ...rest];
    }
    return undefined;
  };
  const steps = search(start);
  return steps !== undefined && isStill(start, steps, closes) ? steps : undefined;
}

/** The second look; and none of them has died meanwhile, in which case others are told. */
function isStill(
  start: Lock,
  steps: readonly Step[],
  closes: (lock: Lock, owner: number) => boolean,
): boolean {
  for (const { owner, held, isUnchanged } of steps) {
    if (ownerOf(held) !== owner || !isUnchanged() || !isAlive(owner)) return false;
  }
  const last = steps.at(-1)?.waited ?? start;
  return closes(last, ownerOf(last));
}

export function isSame(one: Lock, other: Lock): boolean {
  return one.word === other.word && one.arena === other.arena;
}

function ownerOf({ arena, word }: Lock): number {
  return Atomics.load(arena.region.words, word);
}
