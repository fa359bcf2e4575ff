/** The Node that child processes run. */

import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';

let path: string | undefined;

/**
 * Sets it, for processes and pools that are made from now on: a path, as a string, as bytes or as a `file:` URL.
 *
 * @throws TypeError for anything else.
 * @see CPython `multiprocessing.set_executable`.
 */
export function setExecutable(executablePath: string | Uint8Array | URL): void {
  if (executablePath instanceof URL) path = fileURLToPath(executablePath);
  else if (executablePath instanceof Uint8Array) path = new TextDecoder().decode(executablePath);
  else if (typeof executablePath === 'string') path = executablePath;
  else
    throw new TypeError(
      `executable must be a path or a file: URL, received ${inspect(executablePath, { depth: 0 })}`,
    );
}

/** What was set; `undefined` for the Node that runs this. */
export function executable(): string | undefined {
  return path;
}
