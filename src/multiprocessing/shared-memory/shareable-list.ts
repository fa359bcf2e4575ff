import { inspect } from 'node:util';
import { checkNames } from '../../options.ts';
import { registerKind, shareBy } from '../../wire/shareable.ts';
import { ListContent, type ListItem, ListMemory } from './list-layout.ts';
import { SharedMemory } from './shared-memory.ts';

export interface ShareableListOptions {
  /** Of its block: of a new one, or, if no items are given, of one that is there. */
  readonly name?: string | undefined;
}

const KIND = 'multiprocessing.ShareableList';

/**
 * A list in a block of shared memory, of a fixed number of items: numbers, bigints of 64 bits, booleans, strings, bytes
 * and null. An item can be set to one of another type, if it fits into the room that the first one was given.
 *
 * It has no lock: who reads an item while another writes it may see half of it. As an argument, a result or an item of a
 * queue it crosses as the name of its block. How it lies there is said in `list-layout.ts`; it is not the layout of
 * Python's lists.
 *
 * @throws TypeError or RangeError if an item cannot be held; InvalidStateError if there is no list in the block; and what
 *   `SharedMemory` throws
 * @see CPython `multiprocessing.shared_memory.ShareableList`
 * @example
 * const list = new ShareableList(['ready', 0, null]);
 * const same = new ShareableList(undefined, { name: list.shm.name });
 * same.set(1, 42);
 * list.get(1); // 42
 */
export class ShareableList implements Iterable<ListItem> {
  /** Its block, to be closed here, and unlinked once for all. */
  readonly shm: SharedMemory;
  readonly #memory: ListMemory;

  static {
    shareBy(ShareableList, ({ shm }) => ({ kind: KIND, module: import.meta.url, data: shm.name }));
    Object.defineProperty(ShareableList.prototype, inspect.custom, {
      value(this: ShareableList): string {
        return this.toString();
      },
    });
  }

  /** `sequence`: the items of a new list. Without, the list that `name` leads to. */
  constructor(sequence?: Iterable<ListItem>, options: ShareableListOptions = {}) {
    checkNames(options, ['name'], 'ShareableList');
    const { name } = options;
    if (sequence === undefined) {
      this.shm = new SharedMemory({ name });
    } else {
      const content = new ListContent(sequence);
      this.shm = new SharedMemory({ create: true, size: content.bytes, name });
      content.writeTo(this.shm.buf);
    }
    try {
      this.#memory = new ListMemory(() => this.shm.buf);
    } catch (error) {
      this.shm.close();
      throw error;
    }
  }

  /** Without its items, as it may have been closed. @example 'multiprocessing.ShareableList (mh_1f2e3d4c)' */
  toString(): string {
    return `multiprocessing.ShareableList (${this.shm.name})`;
  }

  /** Fixed. */
  get length(): number {
    return this.#memory.length;
  }

  /** `index`: negative counts from the end. @throws RangeError if there is none */
  get(index: number): ListItem {
    return this.#memory.get(this.#place(index));
  }

  /**
   * @throws RangeError if there is no such index, or the value has more room to take than there is; TypeError if lists
   *   cannot hold it
   */
  set(index: number, value: ListItem): void {
    this.#memory.set(this.#place(index), value);
  }

  *[Symbol.iterator](): IterableIterator<ListItem> {
    for (let index = 0; index < this.length; index += 1) yield this.#memory.get(index);
  }

  /** How many items are equal to this one: of the same type, and bytes by what they are. */
  count(value: ListItem): number {
    let count = 0;
    for (const item of this) if (areEqual(item, value)) count += 1;
    return count;
  }

  /** Where the first one is that is equal to it. @throws RangeError if none is */
  index(value: ListItem): number {
    let index = 0;
    for (const item of this) {
      if (areEqual(item, value)) return index;
      index += 1;
    }
    throw new RangeError(`${inspect(value)} is not in the list`);
  }

  /** The type of each item, and the bytes there are for it where that differs: `['number', 'string[16]']`. */
  get format(): string[] {
    return Array.from({ length: this.length }, (_, index) => this.#memory.formatOf(index));
  }

  #place(index: number): number {
    const { length } = this;
    const place = index < 0 ? index + length : index;
    if (Number.isInteger(place) && place >= 0 && place < length) return place;
    throw new RangeError(
      `index must be a whole number from ${-length} to ${length - 1}, received ${inspect(index)}`,
    );
  }
}

registerKind(KIND, (name) => new ShareableList(undefined, { name: name as string }));

function areEqual(one: ListItem, other: ListItem): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0;
  return one === other;
}
