/**
 * Anonymous pipes as the carrier of a connection: one to read from, one to write to, or both.
 *
 *      this end                          the kernel                        the other end
 *      write() ----- write(2) -----> [ pipe, 64 KiB ] -----> read(2) ----- recv()
 *      recv() ------ read(2) <------ [ pipe, 64 KiB ] <----- write(2) ---- write()
 *
 * An end may be held by several processes, one of which reads at a time, under a lock of theirs. So of a pipe exactly the
 * message that somebody waits for is read, its header and then the rest of it; what follows stays in the kernel,
 * where the next reader, whoever it is, finds it. Reading ahead would save one of two calls for each message, and would
 * take messages away from others.
 *
 * Descriptors do not block. Who may block (`recvSync`) waits for one to be ready by poll(2), in slices, since a thread in
 * a native wait cannot be stopped. In the event loop:
 *
 * - Reading is done by a `net.Socket` on a descriptor of its own (the same pipe, opened again), into the target that the
 *   sink gives (`onread`); it is started by `read(0)`, and stops before it would read beyond the message.
 * - Writing tries write(2) first, which takes all there is as long as the pipe has room. What it does not take goes to
 *   another such socket.
 * - Waiting until there is something to read, without reading it, is not offered by Node. But a socket that is to
 *   read into no room at all is told by libuv, as soon as there is something to read, that there was no room (ENOBUFS),
 *   and nothing is read. Such a socket is of no further use, so that it has a descriptor of its own too.
 *
 * The kernel tells of the end: reading ends when no process has the other end open any more, however it went. How others
 * get to hold an end is in `handing-over.ts`.
 */

import { closeSync, readSync, writeSync } from 'node:fs';
import { type OnReadOpts, Socket } from 'node:net';
import { isReady, pipeNumber, reopenPipe } from '../memory/pipes.ts';
import { endLeases, lease, type Offer, take } from './handing-over.ts';
import type { Link, LinkEnd, Sink } from './link.ts';

/**
 * Milliseconds that a thread blocks at a time, and so what `worker.terminate()`, or a `process.exit()` of the main thread,
 * may have to wait for.
 */
const SLICE = 50;

/**
 * How long somebody who blocks looks again and again before it sleeps. An answer that comes within this time finds its
 * thread awake, where falling asleep and being woken on another core takes 15 to 50 us; to look takes 0.3 us. Shorter,
 * and two that talk to each other may never get to the point where each finds the other awake; longer, and more is burnt
 * in vain.
 */
const SPIN_MS = 0.05;
/**
 * Where looking was in vain, so many waits go by at most before the next try. Fewer, and a thread whose messages
 * come from afar, or from one that shares its core, burns more time; more, and it learns later that they come quickly now.
 */
const MOST_WITHOUT_SPIN = 64;

const NONE = -1;
const NO_ROOM = new Uint8Array(0);

export class PipeLink implements Link {
  /** Descriptors, or `NONE`. */
  #read: number;
  #write: number;
  readonly readable: boolean;
  readonly writable: boolean;
  #sink: Sink | undefined;
  #end: LinkEnd | undefined;
  #reader: Socket | undefined;
  #reading = false;
  /** Where the reader puts the next bytes. */
  #installed: Uint8Array | undefined;
  #writer: Socket | undefined;
  /** Of the writer. */
  #writes = 0;
  #watcher: Socket | undefined;
  /** How many are on the way to somebody who has to find our descriptors open. */
  #leases = 0;
  #closed = false;
  /** Waits until the next that spins, and what that is set to when it is in vain. */
  #untilSpin = 0;
  #withoutSpin = 1;

  /** Another holder of the end that was offered. @throws BrokenConnectionError when it is gone. */
  static from(offer: Offer): PipeLink {
    const { read, write } = take(offer);
    return new PipeLink(read, write);
  }

  /** Takes the descriptors over; -1 for a direction that it does not have. */
  constructor(read: number, write: number) {
    this.#read = read;
    this.#write = write;
    this.readable = read !== NONE;
    this.writable = write !== NONE;
  }

  get end(): LinkEnd | undefined {
    return this.#end;
  }

  /** What tells this end from others. Only while it is open. */
  get name(): string {
    return [this.#read, this.#write].map((end) => (end === NONE ? '' : pipeNumber(end))).join('-');
  }

  /** For somebody else to hold the same end. Until it has been taken, closing this one waits. */
  offer(): Offer {
    const offer = lease(this.#read, this.#write, () => {
      this.#leases -= 1;
      if (this.#closed) this.#closeDescriptors();
    });
    this.#leases += 1;
    return offer;
  }

  attach(sink: Sink): void {
    this.#sink = sink;
  }

  pull(): void {
    const { target } = this.#sink as Sink;
    // Somebody who blocked has read on in the meantime: the reader would fill memory that is somebody else's by now.
    if (this.#reader !== undefined && this.#installed !== target) this.#dropReader();
    this.#stopWatching();
    if (this.#reading || this.#end !== undefined) return;
    this.#reading = true;
    if (this.#reader === undefined) this.#openReader();
    else this.#reader.read(0);
  }

  pullNow(): void {
    const sink = this.#sink as Sink;
    // Whoever sends a short message writes it at once: behind its header there is the rest, and no need to look for it.
    let isThere = false;
    while (sink.wanting && this.#end === undefined && (isThere || isReady(this.#read, 'read', 0))) {
      const { target } = sink;
      let count: number;
      try {
        count = readSync(this.#read, target);
      } catch (error) {
        // Another process was faster, or the rest is still to come.
        if (codeOf(error) === 'EAGAIN') return;
        this.#ended(error as Error);
        return;
      }
      if (count === 0) this.#ended(undefined);
      else sink.fill(count);
      isThere = count === target.length;
    }
  }

  pending(): boolean {
    return this.#end !== undefined || isReady(this.#read, 'read', 0);
  }

  settle(): undefined {
    return undefined;
  }

  watch(): void {
    if (this.#watcher !== undefined) return;
    this.#pauseReader();
    const watcher = openToRead(this.#read, { buffer: NO_ROOM, callback: () => false });
    this.#watcher = watcher;
    const seen = (): void => {
      watcher.destroy();
      if (this.#watcher !== watcher) return;
      this.#watcher = undefined;
      this.#sink?.arrived();
    };
    watcher.once('error', seen);
    watcher.once('end', seen);
  }

  rest(): void {
    this.#stopWatching();
    this.#pauseReader();
  }

  write(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    let at = 0;
    if (this.#writes === 0) {
      for (; at < pieces.length; at += 1) {
        const piece = pieces[at] as Uint8Array;
        const count = this.#tryWrite(piece);
        if (count < piece.length) {
          return this.#writeLater([piece.subarray(count), ...pieces.slice(at + 1)]);
        }
      }
      return undefined;
    }
    return this.#writeLater(pieces);
  }

  /** Whether earlier writes are still under way, so that one that blocks would overtake them. */
  get writing(): boolean {
    return this.#writes > 0;
  }

  /** Blocks until the system has taken all. */
  writeSync(pieces: readonly Uint8Array[]): void {
    for (let piece of pieces) {
      for (;;) {
        const count = this.#tryWrite(piece);
        if (count === piece.length) break;
        piece = piece.subarray(count);
        while (!isReady(this.#write, 'write', SLICE));
      }
    }
  }

  /** Blocks until there is something to read (or the end), or until `deadline` (of `performance.now()`). */
  waitSync(deadline: number): boolean {
    endLeases();
    if (this.#spin(deadline)) return true;
    for (;;) {
      const left = deadline - performance.now();
      if (this.#end !== undefined) return true;
      if (isReady(this.#read, 'read', Math.ceil(Math.min(Math.max(left, 0), SLICE)))) return true;
      if (left <= 0) return false;
      endLeases();
    }
  }

  /** Whether there is something to read at once, or very soon. */
  #spin(deadline: number): boolean {
    if (this.#end !== undefined || this.#untilSpin-- > 0) return false;
    const end = Math.min(deadline, performance.now() + SPIN_MS);
    do {
      if (isReady(this.#read, 'read', 0)) {
        this.#untilSpin = 0;
        // Not to 1: it may have come because the system took the core from this thread, which tells nothing of the next.
        this.#withoutSpin = Math.max(this.#withoutSpin / 2, 1);
        return true;
      }
    } while (performance.now() < end);
    this.#untilSpin = this.#withoutSpin;
    this.#withoutSpin = Math.min(this.#withoutSpin * 2, MOST_WITHOUT_SPIN);
    return false;
  }

  /** Nobody has the connection any more: it is closed, unless it is in use. */
  abandon(): void {
    if (!this.#reading && this.#watcher === undefined && this.#writes === 0) this.close();
  }

  close(): void {
    this.#closed = true;
    this.#stopWatching();
    this.#dropReader();
    this.#writer?.destroySoon();
    this.#closeDescriptors();
  }

  destroy(): void {
    this.#writer?.destroy();
    this.close();
  }

  #closeDescriptors(): void {
    if (this.#leases > 0) return;
    if (this.#read !== NONE) closeSync(this.#read);
    if (this.#write !== NONE) closeSync(this.#write);
    this.#read = NONE;
    this.#write = NONE;
  }

  #openReader(): void {
    const sink = this.#sink as Sink;
    const reader: Socket = openToRead(this.#read, {
      buffer: () => (this.#installed = sink.target),
      callback: (count) => {
        sink.fill(count);
        if (sink.wanting) return true;
        this.#reading = false;
        sink.arrived();
        // Somebody may want the next message by now.
        return this.#reading && this.#reader === reader;
      },
    });
    reader.once('end', () => this.#readerEnded(reader, undefined));
    reader.once('error', (error) => this.#readerEnded(reader, error));
    this.#reader = reader;
  }

  #readerEnded(reader: Socket, error: Error | undefined): void {
    if (this.#reader !== reader) return;
    this.#dropReader();
    this.#ended(error);
    this.#sink?.arrived();
  }

  #ended(error: Error | undefined): void {
    this.#end ??= { error };
  }

  #pauseReader(): void {
    if (this.#reading) this.#reader?.pause();
    this.#reading = false;
  }

  #dropReader(): void {
    this.#reader?.destroy();
    this.#reader = undefined;
    this.#reading = false;
  }

  #stopWatching(): void {
    this.#watcher?.destroy();
    this.#watcher = undefined;
  }

  /** How much the system has taken, without waiting. */
  #tryWrite(piece: Uint8Array): number {
    let written = 0;
    try {
      while (written < piece.length) written += writeSync(this.#write, piece, written);
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
    }
    return written;
  }

  #writeLater(pieces: readonly Uint8Array[]): Promise<void> {
    this.#writer ??= new Socket({
      fd: reopenPipe(this.#write, 'write'),
      readable: false,
      writable: true,
    }).on('error', () => undefined);
    const writer = this.#writer;
    this.#writes += 1;
    return new Promise((resolve, reject) => {
      writer.cork();
      for (const piece of pieces.slice(0, -1)) writer.write(piece);
      writer.write(pieces.at(-1) as Uint8Array, (error) => {
        this.#writes -= 1;
        if (error) reject(error);
        else resolve();
      });
      writer.uncork();
    });
  }
}

/** Node documents `onread` for sockets that connect; its types do not know it for those of a descriptor. */
function openToRead(descriptor: number, onread: OnReadOpts): Socket {
  const options = { fd: reopenPipe(descriptor, 'read'), readable: true, writable: false, onread };
  return new Socket(options);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
