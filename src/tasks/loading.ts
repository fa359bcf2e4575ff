/**
 * Whether this worker is importing a task module just now, so that an executor which the module starts at its
 * top level can be refused with an explanation, before it starts workers which import the module again.
 *
 * A counter and not a flag, because the imports of two tasks may overlap. It lives on `globalThis` for the
 * same reason as the registry: the module may bring its own copy of this library.
 */

import { currentTask } from './current-task.ts';

const key: unique symbol = Symbol.for('manyhands.tasks.loading') as never;
const shared = globalThis as { [key]?: { imports: number } };
const state: { imports: number } = (shared[key] ??= { imports: 0 });

/** True while the top level of a task module is being evaluated in this worker. */
export function isLoadingTaskModule(): boolean {
  return state.imports > 0;
}

/**
 * A worker that imports a task module runs its top level. If that starts workers, they import the module again, and so
 * on without end.
 *
 * @param what it does: 'runs tasks'
 * @throws Error while `isLoadingTaskModule()`
 */
export function refuseWhileLoading(what: string): void {
  if (!isLoadingTaskModule() || currentTask() !== undefined) return;
  throw new Error(
    `A module that is being loaded in a worker ${what} at its top level, which would start workers without end. ` +
      "Guard that part: import { isMain } from 'manyhands'; if (isMain(import.meta)) { ... }",
  );
}

/** Imports a task module, during which `isLoadingTaskModule()` holds. */
export async function importTaskModule(url: string): Promise<Record<string, unknown>> {
  state.imports += 1;
  try {
    return (await import(url)) as Record<string, unknown>;
  } finally {
    state.imports -= 1;
  }
}
