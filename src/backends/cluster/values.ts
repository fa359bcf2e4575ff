/**
 * Values as text, since that is what jobs are made of, and the limits that keep a queue healthy.
 *
 *   'j[1,"a"]'        JSON, for what JSON gives back exactly: most small arguments and results
 *   'b/wwAAA...'      base64 of the library's bytes, for everything else that `structuredClone` can copy
 *
 * A limit on size is checked on both sides, and before anything is decoded: Redis holds all of this in memory, and one
 * job of 100 MB stops the queue for everybody. A limit on depth likewise, as what reads values may recurse.
 */

import type { Transferable } from 'node:worker_threads';
import { NotShareableError } from '../../errors.ts';
import type { TaskReference } from '../../tasks/reference.ts';
import { cloneToBytes } from '../../wire/bytes.ts';
import { bytesCodec, encodeArguments, encodeResults, type Packed } from '../../wire/codec.ts';
import type { ClassReference } from '../../wire/error-classes.ts';
import { type ErrorEnvelope, packError, unpackError } from '../../wire/error-envelope.ts';
import { isJson } from '../../wire/frames.ts';
import { pushElements, pushObjects } from '../../wire/parts.ts';

/** What a job may hold, and what it may give back. */
export interface Limits {
  /** Characters of the text that a value becomes. */
  readonly size: number;
  /** Objects in objects. */
  readonly depth: number;
}

/** The arguments of a call, or of all the calls of a chunk. */
export function packArguments(
  args: readonly unknown[],
  limits: Limits,
  transfer?: readonly Transferable[],
): string {
  return toText(encodeArguments(bytesCodec, args, transfer), args, 'arguments', limits);
}

/** The values of a chunk. */
export function packResults(values: readonly unknown[], limits: Limits): string {
  return toText(encodeResults(bytesCodec, values), values, 'results', limits);
}

/** One value; `what` it is, in errors. */
export function packValue(value: unknown, what: string, limits: Limits): string {
  return toText(bytesCodec.encode(value, what), value, what, limits);
}

/**
 * @throws RangeError for what is larger or deeper than allowed, TypeError for what none of the above has written; and
 *   what v8 throws
 */
export function unpackValue(text: string, what: string, limits: Limits): unknown {
  if (text.length > limits.size) throw new RangeError(tooLarge(what, text.length, limits));
  const value = fromText(text, what);
  checkDepth(value, what, limits);
  return value;
}

/**
 * A thrown value.
 *
 * @param home the module of the task, by the name that it has here and by the one that it has everywhere: error classes
 *   that it exports are found again on the other side.
 */
export function packFailure(
  thrown: unknown,
  home?: { readonly url: string; readonly module: string },
): string {
  const envelope = packError(thrown, bytesCodec);
  const named = home === undefined ? envelope : renamed(envelope, home.url, nameInCluster(home.module));
  return toText(bytesCodec.encode(named, 'error'), undefined, 'error', NO_LIMITS);
}

/**
 * What was thrown on the other side. Never throws.
 *
 * @param urlOf where a module of the cluster is here, if it is known
 */
export function unpackFailure(
  text: string,
  limits: Limits,
  urlOf: (module: string) => string | undefined,
  submitStack?: string,
): unknown {
  try {
    // Errors have stacks and causes, and should not be lost for being long; yet there must be some end.
    const envelope = unpackValue(text, 'error', { ...limits, size: limits.size + 1_000_000 });
    if (!isEnvelope(envelope)) throw new TypeError('error: this is not what a worker of a cluster writes');
    return unpackError(
      rehomed(envelope, urlOf),
      bytesCodec,
      submitStack === undefined ? {} : { submitStack },
    );
  } catch (error) {
    return error;
  }
}

const NO_LIMITS: Limits = { size: Infinity, depth: Infinity };

function toText(packed: Packed, value: unknown, what: string, limits: Limits): string {
  if (packed.shared !== undefined && packed.shared.length > 0) {
    throw new NotShareableError(
      `${what}: a ${packed.shared[0]?.constructor.name} lives in the memory of one machine, and cannot go to another. ` +
        'Keep what machines share where all of them can reach it, a database for example.',
    );
  }
  const text =
    packed.value instanceof Uint8Array
      ? bytesText(packed.value)
      : isJson(packed.value)
        ? `j${JSON.stringify(packed.value)}`
        : bytesText(cloneToBytes(packed.value));
  if (text.length > limits.size) throw new NotShareableError(tooLarge(what, text.length, limits));
  checkDepth(value, what, limits);
  return text;
}

function bytesText(bytes: Uint8Array): string {
  return `b${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`;
}

function fromText(text: string, what: string): unknown {
  switch (text[0]) {
    case 'j':
      return JSON.parse(text.slice(1));
    case 'b':
      return bytesCodec.decode(new Uint8Array(Buffer.from(text.slice(1), 'base64')));
    default:
      throw new TypeError(`${what}: this is not what a program with a cluster writes`);
  }
}

function tooLarge(what: string, length: number, { size }: Limits): string {
  const show = (bytes: number): string =>
    bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  return (
    `${what}: ${show(length)} of text, and the limit is ${show(size)} (maxPayload). Put large values where producers and ` +
    'workers can reach them, a file system or an object store, and pass the name; or raise maxPayload on both sides.'
  );
}

/** @throws RangeError */
function checkDepth(value: unknown, what: string, { depth }: Limits): void {
  if (depth === Infinity || typeof value !== 'object' || value === null) return;
  const seen = new Set<unknown>();
  let level: unknown[] = [value];
  for (let deep = 0; level.length > 0; deep += 1) {
    if (deep > depth) {
      throw new RangeError(`${what}: objects in objects, more than ${depth} deep (maxDepth)`);
    }
    const below: unknown[] = [];
    for (const object of level) {
      if (seen.has(object)) continue;
      seen.add(object);
      if (object instanceof Map) {
        for (const [key, item] of object) pushObjects([key, item], below);
      } else if (object instanceof Set) pushObjects([...object], below);
      else if (Array.isArray(object)) pushElements(object, below);
      else if (!ArrayBuffer.isView(object)) pushObjects(Object.values(object as object), below);
    }
    level = below;
  }
}

// ── the classes of errors ─────────────────────────────────────────────────────────────────────────────────────

const SCHEME = 'cluster:';

const nameInCluster = (module: string): string => `${SCHEME}${module}`;

function renamed(envelope: ErrorEnvelope, from: string, to: string): ErrorEnvelope {
  return mapClasses(envelope, (reference) =>
    reference.url === from ? { ...reference, url: to } : reference,
  );
}

function rehomed(envelope: ErrorEnvelope, urlOf: (module: string) => string | undefined): ErrorEnvelope {
  return mapClasses(envelope, (reference) => {
    if (!reference.url?.startsWith(SCHEME)) return reference;
    const url = urlOf(reference.url.slice(SCHEME.length));
    return url === undefined ? { name: reference.name } : { ...reference, url };
  });
}

function mapClasses(
  envelope: ErrorEnvelope,
  map: (reference: ClassReference) => ClassReference,
): ErrorEnvelope {
  if (envelope.kind === 'value') return envelope;
  return { ...envelope, nodes: envelope.nodes.map((node) => ({ ...node, classes: node.classes.map(map) })) };
}

function isEnvelope(value: unknown): value is ErrorEnvelope {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  return value.kind === 'value' || (value.kind === 'error' && 'nodes' in value && Array.isArray(value.nodes));
}

/** For the classes of errors that a module exports, see `pool/known-errors.ts`. */
export function moduleReference(url: string, name: string): TaskReference {
  return { kind: 'module', url, export: name, label: name };
}
