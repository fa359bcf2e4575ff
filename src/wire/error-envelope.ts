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
 * `structuredClone` makes plain errors of all classes and drops what hangs on them, and a failed task is
 * debugged by just that. So errors are taken apart into a flat list of nodes that refer to each other by
 * number. Cycles and shared causes keep their identity this way, and a chain of ten thousand causes needs no
 * recursion.
 */
import { types } from 'node:util';
import { NotShareableError } from '../errors.ts';
import { type Codec, encodeUnmoved } from './codec.ts';
import { type ClassReference, isErrorClass, makeBuiltin, registeredClass } from './error-classes.ts';
import {
  describeError,
  type ErrorEnvelope,
  type ErrorNode,
  isError,
  read,
  type Slot,
} from './error-nodes.ts';
import { ErrorPacker } from './error-packer.ts';
import { withoutStandIns } from './error-values.ts';

export type { ErrorEnvelope } from './error-nodes.ts';

export interface UnpackOptions {
  /** The `stack` of an error made where the task was submitted; its frames are put under the worker's. */
  readonly submitStack?: string;
  /**
   * Finds a class before those made known by `registerErrorClasses`. Asked for the most special one first.
   */
  readonly findClass?: (reference: ClassReference) => Function | undefined;
}

/** Makes a thrown value ready to cross. Never throws: what cannot be read or sent is left out, or named. */
export function packError(thrown: unknown, codec: Codec): ErrorEnvelope {
  if (codec.keepsErrors) return { kind: 'value', value: thrown };
  try {
    if (isError(thrown)) return new ErrorPacker(codec).pack(thrown);
    try {
      // Ports would fail the message that holds the envelope.
      return { kind: 'value', value: encodeUnmoved(codec, thrown, 'error') };
    } catch (error) {
      return new ErrorPacker(codec).pack(
        isError(error) ? error : new NotShareableError('error: a value that cannot be read'),
      );
    }
  } catch {
    // Not reached by anything known. Still, a task that threw must not be reported as one that never
    // answered.
    const error = new NotShareableError('The task threw an error that cannot be read.');
    return { kind: 'error', nodes: [describeError(error, () => undefined)], standIns: [] };
  }
}

/** The thrown value again. Never throws: a value that cannot be decoded comes back as the decode error. */
export function unpackError(envelope: ErrorEnvelope, codec: Codec, options: UnpackOptions = {}): unknown {
  if (envelope.kind === 'value') {
    let value: unknown;
    try {
      value = codec.decode(envelope.value);
    } catch (error) {
      return error;
    }
    // The very error that was thrown. It may be thrown again, and is told only once where it was submitted.
    if (canBeTold(value)) addSubmitFrames(value, options.submitStack);
    return value;
  }
  const { nodes, standIns } = envelope;
  const errors = nodes.map((node) => makeError(node, options.findClass));
  const values = decodeValues(envelope, codec, errors, standIns);
  for (const [index, node] of nodes.entries()) giveFields(errors[index] as Error, node, errors, values);
  const [thrown] = errors;
  if (thrown !== undefined) addSubmitFrames(thrown, options.submitStack);
  return thrown;
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

/** Whether an error that kept its identity is still to get these frames, and can. */
function canBeTold(value: unknown): value is Error {
  return types.isNativeError(value) && !Object.isFrozen(value) && !String(value.stack).includes(SUBMITTED);
}

function addSubmitFrames(error: Error, submitStack: string | undefined): void {
  const frames = submitStack?.split('\n').filter((line) => /^\s*at /.test(line)) ?? [];
  if (frames.length > 0) define(error, 'stack', [error.stack, SUBMITTED, ...frames].join('\n'));
}
