/** The memory that a pool shares with one worker: the board of the pool, and a lane of the worker's own. */

import { type BoardShape, boardBytes } from '../../memory/board.ts';
import { laneBytes } from '../../memory/lane.ts';
import type { Region } from '../../memory/region.ts';
import type { SharedLayout } from '../../wire/protocol.ts';
import { MOST_SLOTS } from './record.ts';

/** Tasks that may be up and not taken. More than a worker can take while the host does anything else. */
const ENTRIES = 512;
/**
 * Room for values, in the region of the board for arguments, and in each lane for results. Memory that is
 * never touched costs nothing, so this is how much may be on its way at once. What
 * finds no room travels as a message.
 */
const BOARD_HEAP_BYTES = 32 * 1024 * 1024;
const LANE_HEAP_BYTES = 16 * 1024 * 1024;

const PAGE = 4096;

/** Both regions, as one side has them, and how to wake the other side. */
export interface Sharing {
  readonly board: Region;
  readonly lane: Region;
  readonly layout: SharedLayout;
}

/** The shape of a board for so many tasks under way at once. */
export function shapeFor(underWay: number): BoardShape {
  return { entries: ENTRIES, slots: Math.min(MOST_SLOTS, ENTRIES + underWay) };
}

export function boardRegionBytes(shape: BoardShape): number {
  return heapStart(boardBytes(shape)) + BOARD_HEAP_BYTES;
}

export function laneRegionBytes({ slots }: BoardShape): number {
  return heapStart(laneBytes(slots)) + LANE_HEAP_BYTES;
}

/** Where the heap begins in a region that begins with so many bytes of something else. */
export function heapStart(bytes: number): number {
  return Math.ceil(bytes / PAGE) * PAGE;
}
