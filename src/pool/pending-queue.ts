/** Tasks that wait for a worker: higher priority first, first in, first out within one. */

export interface Queued {
  /** Rises with every task submitted; a task that comes back takes its old place. */
  readonly id: number;
  readonly priority: number;
}

/**
 * One priority's tasks. Removed ones stay as holes until the head passes them; the last entry is never a
 * hole, since `push` compares with it.
 */
interface Bucket<T> {
  readonly priority: number;
  items: Array<T | undefined>;
  head: number;
}

/**
 * How many passed entries a bucket keeps at least before it is cut. A cut copies the rest, so it also waits
 * until the passed ones are the larger half: each entry is then copied once on average, however long the
 * queue is.
 */
const CUT = 1024;

/**
 * Programs use few distinct priorities, so a bucket for each, sorted, makes every operation on the common
 * path constant in the number of tasks; a heap would compare its way through all of them.
 */
export class PendingQueue<T extends Queued> {
  readonly #buckets: Bucket<T>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(task: T): void {
    const { items } = this.#bucket(task.priority);
    const last = items.at(-1);
    if (last === undefined || last.id < task.id) items.push(task);
    else this.#insert(task);
    this.#size += 1;
  }

  /** The most urgent task, left in its place. */
  peek(): T | undefined {
    for (let bucket = this.#buckets[0]; bucket !== undefined; bucket = this.#buckets[0]) {
      while (bucket.head < bucket.items.length) {
        const task = bucket.items[bucket.head];
        if (task !== undefined) return task;
        bucket.head += 1;
      }
      bucket.items.length = 0;
      bucket.head = 0;
      if (this.#buckets.length === 1) return undefined;
      // Priorities may be deadlines, each of them used once: empty buckets must not pile up in front.
      this.#buckets.shift();
    }
    return undefined;
  }

  shift(): T | undefined {
    const task = this.peek();
    if (task === undefined) return undefined;
    const bucket = this.#bucket(task.priority);
    bucket.items[bucket.head] = undefined;
    bucket.head += 1;
    if (bucket.head >= CUT && bucket.head * 2 >= bucket.items.length) {
      bucket.items.splice(0, bucket.head);
      bucket.head = 0;
    }
    this.#size -= 1;
    return task;
  }

  /** Takes a task out of the middle; false when it is not here. */
  remove(task: T): boolean {
    const bucket = this.#bucket(task.priority);
    const at = this.#find(bucket, task.id);
    if (bucket.items[at] !== task) return false;
    bucket.items[at] = undefined;
    // Tasks are mostly removed oldest first (a shutdown that cancels); the search must not step over all of
    // them.
    while (bucket.head < bucket.items.length && bucket.items[bucket.head] === undefined) bucket.head += 1;
    while (bucket.items.length > bucket.head && bucket.items.at(-1) === undefined) bucket.items.pop();
    this.#size -= 1;
    return true;
  }

  /** All tasks, most urgent first; the queue is empty afterwards. */
  drain(): T[] {
    const all: T[] = [];
    for (let task = this.shift(); task !== undefined; task = this.shift()) all.push(task);
    return all;
  }

  #bucket(priority: number): Bucket<T> {
    // Mostly there is one.
    const first = this.#buckets[0];
    if (first?.priority === priority) return first;
    const at = this.#buckets.findIndex((bucket) => bucket.priority <= priority);
    const found = this.#buckets[at];
    if (found?.priority === priority) return found;
    const bucket: Bucket<T> = { priority, items: [], head: 0 };
    this.#buckets.splice(at < 0 ? this.#buckets.length : at, 0, bucket);
    return bucket;
  }

  /** Where `id` is, or would go. Holes have no id; they are stepped over to the next task that has one. */
  #find({ items, head }: Bucket<T>, id: number): number {
    let low = head;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      let probe = middle;
      while (probe < high && items[probe] === undefined) probe += 1;
      const task = probe < high ? items[probe] : undefined;
      if (task?.id === id) return probe;
      if (task === undefined || task.id > id) high = middle;
      else low = probe + 1;
    }
    return low;
  }

  #insert(task: T): void {
    const bucket = this.#bucket(task.priority);
    bucket.items.splice(this.#find(bucket, task.id), 0, task);
  }
}
