/**
 * Which class an error has, said in a way that the other side can follow.
 *
 * A class is named by the module that exports it. Classes become known by `registerErrorClasses`, on both
 * sides: in the worker for the modules of its tasks, in the parent for the same modules where it has them
 * loaded. An error whose own class is not known arrives as the nearest class above it that is, and at the
 * least as the right builtin.
 */
import { types } from 'node:util';
import * as libraryErrors from '../errors.ts';

export interface ClassReference {
  readonly name: string;
  /** The module that exports it, where that is known. */
  readonly url?: string;
  /** The name under which it is exported there. */
  readonly export?: string;
}

/**
 * What an error is underneath: these are made by their own constructors, and carry what makes an error
 * native.
 */
export type BuiltinName =
  | 'Error'
  | 'EvalError'
  | 'RangeError'
  | 'ReferenceError'
  | 'SyntaxError'
  | 'TypeError'
  | 'URIError'
  | 'AggregateError'
  | 'SuppressedError'
  | 'DOMException';

type ErrorClass = new () => Error;

const BUILTINS = new Map<BuiltinName, ErrorClass>();
for (const name of [
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
  'AggregateError',
  'SuppressedError', // Node 24 and later
  'DOMException',
] as const) {
  const builtin = (globalThis as Record<string, unknown>)[name];
  if (typeof builtin === 'function') BUILTINS.set(name, builtin as ErrorClass);
}

const references = new WeakMap<object, ClassReference>();
const classes = new Map<string, object>();

const keyOf = (url: string, exported: string): string => `${exported} ${url}`;

/**
 * Makes the error classes among a module's exports known: errors of them leave as references to `url`, and
 * such references arrive as these classes. Exports that are not error classes are passed over.
 */
export function registerErrorClasses(url: string, exports: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(exports)) {
    let exported: unknown;
    try {
      exported = exports[name];
    } catch {
      continue; // A binding that its module has not initialized yet.
    }
    if (!isErrorClass(exported)) continue;
    classes.set(keyOf(url, name), exported);
    // A class that several modules export keeps its first name.
    if (!references.has(exported))
      references.set(exported, { name: nameOf(exported) ?? name, url, export: name });
  }
}

/** The class that a reference means, if it is known here. */
export function registeredClass({ url, export: name }: ClassReference): object | undefined {
  return url === undefined || name === undefined ? undefined : classes.get(keyOf(url, name));
}

export function isErrorClass(value: unknown): value is { readonly prototype: Error } {
  if (typeof value !== 'function') return false;
  try {
    return (value as { prototype?: unknown }).prototype instanceof Error;
  } catch {
    return false;
  }
}

registerErrorClasses('manyhands:errors', { ...libraryErrors });

/** More than any class hierarchy has; a proxy can pretend to have no end. */
const MOST_ANCESTORS = 64;

/** The builtin that an error is made of, and the classes between, the most special first. */
export function classify(error: object): { readonly base: BuiltinName; readonly classes: ClassReference[] } {
  const found: ClassReference[] = [];
  let prototype = prototypeOf(error);
  for (let depth = 0; prototype !== null && depth < MOST_ANCESTORS; depth += 1) {
    const constructor = constructorOf(prototype);
    const name = constructor === undefined ? undefined : nameOf(constructor);
    if (name !== undefined && constructor !== undefined) {
      if (isBuiltin(constructor, name)) return { base: name as BuiltinName, classes: found };
      found.push(references.get(constructor) ?? { name });
    }
    prototype = prototypeOf(prototype);
  }
  return { base: 'Error', classes: found };
}

/** A new error of a builtin class, without fields: no constructor but the builtin's is run. */
export function makeBuiltin(base: BuiltinName, message: string, name: string): Error {
  const limit = Error.stackTraceLimit;
  // Its own stack is replaced at once, so it need not be captured.
  trySet(() => {
    Error.stackTraceLimit = 0;
  });
  try {
    if (base === 'DOMException') return new DOMException(message, name);
    if (base === 'AggregateError') return new AggregateError([]);
    return new (BUILTINS.get(base) ?? Error)();
  } finally {
    trySet(() => {
      Error.stackTraceLimit = limit;
    });
  }
}

/** Under --frozen-intrinsics `Error` cannot be written to. */
function trySet(set: () => void): void {
  try {
    set();
  } catch {
    // Then the stack is captured in vain, which is only slower.
  }
}

function isBuiltin(constructor: object, name: string): boolean {
  const builtin = BUILTINS.get(name as BuiltinName);
  if (builtin === undefined) return false;
  // The builtins of another realm (node:vm) are other objects of the same name.
  return builtin === constructor || Function.prototype.toString.call(constructor).includes('[native code]');
}

function prototypeOf(value: object): object | null {
  try {
    return Object.getPrototypeOf(value) as object | null;
  } catch {
    return null;
  }
}

function constructorOf(prototype: object): object | undefined {
  try {
    const value: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    return typeof value === 'function' && !types.isProxy(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(constructor: object): string | undefined {
  const name: unknown = Object.getOwnPropertyDescriptor(constructor, 'name')?.value;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
