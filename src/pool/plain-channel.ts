/**
 * The channel over messages: a MessagePort to each thread, a pipe to each process.
 *
 *            scheduler
 *     offer ↓   flush ↓        ↑ observe
 *     ┌──────────── PlainChannel ────────────┐
 *     │ Hand(worker 1)     Hand(worker 2)    │   what each worker holds, and what is to be sent to it
 *     └──────│──────────────────│────────────┘
 *        one batch of messages a flush
 *
 * How much lies ready. A hand-over costs tens of microseconds, so with no-ops a worker that is given one task
 * at a time is idle most of the time. A worker is therefore given more than it can run at once, but only
 * while no worker is free or could be started, and
 *  - where claims tell who has begun what (threads), up to `CLAIM_SLOTS`: what lies behind a slow task is taken
 *    back and given to whoever is free;
 *  - where they do not (processes), only as much as takes about `AHEAD_MS` by the times that these functions took of
 *    late, and nothing behind a function that is new or slow, or a worker that has finished nothing yet or said nothing
 *    for that long: what was sent cannot be taken back, and counts as begun.
 */

import type { Transferable } from 'node:worker_threads';
import { type Codec, encodeArguments } from '../wire/codec.ts';
import {
  CALL,
  CHUNK,
  DEFINE,
  DONE,
  FAILED,
  FORGET,
  type FromWorker,
  STARTED,
  STOP,
  type ToWorker,
} from '../wire/protocol.ts';
import type { WorkerHandle } from './backend.ts';
import { type Channel, type Leftover, REST } from './channel.ts';
import { forgetOldest, type KnownFunction, type TaskFunction } from './functions.ts';
import type { Task } from './task.ts';

/**
 * Work that may lie in a process's hands behind the task that it runs, and how long its silence is taken for
 * work. What is sent in that time behind a function that was always quick, and is not this time, waits for
 * it.
 */
const AHEAD_MS = 2;
const MOST_AHEAD = 48;
/**
 * A worker that has this many tasks lying ready is in no hurry for more: what is offered to it is sent when
 * the loop has dealt with all that came in, in one message. Sending costs more than all the rest of a small
 * task.
 */
const AT_EASE = 8;
/**
 * Functions that a worker keeps at hand. A program that submits inline arrows makes a new one at each call,
 * and the worker would hold on to all of them, with what they capture on the event loop. One that was
 * forgotten is defined again; that costs a message and a look into the worker's caches.
 */
const MOST_KNOWN = 1024;

/** A function that a worker knows. */
interface Known extends KnownFunction {
  readonly id: number;
  calls: number;
}

interface Held {
  readonly task: Task;
  readonly hand: Hand;
  readonly fn: Known;
  readonly ticket: number;
  /** What it moves has moved: it cannot be sent to another worker. */
  readonly spent: boolean;
}

/** What one worker holds. */
class Hand {
  readonly worker: WorkerHandle;
  /** In the order in which it was given, which is the order in which the worker begins. */
  readonly held = new Map<number, Held>();
  /** The functions that it knows, those known or looked at for longest first. */
  readonly known = new Map<number, Known>();
  outbox: ToWorker[] = [];
  transfer: Transferable[] = [];
  /** Calls in the outbox. */
  unsent = 0;
  /** Something in the outbox is not a call, and must not wait. */
  urgent = false;
  /** Tasks that it may still be given. */
  quota: number;
  finished = 0;
  retiring = false;
  /** What the slowest task may take that it was given since it last had none; in ms. */
  slowest = 0;
  /** When it was last known to make progress. */
  lastProgress = 0;

  constructor(worker: WorkerHandle, quota: number) {
    this.worker = worker;
    this.quota = quota;
  }

  hasBegun({ ticket }: Held): boolean {
    return ticket < 0 || this.worker.claims === undefined || this.worker.claims.isClaimed(ticket);
  }

  /**
   * Whether the worker is at it. Without claims that is true of the first in line; the others it has not
   * touched.
   */
  isUnderWay(one: Held, concurrency: number): boolean {
    if (this.worker.claims !== undefined) return this.hasBegun(one);
    if (concurrency >= this.held.size) return true;
    let place = 0;
    for (const held of this.held.values()) {
      if (held === one) return true;
      place += 1;
      if (place >= concurrency) break;
    }
    return false;
  }
}

function heldOf(task: Task): Held | undefined {
  return task.held as Held | undefined;
}

/** What the task may take, in ms. */
function expected(task: Task): number {
  return task.called?.slowest ?? Infinity;
}

export interface PlainChannelOptions {
  readonly codec: Codec;
  /** Tasks that one worker may run at once. */
  readonly concurrency: number;
  readonly maxWorkers: number;
  /** Tasks that a worker is given before it is retired. */
  readonly maxTasksPerChild: number;
  /** A worker has been given all that it may be given, and has finished it. */
  onSpent(worker: WorkerHandle): void;
  readonly kind?: 'plain' | 'none';
  readonly reason?: string;
}

export class PlainChannel implements Channel {
  readonly kind: 'plain' | 'none';
  readonly reason?: string;
  readonly #options: PlainChannelOptions;
  readonly #hands = new Map<WorkerHandle, Hand>();
  readonly #unsent = new Set<Hand>();
  #flushPlanned = false;

  constructor(options: PlainChannelOptions) {
    this.#options = options;
    this.kind = options.kind ?? 'plain';
    if (options.reason !== undefined) this.reason = options.reason;
  }

  admit(): undefined {
    return undefined;
  }

  dismiss(): void {
    // It has given nothing.
  }

  close(): void {
    // It holds nothing.
  }

  attach(worker: WorkerHandle): void {
    this.#hands.set(worker, new Hand(worker, this.#options.maxTasksPerChild));
  }

  retire(worker: WorkerHandle): void {
    const hand = this.#hands.get(worker);
    if (hand === undefined || hand.retiring) return;
    hand.retiring = true;
    if (hand.held.size === 0) this.#send(hand, [STOP]);
  }

  detach(worker: WorkerHandle): Leftover {
    const hand = this.#hands.get(worker);
    if (hand === undefined) return { begun: [], untouched: [], finished: 0 };
    this.#hands.delete(worker);
    this.#unsent.delete(hand);
    const begun: Task[] = [];
    const untouched: Task[] = [];
    for (const held of hand.held.values()) {
      const touched = held.spent || hand.isUnderWay(held, this.#options.concurrency);
      (touched ? begun : untouched).push(held.task);
      held.task.held = undefined;
    }
    return { begun, untouched, finished: hand.finished };
  }

  pack(task: Task, args: readonly unknown[], transfer: readonly Transferable[] | undefined): void {
    const packed = encodeArguments(this.#options.codec, args, transfer);
    task.args = packed.value;
    task.transfer = packed.transfer;
    task.shared = packed.shared;
  }

  unpack(task: Task): void {
    task.args = undefined;
    task.transfer = undefined;
    task.shared = undefined;
  }

  offer(task: Task): boolean {
    let best: Hand | undefined;
    let bestLoad = Infinity;
    for (const hand of this.#hands.values()) {
      const load = hand.held.size;
      if (load < bestLoad && load < this.#limit(hand, task)) {
        best = hand;
        bestLoad = load;
      }
    }
    if (best === undefined) return false;
    this.#give(best, task);
    return true;
  }

  flush(): void {
    for (const hand of this.#unsent) {
      const lyingReady = hand.held.size - hand.unsent - this.#options.concurrency;
      if (hand.urgent || lyingReady < AT_EASE) this.#post(hand);
    }
    if (this.#unsent.size === 0 || this.#flushPlanned) return;
    this.#flushPlanned = true;
    setImmediate(() => {
      this.#flushPlanned = false;
      for (const hand of this.#unsent) this.#post(hand);
    });
  }

  #post(hand: Hand): void {
    const { outbox, transfer } = hand;
    this.#unsent.delete(hand);
    hand.outbox = [];
    hand.transfer = [];
    hand.unsent = 0;
    hand.urgent = false;
    if (outbox.length === 0) return;
    hand.worker.post(outbox, transfer.length > 0 ? transfer : undefined);
  }

  get backlog(): number {
    return 0;
  }

  collect(): number {
    return 0;
  }

  linger(): typeof REST {
    return REST;
  }

  withdraw(task: Task): boolean {
    const held = heldOf(task);
    return held !== undefined && this.#revoke(held);
  }

  recall(priority: number): readonly Task[] {
    const recalled: Task[] = [];
    for (const hand of this.#hands.values()) {
      if (hand.held.size <= this.#options.concurrency) continue;
      for (const held of hand.held.values()) {
        if (held.task.priority < priority && !held.spent && this.#revoke(held)) recalled.push(held.task);
      }
    }
    return recalled;
  }

  rebalance(): void {
    const { concurrency } = this.#options;
    if (this.#hands.size < 2) return;
    for (const free of this.#hands.values()) {
      while (free.held.size < concurrency && !this.#closed(free)) {
        const task = this.#takeFromLongest();
        if (task === undefined) return;
        this.#give(free, task);
      }
    }
  }

  hasBegun(task: Task): boolean {
    const held = heldOf(task);
    return held?.hand.hasBegun(held) ?? false;
  }

  isUnderWay(task: Task): boolean {
    const held = heldOf(task);
    return held?.hand.isUnderWay(held, this.#options.concurrency) ?? false;
  }

  noteStarts(): void {
    // Workers say so in messages.
  }

  tell(task: Task, message: ToWorker): void {
    const held = heldOf(task);
    if (held !== undefined) this.#send(held.hand, message);
  }

  holderOf(task: Task): WorkerHandle | undefined {
    return heldOf(task)?.hand.worker;
  }

  observe(worker: WorkerHandle, message: FromWorker): Task | undefined {
    const hand = this.#hands.get(worker);
    const id = message[1];
    const held = typeof id === 'number' ? hand?.held.get(id) : undefined;
    if (hand === undefined || held === undefined) return undefined;
    switch (message[0]) {
      case STARTED:
        held.task.trace?.began(worker.name, message[2]);
        break;
      case DONE:
      case CHUNK:
      case FAILED:
        this.#drop(held);
        hand.finished += 1;
        held.task.called?.note(message[2]);
        held.task.trace?.ended(worker.name, message[2]);
        hand.lastProgress = performance.now();
        if (hand.held.size > 0) break;
        if (hand.retiring) this.#send(hand, [STOP]);
        else if (hand.quota <= 0) this.#options.onSpent(worker);
        break;
      default:
    }
    return held.task;
  }

  finished(worker: WorkerHandle): number {
    return this.#hands.get(worker)?.finished ?? 0;
  }

  load(worker: WorkerHandle): number {
    return this.#hands.get(worker)?.held.size ?? 0;
  }

  #closed(hand: Hand): boolean {
    return hand.retiring || hand.quota <= 0;
  }

  /** How many tasks this worker may hold if it gets this one. */
  #limit(hand: Hand, task: Task): number {
    const { concurrency, maxWorkers } = this.#options;
    if (this.#closed(hand)) return 0;
    if (task.isDirect || this.#hands.size < maxWorkers) return concurrency;
    const { claims } = hand.worker;
    if (claims !== undefined) return Math.max(concurrency, hand.held.size + claims.free);
    return concurrency + this.#ahead(hand, task);
  }

  /** How many tasks may lie ready where they cannot be taken back. */
  #ahead(hand: Hand, task: Task): number {
    if (hand.finished === 0 || performance.now() - hand.lastProgress > AHEAD_MS) return 0;
    const slowest = Math.max(hand.slowest, expected(task));
    return Math.min(MOST_AHEAD, Math.floor(AHEAD_MS / slowest));
  }

  #give(hand: Hand, task: Task): void {
    const { concurrency } = this.#options;
    const { claims } = hand.worker;
    const waits = hand.held.size >= concurrency;
    if (hand.held.size === 0) {
      hand.lastProgress = performance.now();
      hand.slowest = expected(task);
    } else hand.slowest = Math.max(hand.slowest, expected(task));
    const ticket = claims !== undefined && claims.free > 0 && !task.isDirect ? claims.offer() : -1;
    const fn = this.#define(hand, task.called as TaskFunction);
    fn.calls += 1;
    hand.unsent += 1;
    this.#send(hand, [CALL, task.id, fn.id, task.flags, ticket, task.args, task.details]);
    // What may be taken back is copied instead of moved, so that it is still there.
    const spent = task.transfer !== undefined && (task.isDirect || !(waits || task.mayBeSentAgain));
    if (spent) hand.transfer.push(...(task.transfer ?? []));
    const held: Held = { task, hand, fn, ticket, spent };
    hand.held.set(task.id, held);
    task.wireId = task.id;
    task.held = held;
    hand.quota -= 1;
  }

  /** Makes the function known to the worker, if it is not yet. */
  #define(hand: Hand, { id, reference }: TaskFunction): Known {
    const known = hand.known.get(id);
    if (known !== undefined) return known;
    if (hand.known.size >= MOST_KNOWN) forgetOldest(hand.known, (old) => this.#send(hand, [FORGET, old]));
    const added: Known = { id, calls: 0 };
    hand.known.set(id, added);
    this.#send(hand, [DEFINE, id, reference]);
    return added;
  }

  #send(hand: Hand, message: ToWorker): void {
    hand.outbox.push(message);
    if (message[0] !== CALL && message[0] !== DEFINE && message[0] !== FORGET) hand.urgent = true;
    this.#unsent.add(hand);
  }

  #revoke(held: Held): boolean {
    const { hand, task, ticket } = held;
    const { claims } = hand.worker;
    if (claims === undefined || ticket < 0 || !claims.revoke(ticket)) return false;
    this.#drop(held);
    hand.quota += 1;
    if (task.transfer !== undefined) this.#unsend(hand, task.id);
    return true;
  }

  /**
   * Takes a call out of the outbox, if it is still there. A message that was taken back claims nothing and
   * could stay, but the next worker may be sent the memory of its arguments first: what is left of them here
   * cannot be cloned any more, and would fail all messages of the batch.
   */
  #unsend(hand: Hand, id: number): void {
    const at = hand.outbox.findLastIndex((message) => message[0] === CALL && message[1] === id);
    if (at < 0) return;
    hand.outbox.splice(at, 1);
    hand.unsent -= 1;
  }

  #drop({ task, hand, fn, ticket }: Held): void {
    fn.calls -= 1;
    hand.held.delete(task.id);
    task.held = undefined;
    if (ticket >= 0) hand.worker.claims?.release(ticket);
  }

  /** The task that would wait longest: the last one in the fullest hand. */
  #takeFromLongest(): Task | undefined {
    let longest: Hand | undefined;
    for (const hand of this.#hands.values()) {
      if (hand.held.size > Math.max(this.#options.concurrency, longest?.held.size ?? 0)) longest = hand;
    }
    if (longest === undefined) return undefined;
    for (const held of [...longest.held.values()].toReversed()) {
      if (!held.spent && this.#revoke(held)) return held.task;
    }
    return undefined;
  }
}
