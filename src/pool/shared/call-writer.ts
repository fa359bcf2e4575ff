/**
 * How calls are written: into slots of the board, with what is too large for those in the heap behind it.
 *
 * Arguments are read when the task is submitted, and may have to wait for a slot. Meanwhile they are
 *  - as they are, when they are a few primitives, which nobody can change;
 *  - in a block of the heap, already as workers will read them;
 *  - packed for a message, when they cannot be written or there is no room.
 */

import type { Transferable } from 'node:worker_threads';
import type { Board } from '../../memory/board.ts';
import type { Heap } from '../../memory/heap.ts';
import { type Codec, encodeArguments, isAnyMarked, isPrimitive } from '../../wire/codec.ts';
import { CALL, DEFINE, FORGET, type ToWorker } from '../../wire/protocol.ts';
import { type Memory, ValueReader, ValueWriter } from '../../wire/values/index.ts';
import { forgetOldest, type KnownFunction, type TaskFunction } from '../functions.ts';
import type { Task } from '../task.ts';
import { BlockWriter } from './block-writer.ts';
import * as record from './record.ts';

/** Functions whose references are kept in the heap; see `#definitionOf`. */
const MOST_DEFINED = 1024;
/** More arguments than that are not looked at one by one, to find out whether all are primitives. */
const FEW = 8;

/** How the arguments of a task are kept until it is put up; `task.form`. */
const RAW = 0;
const IN_BLOCK = 1;
const PACKED = 2;

/** The reference of a function, in the heap. */
interface Definition extends KnownFunction {
  readonly block: number;
  readonly size: number;
  calls: number;
}

export class CallWriter {
  readonly #codec: Codec;
  readonly #board: Board;
  readonly #heap: Heap;
  readonly #blocks: BlockWriter;
  /** Into slots. */
  readonly #writer: ValueWriter;
  readonly #reader: ValueReader;
  readonly #definitions = new Map<TaskFunction, Definition>();

  constructor(codec: Codec, board: Board, heap: Heap, memory: Memory) {
    this.#codec = codec;
    this.#board = board;
    this.#heap = heap;
    this.#writer = new ValueWriter(memory);
    this.#reader = new ValueReader(memory);
    this.#blocks = new BlockWriter(heap, this.#writer);
  }

  /** Takes a snapshot of the arguments. @throws NotShareableError */
  pack(task: Task, args: readonly unknown[], transfer: readonly Transferable[] | undefined): void {
    const { name } = task.options;
    let values = args;
    if (name !== undefined) {
      values = [...args, name];
      task.flags |= record.NAMED;
    }
    const moves = (transfer !== undefined && transfer.length > 0) || isAnyMarked(values);
    if (!moves) {
      if (values.length <= FEW && values.every(isPrimitive)) {
        task.form = RAW;
        task.args = values;
        return;
      }
      if (this.#writeToHeap(task, values)) return;
    }
    const packed = encodeArguments(this.#codec, values, transfer);
    task.form = PACKED;
    task.args = packed.value;
    task.transfer = packed.transfer;
    task.shared = packed.shared;
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
    task.shared = undefined;
    if (task.block < 0) return;
    this.#heap.free(task.block);
    task.block = -1;
  }

  /** Where workers find the reference of a function; undefined: they have to ask. */
  #definitionOf(called: TaskFunction): Definition | undefined {
    const known = this.#definitions.get(called);
    if (known !== undefined) return known;
    if (this.#definitions.size >= MOST_DEFINED) {
      forgetOldest(this.#definitions, (_, { block }) => this.#heap.free(block));
    }
    const block = this.#blocks.write(called.reference);
    if (block < 0) return undefined;
    const added: Definition = { block, size: this.#blocks.size, calls: 0 };
    this.#definitions.set(called, added);
    return added;
  }

  /** Writes the call of a task into a slot. */
  write(task: Task, slot: number): void {
    const called = task.called as TaskFunction;
    const { words } = this.#board;
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
    task.held = definition;
    this.#writeArguments(task, at);
  }

  #writeArguments(task: Task, at: number): void {
    const { words } = this.#board;
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

  /** The task is not on the board any more. */
  drop(task: Task): void {
    const definition = task.held as Definition | undefined;
    if (definition !== undefined) definition.calls -= 1;
    task.held = undefined;
  }

  /**
   * The call as a message, for a worker that has taken the task and cannot read it, and what has to be moved along.
   *
   * @param known the functions that were sent to this worker.
   */
  asMessage(task: Task, known: Set<number>): { batch: ToWorker[]; transfer: Transferable[] | undefined } {
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
      const values = this.#reader.readList(task.block, task.block + task.size);
      args = encodeArguments(this.#codec, values).value;
    }
    batch.push([CALL, task.wireId, id, task.flags, -1, args, task.details]);
    // What may be sent a second time is copied instead of moved, so that it is still there.
    return { batch, transfer: task.mayBeSentAgain && !task.isDirect ? undefined : transfer };
  }
}
