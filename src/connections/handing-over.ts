/**
 * How another process, or thread, gets to hold an end of a pipe.
 *
 *      who has it                                             who gets it
 *      offer: pid, descriptors, receipt ---- any message ---> open /proc/<pid>/fd/<descriptor>
 *      (stays open until then)          <-- byte on a pipe -- receipt
 *
 * It opens the pipe again by the number of the descriptor. The pipe has to be open on this side until it has done so, but
 * whoever passes an end on closes his own right afterwards, as the other side would never see the end otherwise. So
 * `close` waits for the receipt, and, as a message may never be read, not for ever. Passing descriptors over a socket
 * would spare this, but a message that takes another way has no socket.
 *
 * Numbers of descriptors are used again. The number of the pipe itself tells whether the right one was opened.
 */

import { closeSync, writeSync } from 'node:fs';
import { BrokenConnectionError } from '../errors.ts';
import { createPipe, type End, isReady, pipeNumber, reopenPipe } from '../memory/pipes.ts';

interface Place {
  readonly descriptor: number;
  readonly pipe: number;
}

/** Plain data, for messages. */
export interface Offer {
  readonly pid: number;
  /** Absent for a direction that the end does not have. */
  readonly read?: Place;
  readonly write?: Place;
  readonly receipt: Place;
}

interface Lease {
  readonly receipt: Readonly<Record<End, number>>;
  readonly end: number;
  readonly settle: () => void;
}

/**
 * Milliseconds until it is taken that nobody will read the message any more. Shorter, and an end is gone when the other
 * side was busy for so long; longer, and the other end learns later that a message was lost with its reader.
 */
const LEASE = 60_000;
/** Milliseconds between two looks for receipts; by so much the closing of an end may be late. */
const LOOK = 50;

const NONE = -1;
const leases = new Set<Lease>();
let looking: NodeJS.Timeout | undefined;

/** Offers the descriptors. `settle` is called when they have been opened, or it is too late for it. */
export function lease(read: number, write: number, settle: () => void): Offer {
  const receipt = createPipe();
  leases.add({ receipt, end: performance.now() + LEASE, settle });
  looking ??= setInterval(endLeases, LOOK).unref();
  return {
    pid: process.pid,
    ...(read === NONE ? {} : { read: placeOf(read) }),
    ...(write === NONE ? {} : { write: placeOf(write) }),
    receipt: placeOf(receipt.write),
  };
}

/** Looks for receipts. For threads that block, too, and hear of no timers meanwhile. */
export function endLeases(): void {
  for (const one of leases) {
    const { receipt, end, settle } = one;
    if (!isReady(receipt.read, 'read', 0) && performance.now() < end) continue;
    leases.delete(one);
    closeSync(receipt.read);
    closeSync(receipt.write);
    settle();
  }
  if (leases.size > 0) return;
  clearInterval(looking);
  looking = undefined;
}

/** Opens what was offered, and gives the receipt. @throws BrokenConnectionError when it is not there any more. */
export function take(offer: Offer): Readonly<Record<End, number>> {
  let read = NONE;
  let write = NONE;
  try {
    if (offer.read !== undefined) read = openAt(offer.pid, offer.read, 'read');
    if (offer.write !== undefined) write = openAt(offer.pid, offer.write, 'write');
  } catch (cause) {
    if (read !== NONE) closeSync(read);
    throw new BrokenConnectionError(
      `The end of a pipe that process ${offer.pid} has passed on is not there any more: it was closed, or the process has ended`,
      { cause },
    );
  }
  giveReceipt(offer);
  return { read, write };
}

/** Tells the other side that it need not keep its descriptors open for us. */
export function giveReceipt({ pid, receipt }: Offer): void {
  try {
    const descriptor = openAt(pid, receipt, 'write');
    try {
      writeSync(descriptor, Uint8Array.of(1));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Somebody else has given it (a task that is run again is read again), or the process has ended.
  }
}

function placeOf(descriptor: number): Place {
  return { descriptor, pipe: pipeNumber(descriptor) };
}

function openAt(pid: number, { descriptor, pipe }: Place, end: End): number {
  let opened: number;
  try {
    opened = reopenPipe(descriptor, end, pid);
  } catch (error) {
    // Nobody will ever read what is written there. So be it: who writes is told.
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return writeEndOfNobody();
    throw error;
  }
  if (pipeNumber(opened) === pipe) return opened;
  closeSync(opened);
  throw new Error(`Descriptor ${descriptor} of process ${pid} is another file by now`);
}

function writeEndOfNobody(): number {
  const { read, write } = createPipe();
  closeSync(read);
  return write;
}
