/**
 * What is to be done before an object is freed: a queue has references in it that have to be retracted.
 *
 * Who frees an object is whoever happens to let go of it last, perhaps by finding the last holder dead. That thread may
 * never have loaded what the object is made by. Then it is left an orphan, for the next thread that knows what to do and
 * reclaims.
 */

import type { ArenaBlock } from './block.ts';

/** Nothing. */
export const PLAIN = 0;

const hooks = new Map<number, (block: ArenaBlock) => void>();

/**
 * Has `hook` called when this thread frees an object of that kind, a positive integer that all versions of the code agree
 * on. The block is for the time of the call only.
 */
export function onFreed(kind: number, hook: (block: ArenaBlock) => void): void {
  hooks.set(kind, hook);
}

export function hookOf(kind: number): ((block: ArenaBlock) => void) | undefined {
  return hooks.get(kind);
}
