/**
 * An arena: the memory in which objects live that threads or processes share, and the account of who has which.
 *
 *   thread A                          the arena                              thread B
 *   create(bytes) ─▶ block ────────▶ [ REFERENCES 1, HOLDERS A ]
 *   share(block)                     [ REFERENCES 2, HOLDERS A ]
 *      └── { arena, offset, generation } ── in some message ───────────────▶ adopt(reference) ─▶ block
 *                                    [ REFERENCES 2, HOLDERS A B ]
 *   block is collected: drop         [ REFERENCES 1, HOLDERS B ]
 *                                    [ REFERENCES 0, no HOLDERS ] ─▶ freed   drop, or B is found dead
 *
 * Invariants
 * 1. REFERENCES is how many holders there are, and how many references are on their way. It rises before a bit is set
 *    or a reference is handed out, and falls after a bit was cleared or a reference has come to its end. So a
 *    death in between makes it too high by one: an object that nobody has is kept, one that somebody has never freed.
 * 2. Only who has a bit or a reference changes what is there, so what has come to 0 stays 0. Who finds it there,
 *    no bits are set, and has changed STATE from LIVE is the one who frees it.
 * 3. A bit is set and cleared by the thread whose number it is; if that one is dead, by the one who clears after it, as
 *    `participants.ts` has it. Who clears a bit by its own `Atomics.and` lets go of the reference that went with it.
 * 4. A thread has one block at most for each object, and one bit. The block may be collected some time before that is
 *    heard of. If the object arrives meanwhile it gets a new block, and the bit is now that one's.
 *
 * Whether somebody is dead is asked for when memory is short, and when the library has heard that a worker ended.
 * References on their way when both ends die are lost, and their objects with them, until the arena itself ends.
 */

import { randomInt } from 'node:crypto';
import { InvalidStateError, OutOfSharedMemoryError } from '../../errors.ts';
import { type Reach, SLICE } from '../block.ts';
import { ownerWord } from '../owner.ts';
import type { Region } from '../region.ts';
import { Allocator } from './allocator.ts';
import { ArenaBlock, type BlockMemory } from './block.ts';
import { hookOf, PLAIN } from './kinds.ts';
import * as layout from './layout.ts';
import { Participants } from './participants.ts';
import { ProcessWakeUps, ThreadWakeUps } from './wake-ups.ts';

/** An object on its way. Whoever gets it either adopts it or retracts it, once. */
export interface Reference {
  readonly arena: number;
  readonly offset: number;
  readonly generation: number;
}

/** Of which some may be freed already, and some not be known to be free. */
export interface ArenaStatistics {
  /** Bytes, of all of it. */
  readonly size: number;
  /** Bytes that were ever in use. */
  readonly touched: number;
  readonly objects: number;
  /** Bytes that these take. */
  readonly used: number;
  /** Threads. */
  readonly participants: number;
}

/** What a thread knows of the block that it has for an object. */
interface Holding {
  readonly offset: number;
  readonly block: WeakRef<ArenaBlock>;
}

export class Arena {
  readonly id: number;
  readonly reach: Reach;
  readonly region: Region;
  readonly #words: Int32Array;
  readonly #allocator: Allocator;
  readonly #participants: Participants;
  readonly #self: number;
  readonly #memory: BlockMemory;
  readonly #holdings = new Map<number, Holding>();
  readonly #collected = new FinalizationRegistry<Holding>((holding) => this.#drop(holding));

  /**
   * Makes an arena of a region in which there is nothing yet. `undefined`: the system has no memory for it, as the
   * region's `refusal` says.
   */
  static create(region: Region, slice?: number): Arena | undefined {
    if (!Allocator.format(region)) return undefined;
    region.doubles[layout.ID_DOUBLE] = randomInt(2 ** 48 - 1);
    region.words[layout.VERSION] = layout.LAYOUT_VERSION;
    Atomics.store(region.words, layout.MAGIC, layout.MAGIC_NUMBER);
    return new Arena(region, slice);
  }

  /**
   * This thread's side of an arena that exists. It is for good: as long as the thread lives, it is a participant.
   *
   * @param slice see `SLICE`
   * @throws InvalidStateError if it is none, or one of another version
   * @throws OutOfSharedMemoryError if too many threads use it
   */
  constructor(region: Region, slice: number = SLICE) {
    const { words } = region;
    const version = words[layout.VERSION];
    if (words[layout.MAGIC] !== layout.MAGIC_NUMBER || version !== layout.LAYOUT_VERSION) {
      throw new InvalidStateError(
        'This shared memory was made by another version of manyhands. Use the same version in all processes.',
      );
    }
    this.id = region.doubles[layout.ID_DOUBLE] as number;
    this.reach = region.kind;
    this.region = region;
    this.#words = words;
    this.#allocator = new Allocator(region);
    this.#participants = new Participants(words);
    this.#self = this.#enter();
    const { buffer } = region;
    const wakeUps =
      region.kind === 'thread'
        ? new ThreadWakeUps(region, slice)
        : new ProcessWakeUps(region, this.#participants, this.#self, slice);
    this.#memory = { buffer, wakeUps };
  }

  /**
   * Makes an object of so many bytes, all 0.
   *
   * @param kind what is to be done when it is freed, see `kinds.ts`
   * @throws RangeError if that is no number of bytes
   * @throws OutOfSharedMemoryError
   */
  create(bytes: number, kind: number = PLAIN): ArenaBlock {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new RangeError(`A shared object has 0 bytes or more, received ${bytes}`);
    }
    let offset = this.#allocator.allocate(bytes);
    if (offset < 0) {
      this.#sweep();
      this.reclaim();
      offset = this.#allocator.allocate(bytes);
    }
    if (offset < 0) throw this.#full(bytes);
    const words = this.#words;
    const at = offset / 4;
    words[at + layout.KIND] = kind;
    words[at + layout.LENGTH] = bytes;
    words[at + layout.GENERATION] = Atomics.add(words, layout.GENERATIONS, 1);
    words[at + layout.REFERENCES] = 1;
    Atomics.store(words, at + layout.STATE, layout.LIVE);
    this.#setBit(offset);
    return this.#hold(offset);
  }

  /** A reference to hand over: it keeps the object until it is adopted or retracted. */
  share({ offset, generation }: ArenaBlock): Reference {
    Atomics.add(this.#words, offset / 4 + layout.REFERENCES, 1);
    return { arena: this.id, offset, generation };
  }

  /**
   * The block of this thread for what was shared.
   *
   * @throws InvalidStateError if there is no such object any more, as the reference was adopted or retracted before
   */
  adopt(reference: Reference): ArenaBlock {
    this.#check(reference);
    const { offset } = reference;
    const present = this.#holdings.get(offset)?.block.deref();
    const isNew = present === undefined && this.#setBit(offset);
    // Else the reference goes on as that of the bit.
    if (!isNew) this.#release(offset, 1);
    return present ?? this.#hold(offset);
  }

  /** Says where an object is, and keeps nothing: whoever hands it over keeps the object until it has been opened. */
  refer({ offset, generation }: ArenaBlock): Reference {
    return { arena: this.id, offset, generation };
  }

  /** The block of this thread for what was referred to. @throws InvalidStateError if it is gone */
  open(reference: Reference): ArenaBlock {
    const { offset } = reference;
    this.#check(reference);
    const word = offset / 4 + layout.REFERENCES;
    for (let count = Atomics.load(this.#words, word); ; count = Atomics.load(this.#words, word)) {
      // What has come to 0 stays 0: somebody is about to free it.
      if (count <= 0) throw gone();
      if (Atomics.compareExchange(this.#words, word, count, count + 1) === count) break;
    }
    try {
      return this.adopt(reference);
    } catch (error) {
      // It was freed since the first look, and the count is that of another object.
      this.#release(offset, 1);
      throw error;
    }
  }

  /** The reference will not get to anybody. @throws InvalidStateError as `adopt` */
  retract(reference: Reference): void {
    this.#check(reference);
    this.#release(reference.offset, 1);
  }

  /**
   * Lets go of an object at once, instead of when its block is collected: for large ones. The block is not to be used any
   * more, by anybody in this thread.
   */
  drop(block: ArenaBlock): void {
    const holding = this.#holdings.get(block.offset);
    if (holding?.block.deref() === block) this.#drop(holding);
  }

  /** Frees what only the dead have had. It asks the system about each participant, and looks at each object if one is dead. */
  reclaim(): void {
    const dead = this.#participants.takeDead(ownerWord());
    const masks = new Int32Array(layout.HOLDER_WORDS);
    for (const number of dead) {
      const index = number >>> 5;
      masks[index] = (masks[index] as number) | (1 << (number & 31));
    }
    for (const offset of this.#allocator.blocks()) {
      const at = offset / 4;
      if (dead.length > 0) this.#clearBits(offset, masks);
      if (Atomics.load(this.#words, at + layout.STATE) === layout.ORPHANED) {
        this.#freeFrom(offset, layout.ORPHANED);
      }
    }
    for (const number of dead) {
      this.#memory.wakeUps.forget(number);
      this.#participants.cleared(number);
    }
  }

  /** Shows all others a block of this thread, which keeps it, with what it waits for. */
  showRecords({ offset }: ArenaBlock): void {
    Atomics.store(this.#words, this.#participants.at(this.#self) + layout.RECORDS, offset);
  }

  /** Where the thread of this word shows them: the index of the first word in the region, or -1. */
  recordsOf(owner: number): number {
    const participant = this.#participants.find(owner);
    if (participant < 0) return -1;
    const offset = Atomics.load(this.#words, this.#participants.at(participant) + layout.RECORDS);
    return offset === 0 ? -1 : (offset + layout.HEADER_BYTES) / Int32Array.BYTES_PER_ELEMENT;
  }

  statistics(): ArenaStatistics {
    const words = this.#words;
    let objects = 0;
    let used = 0;
    for (const offset of this.#allocator.blocks()) {
      if (Atomics.load(words, offset / 4 + layout.STATE) === layout.FREE) continue;
      objects += 1;
      used += Atomics.load(words, offset / 4 + layout.SIZE);
    }
    let participants = 0;
    for (let number = 0; number < this.#participants.limit; number += 1) {
      if (this.#participants.owner(number) !== 0) participants += 1;
    }
    const touched = Atomics.load(words, layout.TOP);
    return Object.freeze({ size: this.region.size, touched, objects, used, participants });
  }

  #enter(): number {
    let number = this.#participants.enter(ownerWord());
    if (number >= 0) return number;
    this.reclaim();
    number = this.#participants.enter(ownerWord());
    if (number >= 0) return number;
    throw new OutOfSharedMemoryError(
      `${layout.MOST_PARTICIPANTS} threads use shared objects, which is as many as can: end some of them.`,
    );
  }

  #hold(offset: number): ArenaBlock {
    const block = this.#blockAt(offset);
    const holding: Holding = { offset, block: new WeakRef(block) };
    this.#holdings.set(offset, holding);
    this.#collected.register(block, holding);
    return block;
  }

  #blockAt(offset: number): ArenaBlock {
    const words = this.#words;
    const generation = words[offset / 4 + layout.GENERATION] as number;
    const length = Math.ceil((words[offset / 4 + layout.LENGTH] as number) / 8) * 8;
    return new ArenaBlock(this, this.#memory, {
      offset,
      generation,
      start: offset + layout.HEADER_BYTES,
      length,
    });
  }

  /** The block has been collected, or is not used any more. */
  #drop(holding: Holding): void {
    const { offset } = holding;
    if (this.#holdings.get(offset) !== holding) return;
    this.#holdings.delete(offset);
    const [index, bit] = placeOf(this.#self);
    const word = offset / 4 + layout.HOLDERS + index;
    if ((Atomics.and(this.#words, word, ~bit) & bit) !== 0) this.#release(offset, 1);
  }

  /** Drops what has been collected already, and is yet to be heard of. */
  #sweep(): void {
    for (const holding of this.#holdings.values()) {
      if (holding.block.deref() === undefined) this.#drop(holding);
    }
  }

  #check({ arena, offset, generation }: Reference): void {
    const words = this.#words;
    const at = offset / 4;
    const isThere =
      offset >= layout.FIRST &&
      offset < Atomics.load(words, layout.TOP) &&
      offset % layout.GRAIN === 0 &&
      Atomics.load(words, at + layout.STATE) === layout.LIVE &&
      words[at + layout.GENERATION] === generation;
    if (arena !== this.id || !isThere) throw gone();
  }

  /** False: it was set already. */
  #setBit(offset: number): boolean {
    const [index, bit] = placeOf(this.#self);
    return (Atomics.or(this.#words, offset / 4 + layout.HOLDERS + index, bit) & bit) === 0;
  }

  #clearBits(offset: number, masks: Int32Array): void {
    for (let index = 0; index < layout.HOLDER_WORDS; index += 1) {
      const mask = masks[index] as number;
      if (mask === 0) continue;
      const had = Atomics.and(this.#words, offset / 4 + layout.HOLDERS + index, ~mask) & mask;
      if (had !== 0) this.#release(offset, bitsOf(had));
    }
  }

  /** Lets go of so many references. */
  #release(offset: number, count: number): void {
    const at = offset / 4;
    if (Atomics.sub(this.#words, at + layout.REFERENCES, count) > count) return;
    // Bits that are set mean that one reference was let go of twice. What somebody has is not freed even so.
    for (let index = 0; index < layout.HOLDER_WORDS; index += 1) {
      if (Atomics.load(this.#words, at + layout.HOLDERS + index) !== 0) return;
    }
    this.#freeFrom(offset, layout.LIVE);
  }

  #freeFrom(offset: number, state: number): void {
    const at = offset / 4;
    const kind = this.#words[at + layout.KIND] as number;
    const hook = hookOf(kind);
    const then = kind === PLAIN || hook !== undefined ? layout.FREE : layout.ORPHANED;
    if (state === then || Atomics.compareExchange(this.#words, at + layout.STATE, state, then) !== state)
      return;
    if (then === layout.ORPHANED) return;
    try {
      hook?.(this.#blockAt(offset));
    } finally {
      this.#allocator.free(offset);
    }
  }

  #full(bytes: number): OutOfSharedMemoryError {
    const { size, used, objects } = this.statistics();
    const why = this.region.refusal ?? `of ${size} bytes, ${objects} objects have ${used}`;
    return new OutOfSharedMemoryError(
      `There is no room for a shared object of ${bytes} bytes: ${why}. ` +
        'Let go of shared objects that are not needed any more, or make smaller ones.',
    );
  }
}

function gone(): InvalidStateError {
  return new InvalidStateError(
    'This shared object is gone: nobody had it any more when it arrived, or the message that it was in has been read ' +
      'twice. Keep what you hand over until it has arrived.',
  );
}

/** Where the bit of a participant is. */
function placeOf(participant: number): [index: number, bit: number] {
  return [participant >>> 5, 1 << (participant & 31)];
}

function bitsOf(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
