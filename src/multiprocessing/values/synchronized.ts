/**
 * Shared values that have a lock.
 *
 *   Value ──┬── RawValue   the memory
 *           └── RLock      for whoever does more than one thing with it
 *
 * Both are shared objects of their own, and a `Value` is no more than the two: it crosses as their shares, and is made
 * of them again on the other side.
 */

import { inspect } from 'node:util';
import { InvalidStateError } from '../../errors.ts';
import { checkNames, type SyncWaitOptions, type WaitOptions } from '../../options.ts';
import type { Guard } from '../../sync/index.ts';
import { registerKind, reviveAll, type Share, shareBy } from '../../wire/shareable.ts';
import { Lock, RLock } from '../locks.ts';
import { RawArray } from './raw-array.ts';
import { RawValue } from './raw-value.ts';

export type ValueLock = Lock | RLock;

export interface LockOptions {
  /** `true`: an `RLock` of its own, which is the default. `false`: none. Or one that is there already, perhaps another value's. */
  readonly lock?: boolean | ValueLock | undefined;
}

type Raw = RawValue | RawArray;
type Whole = Synchronized<Raw>;

let lockOf: (whole: Whole) => ValueLock | undefined;

/** What a `Value` and an `Array` have in common: the lock. */
export abstract class Synchronized<R extends Raw> {
  readonly #raw: R;
  readonly #lock: ValueLock | undefined;

  static {
    lockOf = (whole) => whole.#lock;
    Object.defineProperty(Synchronized.prototype, inspect.custom, {
      value(this: Whole): string {
        return this.toString();
      },
    });
  }

  constructor(raw: R, lock: ValueLock | undefined) {
    this.#raw = raw;
    this.#lock = lock;
    remember(this, raw, lock);
  }

  /** @example 'multiprocessing.Value (int32 3)' */
  toString(): string {
    // That of the memory, whose class has the same name but for that.
    return this.#raw.toString().replace('.Raw', '.');
  }

  /** The same memory without the lock. */
  getObj(): R {
    return this.#raw;
  }

  /** @throws InvalidStateError if it was made with `lock: false` */
  getLock(): ValueLock {
    if (this.#lock !== undefined) return this.#lock;
    throw new InvalidStateError(
      'This value was made with { lock: false } and has no lock; leave the option out for one',
    );
  }

  /** Of its lock, as `Lock.acquire`. @throws also InvalidStateError if it has none */
  async acquire(options: WaitOptions = {}): Promise<Guard> {
    return await this.getLock().acquire(options);
  }

  /** Of its lock, as `Lock.acquireSync`. @throws also InvalidStateError if it has none */
  acquireSync(options: SyncWaitOptions = {}): Guard {
    return this.getLock().acquireSync(options);
  }

  /** Of its lock, as `Lock.tryAcquire`. @throws also InvalidStateError if it has none */
  tryAcquire(): Guard | null {
    return this.getLock().tryAcquire();
  }

  /** Of its lock, as `Lock.release`. @throws also InvalidStateError if it has none */
  release(): void {
    this.getLock().release();
  }

  /** Calls `fn` with the lock held, and gives what it gives. @throws InvalidStateError if it has none */
  async withLock<T>(fn: () => T | PromiseLike<T>, options: WaitOptions = {}): Promise<T> {
    return await this.getLock().withLock(fn, options);
  }

  /** The same, and blocks this thread while somebody else has the lock. `fn` is not waited for. */
  withLockSync<T>(fn: () => T, options: SyncWaitOptions = {}): T {
    using _ = this.acquireSync(options);
    return fn();
  }
}

/** The lock that an option asks for. */
export function lockFor(options: LockOptions, owner: string): ValueLock | undefined {
  checkNames(options, ['lock'], owner);
  const { lock = true } = options;
  if (lock === true) return new RLock();
  if (lock === false) return undefined;
  if (lock instanceof Lock || lock instanceof RLock) return lock;
  throw new TypeError(
    `lock must be true, false, or a Lock or RLock of manyhands/multiprocessing, received ${inspect(lock, { depth: 0 })}`,
  );
}

/** What stands for memory that has no lock. */
const NO_LOCK = {};
/** So that what arrives again is the same object. Each lives as long as its memory and its lock do. */
const known = new WeakMap<Raw, WeakMap<object, WeakRef<Whole>>>();

function remember(whole: Whole, raw: Raw, lock: ValueLock | undefined): void {
  let ofRaw = known.get(raw);
  if (ofRaw === undefined) known.set(raw, (ofRaw = new WeakMap()));
  ofRaw.set(lock ?? NO_LOCK, new WeakRef(whole));
}

/** Lets objects of a class arrive elsewhere. To be called where the class is defined, with the URL of that module. */
export function registerSynchronized(
  subject: { readonly prototype: Whole },
  make: (raw: never, lock: ValueLock | undefined) => Whole,
  kind: string,
  module: string,
): void {
  shareBy(subject, (whole, reach) => {
    const raw = whole.getObj();
    const lock = lockOf(whole);
    const parts = lock === undefined ? [raw] : [raw, lock];
    return { kind, module, data: parts.map((part) => part.toShare(reach)) };
  });
  registerKind(kind, (data) => {
    const [raw, lock] = reviveAll(data as Share[]) as [never, ValueLock?];
    return (
      known
        .get(raw)
        ?.get(lock ?? NO_LOCK)
        ?.deref() ?? make(raw, lock)
    );
  });
}
