/**
 * Finding out why a value could not be cloned.
 *
 * `structuredClone` and v8 say *what* they refused ("() => {} could not be cloned"), not *where* it was. After a
 * clone has failed, the walk below looks for the first place that cannot cross, in the order in which the clone
 * met it, so that an error can say `result.handlers[2]: a function`. It runs only on that path, so it is written
 * to be complete rather than fast.
 *
 * It keeps its own stack of iterators instead of recursing: the values that fail to clone are often the very
 * ones that are nested too deeply.
 */
import { types } from 'node:util';
import { NotShareableError } from '../errors.ts';

/** How far a value travels: to another thread of this process, or to another process. */
export type Reach = 'thread' | 'process';

interface Step {
  readonly label: string;
  readonly value: unknown;
}

interface Frame {
  readonly object: object;
  readonly label: string;
  readonly children: Iterator<Step>;
}

/**
 * The first place in `value` that cannot cross, as `result.handlers[2]: a function`, or `undefined` if there is
 * none. `root` names the value itself; `transferred` lists what is moved rather than copied, which is never at fault.
 */
export function findUnshareable(
  value: unknown,
  root: string,
  reach: Reach,
  transferred: ReadonlySet<unknown> = new Set(),
): string | undefined {
  const seen = new Set<object>();
  const frames: Frame[] = [];
  let next: Step | undefined = { label: root, value };

  const at = (label: string, reason: string): string =>
    `${frames.map((frame) => frame.label).join('')}${label}: ${reason}`;

  for (;;) {
    if (next !== undefined) {
      const { label, value: current } = next;
      next = undefined;
      const reason = transferred.has(current) ? undefined : reasonAgainst(current, reach);
      if (reason !== undefined) return at(label, reason);
      if (
        typeof current === 'object' &&
        current !== null &&
        !transferred.has(current) &&
        !seen.has(current)
      ) {
        seen.add(current);
        frames.push({ object: current, label, children: childrenOf(current) });
      }
    }

    const top = frames.at(-1);
    if (top === undefined) return undefined;
    let step: IteratorResult<Step>;
    try {
      step = top.children.next();
    } catch (error) {
      return at(error instanceof UnreadableProperty ? error.message : '', 'a property whose getter throws');
    }
    if (step.done !== true) {
      next = step.value;
      continue;
    }
    // All that it holds can cross. Classes of Node that are not known by name here may still refuse themselves.
    frames.pop();
    if (!isOrdinary(top.object) && !isCloneable(top.object, transferred)) {
      return at(top.label, describe(top.object));
    }
  }
}

/** The error for a value that failed to clone. `error` is what the clone threw, and becomes the `cause`. */
export function notShareable(
  value: unknown,
  what: string,
  reach: Reach,
  error?: unknown,
  transferred?: ReadonlySet<unknown>,
): NotShareableError {
  const place = findUnshareable(value, what, reach, transferred) ?? `${what}: ${explain(error)}`;
  return refusal(place, reach, error);
}

/** The wording that every refusal shares. */
export function refusal(place: string, reach: Reach, cause?: unknown): NotShareableError {
  const side = reach === 'thread' ? 'thread' : 'process';
  return new NotShareableError(
    `${place} cannot cross to another ${side}. Values cross as structuredClone copies them: ` +
      'send plain data that it can be made from again, or leave it out.',
    cause === undefined ? undefined : { cause },
  );
}

/**
 * Platform objects that a clone keeps as what they are, moves, or refuses. By name, since several of them are
 * not exported and their number differs between versions of Node.
 */
const PLATFORM = new Set(
  (
    'Blob File MessagePort FileHandle KeyObject SecretKeyObject PublicKeyObject PrivateKeyObject CryptoKey ' +
    'X509Certificate BlockList SocketAddress Histogram RecordableHistogram ReadableStream WritableStream ' +
    'TransformStream URL URLSearchParams Headers Request Response FormData WebSocket'
  ).split(' '),
);

/** Why `value` itself, whatever it holds, cannot cross; `undefined` if it can, or if its parts must be asked. */
function reasonAgainst(value: unknown, reach: Reach): string | undefined {
  if (typeof value === 'function') return types.isProxy(value) ? 'a Proxy' : 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return undefined;
  // Before anything that could run a trap.
  if (types.isProxy(value)) return 'a Proxy';
  if (types.isPromise(value)) return 'a Promise';
  if (types.isWeakMap(value)) return 'a WeakMap';
  if (types.isWeakSet(value)) return 'a WeakSet';
  if (types.isGeneratorObject(value)) return 'a generator';
  if (types.isMapIterator(value)) return 'an iterator of a Map';
  if (types.isSetIterator(value)) return 'an iterator of a Set';
  if (types.isModuleNamespaceObject(value)) return 'a module namespace';
  if (types.isArgumentsObject(value)) return 'an arguments object';
  if (types.isSymbolObject(value)) return 'a symbol';
  if (types.isExternal(value)) return 'a native pointer';
  const buffer = bufferOf(value);
  if (buffer !== undefined) {
    if (types.isSharedArrayBuffer(buffer)) {
      return reach === 'process' ? 'a SharedArrayBuffer, which reaches threads only' : undefined;
    }
    return buffer.byteLength === 0 && !isCloneable(buffer) ? 'a detached ArrayBuffer' : undefined;
  }
  if (isOrdinary(value)) return undefined;
  if (reach === 'thread' && !PLATFORM.has(className(value))) return undefined;
  try {
    return isKeptByClone(value) && reach === 'process' ? describe(value) : undefined;
  } catch {
    // Either it refuses itself, or one of its parts does. The known ones hold parts that would only distract.
    return PLATFORM.has(className(value)) ? describe(value) : undefined;
  }
}

/** The memory behind a buffer or a view of one. */
function bufferOf(value: object): ArrayBufferLike | undefined {
  if (types.isAnyArrayBuffer(value)) return value;
  return ArrayBuffer.isView(value) ? value.buffer : undefined;
}

/** Objects of the language itself, for which a clone asks nothing but what they hold. */
function isOrdinary(value: object): boolean {
  if (Array.isArray(value) || types.isMap(value) || types.isSet(value)) return true;
  if (types.isDate(value) || types.isRegExp(value) || types.isBoxedPrimitive(value)) return true;
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return true;
  if (types.isNativeError(value)) return !(value instanceof DOMException);
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function isCloneable(value: object, transferred?: ReadonlySet<unknown>): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    // With something to be moved inside, only the real call can tell; then this object is not the one to blame.
    return transferred !== undefined && transferred.size > 0;
  }
}

/**
 * Whether `structuredClone` makes of this instance something other than a plain object: a `Blob` stays a `Blob`.
 * v8's own serializer knows nothing of such classes, and on some versions of Node writes them as `{}`.
 *
 * Node marks these objects in a place that scripts cannot see, so the question is put to `structuredClone`
 * itself, and what it throws is thrown.
 */
export function isKeptByClone(value: object): boolean {
  // Node 20 clones this one to `{}`, later versions keep it. To lose an error is the worse of the two.
  if (value instanceof DOMException) return true;
  const copy: object = structuredClone(value);
  return Object.getPrototypeOf(copy) !== Object.prototype;
}

/** "a Blob", "an Agent". */
function describe(value: object): string {
  const name = className(value) || 'object of a class without a name';
  return `${/^[AEIOU]/i.test(name) ? 'an' : 'a'} ${name}`;
}

function className(value: object): string {
  try {
    const name: unknown = value.constructor?.name;
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}

function explain(error: unknown): string {
  if (error instanceof RangeError) return 'a value that is nested too deeply';
  return error instanceof Error ? `a value (${error.message})` : 'a value';
}

class UnreadableProperty extends Error {}

/** What a clone would read of `object`, in its order, with the text that leads there. */
function* childrenOf(object: object): Generator<Step> {
  if (types.isMap(object)) {
    let index = 0;
    for (const [key, value] of Map.prototype.entries.call(object) as Iterable<[unknown, unknown]>) {
      yield { label: `.keys()[${index}]`, value: key };
      yield { label: isPrimitiveKey(key) ? `.get(${quote(key)})` : `.values()[${index}]`, value };
      index += 1;
    }
    return;
  }
  if (types.isSet(object)) {
    let index = 0;
    for (const value of Set.prototype.values.call(object) as Iterable<unknown>) {
      yield { label: `.values()[${index}]`, value };
      index += 1;
    }
    return;
  }
  if (ArrayBuffer.isView(object) || types.isAnyArrayBuffer(object)) return;
  if (types.isDate(object) || types.isRegExp(object) || types.isBoxedPrimitive(object)) return;
  const keys = Object.keys(object);
  // A clone of an error carries these and no other property.
  const read = types.isNativeError(object) ? ['cause'].filter((key) => Object.hasOwn(object, key)) : keys;
  const isArray = Array.isArray(object);
  for (const key of read) {
    const label = labelOf(key, isArray);
    let value: unknown;
    try {
      value = (object as Record<string, unknown>)[key];
    } catch {
      throw new UnreadableProperty(`${label}`);
    }
    yield { label, value };
  }
}

function labelOf(key: string, isArray: boolean): string {
  if (isArray && /^\d+$/.test(key)) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function isPrimitiveKey(key: unknown): key is string | number | boolean | bigint | null | undefined {
  return (typeof key !== 'object' || key === null) && typeof key !== 'function' && typeof key !== 'symbol';
}

function quote(key: string | number | boolean | bigint | null | undefined): string {
  return typeof key === 'string' ? JSON.stringify(key) : String(key);
}
