// Types for managers, and what processes do with proxies.
import type {
  ManagedArray,
  ManagedBarrier,
  ManagedCondition,
  ManagedEvent,
  ManagedLock,
  ManagedMap,
  ManagedNamespace,
  ManagedNumbers,
  ManagedQueue,
  ManagedRLock,
  ManagedSemaphore,
  ManagedSet,
  ManagedValue,
  TypeId,
} from '../../../src/multiprocessing/index.ts';
import { BaseManager, SyncManager } from '../../../src/multiprocessing/index.ts';
import { tell } from './tasks.ts';

export class OutOfRange extends RangeError {}

export class FooBar {
  f(): string {
    return 'f()';
  }

  g(): never {
    throw new OutOfRange('g() always throws');
  }

  _h(): string {
    return '_h()';
  }
}

export function* tenSquares(): Generator<number> {
  for (let i = 0; i < 10; i += 1) yield i * i;
}

export class MyManager extends BaseManager {}
export const Foo: TypeId<FooBar, []> = MyManager.register('Foo', { callable: FooBar });
export const Bar: TypeId<FooBar, []> = MyManager.register('Bar', { callable: FooBar, exposed: ['f', '_h'] });

export class Squares {
  baz(): Generator<number> {
    return tenSquares();
  }
}
export const Baz: TypeId<Squares, []> = MyManager.register('Baz', {
  callable: Squares,
  methodToTypeid: { baz: 'Iterator' },
});

/** The server of `_TestRemoteManager`. */
export class QueueManager extends SyncManager {}

class Greetings {
  readonly #all: unknown[] = [];

  add(greeting: unknown): void {
    this.#all.push(greeting);
  }

  all(): unknown[] {
    return this.#all;
  }
}

const theGreetings = new Greetings();

/** The same object for all who ask. */
export function greetings(): Greetings {
  return theGreetings;
}

/** Knows of the server's types by name. */
export async function putRemotely(_log: string, address: string, authkey: string): Promise<void> {
  const manager = await new BaseManager({ address, authkey }).connect();
  const list = await manager.create('greetings');
  await list.callMethod('add', ['hello world', null, true, 2.25]);
}

// ── what a child does with each type: tells what it finds, and waits to be let go where it holds something ──────

export async function useEvent(log: string, event: ManagedEvent): Promise<void> {
  tell(log, await event.isSet());
  await event.wait();
  await event.clear();
  await event.set();
  tell(log, await event.isSet());
}

/** Acquires, and keeps until the event is set. */
export async function holdUntil(
  log: string,
  lock: ManagedLock | ManagedRLock | ManagedSemaphore | ManagedCondition,
  event: ManagedEvent,
): Promise<void> {
  await lock.acquire();
  tell(log, 'acquired');
  await event.wait();
}

export async function acquireAndRelease(log: string, lock: ManagedRLock | ManagedCondition): Promise<void> {
  await lock.acquire();
  await lock.acquire();
  tell(log, await lock.locked());
  await lock.release();
  await lock.release();
  tell(log, await lock.locked());
}

export async function useBarrier(log: string, barrier: ManagedBarrier): Promise<void> {
  tell(log, await barrier.parties(), await barrier.waiting(), await barrier.broken());
  await barrier.reset();
}

export async function useQueue(log: string, queue: ManagedQueue<number>): Promise<void> {
  tell(log, await queue.get(), await queue.get(), await queue.empty());
  await queue.put(10);
  await queue.put(11);
  await queue.taskDone();
  await queue.taskDone();
}

export async function useList(log: string, list: ManagedArray<number>): Promise<void> {
  await list.reverse();
  await list.push(10);
  tell(log, await list.snapshot(), await list.pop(), await list.concat([7]));
}

export async function useDict(log: string, map: ManagedMap<string, number>): Promise<void> {
  await map.set('child', 1);
  tell(log, await map.entries(), await map.pop('a'), await map.setDefault('b', 9));
}

export async function useValue(log: string, value: ManagedValue<number>): Promise<void> {
  tell(log, await value.get());
  await value.set(2);
}

export async function useArray(log: string, array: ManagedNumbers<number>): Promise<void> {
  tell(log, await array.at(0), await array.at(-1), await array.length());
  await array.set(0, 99);
}

export async function useNamespace(log: string, namespace: ManagedNamespace): Promise<void> {
  tell(log, await namespace.get('x'), await namespace.has('y'), await namespace.get('_local'));
  await namespace.set('x', 'from a child');
}

export async function useSet(log: string, set: ManagedSet<string>): Promise<void> {
  tell(log, (await set.values()).toSorted());
  await set.update(['child']);
}
