/** Started by the tracker when a maker of shared memory has ended, with what it has left: see `tracker.ts`. */

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasName, removeUnused } from '../../memory/named-memory.ts';
import { isAlive } from '../../memory/owner.ts';
import { readWord } from './names.ts';

/** While others still use what is left, or may come to use it. Nobody waits for it to be gone. */
const LOOK_MS = 250;

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

const [heir, ...words] = readFileSync(0, 'utf8').trim().split(' ');
let left = words.map(readWord);
for (;;) {
  const isKept = isAlive(Number(heir));
  left = left.filter(({ name, inode }) =>
    isKept ? hasName(inode, name) : removeUnused(name, inode) === 'in use',
  );
  if (left.length === 0) break;
  await sleep(LOOK_MS);
}
