/**
 * Where things are in the block of a queue, in words.
 *
 *   ┌───────┬────────┬────────┬─────────┬─────────┬─────────┬─────────┬──── ... ────┐
 *   │ head  │ copy 0 │ copy 1 │ journal │ getters │ putters │ joiners │ first cells │
 *   └───────┴────────┴────────┴─────────┴─────────┴─────────┴─────────┴──── ... ────┘
 *
 * All that says which items there are is in the two copies, of which `ledger.ts` says the valid one. Items lie in cells
 * (`cells.ts`): in those at the end of the block first, then in pieces of memory that the queue gets when it needs them.
 * Addresses of cells and pieces are words from the beginning of the region, the same for all who have it.
 */

import { WAIT_LIST_WORDS } from '../sync/wait-list.ts';

export const LATCH = 0;
/** `OPEN`, `DRAINING` or `DISCARDING`. */
export const STAGE = 1;
/** 0: no limit. */
export const MAX_SIZE = 2;
/** The discipline, see `order.ts`. */
export const DISCIPLINE = 3;
/** Not 0: some getter (putter) may have been promised an item (a place) and not have taken it yet. */
export const GETTERS_PROMISED = 4;
export const PUTTERS_PROMISED = 5;
/** How many changes have been made: the lowest bit says which copy is valid. */
export const VERSION = 6;
/** The change that the journal is about, and how many entries it has. */
export const JOURNAL_VERSION = 7;
export const JOURNAL_LENGTH = 8;

export const OPEN = 0;
/** Shut down: nothing can be put any more. */
export const DRAINING = 1;
/** Shut down at once: nor can anything be got. */
export const DISCARDING = 2;

/** One cache line each. */
export const COPIES = 16;
export const COPY_WORDS = 16;

/** Fields of a copy. How many items there are, and the number of the last one that was put. */
export const COUNT = 0;
export const SEQUENCE = 1;
/** Items put for which nobody has called `taskDone()`. */
export const UNFINISHED = 2;
/** Cells: the first free one, how many are free, and the range of those that were never used. */
export const FREE = 3;
export const FREE_COUNT = 4;
export const FRESH = 5;
export const FRESH_END = 6;
/** The last piece of memory for cells, which knows the one before; pieces to be given back; bytes of the former. */
export const PIECES = 7;
export const IDLE = 8;
export const PIECE_BYTES = 9;
/** The first item and the last, as the order understands them. */
export const HEAD = 10;
export const TAIL = 11;
/** The piece in which a heap of items is, and for how many it has room. */
export const HEAP = 12;
export const HEAP_ROOM = 13;

export const JOURNAL: number = COPIES + 2 * COPY_WORDS;
/** Enough for twice the depth of a heap of 2 ** 30 items. */
export const JOURNAL_ENTRIES = 64;

export const GETTERS: number = JOURNAL + 2 * JOURNAL_ENTRIES;
export const PUTTERS: number = GETTERS + WAIT_LIST_WORDS;
export const JOINERS: number = PUTTERS + WAIT_LIST_WORDS;

const LINE_WORDS = 16;
export const FIRST_CELL: number = Math.ceil((JOINERS + WAIT_LIST_WORDS) / LINE_WORDS) * LINE_WORDS;

/** Words of a cell: two cache lines. */
export const CELL_WORDS = 32;
/** For as many small items, with no other memory than this: with what the arena adds, 8 KiB. */
const FIRST_CELLS = 42;
/** Where the first cells end, and the block. */
export const QUEUE_WORDS: number = FIRST_CELL + FIRST_CELLS * CELL_WORDS;
