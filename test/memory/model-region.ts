/** Stand-ins for `Atomics` and for regions, whose accesses are steps of a program; see `interleavings.ts`. */

import assert from 'node:assert/strict';
import type { Region, WaitOutcome } from '../../src/memory/region.ts';

/** What a program is given in answer to a step. */
export type Result = number | string;

export type Kind =
  | 'load'
  | 'store'
  | 'add'
  | 'exchange'
  | 'read'
  | 'write'
  | 'sleep'
  | 'notify'
  | 'send'
  | 'next'
  | 'lock'
  | 'alive';

export interface Step {
  readonly kind: Kind;
  /** The word; of `send`: the side that it goes to; of `alive`: the side that it asks about. */
  readonly at: number;
  /** What is stored or added, expected, or said. Of `next`: the wait that the side is blocked in. */
  readonly value: Result;
  /** Of `exchange`: what is stored. Of `sleep`: how many times its side has slept. */
  readonly replacement: number;
}

/** A message to whoever sends it. */
export const SELF = -1;
/** What is waited for has come: this, and the number of the wait. */
export const WOKEN = 'woken ';
/** A message that ends whatever wait a side is in, as the time for it is over. */
export const SLICE = 'slice';
/** On the clock of a side, each time it looks. */
const LOOK_MS = 0.05;

/** What a program can do, besides using its regions. */
export interface Self {
  /** Puts down what happened, for those who check. */
  note(fact: string): void;
  /**
   * Says that of its past nothing matters from here on, except for this and for the facts that it has noted: all pasts that
   * lead here are as one.
   */
  forget(except: string): void;
  /** Sends a message to another side. */
  send(side: number, message: string): void;
  /** Waits until something has come, and gives it; what comes of a `waitAsync` is dealt with here. */
  next(): string;
}

const REGION_BITS = 24;
export const addressOf = (region: number, index: number): number => region * 2 ** REGION_BITS + index;
export const regionOf = (at: number): number => Math.floor(at / 2 ** REGION_BITS);
export const indexOf = (at: number): number => at % 2 ** REGION_BITS;
/** Doubles are words of another kind; nobody reads the same memory as both. */
const DOUBLES = 2 ** (REGION_BITS - 1);

const STOP = new Error('the next step is known');

/** The run of a program that is under way. */
let run: Run | undefined;

/**
 * Runs a program up to the step after those that had such results. `goOn` may give the result of a step that is not among
 * them; then it runs on.
 */
export function runUpTo(
  program: (self: Self) => void,
  side: number,
  results: readonly Result[],
  goOn: (step: Step) => Result | undefined,
): Readonly<Run> {
  const own = new Run(side, results, goOn);
  run = own;
  try {
    program(own);
  } catch (error) {
    if (error !== STOP) throw error;
  } finally {
    run = undefined;
  }
  return own;
}

/** Does something with the stand-ins in the place of `Atomics` and of timers. */
export function withStandIns<T>(action: () => T): T {
  const { setTimeout, performance } = globalThis;
  globalThis.Atomics = standIn;
  performance.now = () => (run as Run).look();
  globalThis.setTimeout = ((onTime: () => void) =>
    (run as Run).startTimer(onTime)) as unknown as typeof setTimeout;
  try {
    return action();
  } finally {
    globalThis.Atomics = real;
    globalThis.setTimeout = setTimeout;
    // What it has from its class is seen again.
    Reflect.deleteProperty(performance, 'now');
  }
}

/** What stands in for `ownerWord` of `src/memory/owner.ts`: never 0. */
export function ownerOfSide(): number {
  return (run as Run).side + 1;
}

/** What stands in for `isAlive`: asking is a step. */
export function isSideAlive(owner: number): boolean {
  return (run as Run).step('alive', owner - 1, 0) === 1;
}

/** Takes a latch as soon as it is free, or its owner dead, which is told. */
export function lockLatch(words: Int32Array, index: number): boolean {
  return (run as Run).step('lock', addressOf(regions.get(words) as number, index), 0) !== 0;
}

class Run implements Self {
  readonly side: number;
  readonly #results: readonly Result[];
  readonly #goOn: (step: Step) => Result | undefined;
  #at = 0;
  #clock = 0;
  readonly facts: string[] = [];
  upTo: Step | undefined = undefined;
  /** What it has not forgotten since its last step, if it has forgotten the rest. */
  remembered: string | undefined = undefined;
  readonly #wakings = new Map<string, () => void>();
  #waits = 0;
  #timers = 0;

  constructor(side: number, results: readonly Result[], goOn: (step: Step) => Result | undefined) {
    this.side = side;
    this.#results = results;
    this.#goOn = goOn;
  }

  step(kind: Kind, at: number, value: Result, replacement = 0): Result {
    // What is to be done in any case, `finally`, comes when it has been stopped already.
    if (this.upTo !== undefined) throw STOP;
    const known = this.#results[this.#at];
    if (known !== undefined) {
      this.#at += 1;
      return known;
    }
    const step = { kind, at, value, replacement };
    const result = this.remembered === undefined ? this.#goOn(step) : undefined;
    if (result !== undefined) return result;
    this.upTo = step;
    throw STOP;
  }

  look(): number {
    this.#clock += LOOK_MS;
    return this.#clock;
  }

  note(fact: string): void {
    this.facts.push(fact);
  }

  forget(except: string): void {
    if (this.#at === this.#results.length) this.remembered = except;
  }

  send(side: number, message: string): void {
    this.step('send', side, message);
  }

  next(): string {
    const message = this.step('next', 0, 0) as string;
    this.#wakings.get(message)?.();
    return message;
  }

  /** A timer may fire at any time: it is a message to oneself. */
  startTimer(onTime: () => void): NodeJS.Timeout {
    this.#timers += 1;
    const wait = `${WOKEN}by timer ${this.#timers}`;
    this.#wakings.set(wait, onTime);
    this.step('send', SELF, wait);
    return 0 as unknown as NodeJS.Timeout;
  }

  sleep(at: number, value: number): ReturnType<NonNullable<Region['waitAsync']>> {
    this.#waits += 1;
    const wait = `${WOKEN}${this.#waits}`;
    if (this.step('sleep', at, value, this.#waits) === 'not-equal')
      return { async: false, value: 'not-equal' };
    const then = (onWake: () => void): void => void this.#wakings.set(wait, onWake);
    return { async: true, value: { then } as unknown as Promise<'ok'> };
  }

  /** Waits as one that blocks: nothing else comes to it meanwhile. */
  block(at: number, value: number, ms: number): WaitOutcome {
    this.#waits += 1;
    if (this.step('sleep', at, value, this.#waits) === 'not-equal') return 'not-equal';
    if (this.step('next', 0, `${WOKEN}${this.#waits}`) !== SLICE) return 'ok';
    this.#clock += ms;
    return 'timed-out';
  }
}

const regions = new WeakMap<object, number>();

function access(kind: Kind, region: number, index: number, value: number, replacement = 0): number {
  assert.ok(run !== undefined, 'memory of the model is for sides only');
  return run.step(kind, addressOf(region, index), value, replacement) as number;
}

const real = globalThis.Atomics;

const standIn = {
  ...Object.fromEntries(
    Object.getOwnPropertyNames(real).map((name) => [name, real[name as keyof typeof real]]),
  ),
  load(words: Int32Array, index: number): number {
    const region = regions.get(words);
    return region === undefined ? real.load(words, index) : access('load', region, index, 0);
  },
  store(words: Int32Array, index: number, value: number): number {
    const region = regions.get(words);
    return region === undefined ? real.store(words, index, value) : access('store', region, index, value);
  },
  add(words: Int32Array, index: number, value: number): number {
    const region = regions.get(words);
    return region === undefined ? real.add(words, index, value) : access('add', region, index, value);
  },
  sub(words: Int32Array, index: number, value: number): number {
    const region = regions.get(words);
    return region === undefined ? real.sub(words, index, value) : access('add', region, index, -value);
  },
  compareExchange(words: Int32Array, index: number, expected: number, replacement: number): number {
    const region = regions.get(words);
    if (region === undefined) return real.compareExchange(words, index, expected, replacement);
    return access('exchange', region, index, expected, replacement);
  },
} as Atomics;

function viewOf(region: number, offset: number): object {
  const view = new Proxy(
    {},
    {
      get: (_, index) => access('read', region, offset + Number(index), 0),
      set: (_, index, value: number) => {
        access('write', region, offset + Number(index), value);
        return true;
      },
    },
  );
  regions.set(view, region);
  return view;
}

/** A region whose accesses are steps. */
export class ModelRegion implements Region {
  readonly kind = 'thread';
  readonly handle = -1;
  readonly refusal = undefined;
  readonly size: number;
  readonly buffer: ArrayBuffer;
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly waitAsync?: NonNullable<Region['waitAsync']>;
  readonly #number: number;

  /** @param sleepers whether one can wait for its words without blocking. */
  constructor(number: number, size: number, sleepers: boolean = true) {
    this.#number = number;
    this.size = size;
    this.buffer = new ArrayBuffer(size);
    this.bytes = Buffer.from(this.buffer);
    this.words = viewOf(number, 0) as Int32Array;
    this.doubles = viewOf(number, DOUBLES) as Float64Array;
    if (sleepers) this.waitAsync = (index, value) => (run as Run).sleep(addressOf(number, index), value);
  }

  commit(): boolean {
    return true;
  }

  wait(index: number, value: number, timeout: number = Infinity): WaitOutcome {
    return (run as Run).block(addressOf(this.#number, index), value, timeout);
  }

  notify(index: number, count: number = Infinity): number {
    return (run as Run).step('notify', addressOf(this.#number, index), count) as number;
  }

  close(): void {}
}
