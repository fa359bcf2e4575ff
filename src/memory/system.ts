/**
 * What a region between processes needs of the operating system, and nothing more: small enough for tests to
 * put another in its place, which runs out of memory when they say so.
 *
 * As in the kernel, a negative result is an error: minus its number.
 */

import { getSystemErrorName } from 'node:util';

/** Memory that is mapped into this process. Addresses are below 2 ** 47, so a number holds them exactly. */
export interface Mapping {
  readonly address: number;
  readonly buffer: ArrayBuffer;
}

export interface System {
  /** The longest native wait, in milliseconds. While it lasts nothing else can stop the thread. */
  readonly slice: number;
  /** Shared memory of `size` bytes that no name leads to: its descriptor, which is closed on exec. */
  createMemory(size: number): number;
  /** An empty file in `folder` that no name leads to yet, for its user alone: its descriptor. */
  createUnnamed(folder: string): number;
  /** Gives it a name. All of it can be seen under that name from the same moment on. */
  giveName(descriptor: number, path: string): number;
  /**
   * A lock of the file, which ends with the descriptor, however that ends: shared among all who want it so, or exclusive.
   * Only the shared one is waited for. 0, or `errors.again` if others have it.
   */
  lockFile(descriptor: number, how: 'shared' | 'exclusive' | 'none'): number;
  /** The size of the memory behind a descriptor. */
  sizeOf(descriptor: number): number;
  /** Another descriptor of the same memory; of memory of this process, or of another one that is of the same user. */
  duplicate(descriptor: number, pid?: number): number;
  /** A pipe of which this one descriptor is both ends, so that it lasts until the descriptor is closed. */
  createPipe(): number;
  /**
   * Blocks for up to `milliseconds` (0: not at all) until there is something to read, or room to write; the other end
   * being gone counts for both. Says whether that is so.
   */
  isReady(descriptor: number, to: 'read' | 'write', milliseconds: number): boolean;
  closeDescriptor(descriptor: number): void;
  /** Sees to it that there is memory for these bytes. 0, or what is in the way. */
  allocate(descriptor: number, start: number, length: number): number;
  map(descriptor: number, size: number): Mapping | number;
  /** The memory behind a descriptor, if this process has it mapped at that address already, by another thread. */
  view(descriptor: number, address: number, size: number): Mapping | number;
  /**
   * Gives the shared memory back and leaves private zeros in its place, at the same address: views that
   * somebody still has cannot crash the process, nor reach what is mapped there next.
   */
  vacate(address: number, size: number): void;
  /** For when there are no views any more. */
  unmap(address: number, size: number): void;
  /** 0 when woken, else `errors.again` (the word is not `value`), `errors.timedOut` or `errors.interrupted`. */
  futexWait(address: number, value: number, milliseconds: number): number;
  /** How many were woken. */
  futexWake(address: number, count: number): number;
  /** Milliseconds of a processor that the thread which asks has had. */
  threadCpuTime(): number;
}

/** Where shared memory between processes cannot be had: why, in a sentence for users. */
export type SystemResult =
  | { readonly system: System; readonly unavailable?: undefined }
  | { readonly system?: undefined; readonly unavailable: string };

/** Numbers of Linux, the same on all processors that we support. */
export const errors = {
  notFound: -2,
  interrupted: -4,
  again: -11,
  noMemory: -12,
  badAddress: -14,
  exists: -17,
  tooLarge: -27,
  noSpace: -28,
  timedOut: -110,
  quota: -122,
} as const;

const outOfMemory: ReadonlySet<number> = new Set([
  errors.noMemory,
  errors.tooLarge,
  errors.noSpace,
  errors.quota,
]);

/** For users, who see it in the statistics of an executor. */
export function refusalOf(bytes: number, error: number): string {
  const code = getSystemErrorName(error);
  return outOfMemory.has(error)
    ? `the system has no room for ${readable(bytes)} of shared memory (${code})`
    : `the system refused ${readable(bytes)} of shared memory (${code})`;
}

function readable(bytes: number): string {
  if (bytes % 2 ** 20 === 0) return `${bytes / 2 ** 20} MiB`;
  if (bytes % 2 ** 10 === 0) return `${bytes / 2 ** 10} KiB`;
  return `${bytes} bytes`;
}
