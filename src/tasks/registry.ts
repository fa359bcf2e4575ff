/**
 * Functions that a module registered by name: the way that works under bundlers, where the file that runs
 * is not the file that was written.
 *
 *   parent   defineTasks(url, { fib })  ->  names.get(fib) = { url, name: 'fib' }  ->  goes into the reference
 *   worker   import(url) runs the same defineTasks  ->  tasks.get(url).fib  ->  found by resolveTask
 *
 * The tables hang on `globalThis`, under a registered symbol, one set for each thread. Module scope would be
 * the obvious place, and fails as soon as a program holds this library twice (a bundle that inlines it beside
 * the worker entry that does not): the task module would fill one table and the worker would read the other.
 */
import { withoutLoaderNotes } from './task-url.ts';

/** Where a registered function can be found again. */
export interface Registration {
  readonly url: string;
  readonly name: string;
}

interface Tables {
  readonly names: WeakMap<Function, Registration>;
  readonly tasks: Map<string, Map<string, Function>>;
}

const key: unique symbol = Symbol.for('manyhands.tasks.registry') as never;
const shared = globalThis as { [key]?: Tables };
const tables: Tables = (shared[key] ??= { names: new WeakMap(), tasks: new Map() });

/**
 * Registers functions under the module that calls this, and returns them unchanged, so that an executor can
 * name them to its workers without asking the runtime where they were defined.
 *
 * Call it at the top level of a module: a worker finds the functions by importing `url`, which has to run
 * the same call again. Registering a name twice replaces the first function, as a hot reload does.
 *
 * @param url the module's own `import.meta.url`
 * @param tasks functions by name
 * @throws TypeError when `url` is no absolute URL, or a value is no function
 * @example
 * export const { fib } = defineTasks(import.meta.url, {
 *   fib: (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2)),
 * });
 */
export function defineTasks<T extends Record<string, Function>>(url: string, tasks: T): T {
  if (typeof url !== 'string' || !URL.canParse(url)) {
    throw new TypeError(
      `defineTasks: url must be the module's import.meta.url, an absolute URL; got ${String(url)}.`,
    );
  }
  if (tasks === null || typeof tasks !== 'object') {
    throw new TypeError(`defineTasks: tasks must be an object of functions; got ${String(tasks)}.`);
  }
  const entries = Object.entries(tasks);
  for (const [name, task] of entries) {
    if (typeof task !== 'function') {
      throw new TypeError(`defineTasks: tasks.${name} must be a function; got ${String(task)}.`);
    }
  }
  const home = withoutLoaderNotes(url);
  let registered = tables.tasks.get(home);
  if (registered === undefined) tables.tasks.set(home, (registered = new Map()));
  for (const [name, task] of entries) {
    registered.set(name, task);
    tables.names.set(task, { url: home, name });
  }
  return tasks;
}

/** The name under which this function was registered, if it was. */
export function registrationOf(fn: Function): Registration | undefined {
  return tables.names.get(fn);
}

/** What was registered under this name when the module at `url` was imported. */
export function registeredTask(url: string, name: string): Function | undefined {
  return tables.tasks.get(url)?.get(name);
}
