/**
 * The items of a queue in shared memory, and all that is done to them under the latch.
 *
 *   put                                              get
 *   write the item here         (no latch)           lock
 *   lock                                             copy the words of the first item here
 *   copy its words into free cells                   take it off, free its cells
 *   link it, count it                                commit   <- one store: now it is ours
 *   commit    <- one store: now it is there          unlock
 *   unlock                                           read the value      (no latch)
 *
 * Whoever is killed before the commit has changed nothing, and after it everything. An item that was taken by one who
 * dies is gone with it, as one that it holds in its hands would be.
 */

import type { Arena } from '../memory/arena/arena.ts';
import type { ArenaBlock } from '../memory/arena/block.ts';
import { onFreed } from '../memory/arena/kinds.ts';
import { Latch } from '../memory/latch.ts';
import type { UnknownKindError } from '../wire/shareable.ts';
import { Cells } from './cells.ts';
import { HEAP_GENERATION } from './heap-order.ts';
import { holdsMore, type Item, ItemCodec, keyWordsOf, type Read } from './items.ts';
import {
  COUNT,
  DISCARDING,
  DISCIPLINE,
  HEAP,
  IDLE,
  LATCH,
  MAX_SIZE,
  OPEN,
  SEQUENCE,
  STAGE,
  UNFINISHED,
} from './layout.ts';
import { Ledger } from './ledger.ts';
import { type Order, orderOf } from './order.ts';
import { addressOf, entrust, giveBack } from './pieces.ts';

/** Of queues, among the kinds of objects in an arena. */
export const QUEUE_KIND = 1;
/** How many items are discarded before others get the latch. */
const BATCH = 64;

const codecs = new WeakMap<Arena, ItemCodec>();

export class QueueState {
  readonly block: ArenaBlock;
  readonly codec: ItemCodec;
  readonly #words: Int32Array;
  readonly #latch: Latch;
  readonly #ledger: Ledger;
  readonly #cells: Cells;
  readonly #order: Order;
  #takenKind = 0;
  #takenLength = 0;

  /** This thread's side of a queue. */
  constructor(block: ArenaBlock) {
    const { arena, words } = block;
    const region = arena.region.words;
    let codec = codecs.get(arena);
    if (codec === undefined) codecs.set(arena, (codec = new ItemCodec(arena)));
    this.block = block;
    this.codec = codec;
    this.#words = words;
    this.#latch = new Latch(words, LATCH);
    this.#ledger = new Ledger(words, region);
    this.#cells = new Cells(this.#ledger, region, addressOf(block));
    this.#order = orderOf(words[DISCIPLINE] as number, this.#ledger, region, this.#cells);
  }

  /** For who makes it, before anybody else has it. */
  format(): void {
    this.#ledger.open(false);
    this.#cells.reset();
  }

  lock(): void {
    this.#ledger.open(this.#latch.lock());
  }

  unlock(): void {
    this.#latch.unlock();
  }

  get stage(): number {
    return Atomics.load(this.#words, STAGE);
  }

  set stage(stage: number) {
    Atomics.store(this.#words, STAGE, stage);
  }

  get isOpen(): boolean {
    return this.stage === OPEN;
  }

  /** 0: no limit. */
  get maxSize(): number {
    return Atomics.load(this.#words, MAX_SIZE);
  }

  set maxSize(maxSize: number) {
    Atomics.store(this.#words, MAX_SIZE, maxSize);
  }

  /** How many there are, also without the latch. Those that are about to be discarded are gone already. */
  get size(): number {
    return this.stage === DISCARDING ? 0 : this.#ledger.peek(COUNT);
  }

  get unfinished(): number {
    const unfinished = this.#ledger.peek(UNFINISHED);
    return this.stage === DISCARDING ? unfinished - this.#ledger.peek(COUNT) : unfinished;
  }

  // ── under the latch ─────────────────────────────────────────────────────────────────────────────────────

  /** How many there are to be got. */
  get count(): number {
    return this.stage === DISCARDING ? 0 : this.#ledger.get(COUNT);
  }

  /** False: there is no memory for it; `grow()` without the latch, then look at everything anew. */
  insert(item: Item): boolean {
    const ledger = this.#ledger;
    if (!this.#cells.hasRoom(item.length) || this.#order.wants() > 0) return false;
    if (item.piece !== undefined) entrust(this.block, item.piece);
    ledger.begin();
    const number = (ledger.get(SEQUENCE) + 1) | 0;
    this.#order.insert(this.#cells.store(item, number));
    ledger.set(SEQUENCE, number);
    ledger.add(COUNT, 1);
    ledger.add(UNFINISHED, 1);
    ledger.commit();
    return true;
  }

  /** Takes the first item, which there is, off the queue: to be read next. */
  take(): void {
    const item = this.#order.first();
    this.#load(item);
    this.#ledger.begin();
    this.#remove(item);
    this.#ledger.commit();
  }

  /** What keeps this thread from reading the first item, which there is, without importing a module before. */
  get unknown(): UnknownKindError | undefined {
    const item = this.#order.first();
    if (!holdsMore(this.#cells.kindOf(item))) return undefined;
    this.#load(item);
    return this.codec.unknownIn(this.#takenKind, this.#takenLength);
  }

  #load(item: number): void {
    const kind = this.#cells.kindOf(item);
    const keyWords = keyWordsOf(kind);
    this.#takenKind = kind;
    this.#takenLength = this.#cells.lengthOf(item) - keyWords;
    this.#cells.load(item, this.codec.taken, keyWords);
  }

  /** One is done. False: there is none to be done. */
  finishOne(): boolean {
    if (this.unfinished <= 0) return false;
    this.#ledger.begin();
    this.#ledger.add(UNFINISHED, -1);
    this.#ledger.commit();
    return true;
  }

  #remove(item: number): void {
    const ledger = this.#ledger;
    this.#order.removeFirst();
    ledger.add(COUNT, -1);
    this.#cells.release(item);
    if (ledger.get(COUNT) === 0 && this.#cells.isExcessive) this.#cells.reset();
  }

  // ── without the latch ───────────────────────────────────────────────────────────────────────────────────

  /** Reads what was taken. */
  read(): Read {
    return this.codec.read(this.#takenKind, this.#takenLength);
  }

  grow(item: Item): void {
    const { arena } = this.block;
    this.lock();
    const wanted = this.#order.wants();
    const bytes = wanted > 0 ? wanted : this.#cells.sizeOfPiece(item.length);
    this.unlock();
    const piece = arena.create(bytes);
    entrust(this.block, piece);
    let old: [address: number, generation: number] | undefined = [addressOf(piece), piece.generation];
    this.lock();
    if (wanted > 0) {
      if (this.#order.wants() === wanted) old = this.#enlargeHeap(...old, bytes);
    } else if (!this.#cells.hasRoom(item.length)) {
      this.#ledger.begin();
      this.#cells.addPiece(...old, bytes);
      this.#ledger.commit();
      old = undefined;
    }
    this.unlock();
    // What somebody else has got meanwhile is enough.
    if (old !== undefined) giveBack(arena, ...old);
    arena.drop(piece);
  }

  #enlargeHeap(address: number, generation: number, bytes: number): [number, number] | undefined {
    const region = this.block.arena.region.words;
    region[address + HEAP_GENERATION] = generation;
    this.#ledger.begin();
    const before = this.#order.enlarge(address, bytes);
    this.#ledger.commit();
    return before === 0 ? undefined : [before, region[before + HEAP_GENERATION] as number];
  }

  /** Gives back memory that an empty queue does not need. */
  tidy(): void {
    while (this.#ledger.peek(IDLE) !== 0) {
      this.lock();
      if (this.#ledger.get(IDLE) === 0) return this.unlock();
      this.#ledger.begin();
      const { address, generation } = this.#cells.takeIdle();
      // Whoever dies from here on has lost it to all; before the commit it would be given back twice.
      this.#ledger.commit();
      this.unlock();
      giveBack(this.block.arena, address, generation);
    }
  }

  /**
   * After a shutdown at once: takes all items off. They are gone for all from that moment; if this thread dies in here, the
   * rest of their memory is freed with the queue.
   */
  discardAll(): void {
    for (;;) {
      this.lock();
      for (let left = BATCH; left > 0 && this.#ledger.get(COUNT) > 0; left -= 1) {
        const kind = this.#cells.kindOf(this.#order.first());
        this.#discardFirst();
        if (!holdsMore(kind)) continue;
        this.unlock();
        this.codec.discard(this.#takenKind, this.#takenLength);
        this.lock();
      }
      const isEmpty = this.#ledger.get(COUNT) === 0;
      this.unlock();
      if (isEmpty) break;
    }
    this.tidy();
  }

  #discardFirst(): void {
    const item = this.#order.first();
    if (holdsMore(this.#cells.kindOf(item))) this.#load(item);
    this.#ledger.begin();
    this.#remove(item);
    this.#ledger.add(UNFINISHED, -1);
    this.#ledger.commit();
  }

  /** Nobody has the queue any more. */
  dispose(): void {
    const { arena } = this.block;
    this.#ledger.open(true);
    for (const item of this.#order.items()) {
      if (!holdsMore(this.#cells.kindOf(item))) continue;
      this.#load(item);
      this.codec.discard(this.#takenKind, this.#takenLength);
    }
    for (const { address, generation } of this.#cells.pieces()) giveBack(arena, address, generation);
    const heap = this.#ledger.get(HEAP);
    if (heap !== 0) giveBack(arena, heap, arena.region.words[heap + HEAP_GENERATION] as number);
  }
}

/** Makes a queue of a block that is all 0. */
export function formatQueue(block: ArenaBlock, discipline: number, maxSize: number): void {
  block.words[DISCIPLINE] = discipline;
  block.words[MAX_SIZE] = maxSize;
  new QueueState(block).format();
}

onFreed(QUEUE_KIND, (block) => new QueueState(block).dispose());
