import type { WaitOptions } from '../options.ts';
import type { Place } from '../sync/shared-object.ts';
import type { TaskReference } from '../tasks/reference.ts';
import type { QueueOptions } from './base.ts';
import { PRIORITY } from './order.ts';
import { Priority } from './priority.ts';
import { CountingQueue } from './queue.ts';
import type { Comparable } from './sort-key.ts';

export interface PriorityQueueOptions<T> extends QueueOptions {
  /**
   * The priority of an item: lower ones come first. Default: the item itself.
   *
   * It is called where an item is put, when it is put. It goes with the queue to other threads as tasks do: exported from
   * a module, or standing alone.
   */
  readonly priority?: ((item: T) => Comparable) | undefined;
}

/**
 * The least item first; of equal ones that which was put first.
 *
 * Numbers, bigints, booleans and dates compare as numbers, strings by their code units, arrays by the first element that
 * differs. All numbers come before all strings, and these before all arrays. Other items need the option `priority`. Of
 * strings and arrays the first 1024 bytes count, at two for each code unit and ten for each number.
 *
 * @see CPython `queue.PriorityQueue`
 */
export class PriorityQueue<T = unknown> extends CountingQueue<T> {
  readonly #priority: Priority<T>;

  /** @internal */
  constructor(place: Place, options: PriorityQueueOptions<T> | TaskReference = {}) {
    super(place, PRIORITY, 'kind' in options ? {} : options);
    this.#priority = 'kind' in options ? Priority.named(options) : new Priority(options.priority);
  }

  protected override get details(): readonly unknown[] {
    const { reference } = this.#priority;
    return reference === undefined ? [] : [reference];
  }

  /**
   * As in all queues, and rejects with TypeError for an item without an order. In a thread where the queue has just arrived
   * with its option `priority`, the item is read when that function has been loaded.
   */
  override put(item: T, options?: WaitOptions): Promise<void> {
    const { loading } = this.#priority;
    return loading === undefined ? super.put(item, options) : loading.then(() => super.put(item, options));
  }

  protected override keyOf(item: T): Comparable {
    return this.#priority.of(item);
  }

  protected override get hasKeys(): boolean {
    return true;
  }
}
