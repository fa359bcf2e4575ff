/**
 * The channel over shared memory: tasks are put up on a board, and whoever is free takes the next one.
 *
 *           scheduler                                                    workers
 *     offer ↓  flush ↓   ↑ outcomes                                         │
 *   ┌────────────────── SharedChannel ───────────────────┐                  │
 *   │ board: slots with calls and small arguments ───────┼──── claim ──────▶│
 *   │ heap: larger arguments, references of functions ───┼──── read ───────▶│
 *   │ lane of each worker: numbers of answered slots ◀───┼──── push ────────│
 *   └────────────────────────────────────────────────────┘                  │
 *        messages, for what shared memory cannot carry ◀───────────────────▶│
 *
 *   call-writer.ts      writes calls            desks.ts   the workers, and their lanes
 *   answer-reader.ts    reads answers           watch.ts   looks, sleeps, and wakes
 *
 * A task that cannot be written into memory (it moves a port, say) is put up as well, and is sent as a message to
 * the worker that has taken it and asks for it. So the order of tasks, who may run what, and what has begun, do
 * not depend on how arguments travel.
 *
 * What workers write is not trusted. One that says what cannot be is killed; if it is the board that is damaged, which
 * all share, the pool is broken. Either way each task gets an answer.
 */

import { availableParallelism } from 'node:os';
import type { Transferable } from 'node:worker_threads';
import { Board, boardBytes, CorruptedMemoryError, NOBODY_YET } from '../../memory/board.ts';
import { Heap } from '../../memory/heap.ts';
import type { Codec } from '../../wire/codec.ts';
import {
  CHUNK,
  DONE,
  FAILED,
  type FromWorker,
  STARTED,
  STOP,
  type ToWorker,
  WANT,
} from '../../wire/protocol.ts';
import { Memory } from '../../wire/values/index.ts';
import type { WorkerHandle } from '../backend.ts';
import { type Channel, LATER, type Leftover, type Outcomes, REST, type SOON } from '../channel.ts';
import type { TaskFunction } from '../functions.ts';
import type { Task } from '../task.ts';
import { AnswerReader } from './answer-reader.ts';
import { CallWriter } from './call-writer.ts';
import { type Desk, Desks, type MakeRegion } from './desks.ts';
import * as record from './record.ts';
import { heapStart, type Sharing, shapeFor } from './sharing.ts';
import { QUICK_MS, Watch } from './watch.ts';

/**
 * Answers of a worker that are settled in one turn. What follows on them in the program is run before the next turn
 * puts up more tasks, and the workers should not run dry meanwhile.
 */
const MOST_AT_ONCE = 64;

export interface SharedChannelOptions {
  readonly codec: Codec;
  /** Tasks that one worker may run at once. */
  readonly concurrency: number;
  readonly maxWorkers: number;
  /** Tasks that a worker is given before it is retired. */
  readonly maxTasksPerChild: number;
  readonly makeRegion: MakeRegion;
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
  readonly #desks: Desks;
  readonly #board: Board;
  readonly #calls: CallWriter;
  readonly #answers: AnswerReader;
  readonly #watch: Watch;
  /** By slot: tasks that are up, or taken. */
  readonly #tasks: Array<Task | undefined> = [];
  /** How many those are. */
  #out = 0;
  /** Posted since the last flush, and not known to be quick. */
  #slow = 0;
  /** Not so many that urgent tasks would have to wait for, or take down, a whole ring of others. */
  #mostOut = Infinity;
  /** For workers that have taken a task already, while the host has not yet read that they are ready. */
  #early: Array<{ readonly lane: number; readonly message: ToWorker }> = [];
  /** What all share cannot be trusted any more; all workers are about to be killed. */
  #damaged = false;

  /** @throws what `makeRegion` throws */
  constructor(options: SharedChannelOptions) {
    this.#options = options;
    const { codec, concurrency, maxWorkers, maxTasksPerChild, makeRegion } = options;
    const shape = shapeFor(maxWorkers * concurrency);
    const cores = availableParallelism();
    this.#desks = new Desks(shape, makeRegion, cores, maxTasksPerChild);
    const { region } = this.#desks;
    const start = heapStart(boardBytes(shape));
    const heap = new Heap(region, start, region.buffer.byteLength - start);
    const memory = new Memory(region.buffer);
    this.#board = new Board(region, shape);
    this.#calls = new CallWriter(codec, this.#board, heap, memory);
    this.#answers = new AnswerReader(codec, this.#board, memory);
    this.#watch = new Watch(this.#board, this.#desks, cores, () => options.onWake());
  }

  // ── workers ─────────────────────────────────────────────────────────────────────────────────────────────

  admit(): Sharing {
    return this.#desks.admit();
  }

  dismiss(sharing: Sharing): void {
    this.#desks.dismiss(sharing);
  }

  attach(worker: WorkerHandle): void {
    const { lane } = this.#desks.add(worker).sharing.layout;
    for (const early of this.#early) if (early.lane === lane) worker.post([early.message]);
    this.#forgetEarly(lane);
  }

  #forgetEarly(lane: number): void {
    if (this.#early.length > 0) this.#early = this.#early.filter((early) => early.lane !== lane);
  }

  retire(worker: WorkerHandle): void {
    const desk = this.#desks.of(worker);
    if (desk !== undefined) desk.retiring = true;
    worker.post([[STOP]]);
  }

  detach(worker: WorkerHandle): Leftover {
    const begun: Task[] = [];
    const untouched: Task[] = [];
    // It may have worked, and gone, before the host has read that it is ready.
    const desk = this.#desks.of(worker) ?? (worker.sharing && this.#desks.add(worker));
    if (desk !== undefined) {
      // What it had finished before it went is finished.
      this.#drain(desk, Infinity);
      this.#desks.remove(desk);
    }
    if (worker.sharing !== undefined) {
      begun.push(...this.#heldAt(worker.sharing.layout.lane));
      for (const task of begun) this.#putAway(task);
      this.#forgetEarly(worker.sharing.layout.lane);
      this.dismiss(worker.sharing);
    }
    // Nobody is left to take them; the scheduler will start somebody else, or say why not.
    if (desk !== undefined && this.#desks.all.length === 0) untouched.push(...this.#takeDown(Infinity));
    if (this.#damaged) begun.push(...this.#abandoned());
    return { begun, untouched, finished: desk?.finished ?? 0 };
  }

  finished(worker: WorkerHandle): number {
    return this.#desks.of(worker)?.finished ?? 0;
  }

  load(worker: WorkerHandle): number {
    return worker.sharing === undefined ? 0 : this.#heldAt(worker.sharing.layout.lane).length;
  }

  #heldAt(lane: number): Task[] {
    const held: Task[] = [];
    for (const task of this.#tasks) {
      if (task !== undefined && this.#board.holder(task.slot) === lane) held.push(task);
    }
    return held;
  }

  get backlog(): number {
    const { concurrency, maxTasksPerChild } = this.#options;
    let hands = 0;
    for (const { retiring, finished } of this.#desks.all) {
      if (!retiring) hands += Math.min(concurrency, maxTasksPerChild - finished);
    }
    return Math.max(0, this.#out - hands);
  }

  // ── out ─────────────────────────────────────────────────────────────────────────────────────────────────

  pack(task: Task, args: readonly unknown[], transfer: readonly Transferable[] | undefined): void {
    this.#calls.pack(task, args, transfer);
  }

  unpack(task: Task): void {
    this.#calls.unpack(task);
  }

  offer(task: Task): boolean {
    if (this.#desks.all.length === 0 || this.#damaged) return false;
    if (this.#out >= this.#mostOut) return false;
    const slot = this.#takeSlot();
    if (slot < 0) return false;
    this.#calls.write(task, slot);
    task.slot = slot;
    this.#tasks[slot] = task;
    this.#out += 1;
    if (!((task.called as TaskFunction).mean < QUICK_MS)) this.#slow += 1;
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

  flush(): void {
    if (this.#out === 0 || this.#damaged) return;
    this.#board.publish();
    try {
      this.#watch.rouseForNew(this.#slow, this.#out);
    } catch (error) {
      this.#noteDamage(error);
    }
    this.#slow = 0;
  }

  // ── back ────────────────────────────────────────────────────────────────────────────────────────────────

  collect(): number {
    this.#watch.rise();
    let taken = 0;
    if (this.#out > 0) for (const desk of this.#desks.all) taken += this.#drain(desk, MOST_AT_ONCE);
    this.#watch.collected(taken);
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
    if (task === undefined || this.#board.holder(slot) !== desk.sharing.layout.lane) {
      throw new CorruptedMemoryError(`an answer came for slot ${slot}, which its worker does not have`);
    }
    const { outcomes } = this.#options;
    let value: unknown;
    let failed: boolean;
    try {
      value = this.#answers.read(desk, slot, task);
      failed = this.#answers.isError(slot);
    } catch (error) {
      value = error;
      failed = true;
    }
    this.#noteOver(desk, task, this.#answers.ms(slot));
    if (failed) outcomes.failed(task, value);
    else outcomes.succeeded(task, value);
  }

  /** A worker is done with the task. */
  #noteOver(desk: Desk, task: Task, ms: number): void {
    if (task.trace !== undefined) {
      task.trace.began(desk.worker.name, this.#answers.startedAt(task.slot));
      task.trace.ended(desk.worker.name, ms);
    }
    task.called?.note(ms);
    this.#watch.note(ms);
    this.#putAway(task);
    desk.finished += 1;
    if (desk.finished >= this.#options.maxTasksPerChild) this.#options.onSpent(desk.worker);
  }

  /** The task is not here any more. */
  #putAway(task: Task): void {
    this.#board.free(task.slot);
    this.#letGo(task);
  }

  #letGo(task: Task): void {
    this.#calls.drop(task);
    this.#tasks[task.slot] = undefined;
    task.slot = -1;
    this.#out -= 1;
  }

  /** What a worker says in messages: see `record.BY_MESSAGE`, and all that is not the plain answer of a call. */
  observe(worker: WorkerHandle, message: FromWorker): Task | undefined {
    const id = message[1];
    if (typeof id !== 'number') return undefined;
    const desk = this.#desks.of(worker);
    const task = this.#tasks[record.slotOf(id)];
    if (desk === undefined || task?.wireId !== id) return undefined;
    if (this.#board.holder(task.slot) !== desk.sharing.layout.lane) return undefined;
    switch (message[0]) {
      case WANT:
        this.#answerWant(desk, task);
        return undefined;
      case STARTED:
        task.trace?.began(worker.name, message[2]);
        break;
      case DONE:
      case CHUNK:
      case FAILED:
        this.#watch.collected(1);
        this.#noteOver(desk, task, message[2]);
        break;
      default:
    }
    return task;
  }

  #answerWant(desk: Desk, task: Task): void {
    try {
      const { batch, transfer } = this.#calls.asMessage(task, desk.known);
      desk.worker.post(batch, transfer);
    } catch (error) {
      // Its arguments are not as they were written, or it asks a second time for what has moved to it.
      desk.broken = true;
      const why = `a call cannot be sent: ${String(error)}`;
      this.#options.onCorrupted(desk.worker, new CorruptedMemoryError(why));
    }
  }

  linger(taken: number): typeof REST | typeof SOON | typeof LATER {
    if (this.#out === 0 || this.#damaged) return REST;
    if (taken > 0) return this.#watch.next();
    try {
      if (!this.#watch.look()) {
        this.#lookForLost();
        return this.#damaged || this.#watch.sleep() ? REST : LATER;
      }
    } catch (error) {
      this.#noteDamage(error);
      return REST;
    }
    this.collect();
    return this.#watch.next();
  }

  // ── taking back ─────────────────────────────────────────────────────────────────────────────────────────

  withdraw(task: Task): boolean {
    if (task.slot < 0 || !this.#board.revoke(task.slot)) return false;
    this.#letGo(task);
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

  noteStarts(): void {
    for (const task of this.#tasks) {
      if (task?.trace === undefined) continue;
      const holder = this.holderOf(task);
      if (holder !== undefined) task.trace.began(holder.name, this.#answers.startedAt(task.slot));
    }
  }

  tell(task: Task, message: ToWorker): void {
    const holder = this.holderOf(task);
    if (holder !== undefined) holder.post([message]);
    else if (this.hasBegun(task)) this.#early.push({ lane: this.#board.holder(task.slot), message });
  }

  holderOf(task: Task): WorkerHandle | undefined {
    if (task.slot < 0) return undefined;
    const lane = this.#board.holder(task.slot);
    return this.#desks.atLane(lane)?.worker;
  }

  // ── damage ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Tasks that no worker has, and none will find: somebody wrote over their slots, or over the ring. */
  #lookForLost(): void {
    const up = this.#board.unclaimed;
    for (const task of this.#tasks) {
      if (task === undefined) continue;
      const holder = this.#board.holder(task.slot);
      if (holder >= 0 ? this.#desks.hasLane(holder) : holder === NOBODY_YET && up > 0) continue;
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
      if (task !== undefined && !this.#desks.hasLane(this.#board.holder(task.slot))) abandoned.push(task);
    }
    for (const task of abandoned) this.#putAway(task);
    return abandoned;
  }

  close(): void {
    this.#watch.close();
    this.#desks.close();
  }
}
