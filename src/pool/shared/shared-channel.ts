/**
 * The channel over shared memory: tasks are put up on a board, and whoever is free takes the next one.
 *
 *           scheduler                                                   workers
 *     offer ↓  flush ↓   ↑ outcomes                                        │
 *   ┌────────────────── SharedChannel ──────────────────┐                  │
 *   │ board: slots with calls and small arguments ──────┼──── claim ──────▶│
 *   │ heap: larger arguments, references of functions ──┼──── read ───────▶│
 *   │ lane of each worker: numbers of answered slots ◀──┼──── push ────────│
 *   └───────────────────────────────────────────────────┘                  │
 *        messages, for what shared memory cannot carry ◀──────────────────▶│
 *
 * A task that cannot be written into memory (it moves a port, say) is put up as well, and is sent as a message to
 * the worker that has taken it and asks for it. So the order of tasks, who may run what, and what has begun, do
 * not depend on how arguments travel.
 *
 * Both sides sleep when there is nothing to do; see `memory/parking.ts`. The host wakes one worker for what is
 * quick, and one for each task that is not, or is not known yet. Tasks that nobody takes while the host looks on
 * get more workers woken (`#linger`), and the host does not lie down before all that could take one are awake: so a
 * quick function that turns slow holds nobody up for longer than the host looks.
 */

import { availableParallelism } from 'node:os';
import type { Transferable } from 'node:worker_threads';
import type { ChunkResult } from '../../futures/engine.ts';
import {
  ACTIVE,
  Board,
  type BoardShape,
  boardBytes,
  CorruptedMemoryError,
  HOST_SLEEP,
  NOBODY_YET,
} from '../../memory/board.ts';
import { Heap } from '../../memory/heap.ts';
import { LaneReader, laneBytes, SEARCHING, SERVING, WORKER_SLEEP } from '../../memory/lane.ts';
import { ASLEEP, lieDown, mustRouse, rise } from '../../memory/parking.ts';
import type { Region } from '../../memory/region.ts';
import { type Codec, encodeArguments, isMarked, isPrimitive } from '../../wire/codec.ts';
import { type ErrorEnvelope, unpackError } from '../../wire/error-envelope.ts';
import {
  AS_CHUNK,
  CALL,
  CHUNK,
  DEFINE,
  DONE,
  FAILED,
  FORGET,
  type FromWorker,
  STOP,
  type ToWorker,
  WANT,
} from '../../wire/protocol.ts';
import { Memory, ValueReader, ValueWriter } from '../../wire/values/index.ts';
import type { WorkerHandle } from '../backend.ts';
import { type Channel, LATER, type Leftover, type Outcomes, REST, SOON } from '../channel.ts';
import type { TaskFunction } from '../functions.ts';
import type { Task } from '../task.ts';
import { BlockWriter } from './block-writer.ts';
import { Patience } from './patience.ts';
import * as record from './record.ts';
import { boardRegionBytes, heapStart, laneRegionBytes, type Sharing, shapeFor } from './sharing.ts';

/** Functions whose references are kept in the heap; see `#definitionOf`. */
const MOST_DEFINED = 1024;
/** A task that takes longer than this is worth waking a worker for; in ms. */
const QUICK_MS = 0.05;
/** So much of quick work per worker that is awake; beyond it another one is woken. */
const BEHIND_MS = 0.3;
/** When tasks lie untaken and the host has gone to sleep over them: how long until it wakes one more worker. */
const STALL_MS = 1;
/** Milliseconds of settling in a row before the rest of the program gets its turn. */
const SLICE_MS = 1;
const TURNS_BETWEEN_LOOKS = 16;
/**
 * Answers of a worker that are settled in one turn. What follows on them in the program is run before the next turn
 * puts up more tasks, and the workers should not run dry meanwhile.
 */
const MOST_AT_ONCE = 64;
/** Turns of the loop in which there is nothing, until the host lies down. */
const QUIET_TURNS = 2;

/** How the arguments of a task are kept until it is put up; `task.form`. */
const RAW = 0;
const IN_BLOCK = 1;
const PACKED = 2;

/** A worker at the board. */
interface Desk {
  readonly worker: WorkerHandle;
  readonly sharing: Sharing;
  readonly lane: LaneReader;
  readonly reader: ValueReader;
  /** Where the worker's heap begins and ends, in bytes. */
  readonly heapStart: number;
  readonly heapEnd: number;
  /** Functions that were sent to it in messages. */
  readonly known: Set<number>;
  finished: number;
  /** It was told to end, and takes nothing any more. */
  retiring: boolean;
  /** What it wrote cannot be trusted any more; it is about to be killed. */
  broken: boolean;
}

interface Definition {
  readonly block: number;
  readonly size: number;
  /** Tasks that are up, or taken and not over, with this function. */
  calls: number;
}

export interface SharedChannelOptions {
  readonly codec: Codec;
  /** Tasks that one worker may run at once. */
  readonly concurrency: number;
  readonly maxWorkers: number;
  /** Tasks that a worker is given before it is retired. */
  readonly maxTasksPerChild: number;
  /** Makes a region of so many bytes. @throws where the system has none, saying why. */
  makeRegion(bytes: number): Region;
  readonly outcomes: Outcomes;
  /** The host was woken: there may be something to collect. */
  onWake(): void;
  /** A worker has been given all that it may be given, and has finished it. */
  onSpent(worker: WorkerHandle): void;
  /** A worker wrote what it should not; without one: what all of them share is damaged. */
  onCorrupted(worker: WorkerHandle | undefined, error: CorruptedMemoryError): void;
}

export class SharedChannel implements Channel {
  readonly kind = 'shared';
  readonly #options: SharedChannelOptions;
  readonly #board: Board;
  readonly #words: Int32Array;
  readonly #heap: Heap;
  readonly #blocks: BlockWriter;
  /** Into slots. */
  readonly #writer: ValueWriter;
  /** Of what is in the board's region: small answers in slots. */
  readonly #slotReader: ValueReader;
  readonly #cores = availableParallelism();
  readonly #desks: Desk[] = [];
  /** By slot: tasks that are up, or taken. */
  readonly #tasks: Array<Task | undefined> = [];
  readonly #definitions = new Map<TaskFunction, Definition>();
  readonly #lanes: boolean[] = [];
  /** A lane for the first worker: made with the board, so that want of memory is seen early. */
  #spareLane: Region | undefined;
  /** Tasks that are up, or taken. */
  #out = 0;
  /** Posted since the last flush, and not known to be quick. */
  #slow = 0;
  /** Not so many that urgent tasks would have to wait for, or take down, a whole ring of others. */
  #mostOut = Infinity;
  #progress = false;
  /** What a task takes, by the last ones mostly; in ms. */
  #pace = 0;
  #stallTimer: NodeJS.Timeout | undefined;
  readonly #patience = new Patience();
  #quiet = 0;
  #asleep = false;
  /** A `waitAsync` of an earlier sleep still waits: a rousing now would end that one. */
  #listening = false;
  /** What all share cannot be trusted any more; all workers are about to be killed. */
  #damaged = false;
  #sliceEnd = 0;
  #turns = 0;

  /** @throws what `makeRegion` throws */
  constructor(options: SharedChannelOptions) {
    this.#options = options;
    const shape = shapeFor(options.maxWorkers * options.concurrency);
    const region = options.makeRegion(boardRegionBytes(shape));
    commitOrThrow(region, boardBytes(shape));
    try {
      this.#spareLane = this.#makeLane(shape);
    } catch (error) {
      region.close();
      throw error;
    }
    this.#board = new Board(region, shape);
    this.#words = region.words;
    const start = heapStart(boardBytes(shape));
    this.#heap = new Heap(region, start, region.buffer.byteLength - start);
    const memory = new Memory(region.buffer);
    this.#writer = new ValueWriter(memory);
    this.#blocks = new BlockWriter(this.#heap, this.#writer);
    this.#slotReader = new ValueReader(memory);
  }

  // ── workers ─────────────────────────────────────────────────────────────────────────────────────────────

  /** What a worker that is about to start shares with this pool. @throws what `makeRegion` throws */
  admit(): Sharing {
    const { region, shape } = this.#board;
    const free = this.#lanes.indexOf(false);
    const number = free < 0 ? this.#lanes.length : free;
    const lane = this.#spareLane ?? this.#makeLane(shape);
    this.#spareLane = undefined;
    this.#lanes[number] = true;
    const quota = this.#options.maxTasksPerChild;
    return { board: region, lane, layout: { shape, lane: number, cores: this.#cores, quota } };
  }

  #makeLane(shape: BoardShape): Region {
    const region = this.#options.makeRegion(laneRegionBytes(shape));
    commitOrThrow(region, laneBytes(shape.slots));
    return region;
  }

  /** The worker that this was for is gone, or never came to be. */
  dismiss({ lane, layout }: Sharing): void {
    const { state } = new LaneReader(lane, layout.shape.slots);
    if (state === SERVING || state === SEARCHING) Atomics.sub(this.#words, ACTIVE, 1);
    this.#lanes[layout.lane] = false;
    lane.close();
  }

  attach(worker: WorkerHandle): void {
    const { sharing } = worker;
    if (sharing === undefined) throw new Error(`${worker.name} was started without shared memory`);
    const { lane, layout } = sharing;
    this.#desks.push({
      worker,
      sharing,
      lane: new LaneReader(lane, layout.shape.slots),
      reader: new ValueReader(new Memory(lane.buffer)),
      heapStart: heapStart(laneBytes(layout.shape.slots)),
      heapEnd: lane.buffer.byteLength,
      known: new Set(),
      finished: 0,
      retiring: false,
      broken: false,
    });
  }

  retire(worker: WorkerHandle): void {
    for (const desk of this.#desks) if (desk.worker === worker) desk.retiring = true;
    worker.post([[STOP]]);
  }

  detach(worker: WorkerHandle): Leftover {
    const at = this.#desks.findIndex((desk) => desk.worker === worker);
    const begun: Task[] = [];
    const untouched: Task[] = [];
    const desk = this.#desks[at];
    if (desk !== undefined) {
      // What it had finished before it went is finished.
      this.#drain(desk, Infinity);
      this.#desks.splice(at, 1);
    }
    if (worker.sharing !== undefined) {
      const { lane } = worker.sharing.layout;
      for (const task of this.#tasks) {
        if (task !== undefined && this.#board.holder(task.slot) === lane) begun.push(task);
      }
      for (const task of begun) this.#putAway(task);
      this.dismiss(worker.sharing);
    }
    // Nobody is left to take them; the scheduler will start somebody else, or say why not.
    if (desk !== undefined && this.#desks.length === 0) untouched.push(...this.#takeDown(Infinity));
    if (this.#damaged) begun.push(...this.#abandoned());
    return { begun, untouched };
  }

  finished(worker: WorkerHandle): number {
    return this.#desks.find((desk) => desk.worker === worker)?.finished ?? 0;
  }

  load(worker: WorkerHandle): number {
    const lane = worker.sharing?.layout.lane;
    let load = 0;
    for (const task of this.#tasks)
      if (task !== undefined && this.#board.holder(task.slot) === lane) load += 1;
    return load;
  }

  get backlog(): number {
    const { concurrency, maxTasksPerChild } = this.#options;
    let hands = 0;
    for (const { retiring, finished } of this.#desks) {
      if (!retiring) hands += Math.min(concurrency, maxTasksPerChild - finished);
    }
    return Math.max(0, this.#out - hands);
  }

  // ── arguments ───────────────────────────────────────────────────────────────────────────────────────────

  pack(task: Task, args: readonly unknown[], transfer: readonly Transferable[] | undefined): void {
    const { name } = task.options;
    let values = args;
    if (name !== undefined) {
      values = [...args, name];
      task.flags |= record.NAMED;
    }
    const moves = (transfer !== undefined && transfer.length > 0) || values.some(isMarked);
    if (!moves) {
      if (values.length <= 8 && values.every(isPrimitive)) {
        task.form = RAW;
        task.args = values;
        return;
      }
      if (this.#writeToHeap(task, values)) return;
    }
    const packed = encodeArguments(this.#options.codec, values, transfer);
    task.form = PACKED;
    task.args = packed.value;
    task.transfer = packed.transfer;
  }

  /** False: the values cannot be written, or there is no room for them. */
  #writeToHeap(task: Task, values: readonly unknown[]): boolean {
    const block = this.#blocks.writeList(values);
    if (block < 0) return false;
    task.form = IN_BLOCK;
    task.block = block;
    task.size = this.#blocks.size;
    return true;
  }

  unpack(task: Task): void {
    task.args = undefined;
    task.transfer = undefined;
    if (task.block < 0) return;
    this.#heap.free(task.block);
    task.block = -1;
  }

  /** Where the workers find the reference of a function; undefined: they have to ask. */
  #definitionOf(called: TaskFunction): Definition | undefined {
    const known = this.#definitions.get(called);
    if (known !== undefined) return known;
    if (this.#definitions.size >= MOST_DEFINED) this.#forgetOldest();
    const block = this.#blocks.write(called.reference);
    if (block < 0) return undefined;
    const added: Definition = { block, size: this.#blocks.size, calls: 0 };
    this.#definitions.set(called, added);
    return added;
  }

  /** As `PlainChannel` does: two looks for each one added, so that those in use go to the back. */
  #forgetOldest(): void {
    let looks = 2;
    for (const [called, definition] of this.#definitions) {
      this.#definitions.delete(called);
      if (definition.calls > 0) this.#definitions.set(called, definition);
      else this.#heap.free(definition.block);
      looks -= 1;
      if (looks === 0) return;
    }
  }

  // ── out ─────────────────────────────────────────────────────────────────────────────────────────────────

  offer(task: Task): boolean {
    if (this.#desks.length === 0 || this.#damaged) return false;
    if (this.#out >= this.#mostOut) return false;
    const slot = this.#takeSlot();
    if (slot < 0) return false;
    const called = task.called as TaskFunction;
    const words = this.#words;
    const at = this.#board.at(slot);
    const definition = this.#definitionOf(called);
    words[at + record.FUNCTION] = called.id;
    words[at + record.FLAGS] = task.flags;
    words[at + record.ATTEMPT] = task.attempt;
    words[at + record.COUNT] = task.arity > 0 ? task.arity : task.window;
    words[at + record.DEFINITION_LENGTH] = 0;
    if (definition !== undefined) {
      definition.calls += 1;
      words[at + record.DEFINITION] = definition.block;
      words[at + record.DEFINITION_LENGTH] = definition.size;
    }
    this.#writeArguments(task, at);
    task.held = definition;
    task.slot = slot;
    this.#tasks[slot] = task;
    this.#out += 1;
    if (!(called.mean < QUICK_MS)) this.#slow += 1;
    this.#board.post(slot);
    task.wireId = record.wireIdOf(slot, this.#board.generation(slot));
    return true;
  }

  #takeSlot(): number {
    try {
      return this.#board.take();
    } catch (error) {
      this.#noteDamage(error);
      return -1;
    }
  }

  #writeArguments(task: Task, at: number): void {
    const words = this.#words;
    if (task.form === RAW) {
      const args = task.args as readonly unknown[];
      words[at + record.PLACE] = record.IN_SLOT;
      words[at + record.LENGTH] = 0;
      if (args.length === 0) return;
      const start = (at + record.SMALL) * Int32Array.BYTES_PER_ELEMENT;
      const end = this.#writer.writeList(args, start, start + record.SMALL_BYTES);
      if (end >= 0) {
        words[at + record.LENGTH] = end - start;
        return;
      }
      if (!this.#writeToHeap(task, args)) task.form = PACKED;
    }
    if (task.form === PACKED) {
      words[at + record.PLACE] = record.BY_MESSAGE;
      return;
    }
    words[at + record.PLACE] = record.IN_HEAP;
    words[at + record.OFFSET] = task.block;
    words[at + record.LENGTH] = task.size;
  }

  flush(): void {
    if (this.#out === 0 || this.#damaged) return;
    this.#board.publish();
    this.#rouseForNew();
  }

  /** Tasks that are up; none on a board that is damaged. */
  get #up(): number {
    try {
      return this.#board.unclaimed;
    } catch (error) {
      this.#noteDamage(error);
      return 0;
    }
  }

  /**
   * Wakes a worker for each task that is slow, or that nobody knows yet. What is quick is left to those who are awake,
   * as long as they can keep up with it.
   */
  #rouseForNew(): void {
    const slow = this.#slow;
    this.#slow = 0;
    if (slow === 0 && this.#progress && this.#out * this.#pace < BEHIND_MS) return;
    const up = this.#up;
    if (up === 0) return;
    const behind = Math.min(this.#cores, Math.max(1, Math.ceil((up * this.#pace) / BEHIND_MS)));
    const wanted = Math.max(Math.min(slow, up), behind - Atomics.load(this.#words, ACTIVE));
    let searching = 0;
    for (const { lane } of this.#desks) if (lane.state === SEARCHING) searching += 1;
    if (wanted > searching) this.#rouse(wanted - searching);
    else if (wanted <= 0 && !this.#progress && searching === 0) this.#rouse(1);
  }

  /** Wakes so many workers, or all that sleep; says how many that were. */
  #rouse(wanted: number): number {
    let roused = 0;
    for (const { worker, lane, retiring } of this.#desks) {
      if (roused >= wanted) break;
      if (retiring || !mustRouse(lane.words, WORKER_SLEEP)) continue;
      worker.rouse?.();
      roused += 1;
    }
    return roused;
  }

  // ── back ────────────────────────────────────────────────────────────────────────────────────────────────

  collect(): number {
    if (this.#asleep) {
      this.#asleep = false;
      rise(this.#words, HOST_SLEEP);
    }
    if (this.#out === 0 || this.#damaged) return 0;
    let taken = 0;
    for (const desk of this.#desks) taken += this.#drain(desk, MOST_AT_ONCE);
    this.#progress = taken > 0;
    if (taken > 0) this.#patience.met();
    return taken;
  }

  #drain(desk: Desk, most: number): number {
    let taken = 0;
    if (desk.broken || this.#damaged) return taken;
    try {
      while (taken < most) {
        const slot = desk.lane.shift();
        if (slot === -1) break;
        this.#settle(desk, slot);
        taken += 1;
      }
    } catch (error) {
      if (!(error instanceof CorruptedMemoryError)) throw error;
      desk.broken = true;
      this.#options.onCorrupted(desk.worker, error);
    }
    if (taken > 0) desk.lane.release();
    return taken;
  }

  #settle(desk: Desk, slot: number): void {
    const task = this.#tasks[slot];
    const { sharing } = desk;
    if (task === undefined || this.#board.holder(slot) !== sharing.layout.lane) {
      throw new CorruptedMemoryError(`an answer came for slot ${slot}, which its worker does not have`);
    }
    const { outcomes } = this.#options;
    const at = this.#board.at(slot);
    const what = this.#words[at + record.ANSWER];
    let value: unknown;
    let failed = false;
    try {
      value = this.#readAnswer(desk, at, what, task);
      failed = what === record.ERROR;
    } catch (error) {
      value = error;
      failed = true;
    }
    this.#noteOver(desk, task, this.#msOf(at));
    if (failed) outcomes.failed(task, value);
    else outcomes.succeeded(task, value);
  }

  #readAnswer(desk: Desk, at: number, what: number | undefined, task: Task): unknown {
    const words = this.#words;
    const length = words[at + record.ANSWER_LENGTH] as number;
    let start = (at + record.SMALL) * Int32Array.BYTES_PER_ELEMENT;
    let reader = this.#slotReader;
    if (words[at + record.ANSWER_PLACE] === record.IN_HEAP) {
      start = words[at + record.ANSWER_OFFSET] as number;
      reader = desk.reader;
      if (start < desk.heapStart || length < 0 || start + length > desk.heapEnd) {
        throw new RangeError(`A worker says that its answer is at [${start}, ${start + length}) of its lane`);
      }
    } else if (length < 0 || length > record.SMALL_BYTES) {
      throw new RangeError(`A worker says that a small answer has ${length} bytes`);
    }
    const isList = what === record.LIST || what === record.LIST_AND_ERRORS;
    if (what !== record.ERROR && isList !== ((task.flags & AS_CHUNK) !== 0)) {
      throw new RangeError(`A worker gave an answer of kind ${what}, which is not what was asked for`);
    }
    switch (what) {
      case record.VALUE:
        return length === 0 ? undefined : reader.read(start, start + length);
      case record.LIST:
        return { values: reader.readList(start, start + length), errors: NO_ERRORS, ms: this.#msOf(at) };
      case record.LIST_AND_ERRORS: {
        const [values, errors] = reader.read(start, start + length) as [
          unknown[],
          Array<[number, ErrorEnvelope]>,
        ];
        if (!Array.isArray(values)) throw new TypeError('A worker gave a list of results that is none');
        const stack = task.stackOptions();
        const { codec } = this.#options;
        return {
          values,
          errors: new Map(errors.map(([index, envelope]) => [index, unpackError(envelope, codec, stack)])),
          ms: this.#msOf(at),
        } satisfies ChunkResult;
      }
      case record.ERROR: {
        const envelope = reader.read(start, start + length) as ErrorEnvelope;
        return unpackError(envelope, this.#options.codec, task.stackOptions());
      }
      default:
        throw new RangeError(`A worker gave an answer of the unknown kind ${what}`);
    }
  }

  #msOf(at: number): number {
    const ms = this.#board.region.doubles[(at + record.MS) >> 1] as number;
    return ms >= 0 && ms < Infinity ? ms : 0;
  }

  /** A worker is done with the task. */
  #noteOver(desk: Desk, task: Task, ms: number): void {
    task.called?.note(ms);
    this.#pace += (ms - this.#pace) / 16;
    this.#putAway(task);
    desk.finished += 1;
    if (desk.finished >= this.#options.maxTasksPerChild) this.#options.onSpent(desk.worker);
  }

  /** The task is not here any more. */
  #putAway(task: Task): void {
    const definition = task.held as Definition | undefined;
    if (definition !== undefined) definition.calls -= 1;
    this.#tasks[task.slot] = undefined;
    this.#board.free(task.slot);
    task.held = undefined;
    task.slot = -1;
    this.#out -= 1;
  }

  /** What a worker says in messages: see `record.BY_MESSAGE`, and all that is not the plain answer of a call. */
  observe(worker: WorkerHandle, message: FromWorker): Task | undefined {
    const id = message[1];
    if (typeof id !== 'number') return undefined;
    const desk = this.#desks.find((one) => one.worker === worker);
    const task = this.#tasks[record.slotOf(id)];
    if (desk === undefined || task?.wireId !== id) return undefined;
    if (this.#board.holder(task.slot) !== desk.sharing.layout.lane) return undefined;
    switch (message[0]) {
      case WANT:
        this.#answerWant(desk, task);
        return undefined;
      case DONE:
      case CHUNK:
      case FAILED:
        this.#progress = true;
        this.#noteOver(desk, task, message[2]);
        break;
      default:
    }
    return task;
  }

  #answerWant(desk: Desk, task: Task): void {
    try {
      this.#sendCall(desk, task);
    } catch (error) {
      // Its arguments are not as they were written, or it asks a second time for what has moved to it.
      desk.broken = true;
      const why = `a call cannot be sent: ${String(error)}`;
      this.#options.onCorrupted(desk.worker, new CorruptedMemoryError(why));
    }
  }

  #sendCall({ worker, known }: Desk, task: Task): void {
    const { id, reference } = task.called as TaskFunction;
    const batch: ToWorker[] = [];
    if (!known.has(id)) {
      if (known.size >= MOST_DEFINED) {
        for (const old of known) batch.push([FORGET, old]);
        known.clear();
      }
      known.add(id);
      batch.push([DEFINE, id, reference]);
    }
    let { args, transfer } = task;
    // The worker could not be told of the function in memory; the arguments were written there all the same.
    if (task.form === IN_BLOCK) {
      const values = this.#slotReader.readList(task.block, task.block + task.size);
      args = encodeArguments(this.#options.codec, values).value;
    }
    batch.push([CALL, task.wireId, id, task.flags, -1, args, task.details]);
    // What may be sent a second time is copied instead of moved, so that it is still there.
    worker.post(batch, task.mayBeSentAgain && !task.isDirect ? undefined : transfer);
  }

  // ── taking back ─────────────────────────────────────────────────────────────────────────────────────────

  withdraw(task: Task): boolean {
    if (task.slot < 0 || !this.#board.revoke(task.slot)) return false;
    const definition = task.held as Definition | undefined;
    if (definition !== undefined) definition.calls -= 1;
    this.#tasks[task.slot] = undefined;
    task.held = undefined;
    task.slot = -1;
    this.#out -= 1;
    return true;
  }

  recall(priority: number): readonly Task[] {
    const { maxWorkers, concurrency } = this.#options;
    // From now on some tasks are more urgent than others.
    this.#mostOut = maxWorkers * (concurrency + 2);
    return this.#takeDown(priority);
  }

  /** Takes down what is less urgent than that, and that no worker has taken. */
  #takeDown(priority: number): Task[] {
    const down: Task[] = [];
    for (const task of this.#tasks) {
      if (task !== undefined && task.priority < priority && this.withdraw(task)) down.push(task);
    }
    return down;
  }

  rebalance(): void {
    // Whoever is free helps himself.
  }

  hasBegun(task: Task): boolean {
    return task.slot >= 0 && this.#board.holder(task.slot) >= 0;
  }

  isUnderWay(task: Task): boolean {
    return this.hasBegun(task);
  }

  tell(task: Task, message: ToWorker): void {
    this.holderOf(task)?.post([message]);
  }

  holderOf(task: Task): WorkerHandle | undefined {
    if (task.slot < 0) return undefined;
    const lane = this.#board.holder(task.slot);
    return this.#desks.find((desk) => desk.sharing.layout.lane === lane)?.worker;
  }

  // ── waiting ─────────────────────────────────────────────────────────────────────────────────────────────

  linger(taken: number): typeof REST | typeof SOON | typeof LATER {
    if (this.#out === 0 || this.#damaged) return REST;
    if (taken > 0) return this.#next();
    // Whoever spins when all processors have work to do keeps others from doing it.
    if (Atomics.load(this.#words, ACTIVE) < this.#cores) {
      if (this.#patience.await(this.#isAnything)) {
        this.collect();
        return this.#next();
      }
      // Nothing came back for as long as that: whoever is awake is busy with something that is not so quick.
      if (this.#up > 0 && this.#rouse(1) > 0) return LATER;
    }
    this.#quiet += 1;
    if (this.#quiet <= QUIET_TURNS) return LATER;
    return this.#sleep() ? REST : LATER;
  }

  readonly #isAnything = (): boolean => {
    for (const { lane, broken } of this.#desks) if (lane.any && !broken) return true;
    return false;
  };

  /** Something was settled. The clock is looked at only now and then. */
  #next(): typeof SOON | typeof LATER {
    this.#quiet = 0;
    this.#turns += 1;
    if (this.#turns % TURNS_BETWEEN_LOOKS !== 0) return SOON;
    const now = performance.now();
    if (now < this.#sliceEnd) return SOON;
    this.#sliceEnd = now + SLICE_MS;
    return LATER;
  }

  /** False: there is something to do after all. */
  #sleep(): boolean {
    this.#quiet = 0;
    // One after the other: they may be quick, and to wake all of them for that would cost more than it gives.
    const up = this.#up;
    if (up > 0 && this.#rouse(1) > 0) this.#lookAgainIn(STALL_MS);
    this.#lookForLost(up);
    lieDown(this.#words, HOST_SLEEP);
    if (this.#isAnything()) {
      rise(this.#words, HOST_SLEEP);
      return false;
    }
    this.#asleep = true;
    return this.#listen();
  }

  #lookAgainIn(ms: number): void {
    this.#stallTimer ??= setTimeout(() => {
      this.#stallTimer = undefined;
      this.#options.onWake();
    }, ms);
  }

  /** Processes send a message instead, see `WorkerHost.rousePool`. */
  #listen(): boolean {
    const { region } = this.#board;
    if (region.waitAsync === undefined || this.#listening) return true;
    const waiting = region.waitAsync(HOST_SLEEP, ASLEEP);
    // Roused already: what comes next is seen in the next turn.
    if (!waiting.async) return false;
    this.#listening = true;
    void waiting.value.then(() => {
      this.#listening = false;
      this.#options.onWake();
    });
    return true;
  }

  // ── damage ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Tasks that no worker has, and none will find: somebody wrote over their slots, or over the ring. */
  #lookForLost(up: number): void {
    for (const task of this.#tasks) {
      if (task === undefined) continue;
      const holder = this.#board.holder(task.slot);
      if (holder >= 0 ? this.#lanes[holder] === true : holder === NOBODY_YET && up > 0) continue;
      this.#noteDamage(new CorruptedMemoryError(`the task in slot ${task.slot} of the board is lost`));
      return;
    }
  }

  #noteDamage(error: unknown): void {
    if (!(error instanceof CorruptedMemoryError)) throw error;
    if (this.#damaged) return;
    this.#damaged = true;
    this.#options.onCorrupted(undefined, error);
    // The others are over when the workers are gone that have them.
    for (const task of this.#abandoned()) this.#options.outcomes.failed(task, error);
  }

  /** Takes what no worker has from a damaged board. */
  #abandoned(): Task[] {
    const abandoned: Task[] = [];
    for (const task of this.#tasks) {
      if (task !== undefined && this.#lanes[this.#board.holder(task.slot)] !== true) abandoned.push(task);
    }
    for (const task of abandoned) this.#putAway(task);
    return abandoned;
  }

  close(): void {
    clearTimeout(this.#stallTimer);
    this.#spareLane?.close();
    this.#board.region.close();
  }
}

const NO_ERRORS: ReadonlyMap<number, unknown> = new Map();

function commitOrThrow(region: Region, bytes: number): void {
  if (region.commit(0, bytes)) return;
  region.close();
  throw new Error(region.refusal ?? 'the system has no shared memory left');
}
