/**
 * How values are made ready to cross.
 *
 *      submit(fn, ...args)                                     worker
 *            |                                                   ^
 *            | encode: a snapshot, now                           | decode
 *            v                                                   |
 *         Packed ---- queue ---- message over the channel -----> value
 *
 * A snapshot is taken inside the call, because the message may leave much later: what the caller changes in
 * between must not be seen by the task. Both codecs copy as `structuredClone` copies, and differ in the form
 * of the copy:
 *
 * - `cloneCodec` (threads) holds the copy itself; the MessagePort clones it once more when it leaves. The
 *   memory of typed arrays is put on the transfer list for that second hop, so large buffers are copied once,
 *   not twice.
 * - `bytesCodec` (processes) holds bytes.
 *
 * Primitives, and arguments that are all primitives, cross as they are in both: for small tasks this is most
 * of the traffic, and any encoding would cost more than the rest of the way.
 *
 * Shareable objects (`shareable.ts`) are no part of the copy. They are taken out of a value, cross as their shares,
 * and are put back into the copy by `decode`.
 */

import { types } from 'node:util';
import type { Transferable } from 'node:worker_threads';
import { decodeBytes } from './bytes.ts';
import { clone, serialize } from './copies.ts';
import { notShareable, type Reach, refusal } from './not-shareable.ts';
import { escaped, looksLikeShares, messageOf, valueOf } from './share-message.ts';
import { loadKind, UnknownKindError } from './shareable.ts';
import { putBack, type TakenOut, takeOut } from './taking-out.ts';

/**
 * A value ready for a message. For reach `'thread'` the value is anything that a MessagePort clones; for
 * `'process'` it is a primitive, an array of primitives, or a `Uint8Array` that owns all of its memory.
 *
 * `transfer` must go to `postMessage` with it. Once it has, the value is spent: a task that may be sent a
 * second time (retries) is sent without it the first time, which copies the buffers instead.
 *
 * `shared` are the shareable objects in it, to be kept alive as long as it may still be read.
 */
export interface Packed {
  readonly value: unknown;
  readonly transfer?: Transferable[];
  readonly shared?: readonly object[];
}

/** Makes values ready to cross, at the moment of the call. */
export interface Codec {
  readonly reach: Reach;
  /** Set where sender and receiver share one realm: thrown values then arrive as the very objects. */
  readonly keepsErrors?: boolean;
  /** Set where nothing is copied at all: arguments cross as they are, functions included. */
  readonly keepsValues?: boolean;
  /**
   * Takes a snapshot of `value`, moving what `transfer` (or a mark set by {@link transfer}) lists.
   *
   * @param what names the value in errors: `arguments[1]`, `result`, `error`.
   * @throws {NotShareableError} with the path of the first thing that cannot cross.
   */
  encode(value: unknown, what: string, transfer?: readonly Transferable[]): Packed;
  /**
   * The value of a packed form. Throws what v8 throws if the bytes are not what `encode` made.
   *
   * @throws {UnknownKindError} when a shareable object is in it whose module has to be imported before; nothing is
   *   spent then, and it can be decoded later. See {@link decodeWhenKnown}.
   */
  decode(packed: Packed['value']): unknown;
}

const marks = new WeakMap<object, readonly Transferable[]>();
let everMarked = false;

/**
 * Marks `value` so that the objects in `list` are moved, not copied, when it next crosses as an argument or a
 * result: their memory is then gone on this side. Returns `value`.
 *
 * To another process there is no moving of memory: buffers are copied and emptied here, and ports are refused
 * with a `NotShareableError`.
 *
 * @example pool.submit(blur, transfer(pixels, [pixels.buffer]))
 */
export function transfer<T>(value: T, list: Transferable[]): T {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
    marks.set(value, [...list]);
    everMarked = true;
  }
  return value;
}

/** Whether something is to be moved when `value` next crosses. */
export function isMarked(value: unknown): boolean {
  return typeof value === 'object' && value !== null && marks.has(value);
}

/** The same for one of `values`. Most programs move nothing, and lists are long. */
export function isAnyMarked(values: readonly unknown[]): boolean {
  return everMarked && values.some(isMarked);
}

/** For threads: the snapshot is a `structuredClone`, which the MessagePort can clone again. */
export const cloneCodec: Codec = {
  reach: 'thread',
  encode: (value, what, list) => encodeOne(cloneCodec, value, what, list),
  decode: (packed) => (looksLikeShares(packed) ? valueOf(packed) : packed),
};

/**
 * For the event loop, with the semantics of threads: values are copied, so a task cannot tell where it runs.
 */
export const realmCodec: Codec = {
  reach: 'thread',
  keepsErrors: true,
  encode: (value, what, list) => encodeOne(realmCodec, value, what, list),
  decode: (packed) => (packed instanceof InRealm ? packed.value() : packed),
};

/** For the event loop, without any: values are shared, as in a plain function call. */
export const identityCodec: Codec = {
  reach: 'thread',
  keepsErrors: true,
  keepsValues: true,
  encode: (value) => ({ value }),
  decode: (packed) => packed,
};

/** For processes: the snapshot is bytes. What only makes sense inside this process is refused. */
export const bytesCodec: Codec = {
  reach: 'process',
  encode: (value, what, list) => encodeOne(bytesCodec, value, what, list),
  decode(packed) {
    if (!(packed instanceof Uint8Array)) return packed;
    const value = decodeBytes(packed);
    return looksLikeShares(value) ? valueOf(value) : value;
  },
};

function encodeOne(codec: Codec, value: unknown, what: string, list?: readonly Transferable[]): Packed {
  if (isPrimitive(value) && isEmpty(list)) return { value };
  const moved = moving(list, [value]);
  const packed = copy(codec, value, moved, what);
  if (moved.size > 0) forget([value]);
  return packed;
}

/**
 * For what is sent where nothing can be moved along: memory is copied, and ports are refused, before they have moved.
 *
 * @param marked the values whose marks are honoured.
 * @throws NotShareableError
 */
export function encodeUnmoved(
  codec: Codec,
  value: unknown,
  what: string,
  marked: readonly unknown[] = [value],
): Packed['value'] {
  if (isPrimitive(value)) return value;
  const moved = moving(undefined, marked);
  const packed = copy(codec, value, moved, what, 'nothing moves');
  if (moved.size > 0) forget(marked);
  return packed.value;
}

/** As `decode`, or a promise where a module has to be imported before. */
export function decodeWhenKnown(codec: Codec, packed: Packed['value']): unknown {
  try {
    return codec.decode(packed);
  } catch (error) {
    if (!(error instanceof UnknownKindError)) throw error;
    return loadKind(error).then(() => decodeWhenKnown(codec, packed));
  }
}

/**
 * Packs the arguments of a call; errors name the one at fault (`arguments[1].handlers[2]`). The marks of each
 * argument and the `list` of the call's options are honoured together.
 *
 * `args` is kept as it is when it holds only primitives, so it must not be changed afterwards.
 */
export function encodeArguments(
  codec: Codec,
  args: readonly unknown[],
  list?: readonly Transferable[],
): Packed {
  return encodeEach(codec, args, 'arguments', list);
}

/** Packs the results of a chunk; the marks of each are honoured. Otherwise as {@link encodeArguments}. */
export function encodeResults(codec: Codec, results: readonly unknown[]): Packed {
  return encodeEach(codec, results, 'results');
}

function encodeEach(
  codec: Codec,
  values: readonly unknown[],
  what: 'arguments' | 'results',
  list?: readonly Transferable[],
): Packed {
  if (codec.keepsValues) return { value: values };
  if (isEmpty(list) && values.every(isPrimitive)) return { value: values };
  const moved = moving(list, values);
  const packed = copy(codec, values, moved, what);
  if (moved.size > 0) forget(values);
  return packed;
}

function isEmpty(list: readonly Transferable[] | undefined): boolean {
  return list === undefined || list.length === 0;
}

/** Values that need no snapshot, and that every medium carries. */
export function isPrimitive(value: unknown): boolean {
  switch (typeof value) {
    case 'object':
      return value === null;
    case 'function':
    case 'symbol':
      return false;
    default:
      return true;
  }
}

const NOTHING: ReadonlySet<Transferable> = new Set();

/**
 * All that is to be moved: given for the call, or marked on one of the values. Each once, as clones insist.
 */
function moving(
  list: readonly Transferable[] | undefined,
  values: readonly unknown[],
): ReadonlySet<Transferable> {
  let all: Set<Transferable> | undefined = list !== undefined && list.length > 0 ? new Set(list) : undefined;
  for (const value of values) {
    const marked = typeof value === 'object' && value !== null ? marks.get(value) : undefined;
    if (marked === undefined) continue;
    all ??= new Set();
    for (const item of marked) all.add(item);
  }
  return all ?? NOTHING;
}

/**
 * A mark is for one crossing: afterwards what it lists is gone, and the same value may cross again as a copy.
 */
function forget(values: readonly unknown[]): void {
  for (const value of values) if (typeof value === 'object' && value !== null) marks.delete(value);
}

/** Of a value that things were taken out of. */
type Copies = readonly [value: unknown, standIns: readonly object[], holders: readonly object[]];

/** Such a value, on the way to where they are put back: the same thread. */
class InRealm {
  readonly #copies: Copies;
  readonly #objects: readonly object[];

  constructor(copies: Copies, objects: readonly object[]) {
    this.#copies = copies;
    this.#objects = objects;
  }

  value(): unknown {
    const [value, standIns, holders] = this.#copies;
    return putBack({ value, standIns, holders }, this.#objects);
  }
}

function copy(
  codec: Codec,
  value: unknown,
  moved: ReadonlySet<Transferable>,
  what: string,
  nothingMoves?: 'nothing moves',
): Packed {
  const { reach } = codec;
  const makeCopy = reach === 'thread' ? clone : serialize;
  let taken: TakenOut | undefined;
  try {
    taken = takeOut(value);
  } catch (error) {
    throw notShareable(value, what, reach, error, moved);
  }
  if (taken === undefined) {
    if (nothingMoves) refusePorts(moved, what, reach);
    return makeCopy(looksLikeShares(value) && !codec.keepsErrors ? escaped(value) : value, moved, what);
  }
  const { objects: shared } = taken;
  if (codec.keepsErrors) {
    const { standIns, holders } = taken;
    const packed = clone([taken.value, standIns, holders], moved, what, taken.value);
    return { ...packed, value: new InRealm(packed.value as Copies, shared), shared };
  }
  const { message, ports } = messageOf(taken, reach, value, what);
  const all = ports.length === 0 ? moved : new Set([...moved, ...ports]);
  if (nothingMoves) refusePorts(all, what, reach);
  return { ...makeCopy(message, all, what, taken.value), shared };
}

function refusePorts(moved: ReadonlySet<Transferable>, what: string, reach: Reach): void {
  for (const item of moved) {
    if (!types.isArrayBuffer(item)) throw refusal(`${what}: a ${item.constructor.name} that is moved`, reach);
  }
}
