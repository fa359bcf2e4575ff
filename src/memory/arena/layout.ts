/**
 * Where things are in an arena.
 *
 *   ┌────────┬──────────────┬───────┬──────────┬───────┬──── ... ────────────────────────────┐
 *   │ header │ participants │ block │ block    │ block │          never allocated            │
 *   └────────┴──────────────┴───────┴──────────┴───────┴──── ... ────────────────────────────┘
 *    words 0   PARTICIPANTS   FIRST                     top                              size
 *
 *   block:   ┌────────────────────────────┬────────────────────────────────┐
 *            │ what the arena has to know │ what the object is made of     │
 *            └────────────────────────────┴────────────────────────────────┘
 *             0                            HEADER_BYTES                  SIZE
 *
 * Blocks lie one after the other from FIRST to the top, so all of them can be found by walking from each to the next,
 * whatever else has been damaged by a death.
 *
 * Words are counted from the beginning of what they are in. Offsets of blocks are in bytes.
 */

/** Words of the header. What is written often is not on the cache line of what is only read. */
export const MAGIC = 0;
export const VERSION = 1;
/** In `doubles`: which arena it is. */
export const ID_DOUBLE = 1;
export const LATCH = 16;
/** Nothing above it was ever allocated. */
export const TOP = 17;
/** All below it may be touched. */
export const COMMITTED = 18;
/** How many objects were ever made. */
export const GENERATIONS = 19;
/** No participant has a number as high as this. */
export const PARTICIPANT_LIMIT = 20;
/** How deadlocks are looked for, see `sync/deadlocks/mode.ts`. 0: nobody has said. */
export const DEADLOCKS = 21;
/** The first free block of each class. */
export const FREE_LISTS = 32;

export const MAGIC_NUMBER = 0x68616e64;
/** Both sides of a memory must read it in the same way. To be raised with any change of this file. */
export const LAYOUT_VERSION = 2;

/** Threads that use an arena at the same time. Each more makes the header of each block a bit longer. */
export const MOST_PARTICIPANTS = 512;
export const PARTICIPANTS = 128;
export const PARTICIPANT_WORDS = 16;

/** Words of a participant. The word of its thread; 0: free; negative: being cleared by the thread of that word. */
export const OWNER = 0;
/** The word for which it is blocked, plus 1. */
export const BLOCKED_FOR = 1;
/** A bit for each word for which it waits in its event loop, where words share bits. */
export const WAITS_FOR = 2;
/** Whether its bell has rung, and it has not come yet. */
export const RUNG = 3;
/** The descriptor of its bell, plus 1, and the lower half of the number of its inode. */
export const BELL = 4;
export const BELL_INODE = 5;
/** The offset of the block in which it says what it waits for, see `sync/deadlocks/records.ts`; 0: it has none. */
export const RECORDS = 6;

/** Words of a block. Bytes, of all of it. */
export const SIZE = 0;
/** `FREE`, `LIVE` or `ORPHANED`. */
export const STATE = 1;
/** How many objects had been made before this one. */
export const GENERATION = 2;
/** Participants that hold it, and references to it that are on their way. */
export const REFERENCES = 3;
/** What is to be done when it is freed. */
export const KIND = 4;
/** Bytes that were asked for. */
export const LENGTH = 5;
/** Of a free block: the next one of its class. */
export const NEXT = 6;
/** A bit for each participant. */
export const HOLDERS = 8;
export const HOLDER_WORDS: number = MOST_PARTICIPANTS / 32;

export const FREE = 0;
export const LIVE = 1;
/** To be freed by a thread that knows what is to be done before. */
export const ORPHANED = 2;

/** Blocks begin, and end, on pairs of cache lines, and so do objects. */
export const GRAIN = 128;
export const HEADER_BYTES: number = Math.ceil(((HOLDERS + HOLDER_WORDS) * 4) / GRAIN) * GRAIN;
export const FIRST: number =
  Math.ceil(((PARTICIPANTS + MOST_PARTICIPANTS * PARTICIPANT_WORDS) * 4) / GRAIN) * GRAIN;
