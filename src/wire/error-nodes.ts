/**
 * One error as data, and how it is read.
 *
 * Reading a thrown value runs code of the user's: getters, proxies, `name` overridden. Each such read is
 * guarded, and what cannot be read is left out: an error that arrives without a field is of use, a second
 * error is not.
 */
import { types } from 'node:util';
import { type BuiltinName, type ClassReference, classify } from './error-classes.ts';

/** A thrown value as data that a MessagePort clones and v8 serializes. */
export type ErrorEnvelope =
  /** Not an error: the value itself, as its codec packed it. */
  | { readonly kind: 'value'; readonly value: unknown }
  | {
      readonly kind: 'error';
      /** The thrown error is the first; the others are those that it leads to. */
      readonly nodes: readonly ErrorNode[];
      /** `[values, standIns]`, packed; absent if no field needs it. */
      readonly values?: unknown;
      /** The node that each stand-in is for. */
      readonly standIns: readonly number[];
    };

/** One error. */
export interface ErrorNode {
  readonly base: BuiltinName;
  readonly classes: readonly ClassReference[];
  /** As `error.name` says, wherever that comes from. Likewise the message. */
  readonly name: string | undefined;
  readonly message: string | undefined;
  /** An own or inherited `code`. */
  readonly code: Primitive;
  readonly stack: string | undefined;
  readonly fields: readonly Field[];
}

/** An own property of an error. */
export interface Field {
  readonly key: string;
  readonly enumerable: boolean;
  readonly slot: Slot;
}

export type Slot =
  | { readonly is: 'primitive'; readonly value: Primitive }
  | { readonly is: 'error'; readonly node: number }
  | { readonly is: 'value'; readonly index: number }
  /**
   * `AggregateError.errors`: each element on its own, so that one that cannot cross does not cost the others.
   */
  | { readonly is: 'list'; readonly items: readonly Slot[] };

export type Primitive = string | number | bigint | boolean | null | undefined;

/** Properties that are not enumerable on errors, and cross nevertheless. All others so hidden stay behind. */
const HIDDEN = new Set(['message', 'name', 'code', 'cause', 'errors', 'error', 'suppressed']);

/** Reads all of an error that crosses; `slotOf` says where the value of a field goes, if anywhere. */
export function describeError(
  error: object,
  slotOf: (key: string, value: unknown, name: string) => Slot | undefined,
): ErrorNode {
  const { base, classes } = classify(error);
  const name = text(read(error, 'name'));
  const code = read(error, 'code');
  const stack = read(error, 'stack');
  const fields: Field[] = [];
  for (const [key, enumerable] of ownProperties(error)) {
    const value = read(error, key, UNREADABLE);
    const slot = value === UNREADABLE ? undefined : slotOf(key, value, name ?? base);
    if (slot !== undefined) fields.push({ key, enumerable, slot });
  }
  return {
    base,
    classes,
    name,
    message: text(read(error, 'message')),
    code: isPrimitive(code) ? code : undefined,
    stack: text(stack),
    fields,
  };
}

const UNREADABLE = Symbol('unreadable');

/** `object[key]`, or `otherwise` if a getter or a proxy throws. */
export function read(object: object, key: string, otherwise?: unknown): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch {
    return otherwise;
  }
}

/** The keys that cross, each with whether it is enumerable. */
function ownProperties(error: object): [key: string, enumerable: boolean][] {
  try {
    return Reflect.ownKeys(error).flatMap((key): [string, boolean][] => {
      if (typeof key === 'symbol') return [];
      const enumerable = Object.getOwnPropertyDescriptor(error, key)?.enumerable ?? false;
      if (key === 'stack') return []; // Crosses as text.
      return enumerable || HIDDEN.has(key) ? [[key, enumerable]] : [];
    });
  } catch {
    return []; // A proxy.
  }
}

/** Native errors, also of other realms; those of the platform; and objects that inherit from `Error`. */
export function isError(value: unknown): value is object {
  try {
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    return false; // A proxy.
  }
}

/** What every medium carries as it is. */
export function isPrimitive(value: unknown): value is Primitive {
  return value === null || !['object', 'function', 'symbol'].includes(typeof value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
