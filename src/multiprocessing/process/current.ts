/** Where this code runs: in which process, and who started that. */

import { cpus } from 'node:os';
import { waitWithin } from '../../futures/waiting.ts';
import type { WaitOptions } from '../../options.ts';
import { ownFamily } from './family.ts';
import { makeSelf, Process, type ProcessOptions } from './process.ts';

let self: Process | undefined;

/**
 * The process that this code runs in. It cannot be started or joined.
 *
 * In the main process its name is `MainProcess`, in a worker of a pool the worker's.
 */
export function currentProcess(): Process {
  return (self ??= makeCurrent(Process, {}));
}

/** For the entry of a child: makes it, of the class that its parent gave it. */
export function makeCurrent(type: Function, options: Pick<ProcessOptions, 'target' | 'args'>): Process {
  const { name, daemon, identity } = ownFamily();
  self = makeSelf(type, { ...options, name, daemon }, identity);
  return self;
}

/** The process that started this one. */
export interface ParentProcess {
  readonly pid: number;
  readonly name: string;
  /** False once it is gone, which a child sees for a moment only, since it ends with its parent. */
  isAlive(): boolean;
  /** Waits for its end. @throws TimeoutError, `signal.reason`. */
  join(options?: WaitOptions): Promise<void>;
}

/** Nothing tells of the end of a parent in all threads; a child has no time to lose then, but no haste either. */
const LOOK_MS = 100;

/** `undefined` in the main process, and in workers of a program that does not load `manyhands/multiprocessing`. */
export function parentProcess(): ParentProcess | undefined {
  const { parent } = ownFamily();
  if (parent === undefined) return undefined;
  const { pid, name } = parent;
  const isAlive = (): boolean => process.ppid === pid;
  return Object.freeze({
    pid,
    name,
    isAlive,
    join: (options: WaitOptions = {}) =>
      waitWithin<void>(
        options,
        () => `Parent process ${name} did not end`,
        (resolve) => {
          if (!isAlive()) resolve();
          const timer = setInterval(() => {
            if (isAlive()) return;
            clearInterval(timer);
            resolve();
          }, LOOK_MS);
          return () => clearInterval(timer);
        },
      ),
  });
}

/** Processors of this machine. How many of them a program may use says `os.availableParallelism()`. */
export function cpuCount(): number {
  return Math.max(1, cpus().length);
}
