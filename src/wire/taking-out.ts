/**
 * Shareable objects inside of values: taken out before a value is copied, and put back into the copy.
 *
 *      value      { lock: L, rows: [..], all: Set { L } }
 *                     |                                    takeOut
 *                     v
 *      value      { lock: s, rows: [..], all: Set { s } }  s: an empty object, the stand-in of L
 *      stand-ins  [ s ]          holders  [ {..}, Set ]    all of it crosses in one message
 *      objects    [ L ]                                    cross as their shares
 *                     |                                    putBack
 *                     v
 *      value      { lock: L, rows: [..], all: Set { L } }
 *
 * A copy keeps identity within a message. So what is the same object as one in the list of stand-ins is one, and no
 * value of the user's can be mistaken for one. The holders are the containers that hold stand-ins themselves: to put
 * objects back, nothing else is looked at.
 *
 * Made anew is only what leads to a shareable object (of these, instances of classes become plain objects, as in a
 * clone). All else is in the value as it was, for the codec to copy or to refuse.
 */

import { types } from 'node:util';
import { isOpaque, pushElements, pushObjects } from './parts.ts';
import { crossesAsPlainObject, isDOMException, isKnownPlain } from './plain-classes.ts';
import { areAnyShareable, isShareable, type Shareable } from './shareable.ts';
import { put } from './values/shapes.ts';

export interface TakenOut {
  readonly value: unknown;
  readonly objects: readonly Shareable[];
  readonly standIns: readonly object[];
  readonly holders: readonly object[];
}

/** `undefined` where nothing in `value` is shareable. @throws what getters of the value throw */
export function takeOut(value: unknown): TakenOut | undefined {
  return areAnyShareable() && holdsShareable(value) ? new Excerpt(value) : undefined;
}

type Kind = 'record' | 'array' | 'map' | 'set' | 'error' | 'shareable';

/** What a clone makes of an object; `undefined` for what it does not look into, and for what it refuses. */
function kindOf(object: object, asked: Set<object>): Kind | undefined {
  if (types.isProxy(object)) return undefined;
  const prototype = Object.getPrototypeOf(object) as object | null;
  if (isKnownPlain(prototype)) return 'record';
  if (Array.isArray(object)) return 'array';
  if (isShareable(object)) return 'shareable';
  if (types.isMap(object)) return 'map';
  if (types.isSet(object)) return 'set';
  if (isOpaque(object)) return undefined;
  if (types.isNativeError(object)) return isDOMException(object) ? undefined : 'error';
  if (asked.has(prototype as object)) return 'record';
  try {
    return crossesAsPlainObject(object) ? 'record' : undefined;
  } catch {
    // For something in it. The answer is not remembered by whom we have asked, and asking takes long.
    asked.add(prototype as object);
    return 'record';
  }
}

/** Most values hold none, and are only looked through. */
function holdsShareable(root: unknown): boolean {
  const asked = new Set<object>();
  const seen = new Set<object>();
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const object = pending.pop();
    if (typeof object !== 'object' || object === null || seen.has(object)) continue;
    const { length } = pending;
    switch (kindOf(object, asked)) {
      case 'shareable':
        return true;
      case 'record':
        pushObjects(Object.values(object), pending);
        break;
      case 'array':
        pushElements(object as unknown[], pending);
        break;
      case 'map':
        Map.prototype.forEach.call(object, (value, key) => pending.push(key, value));
        break;
      case 'set':
        Set.prototype.forEach.call(object, (value) => pending.push(value));
        break;
      case 'error':
        if (Object.hasOwn(object, 'cause')) pending.push((object as Error).cause);
        break;
      default:
    }
    // Not what holds no objects: V8 clones an array of numbers five times slower once it has got a hash from a Set.
    if (pending.length > length) seen.add(object);
  }
  return false;
}

/** An object of the value. */
interface Node {
  readonly from: object;
  readonly kind: Kind;
  /** The names of the parts, where they have any. */
  keys: readonly string[];
  /** What it holds; of a map the keys as well, each before its value. Read once, as getters may give new objects. */
  parts: readonly unknown[];
  /** What holds it. */
  readonly holders: Node[];
  /** What stands for it in the copy, if it is or leads to a shareable object. */
  to: object | undefined;
}

class Excerpt implements TakenOut {
  readonly value: unknown;
  readonly objects: Shareable[] = [];
  readonly standIns: object[] = [];
  readonly holders: object[];
  readonly #nodes = new Map<object, Node>();
  readonly #asked = new Set<object>();

  constructor(root: unknown) {
    const shareable = this.#read(root);
    const leading = leadingTo(shareable);
    for (const node of leading) node.to = emptyLike(node);
    for (const node of leading) fill(node, (part) => this.#copyOf(part));
    for (const { from, to } of shareable) {
      this.objects.push(from as Shareable);
      this.standIns.push(to as object);
    }
    this.holders = [...new Set(shareable.flatMap(({ holders }) => holders))].map(({ to }) => to as object);
    this.value = this.#copyOf(root);
  }

  #copyOf(part: unknown): unknown {
    return this.#nodes.get(part as object)?.to ?? part;
  }

  /** Reads all that a clone would read, and gives the shareable objects. */
  #read(root: unknown): Node[] {
    const shareable: Node[] = [];
    const pending: Node[] = [];
    const visit = (part: unknown, holder: Node | undefined): void => {
      if (typeof part !== 'object' || part === null) return;
      let node = this.#nodes.get(part);
      if (node === undefined) {
        const kind = kindOf(part, this.#asked);
        if (kind === undefined || isRefused(part) || (kind === 'array' && isBottom(part))) return;
        node = { from: part, kind, keys: [], parts: [], holders: [], to: undefined };
        this.#nodes.set(part, node);
        (kind === 'shareable' ? shareable : pending).push(node);
      }
      if (holder !== undefined) node.holders.push(holder);
    };
    visit(root, undefined);
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      readParts(node);
      for (const part of node.parts) visit(part, node);
    }
    return shareable;
  }
}

/** An array without objects, which leads nowhere. As a key of a Map it would get a hash, see `holdsShareable`. */
function isBottom(array: object): boolean {
  const inside: unknown[] = [];
  pushElements(array as unknown[], inside);
  return inside.length === 0;
}

/** What looks like a plain object, and a clone refuses. */
function isRefused(object: object): boolean {
  return types.isArgumentsObject(object) || types.isModuleNamespaceObject(object) || types.isExternal(object);
}

function readParts(node: Node): void {
  const { from, kind } = node;
  const parts: unknown[] = [];
  if (kind === 'map') Map.prototype.forEach.call(from, (value, key) => parts.push(key, value));
  else if (kind === 'set') Set.prototype.forEach.call(from, (value) => parts.push(value));
  else {
    if (kind !== 'error') node.keys = Object.keys(from);
    else if (Object.hasOwn(from, 'cause')) node.keys = ['cause'];
    for (const key of node.keys) parts.push((from as Record<string, unknown>)[key]);
  }
  node.parts = parts;
}

/** The shareable objects, and all that leads to them. */
function leadingTo(shareable: readonly Node[]): Set<Node> {
  const leading = new Set(shareable);
  // The set grows while it is read.
  for (const { holders } of leading) for (const holder of holders) leading.add(holder);
  return leading;
}

function emptyLike({ from, kind }: Node): object {
  switch (kind) {
    case 'array':
      return Object.assign([], { length: (from as unknown[]).length });
    case 'map':
      return new Map();
    case 'set':
      return new Set();
    case 'error':
      return errorLike(from as Error);
    default:
      return {};
  }
}

/** An error with all that a clone takes from it, but its cause. */
function errorLike(from: Error): Error {
  const to = new Error();
  for (const key of ['name', 'message', 'stack'] as const) {
    if (key === 'message' && !Object.hasOwn(from, key)) continue;
    Object.defineProperty(to, key, { value: from[key], configurable: true, writable: true });
  }
  return to;
}

function fill({ kind, keys, parts, to }: Node, change: (part: unknown) => unknown): void {
  switch (kind) {
    case 'shareable':
      break;
    case 'map':
      for (let at = 0; at < parts.length; at += 2) {
        (to as Map<unknown, unknown>).set(change(parts[at]), change(parts[at + 1]));
      }
      break;
    case 'set':
      for (const part of parts) (to as Set<unknown>).add(change(part));
      break;
    case 'error':
      if (keys.length > 0)
        Object.defineProperty(to, 'cause', { value: change(parts[0]), configurable: true });
      break;
    default:
      for (const [index, key] of keys.entries())
        put(to as Record<string, unknown>, key, change(parts[index]));
  }
}

/** Puts `objects` into the places of their stand-ins, changing `value` and its `holders` in place. */
export function putBack(
  { value, standIns, holders }: Omit<TakenOut, 'objects'>,
  objects: readonly object[],
): unknown {
  const meant = new Map(standIns.map((standIn, index) => [standIn, objects[index] as object]));
  const restored = (part: unknown): unknown => meant.get(part as object) ?? part;
  for (const holder of holders) restoreParts(holder, restored);
  return restored(value);
}

function restoreParts(holder: object, restored: (part: unknown) => unknown): void {
  if (types.isMap(holder)) {
    const entries = [...holder];
    holder.clear();
    for (const [key, value] of entries) holder.set(restored(key), restored(value));
  } else if (types.isSet(holder)) {
    const values = [...holder];
    holder.clear();
    for (const value of values) holder.add(restored(value));
  } else {
    const record = holder as Record<string, unknown>;
    const keys = types.isNativeError(holder) ? ['cause'] : Object.keys(holder);
    for (const key of keys) {
      const part = restored(record[key]);
      if (part !== record[key]) record[key] = part;
    }
  }
}
