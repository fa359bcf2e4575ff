// The portable cases of CPython's own tests, by the part of the library that they are about.
import { connections } from './connections.ts';
import { futures } from './futures.ts';
import { locks } from './locks.ts';
import { manager } from './manager.ts';
import { processes } from './processes.ts';
import { queues } from './queues.ts';
import { sharedMemory } from './shared-memory.ts';
import { threading } from './threading.ts';

/** By file and class. */
export type Rows = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export const rows: readonly Rows[] = [
  futures,
  threading,
  locks,
  queues,
  processes,
  manager,
  connections,
  sharedMemory,
];
