/** Finding `python3`, and what it says of itself. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { PythonInfo } from './report.ts';

// Free-threaded builds (3.13 and later) can tell whether the lock is on; before them it always is.
const QUESTION = `
import json, sys
print(json.dumps({
    "version": sys.version.split()[0],
    "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
    "path": sys.executable,
    "tooOld": sys.version_info < (3, 8),
}))`;

/**
 * The `python3` on the PATH, or `null` where there is none that runs (or only one older than 3.8).
 *
 * The path is the interpreter's own answer: what the PATH finds may be a wrapper script of a version manager,
 * whose start would be measured with every lane.
 */
export async function findPython(signal: AbortSignal): Promise<PythonInfo | null> {
  try {
    const { stdout } = await promisify(execFile)('python3', ['-c', QUESTION], { signal, timeout: 20_000 });
    const { tooOld, ...info } = JSON.parse(stdout) as PythonInfo & { tooOld: boolean };
    return tooOld ? null : info;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** Arguments that start one of our Python programs. */
export function pythonArguments(): string[] {
  // -B: no __pycache__ inside the installed package. -W ignore: newer versions warn of fork beside threads.
  return ['-B', '-W', 'ignore', lanePath()];
}

/** The Python programs are not compiled: they stay in src/, where the package ships them. */
function lanePath(): string {
  const candidates = ['./python/lane.py', '../../../src/compare/python/lane.py'];
  const urls = candidates.map((path) => new URL(path, import.meta.url));
  const found = urls.find((url) => existsSync(url));
  if (found === undefined) {
    throw new Error(`The Python programs of the comparison are missing; looked for ${urls.join(' and ')}.`);
  }
  return fileURLToPath(found);
}
