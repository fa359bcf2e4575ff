/**
 * Is a module the program's entry? The guard that lets one file be both the program and the home of its
 * tasks.
 */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** What Node calls a module that it was handed on the command line (`-e`) or on stdin. */
const inlineEntry = /\/\[(?:eval|stdin)\d*\]$/;

/**
 * Whether the module is the one the program was started with, and this is not a worker: Python's
 * `if __name__ == '__main__'`.
 *
 * A worker thread never is the program. A worker process is started on the library's own entry file, so that
 * no module of the user's is the main one there; an environment variable would tell as much, but it would
 * also reach programs which a task starts, and take their main module from them.
 *
 * @example
 * if (isMain(import.meta)) {
 *   await using pool = new ProcessPoolExecutor();
 *   console.log(await pool.submit(fib, 35));
 * }
 */
export function isMain(meta: ImportMeta): boolean {
  if (!process.getBuiltinModule('node:worker_threads').isMainThread) return false;
  const { url, main } = meta as { url?: string; main?: boolean };
  // Node >= 24.2 knows. A `false` is looked into, since a hook may have given the entry another identity.
  if (main === true) return true;
  if (url === undefined) return false;
  if (inlineEntry.test(url)) return true;
  const entry = process.argv[1];
  if (entry === undefined || !url.startsWith('file:')) return false;
  // The same file imported once more, as `./main.js?again`, is another module than the entry.
  if (/[?#]/.test(url)) return false;
  const module = realpath(fileURLToPath(url));
  return module !== undefined && module === entryFile(entry);
}

/** The file behind `process.argv[1]`, which may be a symlinked bin, a folder, or lack its extension. */
function entryFile(entry: string): string | undefined {
  try {
    // Takes a path to a file the way Node takes its command line, index files and "main" included.
    return realpath(createRequire(import.meta.url).resolve(entry));
  } catch {
    return realpath(entry);
  }
}

function realpath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
