/**
 * Which arenas this thread uses: one of each reach for what it makes itself, and those that references have led it to.
 *
 *   main thread        threadArena() ──▶ SharedArrayBuffer ──── worker's setup ───▶ learnPlaces()
 *                      processArena() ─▶ memfd ◀── /proc/<pid>/fd/<descriptor> ──── learnPlaces()
 *
 * There should be one of each reach for all, as everything is nearer then, and it comes about by itself where workers are
 * told of what there is when they start. A thread that has made one of its own before it heard of the other is none the
 * worse for it: references say where their arena is to be found.
 *
 * An arena that a thread has opened stays open as long as the thread lives; and its descriptor as long as the process,
 * since others may have to find it there.
 */

import { InvalidStateError, OutOfSharedMemoryError, SharedMemoryUnavailableError } from '../../errors.ts';
import {
  borrowProcessRegion,
  createProcessRegion,
  openProcessRegion,
  type ProcessRegion,
} from '../process-region.ts';
import type { Region } from '../region.ts';
import { ThreadRegion } from '../thread-region.ts';
import { Arena, type Reference } from './arena.ts';
import type { ArenaBlock } from './block.ts';
import * as layout from './layout.ts';
import { onWorkerEnded, type Place, places } from './places.ts';

/**
 * With its place a reference is understood by whoever has never heard of the arena. It may be left away for those who
 * have been told of it, where a message cannot carry it.
 */
export interface PlacedReference extends Reference {
  readonly place?: Place;
}

/** Bytes. They cost addresses, and memory only as it is used. */
const SIZE = 2 ** 30;
/** Where not even the addresses can be had, half of that, and so on. */
const SMALLEST = 2 ** 24;

const arenas = new Map<number, { readonly arena: Arena; readonly place: Place }>();

/** Where what this thread makes itself goes. */
const own: Record<Region['kind'], Arena | undefined> = { thread: undefined, process: undefined };

/**
 * The arena for what the threads of this process share.
 *
 * @throws OutOfSharedMemoryError
 */
export function threadArena(): Arena {
  return openTold('thread') ?? makeOwn(makeThreadArena());
}

/**
 * The arena for what the processes of this family share.
 *
 * @throws SharedMemoryUnavailableError where processes cannot share memory
 * @throws OutOfSharedMemoryError
 */
export function processArena(): Arena {
  return openTold('process') ?? makeOwn(makeProcessArena());
}

/**
 * Sees to it, where that can be had, that there is an arena for processes before the first of them is started: so that
 * all have the same, and what one of them makes can outlive it.
 */
export function prepareProcessArena(): void {
  try {
    processArena();
  } catch (error) {
    if (!(error instanceof SharedMemoryUnavailableError || error instanceof OutOfSharedMemoryError))
      throw error;
  }
}

/** A reference to hand over, to somebody who may not have the arena yet. */
export function share(block: ArenaBlock): Required<PlacedReference> {
  const reference = block.arena.share(block);
  const { place } = arenas.get(reference.arena) as { place: Place };
  return { ...reference, place };
}

/**
 * The block of this thread for what was shared.
 *
 * @throws InvalidStateError if there is no such object any more
 * @throws SharedMemoryUnavailableError if its arena cannot be reached
 */
export function adopt(reference: PlacedReference): ArenaBlock {
  return arenaOf(reference).adopt(reference);
}

/** Says where an object is, to somebody who may not have the arena yet; keeps nothing, see `Arena.refer`. */
export function refer(block: ArenaBlock): PlacedReference {
  const reference = block.arena.refer(block);
  const { place } = arenas.get(reference.arena) as { place: Place };
  return { ...reference, place };
}

/** The block of this thread for what was referred to. @throws as `adopt` */
export function open(reference: PlacedReference): ArenaBlock {
  return arenaOf(reference).open(reference);
}

/** The reference will not get to anybody. @throws as `adopt` */
export function retract(reference: PlacedReference): void {
  arenaOf(reference).retract(reference);
}

/** All that this thread has opened. */
export function openArenas(): Arena[] {
  return [...arenas.values()].map(({ arena }) => arena);
}

/** Frees what only the dead had. Called when a worker of this thread has ended. */
export function reclaimDead(): void {
  for (const { arena } of arenas.values()) arena.reclaim();
}

onWorkerEnded(reclaimDead);

function makeOwn(arena: Arena): Arena {
  own[arena.reach] = arena;
  const { place } = arenas.get(arena.id) as { place: Place };
  if (place instanceof SharedArrayBuffer) places.thread = place;
  else places.process = place;
  return arena;
}

function arenaOf({ arena: id, place }: PlacedReference): Arena {
  const known = arenas.get(id);
  if (known !== undefined) return known.arena;
  // Of several places for the same arena the one from the start is the best: it may be in this process.
  if (!(place instanceof SharedArrayBuffer)) openTold('process');
  if (place === undefined || place instanceof SharedArrayBuffer) openTold('thread');
  const told = arenas.get(id);
  if (told !== undefined) return told.arena;
  if (place === undefined) {
    throw new SharedMemoryUnavailableError(
      'This thread was not told of the memory that a shared object lies in.',
    );
  }
  const arena = openArena(place);
  if (arena.id !== id) {
    throw new InvalidStateError(
      'The process that this shared object came from has ended, and its number is another process’s by now.',
    );
  }
  return own[arena.reach] === undefined ? makeOwn(arena) : arena;
}

/**
 * The own arena of this thread, which it may have been told of. `undefined`: it has none, or that one cannot be reached any
 * more, as its process has ended.
 */
function openTold(reach: Region['kind']): Arena | undefined {
  const mine = own[reach];
  const told = places[reach];
  if (mine !== undefined || told === undefined) return mine;
  places[reach] = undefined;
  try {
    return makeOwn(openArena(told));
  } catch (error) {
    if (error instanceof SharedMemoryUnavailableError) return undefined;
    throw error;
  }
}

function openArena(place: Place): Arena {
  if (place instanceof SharedArrayBuffer) {
    const region = new ThreadRegion(place);
    return present(region) ?? keep(new Arena(region), place);
  }
  const borrowed = place.pid === process.pid ? borrowProcessRegion(place).region : undefined;
  const { region, unavailable } =
    borrowed === undefined ? openProcessRegion(place.descriptor, { pid: place.pid }) : { region: borrowed };
  if (region === undefined) {
    throw new SharedMemoryUnavailableError(
      `The memory of process ${place.pid} cannot be reached: ${unavailable}. ` +
        'A shared object lives as long as a process that has it: keep the one that made it until others have got it.',
    );
  }
  const known = present(region);
  if (known === undefined) return keepProcessArena(new Arena(region), region);
  region.close();
  return known;
}

/** The arena in this region, if this thread has it open: by way of another region, and as a participant already. */
function present(region: Region): Arena | undefined {
  return arenas.get(region.doubles[layout.ID_DOUBLE] as number)?.arena;
}

function makeThreadArena(): Arena {
  for (let size = SIZE; ; size /= 2) {
    try {
      const region = new ThreadRegion(size);
      return keep(Arena.create(region) as Arena, region.handle);
    } catch (error) {
      if (error instanceof RangeError && size > SMALLEST) continue;
      throw error;
    }
  }
}

function makeProcessArena(): Arena {
  let { region, unavailable } = createProcessRegion(SIZE);
  for (let size = SIZE / 2; region === undefined && size >= SMALLEST; size /= 2) {
    ({ region, unavailable } = createProcessRegion(size));
  }
  if (region === undefined) throw new SharedMemoryUnavailableError(`${unavailable}.`);
  const arena = Arena.create(region);
  if (arena !== undefined) return keepProcessArena(arena, region);
  const { refusal } = region;
  region.close();
  throw new OutOfSharedMemoryError(`There is no memory for shared objects: ${refusal}.`);
}

function keepProcessArena(arena: Arena, region: ProcessRegion): Arena {
  return keep(arena, { pid: process.pid, descriptor: region.handle, address: region.address });
}

function keep(arena: Arena, place: Place): Arena {
  arenas.set(arena.id, { arena, place });
  return arena;
}
