/**
 * A region: a piece of memory that several threads, or several processes, read and write at once.
 *
 * There are two kinds behind one interface, so that what lives in a region (rings, slots, locks) is written
 * once:
 *
 *                threads (thread-region.ts)         processes (process-region.ts)
 *   memory       SharedArrayBuffer                  memfd, mapped by each thread for itself
 *   handed over  the buffer itself, by message      a descriptor, by the `stdio` of spawn
 *   commit       nothing to do                      fallocate
 *   wait/notify  Atomics                            futex
 *
 * `Atomics.load`, `store`, `add`, `compareExchange` are exact on both, across threads and processes alike: they
 * are the processor's instructions on the same memory. `Atomics.wait` and `notify` are not, as V8 keeps lists
 * of waiters of its own, and refuses memory that is not a SharedArrayBuffer. Hence `wait` and `notify` here.
 */

/** How a wait ended, in the words of `Atomics.wait`. */
export type WaitOutcome = 'ok' | 'not-equal' | 'timed-out';

/**
 * Every use after `close()`, except `close()` itself, throws an `InvalidStateError`. So keep views in fields of
 * your own where each access counts, and drop them when you close.
 */
export interface Region {
  readonly kind: 'thread' | 'process';

  /** What the other side needs to open it: the buffer, or the number of a descriptor of this process. */
  readonly handle: SharedArrayBuffer | number;

  /** Bytes. */
  readonly size: number;

  /** Views over all of it. */
  readonly buffer: ArrayBufferLike;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Buffer;

  /**
   * Makes sure that the bytes [start, end) have memory behind them. False: the system has no more, and
   * `refusal` says so. Nothing is lost then, but that range must not be touched: an access to memory that
   * the system cannot provide is a SIGBUS. Cheap where memory has been committed before.
   *
   * What one side has committed is committed for all of them.
   *
   * @throws RangeError if that is not a range of this region
   */
  commit(start: number, end: number): boolean;

  /** Why `commit` last gave false, in a sentence for users; `undefined` as long as it never has. */
  readonly refusal: string | undefined;

  /**
   * Blocks this thread while `words[index] === value`, for `timeout` milliseconds at most. Nothing else that
   * needs this thread's event loop happens meanwhile.
   *
   * 'not-equal': it did not block. 'ok': it was woken; as with any futex the word may be what it was, so look
   * again. A wake that comes with no change of the word can be missed by processes, which wait in slices: change
   * the word, then notify.
   */
  wait(index: number, value: number, timeout?: number): WaitOutcome;

  /**
   * `Atomics.waitAsync`, for threads only. Processes have none on purpose: a native wait on a thread of its own
   * holds up `process.exit()` until it ends. To wake the event loop of another process, write a byte to a pipe.
   */
  waitAsync?(
    index: number,
    value: number,
    timeout?: number,
  ): { async: false; value: 'not-equal' | 'timed-out' } | { async: true; value: Promise<'ok' | 'timed-out'> };

  /** Wakes at most `count` of those who wait for `words[index]`, by default all; gives how many those were. */
  notify(index: number, count?: number): number;

  /** Lets go of the memory. Other sides keep theirs; the memory is given back when the last one has gone. */
  close(): void;
}

/** What `commit` refuses on every kind of region. */
export function checkRange(start: number, end: number, size: number): void {
  if (Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= size) return;
  throw new RangeError(`[${start}, ${end}) is no range of bytes of a region of ${size} bytes`);
}

/** Whole doubles, so that all views cover all of it. */
export function checkSize(size: number): void {
  if (Number.isSafeInteger(size) && size > 0 && size % Float64Array.BYTES_PER_ELEMENT === 0) return;
  throw new RangeError(`The size of a region must be a positive multiple of 8 bytes, received ${size}`);
}
