/** Which types were registered with which class of managers. */

import { inspect } from 'node:util';
import { checkArray, checkBoolean, checkFunction, checkNames } from '../../options.ts';
import { referenceToClass } from '../../tasks/class-reference.ts';
import { referenceTo, type TaskReference } from '../../tasks/reference.ts';
import { checkExposed } from './server/public-methods.ts';
import type { TypeMessage } from './server/types.ts';

declare const made: unique symbol;

/** The name of a type; that of any type is a string. */
export type TypeId<T = unknown, A extends readonly unknown[] = readonly unknown[]> = string & {
  readonly [made]?: (...args: A) => T;
};

export interface TypeOptions<T, A extends readonly unknown[]> {
  /** The class, or a function that makes the object, exported from a module. Absent: the type is registered elsewhere. */
  readonly callable?: (new (...args: A) => T) | ((...args: A) => T | Promise<T>) | undefined;
  /** The methods that clients may call. Default: all that do not begin with `_`. */
  readonly exposed?: readonly string[] | undefined;
  /** Methods whose results stay in the manager, as objects of a type; `'Iterator'` is for iterators. */
  readonly methodToTypeid?: Readonly<Record<string, string>> | undefined;
  /** Whether managers get a method of this name. Default `true`. */
  readonly createMethod?: boolean | undefined;
}

export interface Registered extends Pick<TypeMessage, 'exposed' | 'methodToTypeid'> {
  readonly callable: Function | undefined;
  readonly createMethod: boolean;
  /** How its callable is found in another process. @throws NotShareableError */
  reference(): TaskReference | undefined;
}

const registries = new WeakMap<object, Map<string, Registered>>();

/** @throws TypeError naming a wrong option; RangeError for a name that is never exposed */
export function register(owner: object, typeid: string, options: TypeOptions<never, never>): Registered {
  if (typeof typeid !== 'string' || typeid === '') {
    throw new TypeError(`typeid must be a name, received ${inspect(typeid)}`);
  }
  checkNames(options, ['callable', 'exposed', 'methodToTypeid', 'createMethod'], 'register');
  const { callable, exposed, methodToTypeid = {}, createMethod = true } = options;
  checkFunction('callable', callable);
  checkArray('exposed', exposed);
  checkBoolean('createMethod', createMethod);
  checkExposed(exposed ?? []);
  const type: Registered = {
    callable,
    exposed: exposed && [...exposed],
    methodToTypeid: { ...methodToTypeid },
    createMethod,
    reference: () => callable && referenceToCallable(callable),
  };
  let own = registries.get(owner);
  if (own === undefined) registries.set(owner, (own = new Map()));
  own.set(typeid, type);
  return type;
}

/** The types of a class and of those that it extends. */
export function registeredIn(owner: object | null): ReadonlyMap<string, Registered> {
  if (owner === null || owner === Function.prototype) return new Map();
  const above = registeredIn(Object.getPrototypeOf(owner) as object | null);
  return new Map([...above, ...(registries.get(owner) ?? [])]);
}

function referenceToCallable(callable: Function): TaskReference {
  return /^class\b/.test(Function.prototype.toString.call(callable))
    ? referenceToClass(callable)
    : referenceTo(callable);
}
