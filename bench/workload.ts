/** What is measured, in which unit, and what the measuring of it needs from the runner. */
import type { Pool, Reach, Role } from './contestant.ts';

/** One number that a workload yields. */
export interface Figure {
  readonly key: string;
  /** Completes the sentence "this many UNIT of LABEL". */
  readonly label: string;
  readonly unit: 'tasks/s' | 'items/s' | 'increments/s' | 'MB/s' | 'ns' | 'us' | 'ms' | 'MB' | 'x';
  readonly better: 'higher' | 'lower';
  /** Values below this are noise of the measurement: ratios are taken as if they were this much. */
  readonly floor?: number;
  /** Lanes that ours are compared with by name, besides the best peer. */
  readonly against?: readonly Yardstick[];
}

/** What a figure of ours is held against: a peer of the same reach, or a baseline of any. */
export interface Yardstick {
  readonly lane: string;
  /** Another figure of the same workload; default the figure itself. */
  readonly key?: string;
  /** Only ours of this reach are held against it; default all. */
  readonly reach?: Reach;
}

/** How much of everything. `quick` is for a look in passing; published figures use `full`. */
export interface Scale {
  /** Milliseconds of load before, and of load while, throughput and latency are measured. */
  readonly warmUp: number;
  readonly window: number;
  readonly burst: number;
  readonly fib: number;
  readonly mapItems: number;
  readonly eachItems: number;
  /** Milliseconds of idling that are observed. */
  readonly idle: number;
  /** What each party does with a primitive: items, increments, turns at a lock; of round trips a tenth. */
  readonly steps: number;
}

export const full: Scale = {
  warmUp: 500,
  window: 700,
  burst: 100_000,
  fib: 35,
  mapItems: 1_000_000,
  eachItems: 20_000,
  idle: 2000,
  steps: 200_000,
};

export const quick: Scale = {
  warmUp: 60,
  window: 120,
  burst: 10_000,
  fib: 31,
  mapItems: 200_000,
  eachItems: 4_000,
  idle: 500,
  steps: 10_000,
};

export interface Setting {
  readonly workers: number;
  readonly scale: Scale;
}

/** Figures by key. A key may be missing where the system does not tell. */
export type Measured = Readonly<Record<string, number>>;

/** A yardstick that is no contestant, such as another language's own module. */
export interface Baseline {
  readonly name: string;
  readonly reach: Reach;
  /** What it is made with, such as `Python 3.11.7`; `undefined` where it is not installed. */
  version(): string | undefined;
  /** `undefined` where it is not installed. */
  measure(setting: Setting): Promise<Measured | undefined>;
}

/** What all workloads have. */
interface Measurement {
  /** What the command line takes. */
  readonly name: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  /**
   * All contestants at once instead of one after the other: for what sleeps nearly all of the time, and
   * counts seconds of processor instead of seconds on the wall.
   */
  readonly sideBySide?: boolean;
  /** No more rounds than this, for what takes many seconds a contestant and varies little. */
  readonly maxRounds?: number;
  /** Milliseconds after which a contestant is taken to hang; default 20 s. */
  readonly limit?: number;
  readonly baselines?: readonly Baseline[];
}

/** A load on a pool, which every contestant is. */
export interface PoolWorkload extends Measurement {
  /** See `OpenOptions.binary`. */
  readonly binary?: boolean;
  /**
   * Measures one contestant, in a process of its own, which opens its pool when the workload says so: with
   * the workers of the setting, unless told otherwise. Of several pools all but the last are closed here.
   */
  run(open: (workers?: number) => Promise<Pool>, setting: Setting): Promise<Measured>;
}

/** A library, in one configuration, that has what a workload is about, such as a lock. */
export interface Rival {
  /** What `--only` takes. Ours are called as the contestants are. */
  readonly name: string;
  /** npm package whose version is reported; absent for the library under test. */
  readonly library?: string;
  readonly reach: Reach;
  /** Default `peer`. */
  readonly role?: Role;
  /** Measures it, in a process of its own. */
  measure(setting: Setting): Promise<Measured>;
}

/** A load on something that is no pool, and that not every contestant has. */
export interface RivalWorkload extends Measurement {
  readonly rivals: readonly Rival[];
  /** The numbers of workers that it makes sense with, whatever is asked for. */
  readonly workers: readonly number[];
}

export type Workload = PoolWorkload | RivalWorkload;

/** Those with which `workload` is measured when `asked` are asked for. */
export function workersFor(workload: Workload, asked: readonly number[]): readonly number[] {
  return 'rivals' in workload ? workload.workers : asked;
}

/** Checks a result, for a figure of wrong answers is worth nothing. */
export function expect(right: boolean, what: string): void {
  if (!right) throw new Error(`Wrong result: ${what}`);
}
