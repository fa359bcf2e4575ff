/**
 * What all shareable objects are: a block of shared memory, and an object of each thread that uses it.
 *
 *   thread A: Lock ── block ═══ the same memory ═══ block ── Lock: thread B
 *               └── as an argument, result, item ... ──────────▲
 *
 * In one thread the same memory is always the same object, however often it arrives.
 */

import { inspect } from 'node:util';
import { open, type PlacedReference, processArena, refer, threadArena } from '../memory/arena/arenas.ts';
import type { ArenaBlock } from '../memory/arena/block.ts';
import { PLAIN } from '../memory/arena/kinds.ts';
import type { Reach } from '../memory/block.ts';
import { reachesThreadsOnly, registerKind, reviveAll, SHARE, type Share } from '../wire/shareable.ts';

/** Where an object is to live: in new memory of this reach, or, when it arrives from elsewhere, in memory that is there. */
export type Place = Reach | ArenaBlock;

interface Kind {
  /** The name for users: `threading.Lock`. */
  readonly name: string;
  readonly module: string;
  /** What to use where it does not reach. */
  readonly instead: string;
}

const kinds = new WeakMap<Function, Kind>();

export abstract class SharedObject {
  /** Also what keeps the memory: as long as this object is there, so is its block. */
  protected readonly block: ArenaBlock;
  /** It was made here, by this call, and not revived. */
  protected readonly isNew: boolean;

  /** `freed`: what is to be done when the memory is freed, see `memory/arena/kinds.ts`. */
  constructor(place: Place, words: number, freed: number = PLAIN) {
    this.isNew = typeof place === 'string';
    const bytes = words * Int32Array.BYTES_PER_ELEMENT;
    this.block = typeof place === 'string' ? arenaOf(place).create(bytes, freed) : place;
    this.block.face(() => this);
  }

  /** Other objects that this one needs wherever it is: what its constructor takes after the place. */
  protected get along(): readonly SharedObject[] {
    return [];
  }

  /** What the constructor takes after those: plain data. */
  protected get details(): readonly unknown[] {
    return [];
  }

  /** What it is like now, in words, for those who print it. */
  protected get state(): string {
    return '';
  }

  /** @example 'threading.Lock (unlocked)' */
  toString(): string {
    const { name } = kindOf(this);
    return this.state === '' ? name : `${name} (${this.state})`;
  }

  /** @internal */
  toShare(reach: Reach): Share {
    const { name, module, instead } = kindOf(this);
    if (reach === 'process' && this.block.reach === 'thread') {
      throw reachesThreadsOnly(name, instead);
    }
    lease(this);
    const data: SharedData = {
      block: refer(this.block),
      along: this.along.map((other) => other.toShare(reach)),
      details: this.details,
    };
    return { kind: name, module, data };
  }
}

Object.defineProperty(SharedObject.prototype, SHARE, {
  value(this: SharedObject, reach: Reach): Share {
    return this.toShare(reach);
  },
});

Object.defineProperty(SharedObject.prototype, inspect.custom, {
  value(this: SharedObject): string {
    return this.toString();
  },
});

interface SharedData {
  readonly block: PlacedReference;
  readonly along: readonly Share[];
  readonly details: readonly unknown[];
}

/**
 * Lets objects of a class arrive in other threads. To be called where the class is defined, with the URL of that module.
 *
 * @param base the class whose constructor takes a `Place`, which `subject` extends
 * @param instead what reaches other processes, if objects of this class reach threads only. Default: the same name there
 */
export function registerShared(
  subject: Function,
  base: new (place: Place, ...along: never[]) => SharedObject,
  name: string,
  module: string,
  instead: string = name.replace(/^[a-z]+/, 'multiprocessing'),
): void {
  kinds.set(subject, { name, module, instead });
  registerKind(name, (data) => {
    const { block: reference, along, details } = data as SharedData;
    return open(reference).face(
      (block) => Reflect.construct(base, [block, ...reviveAll(along), ...details], subject) as SharedObject,
    );
  });
}

/**
 * What leaves as a result or a report is kept here for a while, until it must have arrived: nobody else may have it then,
 * and nobody says when it has got there. Shorter, and it is gone when the other side was busy for so long.
 */
const LEASE_MS = 60_000;
/** Until when each is kept; the oldest first. */
const leases = new Map<SharedObject, number>();
let ending: NodeJS.Timeout | undefined;

function lease(object: SharedObject): void {
  leases.delete(object);
  leases.set(object, performance.now() + LEASE_MS);
  ending ??= setTimeout(endLeases, LEASE_MS).unref();
}

function endLeases(): void {
  const now = performance.now();
  for (const [object, end] of leases) {
    if (end > now) break;
    leases.delete(object);
  }
  ending = leases.size > 0 ? setTimeout(endLeases, LEASE_MS).unref() : undefined;
}

function arenaOf(reach: Reach) {
  return reach === 'thread' ? threadArena() : processArena();
}

/** Of the class, or of the nearest one that it extends. */
function kindOf(object: SharedObject): Kind {
  for (
    let type: object | null = object.constructor;
    typeof type === 'function';
    type = Object.getPrototypeOf(type)
  ) {
    const kind = kinds.get(type);
    if (kind !== undefined) return kind;
  }
  throw new TypeError(`${object.constructor.name} was never registered as shareable`);
}
