/** The files that workers start with. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The path of a worker's entry.
 *
 * @throws Error where the file is missing. A bundler that puts a program and this library into one file leaves it behind;
 *   Node would say only that it cannot find some module in the folder of the bundle.
 */
export function workerEntry(url: URL): string {
  const path = fileURLToPath(url);
  if (existsSync(path)) return path;
  throw new Error(
    `Workers start with ${path}, which does not exist. If this program is bundled, let the bundler leave ` +
      "manyhands out (in esbuild, Rollup and Vite: external: ['manyhands']).",
  );
}
