/** Started by the tracker when a maker of shared memory has ended, with what it has left: see `tracker.ts`. */

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeUnused } from '../../memory/named-memory.ts';
import { readWord } from './names.ts';

/** While others still use what is left. Nobody waits for it to be gone. */
const LOOK_MS = 250;

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

let left = readFileSync(0, 'utf8').trim().split(' ').map(readWord);
for (;;) {
  left = left.filter(({ name, inode }) => removeUnused(name, inode) === 'in use');
  if (left.length === 0) break;
  await sleep(LOOK_MS);
}
