/** Anonymous pipes: making them, finding those of other processes, and looking whether they are ready. */

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { SharedMemoryUnavailableError } from '../errors.ts';
import { loadSystem } from './linux.ts';
import { errors, type System } from './system.ts';

/** Which end of a pipe. */
export type End = 'read' | 'write';

/** The two ends of a new pipe, as descriptors that do not block. @throws SharedMemoryUnavailableError */
export function createPipe(): Readonly<Record<End, number>> {
  const both = system().createPipe();
  if (both < 0) {
    const why = both === errors.noMemory ? 'no memory' : `error ${-both}`;
    throw new SharedMemoryUnavailableError(`The system has no pipe to give: ${why}`);
  }
  try {
    return { read: reopenPipe(both, 'read'), write: reopenPipe(both, 'write') };
  } finally {
    closeSync(both);
  }
}

/**
 * Another descriptor of the same pipe, with a state of its own.
 *
 * @param pid the process whose descriptor it is, if not this one.
 * @throws what opening throws: `ENOENT` when there is no such process, or descriptor, any more; `ENXIO` when it is to be
 *   written to, and nobody has the other end open.
 */
export function reopenPipe(descriptor: number, end: End, pid?: number): number {
  const access = end === 'read' ? constants.O_RDONLY : constants.O_WRONLY;
  return openSync(`/proc/${pid ?? 'self'}/fd/${descriptor}`, access | constants.O_NONBLOCK);
}

/** What tells pipes apart, as long as anybody has them open: numbers of descriptors are used again. */
export function pipeNumber(descriptor: number): number {
  return fstatSync(descriptor).ino;
}

/** Blocks until the descriptor is ready, for up to `milliseconds`; says whether it is. */
export function isReady(descriptor: number, end: End, milliseconds: number): boolean {
  return system().isReady(descriptor, end, milliseconds);
}

function system(): System {
  const { system: found, unavailable } = loadSystem();
  if (found !== undefined) return found;
  throw new SharedMemoryUnavailableError(
    `There are no pipes here, as ${unavailable}; use a Listener and a Client`,
  );
}
