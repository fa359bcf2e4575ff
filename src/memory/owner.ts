/**
 * Who a thread is, in one word: so that one compare-and-exchange both takes a lock and names its owner, and whoever
 * finds it taken can tell whether the owner still lives.
 *
 *   bit 31   30 ......... 22   21 .................. 0
 *     0      start time of      number of the thread, as
 *            the thread,        the system counts all
 *            its lowest bits    threads of all processes
 *
 * The number alone would do if the system did not give it again, after some ten thousand threads. A thread that has
 * got the number of a dead one also has its start time, in hundredths of a second modulo 512, once in 512.
 *
 * Whether an owner lives is asked of the system, and not told by whoever started it: a main thread that is blocked
 * hears of no exit, a program may start workers of its own, and a grandchild dies without anybody of this process
 * being told. The question costs some 20 us, so it is one for those who have waited a while.
 *
 * Where the system has no /proc, nobody is ever taken for dead.
 */

import { readFileSync, readlinkSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

const NUMBER_BITS = 22;
const NUMBER = (1 << NUMBER_BITS) - 1;
const START = 0x1ff;
/** Of the fields behind the name of the program, which is in brackets and may hold anything: `man 5 proc_pid_stat`. */
const STATE_FIELD = 0;
const START_TIME_FIELD = 19;

let own: number | undefined;

/** The word of the calling thread, a positive integer. */
export function ownerWord(): number {
  own ??= ofSystem() ?? ofNode();
  return own;
}

/** The number by which the system knows the thread: `/proc/NUMBER` is about it, and about its process. */
export function threadNumber(owner: number): number {
  return owner & NUMBER;
}

/** The word of the thread that the system knows by this number, which of a main thread is that of its process. */
export function ownerWordOf(number: number): number | undefined {
  return lookUp(number);
}

/** False if that thread has ended. */
export function isAlive(owner: number): boolean {
  if (owner === own || !isKnownToSystem()) return true;
  const found = lookUp(threadNumber(owner));
  return found !== undefined && found === owner;
}

let known: boolean | undefined;

function isKnownToSystem(): boolean {
  known ??= ofSystem() !== undefined;
  return known;
}

function ofSystem(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const path = readlinkSync('/proc/thread-self');
    return lookUp(Number(path.slice(path.lastIndexOf('/') + 1)));
  } catch {
    return undefined;
  }
}

/** Unique in this process, and never in doubt there. */
function ofNode(): number {
  return ((threadId + 1) & NUMBER) | ((process.pid & START) << NUMBER_BITS);
}

function lookUp(number: number): number | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${number}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[STATE_FIELD];
  // A process that was killed keeps its number until its parent has asked for its exit code.
  if (state === 'Z' || state === 'X') return undefined;
  return (number & NUMBER) | ((Number(fields[START_TIME_FIELD]) & START) << NUMBER_BITS);
}
