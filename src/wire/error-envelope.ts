/**
 * Thrown values, as data that crosses.
 *
 *      throw error                                            the future rejects
 *          |                                                         ^
 *          | packError                                               | unpackError
 *          v                                                         |
 *      { nodes: [ {TypeError, fields: cause -> 1, code 'E'},   make all errors, without fields;
 *                 {Oops, fields: rows -> value 0} ],           then give each its fields
 *        values: codec( [ [rows], stand-ins ] ) }
 *
 * `structuredClone` makes plain errors of all classes and drops what hangs on them, and a failed task is debugged by
 * just that. So errors are taken apart into a flat list of nodes that refer to each other by number. Cycles
 * and shared causes keep their identity this way, and a chain of ten thousand causes needs no recursion.
 *
 * Reading a thrown value runs code of the user's: getters, proxies, `name` overridden. Each such read is guarded, and
 * what cannot be read is left out: an error that arrives without a field is of use, a second error is not.
 */
import { types } from 'node:util';
import { NotShareableError } from '../errors.ts';
import type { Codec } from './codec.ts';
import {
  type BuiltinName,
  type ClassReference,
  classify,
  isErrorClass,
  makeBuiltin,
  registeredClass,
} from './error-classes.ts';
import { withoutStandIns, withStandIns } from './error-values.ts';
import { notShareable } from './not-shareable.ts';

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

interface ErrorNode {
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

interface Field {
  readonly key: string;
  readonly enumerable: boolean;
  readonly slot: Slot;
}

type Slot =
  | { readonly is: 'primitive'; readonly value: Primitive }
  | { readonly is: 'error'; readonly node: number }
  | { readonly is: 'value'; readonly index: number }
  /** `AggregateError.errors`: each element on its own, so that one that cannot cross does not cost the others. */
  | { readonly is: 'list'; readonly items: readonly Slot[] };

type Primitive = string | number | bigint | boolean | null | undefined;

export interface UnpackOptions {
  /** The `stack` of an error made where the task was submitted; its frames are put under the worker's. */
  readonly submitStack?: string;
  /** Finds a class before those made known by `registerErrorClasses`. Asked for the most special one first. */
  readonly findClass?: (reference: ClassReference) => Function | undefined;
}

/** Makes a thrown value ready to cross. Never throws: what cannot be read or sent is left out, or named. */
export function packError(thrown: unknown, codec: Codec): ErrorEnvelope {
  if (codec.keepsErrors) return { kind: 'value', value: thrown };
  try {
    if (isError(thrown)) return new ErrorPacker(codec).pack(thrown);
    try {
      return { kind: 'value', value: codec.encode(thrown, 'error').value };
    } catch (error) {
      return new ErrorPacker(codec).pack(
        isError(error) ? error : new NotShareableError('error: a value that cannot be read'),
      );
    }
  } catch {
    // Not reached by anything known. Still, a task that threw must not be reported as one that never answered.
    return {
      kind: 'error',
      nodes: [
        describe(new NotShareableError('The task threw an error that cannot be read.'), () => undefined),
      ],
      standIns: [],
    };
  }
}

/** The thrown value again. Never throws: a value that cannot be decoded comes back as the decode error. */
export function unpackError(envelope: ErrorEnvelope, codec: Codec, options: UnpackOptions = {}): unknown {
  if (envelope.kind === 'value') {
    try {
      return codec.decode(envelope.value);
    } catch (error) {
      return error;
    }
  }
  const { nodes, standIns } = envelope;
  const errors = nodes.map((node) => makeError(node, options.findClass));
  const values = decodeValues(envelope, codec, errors, standIns);
  for (const [index, node] of nodes.entries()) giveFields(errors[index] as Error, node, errors, values);
  const [thrown] = errors;
  if (thrown !== undefined) addSubmitFrames(thrown, options.submitStack);
  return thrown;
}

/**
 * More errors than any chain of causes has. What it stops is a getter that makes a new error each time that
 * it is read: such a chain has no end.
 */
const MOST_ERRORS = 20_000;

/** Lists longer than this are data, whatever their name. */
const LONGEST_LIST = 10_000;

class ErrorPacker {
  readonly #codec: Codec;
  /** The errors met so far; the number of each is that of its node. */
  readonly #errors: object[] = [];
  readonly #numbers = new Map<object, number>();
  /** What goes through the codec, and the name of each for a refusal. */
  readonly #values: unknown[] = [];
  readonly #paths: string[] = [];
  readonly #copies = new Map<object, object>();
  readonly #standIns: object[] = [];
  readonly #standInNodes: number[] = [];

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  pack(thrown: object): ErrorEnvelope {
    this.#numberOf(thrown);
    const nodes: ErrorNode[] = [];
    this.#describeFrom(nodes);
    if (this.#values.length === 0) return { kind: 'error', nodes, standIns: [] };
    try {
      return this.#envelope(nodes);
    } catch {
      return this.#envelope(this.#without(this.#refused(), nodes));
    }
  }

  #envelope(nodes: readonly ErrorNode[]): ErrorEnvelope {
    const values = this.#codec.encode([this.#values, this.#standIns], 'error').value;
    return { kind: 'error', nodes, values, standIns: this.#standInNodes };
  }

  /** Describing an error finds others, which are added behind it. */
  #describeFrom(nodes: ErrorNode[]): void {
    for (let number = nodes.length; number < this.#errors.length; number += 1) {
      const path = number === 0 ? 'error' : undefined;
      nodes.push(
        describe(this.#errors[number] as object, (key, value, name) => this.#slot(value, key, path ?? name)),
      );
    }
  }

  #numberOf(error: object): number | undefined {
    const known = this.#numbers.get(error);
    if (known !== undefined) return known;
    if (this.#errors.length >= MOST_ERRORS) return undefined;
    this.#numbers.set(error, this.#errors.length);
    return this.#errors.push(error) - 1;
  }

  #slot(value: unknown, key: string, owner: string): Slot | undefined {
    if (key === 'errors' && Array.isArray(value) && !types.isProxy(value) && value.length <= LONGEST_LIST) {
      const items = Array.from({ length: value.length }, (_, index): Slot => {
        const item = read(value, String(index));
        const path = `${owner}.errors[${index}]`;
        return this.#single(item, path) ?? this.#refusal(notShareable(item, path, this.#codec.reach));
      });
      return { is: 'list', items };
    }
    return this.#single(value, `${owner}.${key}`);
  }

  /** A slot for one value; `undefined` for what can be seen at once not to cross. */
  #single(value: unknown, path: string): Slot | undefined {
    if (isPrimitive(value)) return { is: 'primitive', value };
    if (typeof value !== 'object' || value === null) return undefined;
    if (isError(value)) {
      const node = this.#numberOf(value);
      return node === undefined ? undefined : { is: 'error', node };
    }
    try {
      this.#values.push(withStandIns(value, this.#copies, (part) => this.#standIn(part)));
    } catch {
      return undefined; // A getter threw.
    }
    this.#paths.push(path);
    return { is: 'value', index: this.#values.length - 1 };
  }

  #standIn(part: object): object | undefined {
    if (!isError(part)) return undefined;
    const node = this.#numberOf(part);
    const standIn = {};
    if (node === undefined) return standIn;
    this.#copies.set(part, standIn);
    this.#standIns.push(standIn);
    this.#standInNodes.push(node);
    return standIn;
  }

  /** In a list, the reason stands in the place of what cannot cross. */
  #refusal(error: object): Slot {
    const node = this.#numberOf(error);
    return node === undefined ? { is: 'primitive', value: undefined } : { is: 'error', node };
  }

  /** The values that the codec refuses, with the reasons. */
  #refused(): Map<number, object> {
    const refused = new Map<number, object>();
    for (const [index, value] of this.#values.entries()) {
      try {
        this.#codec.encode(value, this.#paths[index] as string);
      } catch (error) {
        refused.set(index, error as object);
        this.#values[index] = undefined;
      }
    }
    return refused;
  }

  /**
   * The nodes without the refused values. A field that cannot cross is dropped, and does not fail the error: errors
   * of HTTP clients and databases carry sockets and callbacks, and what the caller needs is the error. In
   * a list the reason takes the place, since the others are known by their index.
   */
  #without(refused: ReadonlyMap<number, object>, nodes: readonly ErrorNode[]): ErrorNode[] {
    const kept = nodes.map((node) => ({
      ...node,
      fields: node.fields.flatMap((field): Field[] => {
        const { slot } = field;
        if (slot.is === 'value' && refused.has(slot.index)) return [];
        if (slot.is !== 'list') return [field];
        const items = slot.items.map((item) => {
          const reason = item.is === 'value' ? refused.get(item.index) : undefined;
          return reason === undefined ? item : this.#refusal(reason);
        });
        return [{ ...field, slot: { is: 'list', items } }];
      }),
    }));
    const sound = this.#values.length;
    this.#describeFrom(kept);
    // The reasons are errors of this library, whose fields are plain.
    this.#values.length = sound;
    return kept;
  }
}

/** Properties that are not enumerable on errors, and cross nevertheless. All others so hidden stay behind. */
const HIDDEN = new Set(['message', 'name', 'code', 'cause', 'errors', 'error', 'suppressed']);

function describe(
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

function read(object: object, key: string, otherwise?: unknown): unknown {
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
function isError(value: unknown): value is object {
  try {
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    return false; // A proxy.
  }
}

function isPrimitive(value: unknown): value is Primitive {
  return value === null || !['object', 'function', 'symbol'].includes(typeof value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The error without its fields. Only the builtin's constructor runs; the class is given by its prototype. */
function makeError(node: ErrorNode, findClass: UnpackOptions['findClass']): Error {
  const error = makeBuiltin(node.base, node.message ?? '', node.name ?? 'Error');
  for (const reference of node.classes) {
    let found: unknown;
    try {
      found = findClass?.(reference) ?? registeredClass(reference);
    } catch {
      found = registeredClass(reference);
    }
    if (!isErrorClass(found)) continue;
    Object.setPrototypeOf(error, found.prototype);
    break;
  }
  return error;
}

function decodeValues(
  { values }: { readonly values?: unknown },
  codec: Codec,
  errors: readonly Error[],
  standInNodes: readonly number[],
): readonly unknown[] {
  if (values === undefined) return [];
  try {
    const [decoded, standIns] = codec.decode(values) as [unknown[], unknown[]];
    if (standIns.length > 0) {
      withoutStandIns(
        decoded,
        new Map(standIns.map((standIn, index) => [standIn, errors[standInNodes[index] as number] as Error])),
      );
    }
    return decoded;
  } catch {
    return []; // The fields are lost; the error itself is not.
  }
}

function giveFields(
  error: Error,
  node: ErrorNode,
  errors: readonly Error[],
  values: readonly unknown[],
): void {
  const valueOf = (slot: Slot): unknown => {
    switch (slot.is) {
      case 'primitive':
        return slot.value;
      case 'error':
        return errors[slot.node];
      case 'value':
        return values[slot.index];
      case 'list':
        return slot.items.map(valueOf);
    }
  };
  for (const { key, enumerable, slot } of node.fields) {
    if (slot.is === 'value' && slot.index >= values.length) continue; // Could not be decoded.
    define(error, key, valueOf(slot), enumerable);
  }
  // What came from a class that is not known here, or from a getter, would otherwise read differently.
  for (const key of ['name', 'message', 'code'] as const) {
    const said = node[key];
    if (said !== undefined && !Object.hasOwn(error, key) && read(error, key) !== said)
      define(error, key, said);
  }
  define(error, 'stack', node.stack ?? `${node.name ?? node.base}: ${node.message ?? ''}`);
}

function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
}

/** Stands between the frames of the worker and those of the caller. */
const SUBMITTED = '    ---- submitted from ----';

function addSubmitFrames(error: Error, submitStack: string | undefined): void {
  const frames = submitStack?.split('\n').filter((line) => /^\s*at /.test(line)) ?? [];
  if (frames.length > 0) define(error, 'stack', [error.stack, SUBMITTED, ...frames].join('\n'));
}
