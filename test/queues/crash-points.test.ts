// A thread that dies within a change, at each of its writes to shared memory: the change has happened or it has not, and
// whoever comes next finds a queue that works, with all its memory.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Arena } from '../../src/memory/arena/arena.ts';
import type { ArenaBlock } from '../../src/memory/arena/block.ts';
import { ThreadRegion } from '../../src/memory/thread-region.ts';
import {
  CELL_WORDS,
  COUNT,
  FREE_COUNT,
  FRESH,
  FRESH_END,
  LATCH,
  QUEUE_WORDS,
} from '../../src/queues/layout.ts';
import { Ledger } from '../../src/queues/ledger.ts';
import { FIFO, LIFO, PRIORITY } from '../../src/queues/order.ts';
import { formatQueue, QUEUE_KIND, QueueState } from '../../src/queues/state.ts';
import { limit } from './support.ts';

class Killed extends Error {}

/** After so many writes the writer dies. */
let left = Infinity;

function write(): void {
  left -= 1;
  if (left < 0) throw new Killed();
}

/** Words that are written to one at a time, each of which may be the last. */
const targets = new WeakMap<object, Int32Array>();

function mortal(words: Int32Array): Int32Array {
  const proxy = new Proxy(words, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set(target, key, value) {
      write();
      return Reflect.set(target, key, value, target);
    },
  });
  targets.set(proxy, words);
  return proxy;
}

/** Runs `fn` with Atomics that know such words. */
function withMortalAtomics<R>(fn: () => R): R {
  const { load, store, compareExchange } = Atomics;
  const real = (words: Int32Array): Int32Array => targets.get(words) ?? words;
  Atomics.load = ((words: Int32Array, index: number) => load(real(words), index)) as typeof load;
  Atomics.store = ((words: Int32Array, index: number, value: number) => {
    if (targets.has(words)) write();
    return store(real(words), index, value);
  }) as typeof store;
  Atomics.compareExchange = ((words: Int32Array, index: number, from: number, to: number) => {
    if (targets.has(words)) write();
    return compareExchange(real(words), index, from, to);
  }) as typeof compareExchange;
  try {
    return fn();
  } finally {
    Object.assign(Atomics, { load, store, compareExchange });
  }
}

const region = new ThreadRegion(2 ** 24);
const arena = Arena.create(region) as Arena;

/** A side of the queue that dies as `left` says. */
function mortalSide(block: ArenaBlock): QueueState {
  const words = mortal(region.words);
  const face = new Proxy(arena, {
    get: (target, key) =>
      key === 'region' ? { ...region, words, buffer: region.buffer } : Reflect.get(target, key, target),
  });
  return new QueueState({ arena: face, words: mortal(block.words), offset: block.offset } as ArenaBlock);
}

/** What the next thread does that takes the latch. */
function takeOver(block: ArenaBlock): QueueState {
  Atomics.store(block.words, LATCH, 0);
  new Ledger(block.words, region.words).open(true);
  return new QueueState(block);
}

function putOn(state: QueueState, value: unknown, hasKey: boolean): void {
  const item = state.codec.write(value, Array.isArray(value) ? (value[0] as number) : 0, hasKey);
  for (;;) {
    state.lock();
    const isPut = state.insert(item);
    state.unlock();
    if (isPut) return;
    state.grow(item);
  }
}

function getFrom(state: QueueState): unknown {
  state.lock();
  state.take();
  state.unlock();
  return state.read().value;
}

function drain(state: QueueState): unknown[] {
  const values: unknown[] = [];
  while (state.size > 0) values.push(getFrom(state));
  return values;
}

/** Cells of an empty queue. */
function cellsOf(block: ArenaBlock): number {
  const ledger = new Ledger(block.words, region.words);
  ledger.open(false);
  assert.equal(ledger.get(COUNT), 0);
  return ledger.get(FREE_COUNT) + (ledger.get(FRESH_END) - ledger.get(FRESH)) / CELL_WORDS;
}

const long = 'x'.repeat(500);
/** By number, and of different sizes. */
const itemsOf = (count: number): [number, string][] =>
  Array.from({ length: count }, (_, index) => [(index * 7) % 5, index % 3 === 0 ? long : String(index)]);

function build(discipline: number, count: number): { block: ArenaBlock; before: unknown[] } {
  const block = arena.create(QUEUE_WORDS * 4, QUEUE_KIND);
  formatQueue(block, discipline, 0);
  const state = new QueueState(block);
  // So that there are free cells as well as fresh ones.
  for (const item of itemsOf(5)) putOn(state, item, discipline === PRIORITY);
  drain(state);
  const before = itemsOf(count);
  for (const item of before) putOn(state, item, discipline === PRIORITY);
  return { block, before };
}

/** The items in the order in which they come. */
function orderOf(discipline: number, items: readonly unknown[]): unknown[] {
  if (discipline === LIFO) return items.toReversed();
  if (discipline === FIFO) return [...items];
  return items.toSorted((one, other) => (one as [number])[0] - (other as [number])[0]);
}

/**
 * Has a thread die in `change` at each of its writes, each time to a new queue, and `check` what the next one finds.
 * Gives how many writes there are.
 */
function atEachWrite(
  discipline: number,
  count: number,
  change: (state: QueueState) => void,
  check: (before: readonly unknown[], next: QueueState, died: boolean) => void,
): number {
  for (let point = 0; ; point += 1) {
    const { block, before } = build(discipline, count);
    const cells = withCells(block, discipline, before);
    const dying = mortalSide(block);
    left = point;
    let died = false;
    try {
      withMortalAtomics(() => change(dying));
    } catch (error) {
      assert.ok(error instanceof Killed, String(error));
      died = true;
    }
    left = Infinity;
    const next = takeOver(block);
    check(before, next, died);
    assert.equal(cellsOf(block), cells, `cells are lost after ${point} writes`);
    putOn(next, [1, 'y'], discipline === PRIORITY);
    assert.deepEqual(drain(next), [[1, 'y']]);
    arena.drop(block);
    if (!died) return point;
  }
}

for (const [name, discipline] of Object.entries({ FIFO, LIFO, PRIORITY })) {
  describe(`death within a change: ${name}`, () => {
    for (const count of [0, 1, 2, 7]) {
      const added: [number, string] = [2, `new ${long}`];

      it(`put to ${count} items`, limit, () => {
        const points = atEachWrite(
          discipline,
          count,
          (state) => putOn(state, added, discipline === PRIORITY),
          (before, next, died) => {
            const isPut = next.size === before.length + 1;
            if (!died) assert.ok(isPut);
            assert.deepEqual(drain(next), orderOf(discipline, isPut ? [...before, added] : before));
          },
        );
        assert.ok(points > 20, `only ${points} points`);
      });

      if (count === 0) continue;
      it(`get from ${count} items`, limit, () => {
        const points = atEachWrite(
          discipline,
          count,
          (state) => void getFrom(state),
          (before, next, died) => {
            const isTaken = next.size === before.length - 1;
            if (!died) assert.ok(isTaken);
            const all = orderOf(discipline, before);
            assert.deepEqual(drain(next), isTaken ? all.slice(1) : all);
          },
        );
        assert.ok(points > 15, `only ${points} points`);
      });
    }
  });
}

/** How many cells there are in all, found by emptying the queue and filling it again. */
function withCells(block: ArenaBlock, discipline: number, before: readonly unknown[]): number {
  const state = new QueueState(block);
  drain(state);
  const cells = cellsOf(block);
  for (const item of before) putOn(state, item, discipline === PRIORITY);
  return cells;
}
