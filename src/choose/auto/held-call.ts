/**
 * A call that waits until more is known of its function, and then goes where that belongs.
 *
 *   submit ─▶ HeldCall, with a copy of the arguments ─▶ release(engine) ─▶ the engine's future ─▶ its own future
 *
 * A burst of calls of a function that is new must not be bound to one place before the first of them has told what it
 * is: a thousand downloads, two at a time on two threads, would take five hundred times as long as they need.
 */

import { captureContext } from '../../context.ts';
import type { Engine, TaskRequest } from '../../futures/engine.ts';
import { Future, hasFailed, type Owner, outcomeOf, own } from '../../futures/future.ts';
import type { SubmitStack } from '../../pool/submit-stack.ts';
import { encodeArguments, isAnyMarked, realmCodec } from '../../wire/codec.ts';
import { sizeOf } from './size-of.ts';

/** Larger arguments are not held: they would be copied twice. */
const MOST_BYTES = 65_536;

/**
 * Whether a request may be held. What moves memory, has an order to keep or may end while it waits goes its way at
 * once: the pools know how to deal with that.
 */
export function mayBeHeld({ args, options }: TaskRequest): boolean {
  const { signal, queueTimeout, transfer, priority } = options;
  if (signal !== undefined || queueTimeout !== undefined || transfer !== undefined) return false;
  if (priority !== undefined && priority !== 0) return false;
  return !isAnyMarked(args) && sizeOf(args) <= MOST_BYTES;
}

export class HeldCall implements Owner {
  readonly future: Future<unknown> = new Future();
  readonly label: string;
  readonly #request: TaskRequest;
  readonly #onSettled: (call: HeldCall) => void;
  #args: unknown;
  #inner: Future<unknown> | undefined;

  /** @throws NotShareableError */
  constructor(request: TaskRequest, submitted: SubmitStack, onSettled: (call: HeldCall) => void) {
    // The snapshot is the caller's own list if all of it is primitive, and that the caller may still change.
    const { value } = encodeArguments(realmCodec, request.args);
    this.#args = value === request.args ? [...request.args] : value;
    // What is carried is that of who submits, not of who releases.
    this.#request = { ...request, args: [], submitted, context: request.context ?? captureContext(true) };
    this.#onSettled = onSettled;
    this.label = request.options.name ?? (request.fn.name || '(anonymous)');
    own(this.future, this);
  }

  get wasReleased(): boolean {
    return this.#inner !== undefined;
  }

  /** Runs it with `run`, which gets the request with its arguments. */
  release(run: (request: TaskRequest) => ReturnType<Engine['run']>): void {
    const args = realmCodec.decode(this.#args) as unknown[];
    this.#args = undefined;
    this.#inner = run({ ...this.#request, args });
    this.#inner.addDoneCallback((inner) => {
      const { future } = this;
      if (future.done()) return;
      if (inner.cancelled()) future.cancel();
      else if (hasFailed(inner)) future.setException(outcomeOf(inner));
      else future.setResult(outcomeOf(inner));
    });
  }

  started(): boolean {
    return this.#inner?.running() ?? false;
  }

  withdraw(): boolean {
    return this.#inner?.cancel() ?? true;
  }

  settled(): void {
    this.#onSettled(this);
  }
}
