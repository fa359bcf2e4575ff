/**
 * Everything that a pool and a worker say to each other, as one discriminated union for each direction.
 *
 *   pool                                worker
 *    │── setup ─────────────────────────▶│  initializer, concurrency, name
 *    │◀───────────────────────── ready ──│
 *    │◀────────────────────────── want ──│  only over shared memory: has taken a task that could not be written there
 *    │── define, call ──────────────────▶│  a function is sent once, its calls refer to it
 *    │── forget ────────────────────────▶│  no call will refer to that function, unless it is sent again
 *    │◀─────────────────────── started ──│  only for calls that asked for it, and where it cannot be seen in shared memory
 *    │◀────────────────────── measured ──│  only for calls that asked for it
 *    │◀────────────── report, item ... ──│
 *    │── abort, credit, close ──────────▶│
 *    │◀──────── done / chunk / failed ──│  exactly one for each call
 *    │── watch ─────────────────────────▶│  somebody wants to hear who waits for locks
 *    │◀───────────────────────── heard ──│  who begins to wait for one there, and who has it
 *    │── stop ──────────────────────────▶│  ends when nothing runs any more
 *    │◀───────────────────────── fault ──│  an error outside of any task; the worker is about to end
 *
 * Messages are tuples, tag first: they are cloned or serialized by the thousand, and a tuple crosses at about
 * two thirds of the cost of an object with the same fields. Values of users travel in the form that the
 * pool's `Codec` gave them (`Packed`), never as they are.
 */

import type { Family } from '../tasks/family.ts';
import type { TaskReference } from '../tasks/reference.ts';
import type { ErrorEnvelope } from './error-envelope.ts';

/** A user's value as the codec of this channel writes it. Only that codec may look inside. */
export type PackedValue = unknown;

export const SETUP = 0;
export const DEFINE = 1;
export const CALL = 2;
export const ABORT = 3;
export const CREDIT = 4;
export const CLOSE = 5;
export const STOP = 6;
export const FORGET = 7;
export const WATCH = 8;

/** How a call is to be run; flags may be combined. */
export const AS_CHUNK = 1;
export const AS_STREAM = 2;
/** The pool wants to hear when the task starts: its time limit counts from there. */
export const SAY_STARTED = 4;
/** Nobody wants the result, which then need not be able to cross. */
export const NO_RESULT = 8;
/** The pool wants to hear how the task spends its time: when it first awaits something, and when it is over. */
export const MEASURE = 32;
/** Somebody watches: the worker says when it begins. */
export const TIMED = 16;
/** The last argument is what the call carries, see `context.ts`. */
export const CARRIES = 64;

/** What a worker needs to know before its first task. */
export interface WorkerSetup {
  readonly name: string;
  readonly concurrency: number;
  readonly initializer?: { readonly reference: TaskReference; readonly args: PackedValue } | undefined;
  /** Threads under one lock, see `backends/thread/interpreter-lock.ts`. */
  readonly interpreterLock?: { readonly word: Int32Array; readonly owner: number };
  /** Where the memory for shared objects is, if there is any; see `memory/arena/places.ts`. */
  readonly places?: SharedPlaces | undefined;
  /** What a worker process is among the processes of its program, where that has been asked for. */
  readonly family?: Family | undefined;
  /** Present where tasks travel through shared memory, see `pool/shared/`. */
  readonly shared?: SharedLayout;
  /** The row of a thread that runs one call and ends like a program, see `backends/thread/lone-thread.ts`. */
  readonly threadRow?: number;
}

export interface SharedPlaces {
  readonly thread?: SharedArrayBuffer | undefined;
  readonly process?:
    | { readonly pid: number; readonly descriptor: number; readonly address: number }
    | undefined;
}

/** What a worker has to know to find its way in the memory that it shares with the pool. */
export interface SharedLayout {
  /** Tasks that may be up and not taken, and tasks that may be up or taken. */
  readonly shape: { readonly entries: number; readonly slots: number };
  /** The number in which the worker claims tasks. */
  readonly lane: number;
  /** Processors of this machine: beyond as many, whoever waits does not spin. */
  readonly cores: number;
  /** Tasks that the worker may take in its life. */
  readonly quota: number;
}

/** What a call carries beside its arguments; absent parts have their defaults. */
export interface CallDetails {
  readonly name: string;
  readonly attempt: number;
  /** Values that a stream may yield before it is granted more. */
  readonly window: number;
  /** Arguments per call of a chunk. */
  readonly arity: number;
}

export type ToWorker =
  | readonly [tag: typeof SETUP, setup: WorkerSetup]
  | readonly [tag: typeof DEFINE, functionId: number, reference: TaskReference]
  | readonly [
      tag: typeof CALL,
      id: number,
      functionId: number,
      flags: number,
      /** With what the right to run it is claimed, see `pool/claims.ts`; -1: no need to. */
      ticket: number,
      args: PackedValue,
      details: CallDetails | undefined,
    ]
  | readonly [tag: typeof ABORT, id: number, reason: ErrorEnvelope]
  | readonly [tag: typeof CREDIT, id: number, credits: number]
  | readonly [tag: typeof CLOSE, id: number]
  | readonly [tag: typeof STOP]
  | readonly [tag: typeof FORGET, functionId: number]
  /** Whether the pool wants to hear who waits for locks there; see `pool/lock-news.ts`. */
  | readonly [tag: typeof WATCH, on: boolean];

export const READY = 0;
export const STARTED = 1;
export const DONE = 2;
export const CHUNK = 3;
export const FAILED = 4;
export const ITEM = 5;
export const REPORT = 6;
export const FAULT = 7;
export const SETUP_FAILED = 8;
export const WANT = 9;
export const HEARD = 10;
export const MEASURED = 11;

/** Channels of `events/events.ts` that workers pass on. */
export type LockChannel = 'manyhands:lock:wait' | 'manyhands:lock:resume';

export type FromWorker =
  | readonly [tag: typeof READY]
  /** `time` is the machine's, see `pool/clock.ts`. */
  | readonly [tag: typeof STARTED, id: number, time: number]
  | readonly [tag: typeof DONE, id: number, ms: number, value: PackedValue]
  /** `values` has a hole wherever `errors` has the index. */
  | readonly [
      tag: typeof CHUNK,
      id: number,
      ms: number,
      values: PackedValue,
      errors: ReadonlyArray<readonly [index: number, error: ErrorEnvelope]>,
    ]
  | readonly [tag: typeof FAILED, id: number, ms: number, error: ErrorEnvelope]
  | readonly [tag: typeof ITEM, id: number, value: PackedValue]
  | readonly [tag: typeof REPORT, id: number, value: PackedValue]
  | readonly [tag: typeof FAULT, error: ErrorEnvelope]
  | readonly [tag: typeof SETUP_FAILED, error: ErrorEnvelope]
  | readonly [tag: typeof WANT, id: number]
  /** A message on that channel, its time being the machine's. */
  | readonly [tag: typeof HEARD, channel: LockChannel, event: object]
  /** What the times are is in `Measurement` of `futures/engine.ts`; `ms` is -1 while the task goes on. */
  | readonly [
      tag: typeof MEASURED,
      id: number,
      asynchronous: boolean,
      blockedMs: number,
      busyMs: number,
      ms: number,
    ];
