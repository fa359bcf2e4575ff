/**
 * How a module is called on all machines, and which version of it is meant.
 *
 *   producer  file:///home/ann/shop/dist/tasks/resize.js ─┐
 *                                                         ├─▶  shop/dist/tasks/resize.js @ 5e0c41b2d3a7
 *   worker    file:///srv/shop/dist/tasks/resize.js ──────┘
 *
 * The name is that of the package, as its package.json says, and the path of the file in it: so nobody has to configure
 * where things are. The version is a hash of the file's own text. What the file imports is not in it: to hash that too
 * would mean to resolve imports as Node does, and to read hundreds of files at every start.
 */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ClusterModule {
  /** The same on all machines. */
  readonly name: string;
  /** What is imported here. */
  readonly url: string;
  /** The same for the same text. */
  readonly version: string;
}

/** Twelve digits: two versions of one file that agree in them by chance are not to be met. */
const VERSION_DIGITS = 12;

/** @throws what reading the file throws */
export function describeModule(url: string): ClusterModule {
  const file = fileURLToPath(url);
  const version = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, VERSION_DIGITS);
  return { name: nameOf(file), url, version };
}

function nameOf(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      return [packageName(manifest) ?? basename(folder), ...relative(folder, file).split(sep)].join('/');
    }
    if (folder === dirname(folder)) return basename(file);
  }
}

/** `undefined` for one without a name, as are those that only say `"type": "module"`. */
function packageName(manifest: string): string | undefined {
  const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown };
  return typeof name === 'string' ? name : undefined;
}
