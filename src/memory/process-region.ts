/**
 * A region that processes share: anonymous memory behind a descriptor (memfd_create), mapped by each of them.
 *
 *   parent                                                      child
 *   createProcessRegion(64 MiB)                                 spawn(..., { stdio: [..., region.handle] })
 *     memfd ── ftruncate, 64 MiB, sparse                          openProcessRegion(3)
 *       │                                                           fstat: the size
 *       └─ mmap of all of it ══════════ the same pages ══════════ mmap of all of it
 *     commit(0, 1 MiB) ── fallocate
 *
 * Invariants
 * 1. No name leads to the memory, so nothing can be left behind in /dev/shm: when the last descriptor and the
 *    last mapping are gone, in whatever way their processes ended, so is the memory.
 * 2. A page that is mapped but that the system cannot provide is a SIGBUS at the first access, in the middle of
 *    some JavaScript. So only what `commit` has allocated may be touched. This is what ftruncate to a smaller
 *    size and mapping more as needed would not give: ftruncate promises nothing.
 * 3. The descriptor belongs to the region alone and stays open as long as it does: commit needs it.
 * 4. `close()` gives the memory back, but not the addresses. Views may be in anybody's hands, and an access to
 *    addresses that are unmapped is a crash, to addresses that were mapped anew somebody else's memory. Private
 *    zeros take the place of the region, and go when the garbage collector finds that no view is left.
 *
 * A thread that is terminated runs nothing any more, so a region that it had open stays mapped until the process
 * ends. Let threads that may be terminated share the regions of threads, or borrow what another thread has open.
 */

import { getSystemErrorName } from 'node:util';
import { InvalidStateError } from '../errors.ts';
import { loadSystem } from './linux.ts';
import { checkRange, checkSize, type Region, type WaitOutcome } from './region.ts';
import { RegionViews } from './region-views.ts';
import { errors, type Mapping, refusalOf, type System, type SystemResult } from './system.ts';

/**
 * What is allocated at once. Larger, and a small region takes more memory than it needs; smaller, and a large
 * one makes more system calls. In steps also because a signal that arrives undoes the call that it interrupts.
 */
const STEP = 256 * 1024;

/** What the garbage collector has to clean up. */
interface Held {
  readonly system: System;
  readonly address: number;
  readonly size: number;
  /** -1 once it is closed. */
  descriptor: number;
  /** Whether descriptor and mapping are another thread's, and stay as they are. */
  readonly borrowed: boolean;
}

/** Invariant 4; also closes what was dropped without `close()`. */
const dropped = new FinalizationRegistry<Held>(({ system, address, size, descriptor }) => {
  system.unmap(address, size);
  if (descriptor >= 0) system.closeDescriptor(descriptor);
});

export class ProcessRegion extends RegionViews<ArrayBuffer> implements Region {
  readonly kind = 'process';
  readonly size: number;
  readonly #held: Held;
  /** For each step of this region, 1 once it is allocated. */
  readonly #committed: Uint8Array;
  #refusal: string | undefined;

  /**
   * Takes over the descriptor and the mapping of it, unless they are borrowed; see `createProcessRegion`,
   * `openProcessRegion` and `borrowProcessRegion`.
   */
  constructor(system: System, descriptor: number, { address, buffer }: Mapping, borrowed: boolean = false) {
    // V8 counts it as memory of its own and collects garbage once when 64 MiB have been added, but not more often
    // from then on. Node refuses to transfer such a buffer to another thread by itself. `markAsUntransferable` on top of that
    // makes Node 24 abort when it exits, as it can then not detach the buffer.
    super(buffer);
    this.size = buffer.byteLength;
    this.#held = { system, address, size: this.size, descriptor, borrowed };
    this.#committed = new Uint8Array(Math.ceil(this.size / STEP));
    if (!borrowed) dropped.register(buffer, this.#held);
  }

  get handle(): number {
    this.assertOpen();
    return this.#held.descriptor;
  }

  /** Where this process has mapped it. */
  get address(): number {
    this.assertOpen();
    return this.#held.address;
  }

  get refusal(): string | undefined {
    return this.#refusal;
  }

  commit(start: number, end: number): boolean {
    checkRange(start, end, this.buffer.byteLength);
    for (let step = Math.floor(start / STEP); step * STEP < end; step += 1) {
      if (this.#committed[step] === 1) continue;
      const length = Math.min(STEP, this.size - step * STEP);
      const { system, descriptor } = this.#held;
      let result = system.allocate(descriptor, step * STEP, length);
      while (result === errors.interrupted) result = system.allocate(descriptor, step * STEP, length);
      if (result < 0) {
        this.#refusal = refusalOf(length, result);
        return false;
      }
      this.#committed[step] = 1;
    }
    return true;
  }

  wait(index: number, value: number, timeout: number = Infinity): WaitOutcome {
    const { words } = this;
    if (Atomics.load(words, index) !== value) return 'not-equal';
    const { system, address } = this.#held;
    const word = address + index * Int32Array.BYTES_PER_ELEMENT;
    const end = performance.now() + timeout;
    for (let slice = 0; ; slice += 1) {
      const left = end - performance.now();
      if (left <= 0) return 'timed-out';
      const result = waitForSlice(system, word, value, Math.min(left, system.slice));
      // Changed between two slices, or before the first.
      if (result === errors.again) return slice > 0 ? 'ok' : 'not-equal';
      if (result === 0) return 'ok';
      if (result !== errors.timedOut && result !== errors.interrupted) {
        throw new InvalidStateError(`futex cannot wait for word ${index}: ${getSystemErrorName(result)}`);
      }
    }
  }

  notify(index: number, count: number = Infinity): number {
    const { words } = this;
    // Also the check of the index.
    Atomics.load(words, index);
    // Told to wake 0, the kernel wakes 1.
    if (!(count >= 1)) return 0;
    const { system, address } = this.#held;
    return system.futexWake(address + index * Int32Array.BYTES_PER_ELEMENT, Math.min(count, ALL));
  }

  close(): void {
    if (!this.closeViews()) return;
    const { system, address, size, descriptor, borrowed } = this.#held;
    if (borrowed) return;
    system.vacate(address, size);
    this.#held.descriptor = -1;
    system.closeDescriptor(descriptor);
  }
}

/** The largest int. */
const ALL = 2 ** 31 - 1;

/**
 * A function, not a part of the loop that calls it: V8 looks whether the thread is to end where a function
 * begins, and in a loop only after it has gone round many times.
 */
function waitForSlice(system: System, word: number, value: number, milliseconds: number): number {
  return system.futexWait(word, value, milliseconds);
}

/** A region, or why there is none: a sentence for users. */
export type ProcessRegionResult =
  | { readonly region: ProcessRegion; readonly unavailable?: undefined }
  | { readonly region?: undefined; readonly unavailable: string };

/**
 * Makes a region of `size` bytes. It costs memory as it is committed, not before.
 *
 * @throws RangeError if size is not a positive multiple of 8
 */
export function createProcessRegion(size: number, from: SystemResult = loadSystem()): ProcessRegionResult {
  checkSize(size);
  if (from.system === undefined) return from;
  const descriptor = from.system.createMemory(size);
  if (descriptor < 0) return { unavailable: refusalOf(size, descriptor) };
  const mapping = from.system.map(descriptor, size);
  if (typeof mapping !== 'number') return { region: new ProcessRegion(from.system, descriptor, mapping) };
  from.system.closeDescriptor(descriptor);
  return { unavailable: refusalOf(size, mapping) };
}

/**
 * Opens a region that this process got from its parent under this number of descriptor. The descriptor then belongs
 * to the region, which closes it, unless there is a reason why it cannot be had; so another thread of the same
 * process must open a duplicate. With `pid` it is a duplicate of what has this number in that process.
 */
export function openProcessRegion(
  descriptor: number,
  {
    pid,
    duplicate = pid !== undefined,
    from = loadSystem(),
  }: { pid?: number; duplicate?: boolean; from?: SystemResult } = {},
): ProcessRegionResult {
  if (from.system === undefined) return from;
  const { system } = from;
  const own = duplicate ? system.duplicate(descriptor, pid) : descriptor;
  const size = own < 0 ? own : system.sizeOf(own);
  // A file, a pipe or a socket, which happens when numbers are mixed up.
  const isRegion = size > 0 && size % Float64Array.BYTES_PER_ELEMENT === 0;
  const mapping = isRegion ? system.map(own, size) : -1;
  if (typeof mapping !== 'number') return { region: new ProcessRegion(system, own, mapping) };
  if (duplicate && own >= 0) system.closeDescriptor(own);
  if (isRegion) return { unavailable: refusalOf(size, mapping) };
  return { unavailable: `descriptor ${descriptor} leads to no region of shared memory` };
}

/**
 * Opens a region that another thread of this process has open, and never closes: with its descriptor, and at its
 * addresses. So a thread that is terminated leaves nothing open, and nothing mapped.
 */
export function borrowProcessRegion(
  { descriptor, address }: { readonly descriptor: number; readonly address: number },
  from: SystemResult = loadSystem(),
): ProcessRegionResult {
  if (from.system === undefined) return from;
  const { system } = from;
  const size = system.sizeOf(descriptor);
  const mapping = size < 0 ? size : system.view(descriptor, address, size);
  if (typeof mapping !== 'number') return { region: new ProcessRegion(system, descriptor, mapping, true) };
  return { unavailable: `descriptor ${descriptor} is not mapped at ${address}` };
}
