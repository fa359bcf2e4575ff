import { inspect } from 'node:util';
import { SharedMemoryExistsError } from '../../errors.ts';
import {
  createNamedMemory,
  type NamedMemory,
  openNamedMemory,
  unlinkNamedMemory,
} from '../../memory/named-memory.ts';
import { checkBoolean, checkCount, checkNames } from '../../options.ts';
import { registerKind, shareBy } from '../../wire/shareable.ts';
import { checkName, randomName } from './names.ts';
import { track, untrack } from './tracker.ts';

export interface SharedMemoryOptions {
  /** Of the block that is there, or is to be made. Default: a new one is given a name that is free. */
  readonly name?: string | undefined;
  /** Makes a block. Default: false, attach to one that is there. */
  readonly create?: boolean | undefined;
  /** Bytes, of a new block. */
  readonly size?: number | undefined;
  /**
   * Whether the block is removed when its maker has ended and nobody who tracks it has it open any more. Default: true.
   * A child that ends by itself leaves it to its parent, and a thread to its process; one that is killed does not.
   * With `false` a new block stays until somebody unlinks it; one that is attached to is not kept by that.
   */
  readonly track?: boolean | undefined;
}

const OPTION_NAMES = ['name', 'create', 'size', 'track'];
const KIND = 'multiprocessing.SharedMemory';

/**
 * A block of memory that has a name, by which every program on this machine can attach to it: other threads and
 * processes, and Python's `multiprocessing.shared_memory`.
 *
 * `close()` is for this object, `unlink()` for the block: its name is gone for all, and its memory when nobody has it
 * open any more. One who forgets to unlink finds nothing in /dev/shm all the same, not even when the maker was killed:
 * see `track`.
 *
 * As an argument, a result or an item of a queue it crosses as its name, and is attached to on the other side: keep it
 * open until that has happened, and close both. Needs Linux.
 *
 * @throws TypeError or RangeError for a wrong option, such as a size below 1
 * @throws SharedMemoryExistsError if `create` finds the name taken; SharedMemoryNotFoundError if there is no such block
 * @throws OutOfSharedMemoryError, SharedMemoryUnavailableError
 * @see CPython `multiprocessing.shared_memory.SharedMemory`
 * @example
 * const block = new SharedMemory({ create: true, size: 1024 });
 * block.buf[0] = 42;
 * const same = new SharedMemory({ name: block.name });
 * same.buf[0]; // 42
 * same.close();
 * block.close();
 * block.unlink();
 */
export class SharedMemory implements Disposable {
  readonly #memory: NamedMemory;

  static {
    shareBy(SharedMemory, ({ name }) => ({ kind: KIND, module: import.meta.url, data: name }));
    Object.defineProperty(SharedMemory.prototype, inspect.custom, {
      value(this: SharedMemory): string {
        return this.toString();
      },
    });
  }

  constructor(options: SharedMemoryOptions) {
    checkNames(options, OPTION_NAMES, 'SharedMemory');
    const { create = false, size, track: keep = true } = options;
    checkBoolean('create', create);
    checkBoolean('track', keep);
    const name = options.name === undefined ? undefined : checkName(options.name);
    if (create) {
      if (size === undefined)
        throw new TypeError('size must be given with { create: true }, received undefined');
      checkCount('size', size, 1);
      this.#memory = make(name, size, keep);
      return;
    }
    if (name === undefined)
      throw new TypeError('name must be given unless { create: true } is, received undefined');
    this.#memory = openNamedMemory(name, keep);
  }

  /** @example 'multiprocessing.SharedMemory (mh_1f2e3d4c, 4096 bytes)' */
  toString(): string {
    return `multiprocessing.SharedMemory (${this.name}, ${this.size} bytes)`;
  }

  /** By which others attach to it. */
  get name(): string {
    return this.#memory.name;
  }

  /** Bytes. */
  get size(): number {
    return this.#memory.size;
  }

  /**
   * The memory. All 0 at first.
   *
   * @throws InvalidStateError once this object is closed. Views that were taken before then show zeros, which are nobody's.
   */
  get buf(): Uint8Array<ArrayBuffer> {
    return this.#memory.bytes;
  }

  /** Lets go of the memory, here. Others keep it. More than once is no error. */
  close(): void {
    this.#memory.close();
  }

  /** Takes the name away, for all. Those who have the block open keep it. @throws SharedMemoryNotFoundError */
  unlink(): void {
    unlinkNamedMemory(this.name, this.#memory.inode);
    untrack(this.#memory.inode);
  }

  /** `close()` */
  [Symbol.dispose](): void {
    this.close();
  }
}

registerKind(KIND, (name) => new SharedMemory({ name: name as string }));

function make(name: string | undefined, size: number, keep: boolean): NamedMemory {
  for (;;) {
    let inode = 0;
    try {
      return createNamedMemory(name ?? randomName(), size, keep, (memory) => {
        inode = memory.inode;
        if (keep) track(inode, memory.name);
      });
    } catch (error) {
      untrack(inode);
      if (name !== undefined || !(error instanceof SharedMemoryExistsError)) throw error;
    }
  }
}
