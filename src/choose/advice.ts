/** What `advise` finds: plain data, the same in the program, as JSON and on the page. Times are ms, memory is bytes. */

import type { Growth } from './growth.ts';
import type { MachineCosts } from './machine-costs.ts';
import type { BackendKind, CallProfile, Conditions, Prediction } from './predict.ts';

export interface Advice {
  readonly function: {
    readonly name: string;
    /** The module that it is imported from, and its name there; null for a function that goes by its source. */
    readonly url: string | null;
    readonly export: string | null;
  };
  /** ISO 8601. */
  readonly date: string;
  /** The number of calls that this is for. */
  readonly calls: number;
  readonly inputs: number;
  /** Arguments of a call. */
  readonly arity: number;
  readonly maxWorkers: number;
  /** The longest that the event loop may be blocked at a time; null for as long as it takes. */
  readonly maxBlocked: number | null;
  /** Whether the pool runs already. */
  readonly warm: boolean;
  readonly machine: MachineCosts;
  readonly conditions: Conditions;
  readonly call: CallProfile;
  readonly samples: readonly SampleCost[];
  readonly growth: Growth | null;
  readonly findings: readonly Finding[];
  /** The best way on each backend, the fastest first. */
  readonly options: readonly Option[];
  /** The backend to use. */
  readonly use: BackendKind;
  /** What was carried out, and how long it took. */
  readonly checks: readonly Check[];
  readonly curves: readonly Curve[];
  readonly crossings: readonly Crossover[];
  readonly words: Words;
}

/** `ms` is corrected by what was measured where the plan was checked, and else as predicted. */
export interface Option extends Prediction {
  readonly predicted: number;
  /** Why it should not, or cannot, be used; absent if it may. */
  readonly but?: string;
}

/** Predicted time by number of calls, each time with the best plan for so many. */
export interface Curve {
  readonly backend: BackendKind;
  readonly points: ReadonlyArray<{ readonly calls: number; readonly ms: number }>;
}

/** From how many calls on one backend is faster than another; null: never. */
export interface Crossover {
  readonly faster: BackendKind;
  readonly than: BackendKind;
  readonly calls: number | null;
}

/** The advice in sentences. */
export interface Words {
  readonly use: string;
  readonly because: readonly string[];
  /** From how many calls on it pays. */
  readonly pays: readonly string[];
  /** What would change the answer. */
  readonly changes: readonly string[];
  /** To paste. */
  readonly code: string;
}

/** Something that was seen, and matters whatever the times are. `code` is stable. */
export interface Finding {
  readonly code:
    | 'crashes'
    | 'unfinished'
    | 'throws'
    | 'not-shareable'
    | 'changing-state'
    | 'varying-result'
    | 'state-of-its-worker'
    | 'unsafe-at-once';
  readonly text: string;
}

/** One input that was tried. */
export interface SampleCost {
  /** Which of the inputs, from 0. */
  readonly input: number;
  readonly bytes: number;
  readonly calls: number;
  /** Of a call when the worker was warm, ms. */
  readonly cpu: number;
  readonly hold: number;
  readonly wait: number;
}

/** A plan that was carried out. */
export interface Check {
  readonly plan: Prediction;
  /** How many calls were made: all, or fewer. */
  readonly calls: number;
  /** For so many calls, ms. */
  readonly predicted: number;
  readonly measured: number;
  /** What the run added to the program, in bytes; null where that cannot be told. */
  readonly memory: number | null;
}
