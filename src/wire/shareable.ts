/**
 * Objects that are shared instead of copied: locks, queues, connections.
 *
 *      this side                                              the other side
 *      lock[SHARE](reach)                                     revive(data)
 *        = { kind: 'Lock', module, data: 4711 } ── crosses ──▶  = the Lock at 4711 of that thread
 *
 * What crosses is a `Share`: plain data that says where the object is, and the module whose code can make, or find
 * again, such an object from it. That module calls `registerKind` at its top level. A worker that gets a kind which
 * it does not know imports the module first. `import.meta.url` of the module is what to give: in the published
 * bundle that is the chunk that the module was put into, which is the same for all who import it.
 *
 * Rules for those who write such a class
 * 1. The method is the class's, not an own property of each object. `shareBy` gives it one. The class extends no
 *    builtin: an array or a map is copied.
 * 2. An object that occurs several times in one message is asked for one share, and arrives as one object. That two
 *    messages give one object is the business of `revive`, which looks into a table of its own.
 * 3. Shares and revivals do not come in pairs. A task that is cancelled is never read, one that is run again
 *    (`retries`) is read twice, and the `initArgs` of a pool once in each worker. What is in the arguments of a task
 *    is kept alive here until the task is over; whoever gets it as a result, a report or an item is not known.
 * 4. `registerKind` stands in the module of the class: one that is imported for its effects alone is dropped where
 *    bundlers are told that modules have none.
 *
 * Where no kind is registered there can be no such object, and nobody looks for any.
 */

import { types } from 'node:util';
import { NotShareableError } from '../errors.ts';
import type { Reach } from './not-shareable.ts';

/** How an object is asked for its share. The same for all copies of this library in a thread. */
export const SHARE: unique symbol = Symbol.for('manyhands.share') as never;

/** What crosses in the place of a shareable object. */
export interface Share {
  /** The name that its module gave to `registerKind`. */
  readonly kind: string;
  /** The URL of that module. */
  readonly module: string;
  /**
   * Primitives, and arrays and plain objects of them. For reach `'thread'` also SharedArrayBuffers, and MessagePorts,
   * which are moved.
   */
  readonly data: unknown;
}

export interface Shareable {
  /** @throws NotShareableError when the object does not reach so far, see {@link reachesThreadsOnly}. */
  [SHARE](reach: Reach): Share;
}

/** Finds or makes the object that a share with this `data` means. */
type Revive = (data: unknown) => object;

/**
 * Gives a class its method `SHARE`; to be called in a static block, where private fields are at hand. In the class's
 * body the method would be part of its public type, which TypeScript cannot write down under `isolatedDeclarations`.
 *
 * @example static { shareBy(Lock, (lock, reach) => ({ kind: 'Lock', module: import.meta.url, data: lock.#offset })); }
 */
export function shareBy<T extends object>(
  { prototype }: { readonly prototype: T },
  share: (object: T, reach: Reach) => Share,
): void {
  Object.defineProperty(prototype, SHARE, {
    value(this: T, reach: Reach): Share {
      return share(this, reach);
    },
  });
}

const key: unique symbol = Symbol.for('manyhands.kinds') as never;
const shared = globalThis as { [key]?: Map<string, Revive> };
/** On `globalThis`, as a task module may bring its own copy of this library. */
const kinds: Map<string, Revive> = (shared[key] ??= new Map());

/** Makes objects of a kind known in this thread. To be called at the top level of a module. */
export function registerKind(kind: string, revive: (data: unknown) => object): void {
  kinds.set(kind, revive);
}

/** Whether there can be shareable objects in this thread. */
export function areAnyShareable(): boolean {
  return kinds.size > 0;
}

export function isShareable(value: unknown): value is Shareable {
  return typeof value === 'object' && value !== null && !types.isProxy(value) && SHARE in value;
}

/**
 * The refusal of an object that other processes cannot reach.
 *
 * @param what with its module: `threading.Lock`.
 * @param instead what does reach them: `multiprocessing.Lock`.
 */
export function reachesThreadsOnly(what: string, instead: string): NotShareableError {
  return new NotShareableError(
    `a ${what} reaches the threads of this process only; use ${instead}, which reaches other processes too`,
  );
}

/**
 * A share came whose module has not been loaded in this thread. To users who get to see it, it is what its name and its
 * message say.
 */
export class UnknownKindError extends NotShareableError {
  readonly kind: string;
  readonly module: string;

  constructor({ kind, module }: Share) {
    super(`A ${kind} came, which this thread does not know: import ${module} first.`);
    this.kind = kind;
    this.module = module;
  }

  override get name(): string {
    return 'NotShareableError';
  }
}

/** Kinds whose modules were imported in vain, and why; until somebody is told. */
const missing = new Map<string, unknown>();

/** Imports the module of a kind. Never rejects: what is still not known then is refused by {@link reviveAll}. */
export async function loadKind({ kind, module }: UnknownKindError): Promise<void> {
  try {
    await import(module);
    if (!kinds.has(kind)) missing.set(kind, undefined);
  } catch (error) {
    missing.set(kind, error);
  }
}

/** The first of these kinds whose module has to be imported before. */
export function unknownKindIn(shares: readonly Share[]): UnknownKindError | undefined {
  const unknown = shares.find(({ kind }) => !kinds.has(kind) && !missing.has(kind));
  return unknown && new UnknownKindError(unknown);
}

/** The objects that are meant. Makes none unless all kinds are known. @throws UnknownKindError */
export function reviveAll(shares: readonly Share[]): object[] {
  const revivals = shares.map(reviverOf);
  return shares.map(({ data }, index) => (revivals[index] as Revive)(data));
}

function reviverOf(share: Share): Revive {
  const { kind, module } = share;
  const revive = kinds.get(kind);
  if (revive !== undefined) return revive;
  if (!missing.has(kind)) throw new UnknownKindError(share);
  const cause = missing.get(kind);
  missing.delete(kind);
  throw new NotShareableError(
    cause === undefined
      ? `A ${kind} came, and ${module}, which should know what that is, does not.`
      : `A ${kind} came, and ${module}, which knows what that is, cannot be loaded here.`,
    cause === undefined ? undefined : { cause },
  );
}
