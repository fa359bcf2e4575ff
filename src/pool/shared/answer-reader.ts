/**
 * How the answers of workers are read. Nothing in them is taken on trust: whoever ran the task may have written over
 * any of it.
 */

import type { ChunkResult } from '../../futures/engine.ts';
import type { Board } from '../../memory/board.ts';
import type { Codec } from '../../wire/codec.ts';
import { type ErrorEnvelope, unpackError } from '../../wire/error-envelope.ts';
import { AS_CHUNK } from '../../wire/protocol.ts';
import { type Memory, ValueReader } from '../../wire/values/index.ts';
import type { Task } from '../task.ts';
import type { Desk } from './desks.ts';
import * as record from './record.ts';

const NO_ERRORS: ReadonlyMap<number, unknown> = new Map();

export class AnswerReader {
  readonly #codec: Codec;
  readonly #board: Board;
  readonly #doubles: Float64Array;
  /** Of small answers, in slots. */
  readonly #slotReader: ValueReader;

  constructor(codec: Codec, board: Board, memory: Memory) {
    this.#codec = codec;
    this.#board = board;
    this.#doubles = memory.doubles;
    this.#slotReader = new ValueReader(memory);
  }

  /** Whether the task threw what `read` gives. */
  isError(slot: number): boolean {
    return this.#board.words[this.#board.at(slot) + record.ANSWER] === record.ERROR;
  }

  /** Milliseconds that the task took. */
  ms(slot: number): number {
    const ms = this.#doubles[(this.#board.at(slot) + record.MS) >> 1] as number;
    return ms >= 0 && ms < Infinity ? ms : 0;
  }

  /** When the task began, as its worker says, in the machine's time; anything if it has not said so yet. */
  startedAt(slot: number): number {
    return this.#doubles[(this.#board.at(slot) + record.STARTED_AT) >> 1] as number;
  }

  /** What the task returned, or threw. @throws when that cannot be read */
  read(desk: Desk, slot: number, task: Task): unknown {
    const at = this.#board.at(slot);
    const { words } = this.#board;
    const what = words[at + record.ANSWER];
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
        return { values: reader.readList(start, start + length), errors: NO_ERRORS, ms: this.ms(slot) };
      case record.LIST_AND_ERRORS: {
        const [values, errors] = reader.read(start, start + length) as [
          unknown[],
          Array<[number, ErrorEnvelope]>,
        ];
        if (!Array.isArray(values)) throw new TypeError('A worker gave a list of results that is none');
        const stack = task.stackOptions();
        const codec = this.#codec;
        return {
          values,
          errors: new Map(errors.map(([index, envelope]) => [index, unpackError(envelope, codec, stack)])),
          ms: this.ms(slot),
        } satisfies ChunkResult;
      }
      case record.ERROR: {
        const envelope = reader.read(start, start + length) as ErrorEnvelope;
        return unpackError(envelope, this.#codec, task.stackOptions());
      }
      default:
        throw new RangeError(`A worker gave an answer of the unknown kind ${what}`);
    }
  }
}
