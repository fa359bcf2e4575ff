/** A worker's seat at the board: takes tasks, reads their arguments, writes answers, and sleeps. */

import { ACTIVE, BoardClaims, HOST_SLEEP } from '../../memory/board.ts';
import { Heap } from '../../memory/heap.ts';
import { FULL, LaneWriter, laneBytes, OPEN, SEARCHING, SERVING, WORKER_SLEEP } from '../../memory/lane.ts';
import { ASLEEP, lieDown, mustRouse, rise } from '../../memory/parking.ts';
import type { Region } from '../../memory/region.ts';
import type { TaskReference } from '../../tasks/reference.ts';
import { Memory, ValueReader, ValueWriter } from '../../wire/values/index.ts';
import { BlockWriter } from './block-writer.ts';
import { Patience } from './patience.ts';
import * as record from './record.ts';
import { heapStart, type Sharing } from './sharing.ts';

const WORD = Int32Array.BYTES_PER_ELEMENT;

export class Seat {
  readonly #board: BoardClaims;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #laneRegion: Region;
  readonly #lane: LaneWriter;
  readonly #heap: Heap;
  readonly #reader: ValueReader;
  /** Into slots of the board, and into the heap of the lane. */
  readonly #small: ValueWriter;
  readonly #large: BlockWriter;
  readonly #cores: number;
  readonly #rousePool: () => void;
  readonly #patience = new Patience();
  #quota: number;
  #active = false;
  #listening = false;
  /** Blocks of answers that the host may not have read yet, oldest first, and the answers that they belong to. */
  readonly #blocks: number[] = [];
  readonly #answers: number[] = [];

  constructor({ board, lane, layout }: Sharing, rousePool: () => void) {
    const { shape, cores, quota } = layout;
    this.#board = new BoardClaims(board, shape, layout.lane);
    this.#words = board.words;
    this.#doubles = board.doubles;
    this.#laneRegion = lane;
    this.#lane = new LaneWriter(lane, shape.slots);
    const start = heapStart(laneBytes(shape.slots));
    this.#heap = new Heap(lane, start, lane.buffer.byteLength - start);
    const memory = new Memory(board.buffer);
    this.#reader = new ValueReader(memory);
    this.#small = new ValueWriter(memory);
    this.#large = new BlockWriter(this.#heap, new ValueWriter(new Memory(lane.buffer)));
    this.#cores = cores;
    this.#quota = quota;
    this.#rousePool = rousePool;
  }

  // ── calls ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes the next task: its slot; -1: there is none, or this worker has had its share. */
  claim(): number {
    if (this.#quota <= 0) return -1;
    const slot = this.#board.claim();
    if (slot >= 0) this.#quota -= 1;
    return slot;
  }

  wireId(slot: number): number {
    return record.wireIdOf(slot, this.#board.generation(slot));
  }

  word(slot: number, field: number): number {
    return this.#words[this.#board.at(slot) + field] as number;
  }

  /** Whether the call has to be asked for, instead of being read here. */
  isElsewhere(slot: number): boolean {
    return (
      this.word(slot, record.PLACE) === record.BY_MESSAGE || this.word(slot, record.DEFINITION_LENGTH) === 0
    );
  }

  reference(slot: number): TaskReference {
    const start = this.word(slot, record.DEFINITION);
    return this.#reader.read(start, start + this.word(slot, record.DEFINITION_LENGTH)) as TaskReference;
  }

  args(slot: number): unknown[] {
    const at = this.#board.at(slot);
    const length = this.#words[at + record.LENGTH] as number;
    if (length === 0) return [];
    const inSlot = this.#words[at + record.PLACE] === record.IN_SLOT;
    const start = inSlot ? (at + record.SMALL) * WORD : (this.#words[at + record.OFFSET] as number);
    return this.#reader.readList(start, start + length);
  }

  /** Notes when the task began, in the machine's time; its call has been read. */
  stamp(slot: number, time: number): void {
    this.#doubles[(this.#board.at(slot) + record.STARTED_AT) >> 1] = time;
  }

  // ── answers ─────────────────────────────────────────────────────────────────────────────────────────────

  /** False: it cannot be written, or there is no room; nothing was said then. */
  answer(slot: number, what: number, ms: number, value: unknown): boolean {
    const at = this.#board.at(slot);
    const words = this.#words;
    if (value === undefined && what === record.VALUE) {
      words[at + record.ANSWER_PLACE] = record.IN_SLOT;
      words[at + record.ANSWER_LENGTH] = 0;
    } else if (!(isSmall(value) && this.#writeSmall(at, value)) && !this.#writeLarge(at, what, value))
      return false;
    words[at + record.ANSWER] = what;
    this.#doubles[(at + record.MS) >> 1] = ms;
    this.#lane.push(slot);
    if (mustRouse(words, HOST_SLEEP)) this.#rousePool();
    return true;
  }

  #writeSmall(at: number, value: unknown): boolean {
    const start = (at + record.SMALL) * WORD;
    const end = this.#small.write(value, start, start + record.SMALL_BYTES);
    if (end < 0) return false;
    this.#words[at + record.ANSWER_PLACE] = record.IN_SLOT;
    this.#words[at + record.ANSWER_LENGTH] = end - start;
    return true;
  }

  #writeLarge(at: number, what: number, value: unknown): boolean {
    this.#freeRead();
    const blocks = this.#large;
    const block = what === record.LIST ? blocks.writeList(value as unknown[]) : blocks.write(value);
    if (block < 0) return false;
    this.#words[at + record.ANSWER_PLACE] = record.IN_HEAP;
    this.#words[at + record.ANSWER_OFFSET] = block;
    this.#words[at + record.ANSWER_LENGTH] = blocks.size;
    this.#blocks.push(block);
    this.#answers.push((this.#lane.pushed + 1) | 0);
    return true;
  }

  /** Takes back the memory of answers that the host has read. */
  #freeRead(): void {
    if (this.#blocks.length === 0) return;
    const { read } = this.#lane;
    let count = 0;
    while (count < this.#answers.length && ((read - (this.#answers[count] as number)) | 0) >= 0) {
      this.#heap.free(this.#blocks[count] as number);
      count += 1;
    }
    if (count === 0) return;
    this.#blocks.splice(0, count);
    this.#answers.splice(0, count);
  }

  // ── waiting ─────────────────────────────────────────────────────────────────────────────────────────────

  /** From here on the worker takes tasks. */
  sitDown(): void {
    if (this.#active) return;
    this.#active = true;
    rise(this.#lane.words, WORKER_SLEEP);
    this.#lane.state = SERVING;
    Atomics.add(this.#words, ACTIVE, 1);
  }

  /** Looks for a task for a moment, where no other work could use the processor. */
  look(): boolean {
    if (this.#quota <= 0 || Atomics.load(this.#words, ACTIVE) >= this.#cores) return false;
    if (!this.#patience.isWorthALook) return false;
    this.#lane.state = SEARCHING;
    const found = this.#patience.look(this.#isAnything);
    this.#lane.state = SERVING;
    return found;
  }

  readonly #isAnything = (): boolean => this.#board.any;

  /** Has its hands full: takes no task until one of its own is over. */
  standBack(): void {
    this.#leave(FULL);
  }

  /** Goes to sleep. False: there is a task after all. `onWake` is called where the memory itself can wake. */
  lieDown(onWake: () => void): boolean {
    if (this.#quota <= 0) {
      // Awake for the host, which would else wake it for a task that it will not take.
      this.standBack();
      return true;
    }
    this.#leave(OPEN);
    lieDown(this.#lane.words, WORKER_SLEEP);
    if (this.#board.any) return false;
    return this.#listen(onWake);
  }

  #leave(state: typeof OPEN | typeof FULL): void {
    this.#lane.state = state;
    if (!this.#active) return;
    this.#active = false;
    Atomics.sub(this.#words, ACTIVE, 1);
  }

  #listen(onWake: () => void): boolean {
    if (this.#listening || this.#laneRegion.waitAsync === undefined) return true;
    const waiting = this.#laneRegion.waitAsync(WORKER_SLEEP, ASLEEP);
    if (!waiting.async) return false;
    this.#listening = true;
    void waiting.value.then(() => {
      this.#listening = false;
      onWake();
    });
    return true;
  }
}

/** Whether it may fit into a slot. */
function isSmall(value: unknown): boolean {
  if (typeof value === 'string') return value.length < record.SMALL_BYTES;
  return typeof value !== 'object' || value === null;
}
