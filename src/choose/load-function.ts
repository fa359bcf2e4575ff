/** A function named by its file and export, for who has a command line and no import. */

import { pathToFileURL } from 'node:url';
import { resolveTask } from '../tasks/resolve.ts';

/**
 * Imports the file, also one in TypeScript where workers can, and gives its function.
 *
 * @throws the import's own error; TaskNotFoundError, which names the file's exports, if there is no such function
 */
export function loadFunction(file: string, name: string): Promise<(...args: unknown[]) => unknown> {
  const url = pathToFileURL(file).href;
  return resolveTask({ kind: 'module', url, export: name, label: name }) as Promise<
    (...args: unknown[]) => unknown
  >;
}
