/** Names of shared memory, as shm_open has them. */

import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

/** Bytes, of any name of a file. */
const LONGEST = 255;

/**
 * Without the slash that some put in front of it.
 *
 * @throws TypeError or RangeError if nothing can have such a name
 */
export function checkName(name: unknown): string {
  if (typeof name !== 'string') throw new TypeError(`name must be a string, received ${inspect(name)}`);
  const bare = name.startsWith('/') ? name.slice(1) : name;
  if (bare === '' || bare === '.' || bare === '..' || /[/\0]/.test(bare)) {
    throw new RangeError(
      `name must not be empty, '.' or '..', nor hold a slash or a NUL, received ${inspect(name)}`,
    );
  }
  const bytes = Buffer.byteLength(bare);
  if (bytes > LONGEST)
    throw new RangeError(`name must have at most ${LONGEST} bytes, received one of ${bytes}`);
  return bare;
}

export function randomName(): string {
  return `mh_${randomBytes(4).toString('hex')}`;
}

/**
 * What a tracker is told of a block, in one word: names may hold whatever a file name may, blanks, quotes and ends of lines
 * among them.
 */
export function wordFor(inode: number, name: string): string {
  return `${inode}:${Buffer.from(name).toString('hex')}`;
}

export function readWord(word: string): { readonly inode: number; readonly name: string } {
  const [inode, name = ''] = word.split(':');
  return { inode: Number(inode), name: Buffer.from(name, 'hex').toString() };
}
