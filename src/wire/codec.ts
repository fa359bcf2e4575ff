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
 */

import { types } from 'node:util';
import type { Transferable } from 'node:worker_threads';
import { decodeBytes, encodeBytes } from './bytes.ts';
import { notShareable, type Reach, refusal } from './not-shareable.ts';

/**
 * A value ready for a message. For reach `'thread'` the value is anything that a MessagePort clones; for
 * `'process'` it is a primitive, an array of primitives, or a `Uint8Array` that owns all of its memory.
 *
 * `transfer` must go to `postMessage` with it. Once it has, the value is spent: a task that may be sent a
 * second time (retries) is sent without it the first time, which copies the buffers instead.
 */
export interface Packed {
  readonly value: unknown;
  readonly transfer?: Transferable[];
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
  /** The value of a packed form. Throws what v8 throws if the bytes are not what `encode` made. */
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
  encode(value, what, list) {
    if (isPrimitive(value) && isEmpty(list)) return { value };
    const moved = moving(list, [value]);
    const packed = clone(value, moved, what);
    if (moved.size > 0) forget([value]);
    return packed;
  },
  decode: (packed) => packed,
};

/**
 * For the event loop, with the semantics of threads: values are copied, so a task cannot tell where it runs.
 */
export const realmCodec: Codec = { ...cloneCodec, keepsErrors: true };

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
  encode(value, what, list) {
    if (isPrimitive(value) && isEmpty(list)) return { value };
    const moved = moving(list, [value]);
    const packed = serialize(value, moved, what);
    if (moved.size > 0) forget([value]);
    return packed;
  },
  decode: (packed) => (packed instanceof Uint8Array ? decodeBytes(packed) : packed),
};

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
  const packed = codec.reach === 'thread' ? clone(values, moved, what) : serialize(values, moved, what);
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

function clone(value: unknown, moved: ReadonlySet<Transferable>, what: string): Packed {
  if (moved.size === 0) {
    let copy: unknown;
    try {
      copy = structuredClone(value);
    } catch (error) {
      throw notShareable(value, what, 'thread', error);
    }
    const own = ownBuffers(copy);
    return own === undefined ? { value: copy } : { value: copy, transfer: own };
  }
  const list = [...moved];
  let copy: unknown;
  let arrived: Transferable[];
  try {
    // The list crosses beside the value, and so comes out as the moved objects: what the second hop has to
    // list.
    [copy, arrived] = structuredClone([value, list] as const, { transfer: list as never }) as [
      unknown,
      Transferable[],
    ];
  } catch (error) {
    throw notShareable(value, what, 'thread', error, moved);
  }
  return { value: copy, transfer: [...new Set([...arrived, ...(ownBuffers(copy) ?? [])])] };
}

/**
 * How many elements of an array are looked at for buffers to move on the second hop. Enough for any list of
 * arguments; more would only cost time on arrays of numbers, and missing one costs a copy, nothing else.
 */
const LOOKED_AT = 64;

/**
 * The memory that belongs to a snapshot alone and can therefore be moved on: of itself, or of its elements.
 */
function ownBuffers(copy: unknown): Transferable[] | undefined {
  const buffer = ownBuffer(copy);
  if (buffer !== undefined) return [buffer];
  if (!Array.isArray(copy)) return undefined;
  let found: Transferable[] | undefined;
  for (let index = 0; index < copy.length && index < LOOKED_AT; index += 1) {
    const inner = ownBuffer(copy[index]);
    if (inner === undefined) continue;
    // Two views of one buffer: listed twice, it would be refused.
    if (found === undefined) found = [inner];
    else if (!found.includes(inner)) found.push(inner);
  }
  return found;
}

/**
 * Below this many bytes copying again is as fast as moving (about 5 us on the machine this was measured on).
 */
const WORTH_MOVING = 16 * 1024;

function ownBuffer(value: unknown): ArrayBuffer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  return types.isArrayBuffer(buffer) && buffer.byteLength >= WORTH_MOVING ? buffer : undefined;
}

function serialize(value: unknown, moved: ReadonlySet<Transferable>, what: string): Packed {
  for (const item of moved) {
    if (!types.isArrayBuffer(item)) {
      throw refusal(`${what}: a ${item.constructor.name} on the transfer list`, 'process');
    }
  }
  const bytes = encodeBytes(value, what);
  if (moved.size > 0) {
    try {
      structuredClone(undefined, { transfer: [...moved] as never });
    } catch (error) {
      throw refusal(`${what}: an ArrayBuffer on the transfer list`, 'process', error);
    }
  }
  return { value: bytes };
}
