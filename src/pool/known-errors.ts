/**
 * Error classes that both sides know, so that `instanceof` holds for what a task throws.
 *
 * A class crosses as the module that exports it and its name there. The modules looked at are those of the
 * tasks: a task mostly throws what its own module exports. Both sides have loaded that module already, so
 * importing it again costs a look into the loader's cache.
 */

import type { TaskReference } from '../tasks/reference.ts';
import { registerErrorClasses } from '../wire/error-classes.ts';

const learned = new Map<string, Promise<void>>();

/**
 * Test runners that load modules themselves, beside Node's loader: importing a module there would run it a
 * second time, so errors keep their names only.
 */
const ownLoader = process.env['VITEST'] !== undefined || process.env['JEST_WORKER_ID'] !== undefined;

/**
 * Learns the error classes of a task's module. Never rejects.
 *
 * The submitting side does not wait for it: its main module may be in the middle of a top-level await on the
 * very task, and cannot be imported before that is over. Classes of such a module are known by name only.
 */
export function learnErrorClasses(reference: TaskReference): Promise<void> {
  if (reference.kind !== 'module' || ownLoader) return done;
  const { url } = reference;
  const known = learned.get(url);
  if (known !== undefined) return known;
  const learning = import(url).then(
    (exports: Record<string, unknown>) => registerErrorClasses(url, exports),
    () => undefined,
  );
  learned.set(url, learning);
  return learning;
}

const done = Promise.resolve();
