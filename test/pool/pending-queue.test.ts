import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PendingQueue, type Queued } from '../../src/pool/pending-queue.ts';

const task = (id: number, priority = 0): Queued => ({ id, priority });

/** What the queue promises, with no thought of speed: a list, sorted. */
class SortedArray {
  items: Queued[] = [];

  push(item: Queued): void {
    this.items.push(item);
    this.items.sort((a, b) => b.priority - a.priority || a.id - b.id);
  }

  remove(item: Queued): boolean {
    const at = this.items.indexOf(item);
    if (at >= 0) this.items.splice(at, 1);
    return at >= 0;
  }
}

type Step = { readonly do: 'push' | 'shift' | 'remove' | 'return' | 'peek' | 'drain'; readonly n: number };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    'push',
    'push',
    'push',
    'shift',
    'shift',
    'remove',
    'remove',
    'return',
    'peek',
    'drain',
  ),
  n: fc.nat(1000),
});

test('any sequence of operations agrees with a sorted array', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 100, size: 'max' }),
      fc.constantFrom([0], [0, 1], [-5, 0, 2.5, 1e9]),
      (steps, priorities) => {
        const queue = new PendingQueue<Queued>();
        const model = new SortedArray();
        const gone: Queued[] = [];
        let id = 0;
        for (const { do: what, n } of steps) {
          if (what === 'push') {
            const item = task(id++, priorities[n % priorities.length]);
            queue.push(item);
            model.push(item);
          } else if (what === 'return') {
            // As a worker's death does: a task that was handed out, or taken out, comes back.
            const [item] = gone.length > 0 ? gone.splice(n % gone.length, 1) : [];
            if (item === undefined) continue;
            queue.push(item);
            model.push(item);
          } else if (what === 'remove') {
            const item = model.items[n % Math.max(1, model.items.length)];
            if (item === undefined) continue;
            assert.equal(queue.remove(item), true);
            assert.equal(queue.remove(item), false, 'twice');
            model.remove(item);
            gone.push(item);
          } else if (what === 'drain') {
            if (n % 10 > 0) continue;
            assert.deepEqual(queue.drain(), model.items);
            gone.push(...model.items.splice(0));
          } else if (what === 'peek') {
            assert.equal(queue.peek(), model.items[0]);
          } else {
            const item = model.items.shift();
            assert.equal(queue.shift(), item);
            if (item !== undefined) gone.push(item);
          }
          assert.equal(queue.size, model.items.length);
        }
        assert.deepEqual(queue.drain(), model.items);
        assert.equal(queue.size, 0);
      },
    ),
    { numRuns: 300 },
  );
});

test('a task that comes back after the last one was taken out is still in its place', () => {
  const queue = new PendingQueue<Queued>();
  const [first, second, third] = [task(1), task(2), task(3)];
  for (const item of [first, second, third]) queue.push(item);
  queue.shift();
  queue.remove(third);
  queue.push(first);
  assert.deepEqual(queue.drain(), [first, second]);
});

test('long queues come out in order, over all the cuts', () => {
  const queue = new PendingQueue<Queued>();
  const count = 20_000;
  for (let id = 0; id < count; id += 1) queue.push(task(id, id % 2));
  const order = queue.drain().map(({ id }) => id);
  const expected = [
    ...Array.from({ length: count / 2 }, (_, n) => n * 2 + 1),
    ...Array.from({ length: count / 2 }, (_, n) => n * 2),
  ];
  assert.deepEqual(order, expected);
});

test('a priority for every task leaves nothing behind', () => {
  const queue = new PendingQueue<Queued>();
  for (let id = 0; id < 5000; id += 1) {
    queue.push(task(id, -id));
    assert.equal(queue.shift()?.id, id);
  }
  assert.equal(queue.peek(), undefined);
  assert.equal(queue.size, 0);
});

test('an empty queue has nothing to give', () => {
  const queue = new PendingQueue<Queued>();
  assert.equal(queue.peek(), undefined);
  assert.equal(queue.shift(), undefined);
  assert.equal(queue.remove(task(1)), false);
  assert.deepEqual(queue.drain(), []);
});
