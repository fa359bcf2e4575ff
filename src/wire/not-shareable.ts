/**
 * Finding out why a value could not be cloned.
 *
 * `structuredClone` and v8 say *what* they refused ("() => {} could not be cloned"), not *where* it was.
 * After a clone has failed, the walk below looks for the first place that cannot cross, in the order in which
 * the clone met it, so that an error can say `result.handlers[2]: a function`. It runs only on that path, so
 * it is written to be complete rather than fast.
 *
 * It keeps its own stack of iterators instead of recursing: the values that fail to clone are often the very
 * ones that are nested too deeply.
 */
import { types } from 'node:util';
import { NotShareableError } from '../errors.ts';
import { crossesAsPlainObject, isDOMException, isKnownPlain } from './plain-classes.ts';
import { isShareable } from './shareable.ts';

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
 * The first place in `value` that cannot cross, as `result.handlers[2]: a function`, or `undefined` if there
 * is none. `root` names the value itself; `transferred` lists what is moved rather than copied, which is
 * never at fault, and neither is what is shared.
 */
export function findUnshareable(
  value: unknown,
  root: string,
  reach: Reach,
  transferred: ReadonlySet<unknown> = new Set(),
): string | undefined {
  const asked = new Set<object>();
  const known = walk(value, root, (part) =>
    transferred.has(part) ? undefined : reasonAgainst(part, reach, asked),
  );
  if (known !== undefined || refusalOf(value) === undefined) return known;
  // Nothing that is known to refuse, and yet it was refused. Now the parts are put to the test one by one,
  // which takes long, and is of no use earlier: a part is refused also for what it holds.
  return (
    walk(value, root, (part) =>
      isCircularCause(part) ? 'an error that is part of its own cause' : undefined,
    ) ??
    walk(
      value,
      root,
      () => undefined,
      (part) =>
        isOrdinary(part) || transferred.has(part) || refusalOf(part) === undefined
          ? undefined
          : describe(part),
    )
  );
}

/**
 * The refusal of a shareable object, somewhere in `value`, by itself: `arguments[0].lock: a threading.Lock reaches...`.
 */
export function refusedItself(
  part: object,
  reason: unknown,
  value: unknown,
  root: string,
): NotShareableError {
  const why =
    reason instanceof NotShareableError ? reason.message : `a value that is not shared (${String(reason)})`;
  const place = walk(value, root, (other) => (other === part ? why : undefined)) ?? `${root}: ${why}`;
  return new NotShareableError(place, { cause: reason });
}

/**
 * Gives the path and the reason of the first part that `before` (its parts) or `after` them gives a reason
 * against.
 */
function walk(
  value: unknown,
  root: string,
  before: (part: unknown) => string | undefined,
  after?: (part: object) => string | undefined,
): string | undefined {
  const seen = new Set<object>();
  const frames: Frame[] = [];
  let next: Step | undefined = { label: root, value };
  const at = (label: string, reason: string): string =>
    `${pathOf([...frames.map((frame) => frame.label), label])}: ${reason}`;

  while (next !== undefined || frames.length > 0) {
    if (next !== undefined) {
      const { label, value: part } = next;
      next = undefined;
      const reason = before(part);
      if (reason !== undefined) return at(label, reason);
      if (typeof part === 'object' && part !== null && !seen.has(part) && !isShareable(part)) {
        seen.add(part);
        frames.push({ object: part, label, children: childrenOf(part) });
      }
    }
    const top = frames.at(-1);
    if (top === undefined) break;
    try {
      const step = top.children.next();
      if (step.done !== true) next = step.value;
    } catch (error) {
      return at(error instanceof UnreadableProperty ? error.message : '', 'a property whose getter throws');
    }
    if (next !== undefined) continue;
    frames.pop();
    const reason = after?.(top.object);
    if (reason !== undefined) return at(top.label, reason);
  }
  return undefined;
}

/**
 * The middle of a longer path is left out: of a linked list of thousands it would say `.next` thousands of
 * times.
 */
const LONGEST_PATH = 100;

function pathOf(labels: string[]): string {
  const surplus = labels.length - LONGEST_PATH;
  if (surplus <= 0) return labels.join('');
  const start = labels.slice(0, LONGEST_PATH / 2).join('');
  return `${start} (${surplus} more) ${labels.slice(-LONGEST_PATH / 2).join('')}`;
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
    `${place}, which cannot cross to another ${side}. Values cross as structuredClone copies them: ` +
      'send plain data from which it can be made again, or leave it out.',
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

/**
 * Why `value` itself, whatever it holds, cannot cross; `undefined` if it can, or if its parts must be asked.
 * `asked` holds the prototypes of classes that gave no answer before.
 */
function reasonAgainst(value: unknown, reach: Reach, asked: Set<object>): string | undefined {
  if (typeof value === 'function') return types.isProxy(value) ? 'a Proxy' : 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return undefined;
  // Before anything that could run a trap.
  if (types.isProxy(value)) return 'a Proxy';
  if (isShareable(value)) return undefined;
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
      return reach === 'process' ? 'a SharedArrayBuffer' : undefined;
    }
    return buffer.byteLength === 0 && refusalOf(buffer) !== undefined ? 'a detached ArrayBuffer' : undefined;
  }
  if (isOrdinary(value)) return undefined;
  const prototype = Object.getPrototypeOf(value) as object;
  const known = PLATFORM.has(className(value));
  if (!known && (reach === 'thread' || asked.has(prototype))) return undefined;
  try {
    return crossesAsPlainObject(value) || reach === 'thread' ? undefined : describe(value);
  } catch {
    // Either it refuses itself, or one of its parts does. The known ones hold parts that would only distract.
    asked.add(prototype);
    return known ? describe(value) : undefined;
  }
}

/** The memory behind a buffer or a view of one. */
function bufferOf(value: object): ArrayBufferLike | undefined {
  if (types.isAnyArrayBuffer(value)) return value;
  return ArrayBuffer.isView(value) ? value.buffer : undefined;
}

/**
 * Objects for which a clone asks nothing but what they hold: those of the language itself, and of plain
 * classes.
 */
function isOrdinary(value: object): boolean {
  if (Array.isArray(value) || types.isMap(value) || types.isSet(value)) return true;
  if (types.isDate(value) || types.isRegExp(value) || types.isBoxedPrimitive(value)) return true;
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return true;
  if (types.isNativeError(value)) return !isDOMException(value);
  return isKnownPlain(Object.getPrototypeOf(value) as object | null);
}

/** What `structuredClone` throws at a value, or `undefined`. */
function refusalOf(value: unknown): unknown {
  try {
    structuredClone(value);
    return undefined;
  } catch (error) {
    return error ?? new Error('refused');
  }
}

/** v8 of Node 20 writes an error that is part of its own cause, and then cannot read what it has written. */
function isCircularCause(value: unknown): boolean {
  if (!types.isNativeError(value) || !Object.hasOwn(value, 'cause')) return false;
  const refused = refusalOf(value);
  return refused instanceof Error && refused.message.startsWith('Unable to deserialize');
}

/** "a Blob", "an Agent". */
function describe(value: object): string {
  const name = className(value) || 'object of a class without a name';
  if (name === 'MessagePort') return 'a MessagePort that is not on the transfer list';
  return `${/^([AEIO]|U[^RS])/i.test(name) ? 'an' : 'a'} ${name}`;
}

function className(value: object): string {
  try {
    const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
    if (tag.startsWith('WebAssembly.')) return tag;
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
  if (types.isNativeError(object)) {
    yield* partsOfError(object);
    return;
  }
  const isArray = Array.isArray(object);
  for (const key of Object.keys(object)) {
    const label = labelOf(key, isArray);
    yield { label, value: readPart(object, key, label) };
  }
}

/** A clone of an error carries four properties and no others; three of them as text. */
function* partsOfError(error: Error): Generator<Step> {
  for (const key of ['name', 'message', 'stack'] as const) {
    const label = `.${key}`;
    const value = readPart(error, key, label);
    if (typeof value === 'symbol') yield { label, value };
    try {
      String(value);
    } catch {
      throw new UnreadableProperty(label);
    }
  }
  if (Object.hasOwn(error, 'cause')) yield { label: '.cause', value: readPart(error, 'cause', '.cause') };
}

function readPart(object: object, key: string, label: string): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch {
    throw new UnreadableProperty(label);
  }
}

function labelOf(key: string, isArray: boolean): string {
  if (isArray && /^(0|[1-9]\d*)$/.test(key)) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function isPrimitiveKey(key: unknown): key is string | number | boolean | bigint | null | undefined {
  return (typeof key !== 'object' || key === null) && typeof key !== 'function' && typeof key !== 'symbol';
}

function quote(key: string | number | boolean | bigint | null | undefined): string {
  return typeof key === 'string' ? JSON.stringify(key) : String(key);
}
