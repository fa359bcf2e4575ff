/**
 * How to rouse the event loop of a thread of another process: a byte on a pipe.
 *
 *   who rings                                              whose bell it is
 *   open /proc/<thread>/fd/<n> ─▶ write ══ pipe ══▶ Socket ─▶ all arenas of the thread look at what they wait for
 *
 * Each thread has one bell, from its first wait in an event loop on. Others find it by the number that its descriptor
 * has there, so nothing has to be handed over, nor to be cleaned up: a pipe ends with its last descriptor.
 * One descriptor is both ends of it. So it does not end when nobody rings, and when the thread is
 * terminated, which closes the socket, nothing is left.
 *
 * A word in memory alone would not do: nothing but a descriptor wakes an event loop. A native wait in a thread of
 * its own would have to be ended before the process can exit.
 */

import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { loadSystem } from '../linux.ts';
import { threadNumber } from '../owner.ts';

export interface Bell {
  /** -1: there is none, for want of descriptors. */
  readonly descriptor: number;
  readonly inode: number;
  /** Called when it has rung. */
  readonly listeners: Array<() => void>;
}

let own: Bell | undefined;

/** The bell of this thread. It does not keep the event loop alive. */
export function ownBell(): Bell {
  own ??= makeBell();
  return own;
}

function makeBell(): Bell {
  const listeners: Array<() => void> = [];
  const descriptor = loadSystem().system?.createPipe() ?? -1;
  if (descriptor < 0) return { descriptor: -1, inode: 0, listeners };
  const inode = inodeOf(descriptor);
  const heard = (): boolean => {
    for (const listener of listeners) listener();
    return true;
  };
  // `onread` spares a buffer and an event for each ring.
  const onread = { buffer: Buffer.alloc(256), callback: heard };
  const options = { fd: descriptor, readable: true, writable: false, onread };
  const socket = new Socket(options);
  // Whatever becomes of it, its owner looks every slice.
  socket.on('error', () => undefined);
  socket.unref();
  return { descriptor, inode, listeners };
}

function inodeOf(descriptor: number): number {
  const { ino } = fstatSync(descriptor, { bigint: true });
  return Number(BigInt.asIntN(32, ino));
}

const byte = Buffer.of(1);

interface Line {
  readonly owner: number;
  readonly descriptor: number;
}

/** The bells of others, by the numbers that these have in an arena. */
export class Bells {
  readonly #lines = new Map<number, Line>();

  /**
   * Rings the bell of a participant. If it cannot be rung, its owner has ended, or finds out by itself after a slice.
   */
  ring(participant: number, owner: number, bell: { descriptor: number; inode: number }): void {
    let line = this.#lines.get(participant);
    if (line === undefined || line.owner !== owner) {
      this.forget(participant);
      line = openLine(owner, bell);
      if (line === undefined) return;
      this.#lines.set(participant, line);
    }
    try {
      writeSync(line.descriptor, byte);
    } catch (error) {
      // So many bytes lie in the pipe that the owner will come.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.forget(participant);
    }
  }

  forget(participant: number): void {
    const line = this.#lines.get(participant);
    if (line === undefined) return;
    this.#lines.delete(participant);
    closeSync(line.descriptor);
  }
}

function openLine(owner: number, bell: { descriptor: number; inode: number }): Line | undefined {
  let descriptor: number;
  try {
    const path = `/proc/${threadNumber(owner)}/fd/${bell.descriptor}`;
    descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  // A thread that is just being terminated has closed it, and the number may be another file's by now.
  if (fstatSync(descriptor).isFIFO() && inodeOf(descriptor) === bell.inode) return { owner, descriptor };
  closeSync(descriptor);
  return undefined;
}
