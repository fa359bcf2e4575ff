// The portable cases of CPython's own tests, by the part of the library that they are about.
import { connections } from './connections.ts';
import { futures } from './futures.ts';
import { processes } from './processes.ts';
import { threading } from './threading.ts';

/** By file and class. */
export type Rows = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export const rows: readonly Rows[] = [futures, threading, processes, connections];
