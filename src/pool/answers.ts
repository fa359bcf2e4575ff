/**
 * What a worker says of its tasks: on the board where that can be, else in messages.
 *
 * Messages leave together, when the runtime says so. What a task has said in a message its answer must not overtake, so
 * such a task is answered in a message as well.
 */

import type { Transferable } from 'node:worker_threads';
import { type Codec, encodeResults, isAnyMarked, isMarked, type Packed } from '../wire/codec.ts';
import { packError } from '../wire/error-envelope.ts';
import {
  AS_CHUNK,
  CHUNK,
  DONE,
  FAILED,
  type FromWorker,
  ITEM,
  MEASURED,
  NO_RESULT,
  REPORT,
} from '../wire/protocol.ts';
import type { ChunkOutcome } from './run-chunk.ts';
import type { Running } from './running.ts';
import * as record from './shared/record.ts';
import type { Seat } from './shared/seat.ts';

type Post = (batch: readonly FromWorker[], transfer?: readonly Transferable[]) => void;

export class Answers {
  /** Where tasks travel through shared memory. */
  seat: Seat | undefined = undefined;
  readonly #codec: Codec;
  readonly #post: Post;
  #outbox: FromWorker[] = [];
  #transfer: Transferable[] = [];

  constructor(codec: Codec, post: Post) {
    this.#codec = codec;
    this.#post = post;
  }

  /** Whether messages wait to be sent. */
  get wait(): boolean {
    return this.#outbox.length > 0;
  }

  send(): void {
    if (this.#outbox.length === 0) return;
    const batch = this.#outbox;
    const transfer = this.#transfer;
    this.#outbox = [];
    this.#transfer = [];
    this.#post(batch, transfer.length > 0 ? transfer : undefined);
  }

  /** The task returned `value`, or ran a chunk with this outcome. */
  returned(task: Running, ms: number, value: unknown): void {
    try {
      if ((task.flags & NO_RESULT) !== 0) this.#result(task, ms, undefined);
      else if ((task.flags & AS_CHUNK) === 0) this.#result(task, ms, value);
      else this.#results(task, ms, value as ChunkOutcome);
    } catch (error) {
      this.threw(task, ms, error);
    }
  }

  threw({ id, slot, spoke }: Running, ms: number, error: unknown): void {
    const envelope = packError(error, this.#codec);
    if (slot >= 0 && !spoke && this.seat?.answer(slot, record.ERROR, ms, envelope)) return;
    this.#outbox.push([FAILED, id, ms, envelope]);
  }

  /** The task was aborted before it began. */
  neverBegan(id: number, reason: unknown): void {
    this.#outbox.push([FAILED, id, 0, packError(reason, this.#codec)]);
  }

  report(task: Running, value: unknown): void {
    task.spoke = true;
    this.#outbox.push([REPORT, task.id, this.#pack(value, 'report')]);
    this.send();
  }

  /** How the task has spent its time so far; in all of `ms` if it is over. */
  measured(task: Running, ms = -1): void {
    const { measuring } = task;
    if (measuring === undefined) return;
    task.spoke = true;
    const { asynchronous, blocked, busy } = measuring;
    this.#outbox.push([MEASURED, task.id, asynchronous, blocked, busy, ms]);
  }

  /** The next value of a stream. */
  item(task: Running, value: unknown): void {
    task.spoke = true;
    this.#outbox.push([ITEM, task.id, this.#pack(value, 'item')]);
    this.send();
  }

  #result({ id, slot, spoke }: Running, ms: number, value: unknown): void {
    const mayBeWritten = slot >= 0 && !spoke && !isMarked(value);
    if (mayBeWritten && this.seat?.answer(slot, record.VALUE, ms, value)) return;
    this.#outbox.push([DONE, id, ms, this.#pack(value, 'result')]);
  }

  #results({ id, slot, spoke }: Running, ms: number, { values, errors }: ChunkOutcome): void {
    if (slot >= 0 && !spoke && !isAnyMarked(values) && this.#writeResults(slot, ms, values, errors)) return;
    const packed = this.#packResults(values, errors);
    this.#outbox.push([CHUNK, id, ms, packed, this.#packErrors(errors)]);
  }

  #writeResults(slot: number, ms: number, values: unknown[], errors: ChunkOutcome['errors']): boolean {
    if (this.seat === undefined) return false;
    return errors.length === 0
      ? this.seat.answer(slot, record.LIST, ms, values)
      : this.seat.answer(slot, record.LIST_AND_ERRORS, ms, [values, this.#packErrors(errors)]);
  }

  /** Values that cannot cross become errors of theirs. */
  #packResults(values: unknown[], errors: ChunkOutcome['errors']): unknown {
    const codec = this.#codec;
    try {
      return this.#noteTransfer(encodeResults(codec, values));
    } catch {
      // One of the results cannot cross; the others can. Each is tried alone to find out which. To try one
      // moves what it was marked to move, so it is the copy that goes on.
      const moved: Transferable[] = [];
      for (const [index, result] of values.entries()) {
        try {
          const alone = codec.encode(result, 'result');
          values[index] = codec.decode(alone.value);
          if (alone.transfer !== undefined) moved.push(...alone.transfer);
        } catch (error) {
          values[index] = undefined;
          errors.push([index, error]);
        }
      }
      return this.#noteTransfer(codec.encode(values, 'results', moved));
    }
  }

  #packErrors(errors: ChunkOutcome['errors']) {
    return errors.map(([index, error]) => [index, packError(error, this.#codec)] as const);
  }

  #pack(value: unknown, what: string): unknown {
    return this.#noteTransfer(this.#codec.encode(value, what));
  }

  #noteTransfer({ value, transfer }: Packed): unknown {
    if (transfer !== undefined) this.#transfer.push(...transfer);
    return value;
  }
}
