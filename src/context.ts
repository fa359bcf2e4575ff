/**
 * What travels with calls beside their arguments: values of `AsyncLocalStorage` that the program has named, and whatever
 * else is registered here.
 *
 *   submit, map, stream                                 worker
 *        │ captureContext(), in the caller's context       ▲
 *        │ packContext(), for one task                     │ runInContext(): each carrier around the next, and
 *        ▼                                                 │ the task in the middle
 *   [name, module, value, ...] ── last argument ──────▶ loadCarriers(): modules of carriers not known there
 *
 * Both sides look a carrier up by its name. Nothing is done, and nothing is added to a call, while none is registered.
 */

import type { AsyncLocalStorage } from 'node:async_hooks';
import { checkString } from './options.ts';

/** A task, as far as carriers have to know it. */
export interface CarriedTask {
  readonly name: string;
}

/** One that somebody watches, where it is submitted. */
export interface SubmittedTask extends CarriedTask {
  readonly executor: { readonly id: number; readonly name: string; readonly backend: string };
  readonly id: number;
  readonly calls: number;
}

/** Where it runs. */
export interface RunningTask extends CarriedTask {
  readonly attempt: number;
  readonly workerName: string;
}

export interface Carrier {
  /** What workers import that do not know it; importing that registers it. */
  readonly module?: string;
  /** What there is to carry, in the context of the caller; undefined: nothing. */
  capture(): unknown;
  /** What crosses of it. Default: what was captured. `task` is there if somebody watches. */
  pack?(captured: unknown, task: SubmittedTask | undefined): unknown;
  /** Runs the task with what crossed, or with undefined where nothing was to be carried. */
  run<R>(value: unknown, task: RunningTask, fn: () => R): R;
}

/** As it crosses: name, module, value of each. */
export type Carried = readonly unknown[];
const FIELDS = 3;

/** What was captured of each carrier that is registered, or of those that had something. */
export type Captured = ReadonlyMap<string, unknown>;

/** On `globalThis`, as a task module may bring its own copy of this library. */
const key: unique symbol = Symbol.for('manyhands.context') as never;
const shared = globalThis as { [key]?: Map<string, Carrier> };
const carriers: Map<string, Carrier> = (shared[key] ??= new Map());

export function registerCarrier(name: string, carrier: Carrier): void {
  carriers.set(name, carrier);
}

export function unregisterCarrier(name: string): void {
  carriers.delete(name);
}

/**
 * Has the value that `storage` has at the time of `submit`, `map` or `stream` travel with the call: in the task, wherever it
 * runs, `storage.getStore()` gives a copy of it. Returns `storage`.
 *
 * Both sides must know the storage by its name, so make it in a module that the module of the task imports. The value must
 * be one that can be an argument. Storages with the same name replace one another.
 *
 * @throws TypeError for a name that is no text, and for what is no AsyncLocalStorage
 * @example
 * // request.ts, imported by the program and by the modules of its tasks
 * export const requestId = carryContext('requestId', new AsyncLocalStorage<string>());
 * // the program
 * await requestId.run('a1', () => pool.submit(render, page));
 * // the task
 * export const render = (page: Page) => log(requestId.getStore(), page);
 */
export function carryContext<T>(name: string, storage: AsyncLocalStorage<T>): AsyncLocalStorage<T> {
  checkString('name', name);
  if (typeof storage?.getStore !== 'function' || typeof storage.run !== 'function') {
    throw new TypeError(`storage must be an AsyncLocalStorage, received ${String(storage)}`);
  }
  registerCarrier(name, {
    capture: () => storage.getStore(),
    run: (value, _, fn) => storage.run(value as T, fn),
  });
  return storage;
}

/**
 * What there is to carry now. With `all`, also what carriers have nothing: for a task that runs on the caller's own event
 * loop, where it would otherwise find what somebody else has.
 */
export function captureContext(all: boolean): Captured | undefined {
  if (carriers.size === 0) return undefined;
  let captured: Map<string, unknown> | undefined;
  for (const [name, carrier] of carriers) {
    const value = carrier.capture();
    if (value !== undefined || all) (captured ??= new Map()).set(name, value);
  }
  return captured;
}

/** What crosses with one task. */
export function packContext(captured: Captured, task: SubmittedTask | undefined): Carried {
  const carried: unknown[] = [];
  for (const [name, value] of captured) {
    const carrier = carriers.get(name);
    if (carrier === undefined) continue;
    const packed = carrier.pack === undefined ? value : carrier.pack(value, task);
    carried.push(name, carrier.module, packed);
  }
  return carried;
}

/** The names and values of what crosses. */
export function* valuesOf(carried: Carried): Generator<[name: string, value: unknown]> {
  for (let at = 0; at < carried.length; at += FIELDS) yield [carried[at] as string, carried[at + 2]];
}

/** Imports what is needed to run with it; undefined: nothing is. */
export function loadCarriers(carried: Carried): Promise<unknown> | undefined {
  let loading: Promise<unknown>[] | undefined;
  for (let at = 0; at < carried.length; at += FIELDS) {
    const [name, module] = carried.slice(at, at + 2) as [string, string | undefined];
    if (module === undefined || carriers.has(name)) continue;
    (loading ??= []).push(import(module).catch((error: unknown) => warn(name, error)));
  }
  return loading === undefined ? undefined : Promise.all(loading);
}

/** A task is not to fail for those who watch it. */
function warn(name: string, error: unknown): void {
  process.emitWarning(`What tasks carry as ${name} is lost in this worker: ${String(error)}`, {
    code: 'MANYHANDS_CONTEXT',
  });
}

/** Runs `fn` with all that was carried and is known here. */
export function runInContext<R>(carried: Carried, task: RunningTask, fn: () => R): R {
  let run = fn;
  for (const [name, value] of valuesOf(carried)) {
    const carrier = carriers.get(name);
    if (carrier === undefined) continue;
    const inner = run;
    run = () => carrier.run(value, task, inner);
  }
  return run();
}
