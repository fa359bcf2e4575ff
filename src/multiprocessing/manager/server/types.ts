/** The types that a server makes objects of. */

import { learnErrorClasses } from '../../../pool/known-errors.ts';
import type { ModuleReference } from '../../../tasks/by-name.ts';
import type { TaskReference } from '../../../tasks/reference.ts';
import { resolveTask } from '../../../tasks/resolve.ts';
import { Barrier } from '../referents/barrier.ts';
import { Condition } from '../referents/condition.ts';
import type { Contents } from '../referents/contents.ts';
import { Event } from '../referents/event.ts';
import { List } from '../referents/list.ts';
import { Lock, RLock } from '../referents/lock.ts';
import { Dict } from '../referents/map.ts';
import { Queue } from '../referents/queue.ts';
import { BoundedSemaphore, Semaphore } from '../referents/semaphore.ts';
import { Members } from '../referents/set.ts';
import { Namespace, NumberArray, Value } from '../referents/values.ts';

/** A type as it crosses to the server's process. */
export interface TypeMessage {
  readonly typeid: string;
  readonly callable: TaskReference | ModuleReference | undefined;
  readonly exposed: readonly string[] | undefined;
  readonly methodToTypeid: Readonly<Record<string, string>>;
}

export interface ManagedType {
  /** Makes the object; without it an object is what is given. */
  readonly make: ((args: readonly unknown[], contents: Contents) => unknown) | undefined;
  /** The methods that clients may call; `undefined`: the public ones. */
  readonly exposed: readonly string[] | undefined;
  readonly methodToTypeid: ReadonlyMap<string, string>;
  /** The class of its proxies. */
  readonly proxy: string;
}

export type Types = ReadonlyMap<string, ManagedType>;

const builtin = (
  proxy: string,
  make?: ManagedType['make'],
  methodToTypeid: Readonly<Record<string, string>> = {},
): ManagedType => ({
  make,
  exposed: undefined,
  methodToTypeid: new Map(Object.entries(methodToTypeid)),
  proxy,
});

/** The class of proxies that have the methods of their object. */
export const AUTO = 'ManagedObject';

/** For results that are iterators; every manager has it. */
export const ITERATOR = 'Iterator';
const iterator: ManagedType = {
  make: undefined,
  exposed: ['next', 'return', 'throw'],
  methodToTypeid: new Map(),
  proxy: 'ManagedIterator',
};

const first = (args: readonly unknown[]): never => args[0] as never;

/** Those of a `SyncManager`. */
const SYNC_TYPES: Types = new Map([
  ['Queue', builtin('ManagedQueue', (args) => new Queue(first(args)))],
  ['JoinableQueue', builtin('ManagedQueue', (args) => new Queue(first(args)))],
  ['Event', builtin('ManagedEvent', () => new Event())],
  ['Lock', builtin('ManagedLock', () => new Lock())],
  ['RLock', builtin('ManagedRLock', () => new RLock())],
  ['Semaphore', builtin('ManagedSemaphore', (args) => new Semaphore(first(args)))],
  ['BoundedSemaphore', builtin('ManagedSemaphore', (args) => new BoundedSemaphore(first(args)))],
  ['Condition', builtin('ManagedCondition', (args, contents) => new Condition(lockOf(args[0], contents)))],
  [
    'Barrier',
    builtin(
      'ManagedBarrier',
      ([n, action, timeout]) => new Barrier(n as never, action as never, timeout as never),
    ),
  ],
  [
    'Array',
    builtin(
      'ManagedNumbers',
      ([type, values], contents) => new NumberArray(contents, type as string, values),
    ),
  ],
  ['Value', builtin('ManagedValue', (args) => new Value(args[0]))],
  ['Namespace', builtin('ManagedNamespace', (args) => new Namespace(first(args)))],
  ['list', builtin('ManagedArray', (args, contents) => new List(contents, ...args))],
  ['dict', builtin('ManagedMap', (args, contents) => new Dict(contents, ...args), { iterator: ITERATOR })],
  ['set', builtin('ManagedSet', (args, contents) => new Members(contents, ...args))],
]);

function lockOf(value: unknown, contents: Contents): Lock | undefined {
  const lock = contents.of(value);
  if (lock === undefined || lock instanceof Lock) return lock;
  throw new TypeError('lock must be a Lock or an RLock of the same manager');
}

/** A type whose objects a function makes, or that are given. */
export function typeOf(
  callable: Function | undefined,
  { exposed, methodToTypeid }: Pick<TypeMessage, 'exposed' | 'methodToTypeid'>,
): ManagedType {
  return {
    make: callable && ((args) => construct(callable, args)),
    exposed,
    methodToTypeid: new Map(Object.entries(methodToTypeid)),
    proxy: AUTO,
  };
}

/** All types of a server. */
export function typesOf(own: Iterable<readonly [string, ManagedType]>, isSync: boolean): Types {
  return new Map([[ITERATOR, iterator], ...(isSync ? SYNC_TYPES : []), ...own]);
}

/** The types that came in messages, with their classes loaded. @throws what loading throws */
export async function loadTypes(
  messages: readonly TypeMessage[],
): Promise<(readonly [string, ManagedType])[]> {
  return await Promise.all(
    messages.map(async (message) => {
      const { callable } = message;
      if (callable === undefined) return [message.typeid, typeOf(undefined, message)] as const;
      const made = await resolveTask(callable);
      await learnErrorClasses(callable);
      return [message.typeid, typeOf(made, message)] as const;
    }),
  );
}

function construct(callable: Function, args: readonly unknown[]): unknown {
  const isClass = /^class\b/.test(Function.prototype.toString.call(callable));
  return isClass ? Reflect.construct(callable, args) : Reflect.apply(callable, undefined, args);
}
