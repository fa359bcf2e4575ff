/** Start methods. There is one, `spawn`: a V8 that has started cannot be forked. */

import { Pipe } from '../connections/index.ts';
import { InvalidStateError } from '../errors.ts';
import { checkBoolean, checkChoice, checkNames } from '../options.ts';
import * as locks from './locks.ts';
import { getLogger, logToStderr } from './logger.ts';
import { Pool, ThreadPool } from './pool/pool.ts';
import { cpuCount, currentProcess, parentProcess } from './process/current.ts';
import { setExecutable } from './process/executable.ts';
import { establishFamily } from './process/family.ts';
import { activeChildren, Process } from './process/process.ts';
import * as queues from './queues.ts';
import * as values from './values/index.ts';

// The one thing that loading the package does.
establishFamily();

export type StartMethod = 'spawn';

const METHODS: readonly StartMethod[] = ['spawn'];

/** What was set for the program, or found to be the default; `undefined` as long as that is open. */
let fixed: StartMethod | undefined;

/** The methods that there are, the default first. */
export function getAllStartMethods(): StartMethod[] {
  return [...METHODS];
}

/**
 * The method in use. Asking fixes it, unless `allowNone` is set: then it is `undefined` as long as it is open.
 *
 * @see CPython `multiprocessing.get_start_method`.
 */
export function getStartMethod(options: { readonly allowNone?: false }): StartMethod;
export function getStartMethod(options?: { readonly allowNone?: boolean }): StartMethod | undefined;
export function getStartMethod(options: { readonly allowNone?: boolean } = {}): StartMethod | undefined {
  checkNames(options, ['allowNone'], 'getStartMethod');
  checkBoolean('allowNone', options.allowNone);
  if (options.allowNone !== true) fixed ??= 'spawn';
  return fixed;
}

/**
 * Sets the method, once for a program. With `force` it may be set again, or by `undefined` be left open again.
 *
 * @throws TypeError for a method that there is not; InvalidStateError when it is fixed already.
 */
export function setStartMethod(
  method: StartMethod | undefined,
  options: { readonly force?: boolean } = {},
): void {
  checkNames(options, ['force'], 'setStartMethod');
  checkBoolean('force', options.force);
  if (options.force !== true) {
    if (method === undefined)
      throw new TypeError('undefined leaves the method open, for which { force: true } is needed');
    if (fixed !== undefined) {
      throw new InvalidStateError(`The start method is '${fixed}' already; { force: true } sets it again`);
    }
  }
  checkChoice('method', method, METHODS);
  fixed = method;
}

/** This package, bound to one start method. */
export type Context = typeof locks & typeof queues & typeof values & OwnOfContext;

interface OwnOfContext {
  readonly Pipe: typeof Pipe;
  readonly Process: typeof Process;
  readonly Pool: typeof Pool;
  readonly ThreadPool: typeof ThreadPool;
  readonly activeChildren: typeof activeChildren;
  readonly cpuCount: typeof cpuCount;
  readonly currentProcess: typeof currentProcess;
  readonly parentProcess: typeof parentProcess;
  readonly getLogger: typeof getLogger;
  readonly logToStderr: typeof logToStderr;
  readonly setExecutable: typeof setExecutable;
  readonly getAllStartMethods: typeof getAllStartMethods;
  getStartMethod(): StartMethod;
  /** @throws InvalidStateError always: it has its method. */
  setStartMethod(method: StartMethod): never;
  /** Itself. @throws TypeError for a method that there is not. */
  getContext(method?: StartMethod): Context;
}

const spawn: Context = Object.freeze({
  ...locks,
  ...queues,
  ...values,
  Pipe,
  Process,
  Pool,
  ThreadPool,
  activeChildren,
  cpuCount,
  currentProcess,
  parentProcess,
  getLogger,
  logToStderr,
  setExecutable,
  getAllStartMethods,
  getStartMethod: () => 'spawn' as const,
  setStartMethod: () => {
    throw new InvalidStateError('A context has its start method already; set it for the program instead');
  },
  getContext,
});

/**
 * The package bound to a method, which leaves that of the program open.
 *
 * @throws TypeError for a method that there is not.
 * @see CPython `multiprocessing.get_context`.
 */
export function getContext(method?: StartMethod): Context {
  checkChoice('method', method, METHODS);
  return spawn;
}
