// Types for managers, and what clients of theirs do in other processes.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type ManagedArray,
  type ManagedBarrier,
  type ManagedCondition,
  type ManagedLock,
  type ManagedMap,
  type ManagedQueue,
  type ManagedRLock,
  type ManagedSemaphore,
  SyncManager,
  type TypeId,
} from '../../src/multiprocessing/index.ts';

/** All that must not be reached by a name. */
export class Traps {
  readonly field: string = 'field';
  readonly arrow: () => string = () => 'an own function';
  #looked = 0;

  get secret(): () => number {
    this.#looked += 1;
    return () => this.#looked;
  }

  looked(): number {
    return this.#looked;
  }

  _private(): string {
    return 'private';
  }

  then(): string {
    return 'then';
  }

  override(): string {
    return 'fine';
  }

  toString(): string {
    return 'a text';
  }

  [Symbol.iterator](): string {
    return 'symbol';
  }

  static make(): string {
    return 'static';
  }
}

/** Its method is hidden by a field below it. */
export class Hides extends Traps {
  override readonly looked: never = 5 as never;
}

export class Failing {
  unknownClass(): never {
    class Local extends Error {}
    throw new Local('of a class that nobody exports');
  }

  thrownValue(): never {
    throw { code: 5 };
  }

  returnsFunction(): unknown {
    return () => 1;
  }

  returnsLong(length: number): string {
    return 'x'.repeat(length);
  }

  itself(): this {
    return this;
  }

  spin(): never {
    for (;;);
  }
}

/** Uses other objects of its manager, by their proxies. */
export class Worker {
  async drain(queue: ManagedQueue<number>, into: ManagedArray<number>): Promise<number> {
    for (let item = await queue.tryGet(); item !== null; item = await queue.tryGet())
      await into.push(item.value);
    return await into.length();
  }

  collectGarbage(): void {
    collectGarbage();
  }

  killItself(): void {
    process.kill(process.pid, 'SIGKILL');
  }

  pid(): number {
    return process.pid;
  }

  initialised(): unknown {
    return initialised;
  }
}

let initialised: unknown;

export function initialise(value: unknown): void {
  initialised = value;
}

export function markRound(): void {
  initialised = 'by a barrier';
}

export function failToInitialise(): never {
  throw new RangeError('the initializer failed');
}

export function leave(): never {
  process.exit(5);
}

export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

export class OwnManager extends SyncManager {}
export const TrapsId: TypeId<Traps, []> = OwnManager.register('Traps', { callable: Traps });
export const HidesId: TypeId<Hides, []> = OwnManager.register('Hides', { callable: Hides });
export const FailingId: TypeId<Failing, []> = OwnManager.register('Failing', { callable: Failing });
export const WorkerId: TypeId<Worker, []> = OwnManager.register('Worker', { callable: Worker });
export const ListedId: TypeId<Traps, []> = OwnManager.register('Listed', {
  callable: Traps,
  exposed: ['_private', 'toString'],
});

/** Acquires, says so, and stays until it is killed. */
export async function hold(
  lock: ManagedLock | ManagedRLock | ManagedSemaphore | ManagedCondition,
  held: ManagedQueue<string>,
): Promise<void> {
  await lock.acquire();
  await held.put('held');
  await stay();
}

/** Waits at the barrier until it is killed. */
export async function waitAt(barrier: ManagedBarrier): Promise<void> {
  await barrier.wait();
}

export async function waitFor(queue: ManagedQueue<string>, ready: ManagedQueue<string>): Promise<void> {
  await ready.put('ready');
  await queue.get();
}

/** Makes objects that only this process has, and stays until it is killed. */
export async function makeMany(address: string, count: number, made: ManagedQueue<string>): Promise<void> {
  const manager = await new OwnManager({ address }).connect();
  const all = await Promise.all(Array.from({ length: count }, () => manager.list()));
  await made.put(`made ${all.length}`);
  await stay(all);
}

/** Whatever is given stays reachable. */
async function stay(...kept: unknown[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2 ** 30, kept));
}

export async function pushTo(list: ManagedArray<unknown>, item: unknown): Promise<void> {
  await list.push(item);
}

/** Quietly: it is to fail. */
export async function pushTooLate(list: ManagedArray<unknown>, item: unknown): Promise<void> {
  await list.push(item).catch((error: Error) => {
    process.exitCode = error.name === 'RemoteError' ? 7 : 8;
  });
}

export async function appendInTask(list: ManagedArray<number>, item: number): Promise<ManagedArray<number>> {
  await list.push(item);
  return list;
}

export async function useFromMap(map: ManagedMap<string, ManagedArray<string>>): Promise<void> {
  const list = await map.get('list');
  await list?.push('from another process');
}
