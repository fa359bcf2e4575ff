/**
 * Memory that has a name, so that programs which have nothing else in common find it: POSIX shared memory, which
 * on Linux is a file in /dev/shm. Other languages call it shm_open.
 *
 *   create:  file without a name ─▶ size ─▶ memory for all of it ─▶ locked, shared ─▶ given its name
 *   open:    found by its name ─▶ locked, shared ─▶ still there? ─▶ memory for all of it
 *   remove:  found by its name ─▶ locked, exclusive? then nobody has it ─▶ unlinked
 *
 * Invariants
 * 1. Nobody finds a block that is not complete: it gets its name last. Whoever dies before that leaves nothing behind.
 * 2. Whoever has a block open, and wants to keep it, has its file locked, shared. The kernel ends the lock with the
 *    process. So an exclusive lock can be had once nobody is left, and not before: of several who try, one gets it.
 * 3. There is memory behind all of a block before it is touched, also where another program has made it (Python does not
 *    see to that); else the first access would end the process. A block that somebody makes smaller afterwards is out
 *    of our hands.
 * 4. What `close()` leaves behind, and when that goes: as invariant 4 of `process-region.ts`.
 */

import { constants as bufferLimits } from 'node:buffer';
import { constants, fstatSync, lstatSync, openSync, statfsSync, unlinkSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import {
  InvalidStateError,
  OutOfSharedMemoryError,
  SharedMemoryExistsError,
  SharedMemoryNotFoundError,
  SharedMemoryUnavailableError,
} from '../errors.ts';
import { loadSystem } from './linux.ts';
import { errors, refusalOf, type System } from './system.ts';

const FOLDER = '/dev/shm';
/** What is allocated at once, since a signal that arrives undoes the call that it interrupts. */
const STEP = 4 * 2 ** 20;
/** Bytes of a block that `stat` counts as one. */
const STAT_BLOCK = 512;

/** What the garbage collector has to clean up. */
interface Held {
  readonly system: System;
  readonly address: number;
  readonly size: number;
  /** -1 once it is closed. */
  descriptor: number;
}

const dropped = new FinalizationRegistry<Held>((held) => {
  held.system.unmap(held.address, held.size);
  closeFile(held);
});

/** Descriptors of this thread whose files are locked. */
const locked = new Set<number>();

export class NamedMemory {
  readonly name: string;
  readonly size: number;
  /** Which block it is, whatever has its name by now. */
  readonly inode: number;
  readonly #held: Held;
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  /** Takes over the descriptor, also when it throws. */
  constructor(system: System, name: string, descriptor: number) {
    const { size, ino } = fstatSync(descriptor);
    const mapping = system.map(descriptor, size);
    if (typeof mapping === 'number') {
      system.closeDescriptor(descriptor);
      locked.delete(descriptor);
      throw new OutOfSharedMemoryError(
        `Shared memory '${name}' cannot be mapped: ${refusalOf(size, mapping)}.`,
      );
    }
    const { address, buffer } = mapping;
    this.name = name;
    this.size = size;
    this.inode = ino;
    this.#held = { system, address, size, descriptor };
    this.#bytes = new Uint8Array(buffer);
    dropped.register(buffer, this.#held);
  }

  /** @throws InvalidStateError once it is closed */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes !== undefined) return this.#bytes;
    throw new InvalidStateError(
      `Shared memory '${this.name}' was closed here; attach to it again by its name`,
    );
  }

  /** Lets go of it. Views that somebody still has show private zeros from now on. */
  close(): void {
    if (this.#bytes === undefined) return;
    this.#bytes = undefined;
    const { system, address, size } = this.#held;
    system.vacate(address, size);
    closeFile(this.#held);
  }
}

/**
 * Makes a block, all 0.
 *
 * @param keep whether it is to stay as long as this process has it open
 * @param beforeNaming called with what is about to get the name, before anybody can see it
 * @throws SharedMemoryExistsError, SharedMemoryUnavailableError, OutOfSharedMemoryError, RangeError for a size that no buffer can have
 */
export function createNamedMemory(
  name: string,
  size: number,
  keep: boolean,
  beforeNaming: (memory: NamedMemory) => void,
): NamedMemory {
  const system = systemHere();
  if (size > bufferLimits.MAX_LENGTH) {
    throw new RangeError(`size must be <= ${bufferLimits.MAX_LENGTH} bytes, received ${size}`);
  }
  // To find out by trying would take all that there is from everybody else before the system says no.
  if (size > freeBytes()) throw noRoom(name, size, errors.noSpace);
  const descriptor = system.createUnnamed(FOLDER);
  if (descriptor < 0) throw refused(name, descriptor);
  try {
    // Also extends it.
    allocate(system, descriptor, name, size);
    if (keep) lock(system, descriptor);
  } catch (error) {
    system.closeDescriptor(descriptor);
    throw error;
  }
  const memory = new NamedMemory(system, name, descriptor);
  beforeNaming(memory);
  const result = system.giveName(descriptor, pathOf(name));
  if (result === 0) return memory;
  memory.close();
  throw refused(name, result);
}

/**
 * Opens a block that is there, whoever made it.
 *
 * @param keep whether it is to stay as long as this process has it open, if it is one that goes with those who have it
 * @throws SharedMemoryNotFoundError, SharedMemoryUnavailableError, OutOfSharedMemoryError
 */
export function openNamedMemory(name: string, keep: boolean): NamedMemory {
  const system = systemHere();
  const descriptor = openFile(name, constants.O_RDWR);
  try {
    if (keep) lock(system, descriptor);
    const stats = fstatSync(descriptor);
    // Removed by somebody who found that nobody had it, just before this lock.
    if (stats.nlink === 0) throw refused(name, errors.notFound);
    if (!stats.isFile() || stats.size === 0) {
      throw new SharedMemoryUnavailableError(
        `'${name}' in ${FOLDER} is no shared memory, or has not got its size yet from the program that makes it.`,
      );
    }
    if (stats.blocks * STAT_BLOCK < stats.size) allocate(system, descriptor, name, stats.size);
  } catch (error) {
    locked.delete(descriptor);
    system.closeDescriptor(descriptor);
    throw error;
  }
  return new NamedMemory(system, name, descriptor);
}

/**
 * Takes the name of a block away, unless it is another's by now. Those who have the block open keep it.
 *
 * @throws SharedMemoryNotFoundError, SharedMemoryUnavailableError
 */
export function unlinkNamedMemory(name: string, inode: number): void {
  if (!hasName(inode, name)) throw refused(name, errors.notFound);
  try {
    unlinkSync(pathOf(name));
  } catch (error) {
    throw refused(name, (error as NodeJS.ErrnoException).errno ?? 0);
  }
}

/** Whether the name leads to that block. */
export function hasName(inode: number, name: string): boolean {
  return inodeOf(pathOf(name)) === inode;
}

export type Removal = 'removed' | 'in use' | 'gone';

/** Takes the name of a block away if nobody has it open, and if the name still leads to that block. */
export function removeUnused(name: string, inode: number): Removal {
  const system = systemHere();
  let descriptor: number;
  try {
    descriptor = openFile(name, constants.O_RDONLY);
  } catch {
    return 'gone';
  }
  try {
    if (fstatSync(descriptor).ino !== inode) return 'gone';
    if (system.lockFile(descriptor, 'exclusive') < 0) return 'in use';
    unlinkNamedMemory(name, inode);
    return 'removed';
  } catch (error) {
    if (error instanceof SharedMemoryNotFoundError) return 'gone';
    throw error;
  } finally {
    system.closeDescriptor(descriptor);
  }
}

/** Nothing of this thread keeps a block any more. What it has open stays open. */
export function keepNone(): void {
  for (const descriptor of locked) systemHere().lockFile(descriptor, 'none');
  locked.clear();
}

function systemHere(): System {
  const { system, unavailable } = loadSystem();
  if (system !== undefined) return system;
  throw new SharedMemoryUnavailableError(`There is no shared memory with names: ${unavailable}.`);
}

function freeBytes(): number {
  try {
    const { blocks, bavail, bsize } = statfsSync(FOLDER);
    return blocks > 0 ? bavail * bsize : Infinity;
  } catch (error) {
    throw new SharedMemoryUnavailableError(`There is no shared memory with names: ${FOLDER} is missing.`, {
      cause: error,
    });
  }
}

function pathOf(name: string): string {
  return `${FOLDER}/${name}`;
}

/** A link could lead anywhere, and a pipe would be waited for. */
function openFile(name: string, flags: number): number {
  try {
    return openSync(pathOf(name), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw refused(name, (error as NodeJS.ErrnoException).errno ?? 0);
  }
}

function lock(system: System, descriptor: number): void {
  system.lockFile(descriptor, 'shared');
  locked.add(descriptor);
}

function closeFile(held: Held): void {
  if (held.descriptor < 0) return;
  locked.delete(held.descriptor);
  held.system.closeDescriptor(held.descriptor);
  held.descriptor = -1;
}

function allocate(system: System, descriptor: number, name: string, size: number): void {
  for (let start = 0; start < size; ) {
    const result = system.allocate(descriptor, start, Math.min(STEP, size - start));
    if (result === errors.interrupted) continue;
    if (result < 0) throw noRoom(name, size, result);
    start += STEP;
  }
}

function inodeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}

function noRoom(name: string, size: number, error: number): OutOfSharedMemoryError {
  return new OutOfSharedMemoryError(
    `There is no room for shared memory '${name}': ${refusalOf(size, error)}.`,
  );
}

function refused(name: string, error: number): Error {
  if (error === errors.exists) {
    return new SharedMemoryExistsError(
      `There is shared memory '${name}' already: attach to it without { create: true }, or take another name.`,
    );
  }
  if (error === errors.notFound) {
    return new SharedMemoryNotFoundError(
      `There is no shared memory '${name}': it was unlinked, or all who had it have ended, or it never was.`,
    );
  }
  return new SharedMemoryUnavailableError(
    `Shared memory '${name}' cannot be used: ${error < 0 ? getSystemErrorName(error) : 'unknown reason'}.`,
  );
}
