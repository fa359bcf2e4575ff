/**
 * `advise`: which backend is right for a function, found by running it.
 *
 *   machine.ts ──────▶ what workers and messages take here        (once, then from a file)
 *   profile.ts ──────▶ what a call takes                          (small inputs first, in processes)
 *         └▶ predict.ts ─▶ plans.ts ─▶ the best plan of each backend ─▶ check.ts, for the best two ─▶ words.ts
 */

import { availableParallelism } from 'node:os';
import {
  checkArray,
  checkBoolean,
  checkCount,
  checkDuration,
  checkFunction,
  checkNames,
  checkSignal,
  checkString,
} from '../options.ts';
import { learnErrorClasses } from '../pool/known-errors.ts';
import { referenceTo } from '../tasks/reference.ts';
import type { Advice, Check } from './advice.ts';
import { check } from './check.ts';
import { conclude, type Question, weigh } from './conclude.ts';
import { machineCosts } from './machine.ts';
import { profile } from './profile.ts';
import type { Fn } from './trial.ts';

export interface AdviseOptions {
  /** How many calls there will be. Default: as many as there are inputs, or 100 if there is one. */
  readonly calls?: number | undefined;
  /** Milliseconds that trying may take, all in all; what the machine itself takes is measured before. Default 10,000. */
  readonly budget?: number | undefined;
  /** Workers at most, for calls that compute. Default `os.availableParallelism()`. */
  readonly maxWorkers?: number | undefined;
  /** Milliseconds that the event loop of the program may be blocked at a time. Default 50; `Infinity` for a program that does nothing else. */
  readonly maxBlocked?: number | undefined;
  /** The pool is there already, as in a server, so that starting it does not count. Default false. */
  readonly warm?: boolean | undefined;
  /** Measure the machine again, though there are figures from before. Default false. */
  readonly remeasure?: boolean | undefined;
  /** Where figures of the machine are kept; null: nowhere. Default: `manyhands` in the user's cache folder. */
  readonly cacheFolder?: string | null | undefined;
  /** Ends it; it then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Is told what is being tried. */
  readonly onStep?: ((what: string) => void) | undefined;
}

const BUDGET_MS = 10_000;
const MAX_BLOCKED_MS = 50;
const CALLS_OF_ONE = 100;
/** The part of the time that is for checking, however long workers took to start before. */
const CHECKING = 0.4;
/** So many ways are checked, the best of each backend. */
const CHECKED = 2;

/**
 * Runs a function on some of its inputs, and says on which backend it should run, with how many workers, and why.
 *
 * It is run for real, in worker processes and threads, more than once for each input, and twice at once: it should be one
 * that may be. What does not end in time is stopped, and what crashes takes nobody along. The event loop of the caller is
 * never blocked by it.
 *
 * @param inputs the arguments of a call, each; of many, the smallest to the largest are tried as far as time allows.
 * @throws NotShareableError for a function that cannot go to a worker; and what loading its module throws.
 * @example
 * const advice = await advise(fib, [[25], [30]], { calls: 1000 });
 * console.log(renderAdvice(advice));
 */
export async function advise<A extends unknown[], R>(
  fn: (...args: A) => R,
  inputs: readonly A[],
  options: AdviseOptions = {},
): Promise<Advice> {
  checkAll(fn, inputs, options);
  const {
    calls = inputs.length > 1 ? inputs.length : CALLS_OF_ONE,
    budget = BUDGET_MS,
    maxWorkers = availableParallelism(),
    maxBlocked = MAX_BLOCKED_MS,
    warm = false,
    remeasure: fresh = false,
    cacheFolder: folder,
    signal,
    onStep = () => undefined,
  } = options;
  const reference = referenceTo(fn);
  void learnErrorClasses(reference);
  signal?.throwIfAborted();
  onStep('the machine');
  const machine = await machineCosts({ fresh, signal, ...(folder === undefined ? {} : { folder }) });

  const found = await profile({ fn: fn as Fn, inputs, machine, budget, signal, onStep });
  const question: Question = {
    name: reference.label,
    url: reference.kind === 'module' ? reference.url : null,
    export: reference.kind === 'module' ? reference.export : null,
    calls,
    inputs: inputs.length,
    arity: Math.max(...inputs.map(({ length }) => length)),
    maxWorkers,
    maxBlocked,
    warm,
  };
  const choices = weigh(question, found, machine);
  const deadline = performance.now() + budget * CHECKING;
  const checks: Check[] = [];
  const candidates = choices.worthChecking.slice(0, CHECKED);
  for (const [index, plan] of candidates.entries()) {
    onStep(`checking ${plan.backend}`);
    const until = performance.now() + (deadline - performance.now()) / (candidates.length - index);
    const limits = { deadline: until, signal };
    const done = await check(fn as Fn, inputs, choices.model, plan, calls, limits);
    if (done !== undefined) checks.push(done);
  }
  return conclude(question, found, choices, checks, new Date());
}

function checkAll(fn: unknown, inputs: readonly unknown[], options: AdviseOptions): void {
  checkNames(
    options,
    [
      'calls',
      'budget',
      'maxWorkers',
      'maxBlocked',
      'warm',
      'remeasure',
      'cacheFolder',
      'signal',
      'onStep',
    ] satisfies ReadonlyArray<keyof AdviseOptions>,
    'advise',
  );
  if (typeof fn !== 'function') throw new TypeError('advise: fn must be a function');
  checkArray('inputs', inputs);
  if (inputs === undefined || inputs.length === 0) {
    throw new RangeError('inputs must hold the arguments of at least one call, received none');
  }
  for (const [index, args] of inputs.entries()) {
    if (Array.isArray(args)) continue;
    throw new TypeError(`inputs[${index}] must be an array, of the arguments of one call`);
  }
  checkCount('calls', options.calls, 1);
  checkDuration('budget', options.budget);
  checkCount('maxWorkers', options.maxWorkers, 1);
  checkDuration('maxBlocked', options.maxBlocked);
  checkBoolean('warm', options.warm);
  checkBoolean('remeasure', options.remeasure);
  if (options.cacheFolder !== null) checkString('cacheFolder', options.cacheFolder);
  checkSignal('signal', options.signal);
  checkFunction('onStep', options.onStep);
}
