/**
 * A block: the memory of one object that several threads or processes use at once, and the means to sleep until
 * it changes. Locks, conditions and queues are written once, over this interface.
 *
 * How to wait and how to wake without ever missing each other:
 *
 *   who waits                                         who has news
 *   value = Atomics.load(block.words, i)              Atomics.add(block.words, i, 1)
 *   nothing to do for that value:                     block.notify(i)
 *   block.wait(i, value), or await waitAsync, look again
 *
 * News is a change of the word. A word that has changed and has changed back may be taken for one that has not
 * changed at all, and those who wait for it sleep on: wait for words that count.
 *
 * A waker may die after its change and before its `notify`, so whoever sleeps looks at the word every `SLICE` all the
 * same. Such a death delays others, and holds up nobody.
 */

import type { WaitOutcome } from './region.ts';

/** Who can have an object: every thread of this process, or every thread of every process of the family. */
export type Reach = 'thread' | 'process';

/**
 * Milliseconds after which sleepers look again for what nobody has told them: a change of the word, or the death of
 * somebody they depend on. Lower, and sleeping costs more; higher, and the living wait longer for what the dead had.
 */
export const SLICE = 100;

/**
 * Hold on to the block as long as you use its views: when the last block of an object has been dropped everywhere,
 * its memory is given to the next.
 */
export interface Block {
  readonly reach: Reach;

  /** Views of exactly this block, each aligned to 8 bytes. All of it is 0 at first. */
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Buffer;

  /**
   * Blocks this thread while `words[index] === value`, for `timeout` milliseconds at most. 'ok': it was woken, perhaps
   * for nothing, so look again.
   */
  wait(index: number, value: number, timeout?: number): WaitOutcome;

  /**
   * Resolves when `words[index] !== value`, or after `timeout` milliseconds; perhaps earlier, so look again. It keeps this
   * thread's event loop alive meanwhile.
   */
  waitAsync(index: number, value: number, timeout?: number): Promise<void>;

  /**
   * Wakes those who wait for `words[index]`, blocked or in their event loops: all of them, or only the thread with
   * this owner word, which is cheaper where many threads use shared memory. Others may wake all the same.
   */
  notify(index: number, owner?: number): void;
}
