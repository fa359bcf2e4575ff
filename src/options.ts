/**
 * Checks of what callers pass as options. A wrong option is a `RangeError` (a number outside its range) or a
 * `TypeError` (anything else) that names the option, the rule and the value received.
 */

import { inspect } from 'node:util';

const show = (value: unknown): string => inspect(value, { depth: 0, breakLength: Infinity });

/** One rule for every wait in the library. */
export interface WaitOptions {
  /** Milliseconds. Absent: for ever. 0: try once. Negative or NaN: `RangeError`. */
  readonly timeout?: number | undefined;
  /** Ends the wait early; it then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** The same for waits that block the thread, which no signal could reach. */
export interface SyncWaitOptions {
  /** Milliseconds. Absent: for ever. 0: try once. Negative or NaN: `RangeError`. */
  readonly timeout?: number | undefined;
}

/** A duration in milliseconds, or absent. `Infinity` is a duration: it never ends. */
export function checkDuration(option: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'number') {
    throw new TypeError(`${option} must be a number of milliseconds, received ${show(value)}`);
  }
  if (!(value >= 0)) throw new RangeError(`${option} must be >= 0 milliseconds, received ${show(value)}`);
}

/** A whole number of at least `least`, or absent. `Infinity` passes where `endless` says so. */
export function checkCount(option: string, value: unknown, least: number, endless = false): void {
  if (value === undefined) return;
  if (typeof value !== 'number') throw new TypeError(`${option} must be a number, received ${show(value)}`);
  if (endless && value === Infinity) return;
  if (!Number.isInteger(value)) {
    const ranged = Number.isFinite(value) ? TypeError : RangeError;
    throw new ranged(
      `${option} must be a whole number${endless ? ' or Infinity' : ''}, received ${show(value)}`,
    );
  }
  if (value < least) throw new RangeError(`${option} must be >= ${least}, received ${show(value)}`);
}

/** A finite number, or absent. */
export function checkNumber(option: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'number') throw new TypeError(`${option} must be a number, received ${show(value)}`);
  if (!Number.isFinite(value)) throw new RangeError(`${option} must be finite, received ${show(value)}`);
}

/** A function, or absent. */
export function checkFunction(option: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new TypeError(`${option} must be a function, received ${show(value)}`);
}

/** `true`, `false` or absent. */
export function checkBoolean(option: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new TypeError(`${option} must be true or false, received ${show(value)}`);
}

/** A string, or absent. */
export function checkString(option: string, value: unknown): void {
  if (value === undefined || typeof value === 'string') return;
  throw new TypeError(`${option} must be a string, received ${show(value)}`);
}

/** One of a few words, or absent. */
export function checkChoice(option: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value as string)) return;
  const list = choices.map((choice) => `'${choice}'`).join(', ');
  throw new TypeError(`${option} must be one of ${list}, received ${show(value)}`);
}

/** An array, or absent. */
export function checkArray(option: string, value: unknown): void {
  if (value === undefined || Array.isArray(value)) return;
  throw new TypeError(`${option} must be an array, received ${show(value)}`);
}

/** An `AbortSignal`, or absent. Signals of other realms pass: what is used of them is looked for. */
export function checkSignal(option: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value)
    return;
  throw new TypeError(`${option} must be an AbortSignal, received ${show(value)}`);
}

/** Both fields of `WaitOptions`. */
export function checkWait(options: WaitOptions): void {
  checkDuration('timeout', options.timeout);
  checkSignal('signal', options.signal);
}

/**
 * Only names that exist: a misspelt option must not be ignored in silence. And no function in place of the object, which to
 * TypeScript looks like one with a `name`.
 */
export function checkNames(options: object, names: readonly string[], owner: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${owner} takes its options in an object, received ${show(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    throw new TypeError(`${owner} has no option '${name}'; it knows ${names.join(', ')}`);
  }
}
