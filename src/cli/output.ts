/** Files that commands write. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';

/** A file that can be written: asked before the run, so that nobody waits for what then cannot be kept. */
export function parseOutput(file: string): string {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
  } catch {
    throw new InvalidArgumentError(`${dirname(resolve(file))} is not a directory that can be written to.`);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InvalidArgumentError('It is a directory.');
  }
  return file;
}
