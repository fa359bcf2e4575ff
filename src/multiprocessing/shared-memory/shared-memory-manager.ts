import { InvalidStateError, SharedMemoryNotFoundError } from '../../errors.ts';
import { stayHere } from '../stays-here.ts';
import type { ListItem } from './list-layout.ts';
import { ShareableList } from './shareable-list.ts';
import { SharedMemory } from './shared-memory.ts';

/**
 * Makes blocks of shared memory that last as long as it does.
 *
 *   start()                shutdown()
 *   initial ─────▶ started ──────────▶ shut down
 *
 * In Python it is a process that keeps the list of the blocks. Here it is an object: blocks whose maker ends are removed
 * in any case, see `SharedMemory`. It stays in its thread; what it makes can be passed on.
 *
 * @see CPython `multiprocessing.managers.SharedMemoryManager`
 * @example
 * await using manager = new SharedMemoryManager().start();
 * const rows = manager.SharedMemory(1_000_000);
 * await pool.submit(fill, rows);
 */
export class SharedMemoryManager implements AsyncDisposable, Disposable {
  #state: 'initial' | 'started' | 'shut down' = 'initial';
  readonly #blocks: SharedMemory[] = [];

  constructor() {
    stayHere(this);
  }

  /** @throws InvalidStateError if it was started before */
  start(): this {
    if (this.#state !== 'initial')
      throw new InvalidStateError('A SharedMemoryManager can be started only once');
    this.#state = 'started';
    return this;
  }

  /** A new block of so many bytes. @throws InvalidStateError before `start()` and after `shutdown()`; else as the class */
  SharedMemory(size: number): SharedMemory {
    this.#assertStarted();
    const block = new SharedMemory({ create: true, size });
    this.#blocks.push(block);
    return block;
  }

  /** A new list. @throws InvalidStateError before `start()` and after `shutdown()`; else as the class */
  ShareableList(sequence: Iterable<ListItem>): ShareableList {
    this.#assertStarted();
    const list = new ShareableList(sequence);
    this.#blocks.push(list.shm);
    return list;
  }

  /** Closes all of its blocks here, and unlinks those that nobody has unlinked yet. More than once is no error. */
  shutdown(): void {
    this.#state = 'shut down';
    for (const block of this.#blocks.splice(0)) {
      block.close();
      try {
        block.unlink();
      } catch (error) {
        if (!(error instanceof SharedMemoryNotFoundError)) throw error;
      }
    }
  }

  /** `shutdown()` */
  [Symbol.dispose](): void {
    this.shutdown();
  }

  /** `shutdown()` */
  async [Symbol.asyncDispose](): Promise<void> {
    this.shutdown();
  }

  #assertStarted(): void {
    if (this.#state === 'started') return;
    throw new InvalidStateError(
      this.#state === 'initial'
        ? 'The SharedMemoryManager has not been started: call start()'
        : 'The SharedMemoryManager has been shut down: make another',
    );
  }
}
