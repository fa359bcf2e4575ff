/**
 * Pieces of the arena that belong to a queue rather than to a thread: a reference to each is on its way, as it were,
 * for as long as the queue has it. So whoever dies takes none along, and no thread keeps account of them.
 */

import type { Arena } from '../memory/arena/arena.ts';
import type { ArenaBlock } from '../memory/arena/block.ts';
import { HEADER_BYTES } from '../memory/arena/layout.ts';

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;

/** Where a piece begins in its region, in words: how queues name it, together with its generation. */
export function addressOf(block: ArenaBlock): number {
  return block.words.byteOffset / WORD_BYTES;
}

/** Makes the piece the queue's as well; to be done before the queue is told of it. */
export function entrust({ arena }: ArenaBlock, piece: ArenaBlock): void {
  arena.share(piece);
}

/** Gives back a piece that was the queue's. */
export function giveBack(arena: Arena, address: number, generation: number): void {
  arena.retract(referenceTo(arena, address, generation));
}

/** Makes a piece that was the queue's this thread's. */
export function takeOver(arena: Arena, address: number, generation: number): ArenaBlock {
  return arena.adopt(referenceTo(arena, address, generation));
}

function referenceTo(arena: Arena, address: number, generation: number): Parameters<Arena['adopt']>[0] {
  return { arena: arena.id, offset: address * WORD_BYTES - HEADER_BYTES, generation };
}
