/** Stand-ins for `Atomics` and for regions, whose accesses are steps of a program; see `interleavings.ts`. */

import assert from 'node:assert/strict';
import type { Region } from '../../src/memory/region.ts';

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
  | 'next';

export interface Step {
  readonly kind: Kind;
  /** The word; of `send`: the side that it goes to. */
  readonly at: number;
  /** What is stored or added, expected, or said. */
  readonly value: Result;
  /** Of `exchange`: what is stored. Of `sleep`: how many times its side has slept. */
  readonly replacement: number;
}

/** A message to whoever sends it. */
export const SELF = -1;
/** What is waited for has come: this, and the number of the wait. */
export const WOKEN = 'woken ';

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

/** Runs a program up to the step after those that had such results. */
export function runUpTo(program: (self: Self) => void, results: readonly Result[]): Readonly<Run> {
  const own = new Run(results);
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
  const { setTimeout } = globalThis;
  globalThis.Atomics = standIn;
  globalThis.setTimeout = ((onTime: () => void) =>
    (run as Run).startTimer(onTime)) as unknown as typeof setTimeout;
  try {
    return action();
  } finally {
    globalThis.Atomics = real;
    globalThis.setTimeout = setTimeout;
  }
}

class Run implements Self {
  readonly #results: readonly Result[];
  #at = 0;
  readonly facts: string[] = [];
  upTo: Step | undefined = undefined;
  /** What it has not forgotten since its last step, if it has forgotten the rest. */
  remembered: string | undefined = undefined;
  readonly #wakings = new Map<string, () => void>();
  #waits = 0;
  #timers = 0;

  constructor(results: readonly Result[]) {
    this.#results = results;
  }

  step(kind: Kind, at: number, value: Result, replacement = 0): Result {
    const result = this.#results[this.#at];
    if (result === undefined) {
      this.upTo = { kind, at, value, replacement };
      throw STOP;
    }
    this.#at += 1;
    return result;
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
}

const regions = new WeakMap<object, number>();

function access(kind: Kind, region: number, index: number, value: number, replacement = 0): number {
  assert.ok(run !== undefined, 'memory of the model is for sides only');
  return run.step(kind, addressOf(region, index), value, replacement) as number;
}

const real = globalThis.Atomics;

/** Of `add` and `sub` nobody asks what was there before; NaN would show that somebody does. */
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

  wait(): never {
    throw new Error('no side of a model blocks');
  }

  notify(index: number, count: number = Infinity): number {
    return (run as Run).step('notify', addressOf(this.#number, index), count) as number;
  }

  close(): void {}
}
