/**
 * All threads of this process that were started as a `Thread`, or have asked who they are: so that each of them can
 * list and join the others, whoever started them.
 *
 *     header                       a row, one for each thread
 *   ┌────────────────────┐   ┌───────┬───────┬────────┬───────┬─────────┬────────┬────────────────┐
 *   │ numbers given, ... │   │ IDENT │ OWNER │ PARENT │ FLAGS │ VERSION │ LENGTH │ name, in UTF-8 │
 *   └────────────────────┘   └───────┴───────┴────────┴───────┴─────────┴────────┴────────────────┘
 *
 * Rules
 * 1. IDENT is Node's threadId + 1, which is never given twice in a process. A thread lives exactly as long as its row
 *    has its IDENT: to end is one compare-and-exchange, by the thread itself, by whoever started it, or by anybody who
 *    finds it dead; and to join is to sleep on that one word.
 * 2. While a thread starts, OWNER is the thread that starts it, which takes it along if it dies. From its first line on
 *    OWNER is the thread itself.
 * 3. The other words are written before IDENT is, VERSION and the name excepted: VERSION is odd while a name is written.
 *
 * The table reaches the other threads as environment data of Node's, which every Worker inherits from the thread that
 * starts it: those of pools do, and the program's own. One that was started before there was a table makes another.
 */

import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { SLICE } from './block.ts';
import { isAlive, ownerWord } from './owner.ts';

/** The row of a thread, and who is in it. */
export interface Place {
  readonly row: number;
  readonly ident: number;
}

export interface ThreadEntry {
  readonly ident: number;
  readonly name: string;
  readonly daemon: boolean;
  /** Neither started by this library nor the main thread: nobody can tell when it will end. */
  readonly foreign: boolean;
}

export const MAIN: Place = Object.freeze({ row: 0, ident: 1 });

/** With its layout: copies of the library that differ in it do not share a table. */
const KEY = 'manyhands.threads.1';

/** Threads have heaps of some 10 MB each; nobody has as many. */
const ROWS = 2048;
const ROW_WORDS = 64;
const FIRST_ROW = 64;

const THREADS_NUMBERED = 0;
const FOREIGN_NUMBERED = 1;
/** Rows that have ever been used. */
const USED = 2;
/** 1: the main thread wants to hear of errors, see `threading/reports.ts`. */
const LISTENING = 3;

const IDENT = 0;
const OWNER = 1;
const PARENT = 2;
const FLAGS = 3;
const VERSION = 4;
const LENGTH = 5;
const NAME = 8;
const NAME_BYTES: number = (ROW_WORDS - NAME) * Int32Array.BYTES_PER_ELEMENT;

const FREE = 0;
const TAKEN = -1;
const DAEMON = 1;
const FOREIGN = 2;

/** How often one looks for a name that somebody is writing, who may have died meanwhile. */
const NAME_LOOKS = 1000;

export class ThreadTable {
  readonly #words: Int32Array;
  readonly #bytes: Buffer;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
    this.#bytes = Buffer.from(buffer);
  }

  static create(): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer((FIRST_ROW + ROWS * ROW_WORDS) * Int32Array.BYTES_PER_ELEMENT);
    const table = new ThreadTable(buffer);
    // The process ends with it, so nobody needs to know whether it lives: its owner stays 0.
    Atomics.store(table.#words, USED, 1);
    table.#fill(MAIN.row, { parent: 0, owner: 0, name: 'MainThread', daemon: false, foreign: false });
    table.settle(MAIN);
    return buffer;
  }

  /** The next number for a name: of threads, or of those that others have started. */
  nextNumber(foreign: boolean): number {
    return Atomics.add(this.#words, foreign ? FOREIGN_NUMBERED : THREADS_NUMBERED, 1) + 1;
  }

  get listening(): boolean {
    return Atomics.load(this.#words, LISTENING) === 1;
  }

  listen(): void {
    Atomics.store(this.#words, LISTENING, 1);
  }

  // ── rows ────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A row for a thread that is about to start, or calls this itself. `settle` makes it count, `release` gives it back.
   *
   * @throws Error when there are too many threads
   */
  reserve(entry: {
    readonly name: string;
    readonly parent: number;
    readonly daemon: boolean;
    readonly foreign: boolean;
  }): number {
    const row = this.#take();
    this.#fill(row, { ...entry, owner: ownerWord() });
    return row;
  }

  settle({ row, ident }: Place): void {
    Atomics.store(this.#words, at(row) + IDENT, ident);
  }

  release(row: number): void {
    Atomics.store(this.#words, at(row) + IDENT, FREE);
  }

  /** The calling thread has begun to run in this row. */
  begin(row: number): void {
    Atomics.store(this.#words, at(row) + OWNER, ownerWord());
  }

  /** Whether a thread that the caller has started has not come to its first line yet. */
  isStarting(place: Place): boolean {
    return this.#has(place) && Atomics.load(this.#words, at(place.row) + OWNER) === ownerWord();
  }

  /** The thread has ended. Those who join it wake; said twice, it changes nothing. */
  end({ row, ident }: Place): void {
    const index = at(row) + IDENT;
    if (Atomics.compareExchange(this.#words, index, ident, FREE) === ident)
      Atomics.notify(this.#words, index);
  }

  /** Whether the thread lives. One that has died without a word is taken off. */
  lives(place: Place): boolean {
    if (!this.#has(place)) return false;
    const owner = Atomics.load(this.#words, at(place.row) + OWNER);
    if (owner === 0 || isAlive(owner)) return true;
    this.end(place);
    return false;
  }

  find(ident: number): Place | undefined {
    const used = Atomics.load(this.#words, USED);
    for (let row = 0; row < used; row += 1) {
      if (Atomics.load(this.#words, at(row) + IDENT) === ident) return { row, ident };
    }
    return undefined;
  }

  /** All threads that live, in the order of their start. */
  list(): Place[] {
    const places: Place[] = [];
    const used = Atomics.load(this.#words, USED);
    for (let row = 0; row < used; row += 1) {
      const ident = Atomics.load(this.#words, at(row) + IDENT);
      if (ident > 0 && this.lives({ row, ident })) places.push({ row, ident });
    }
    return places.toSorted((one, other) => one.ident - other.ident);
  }

  /**
   * Those that the program has to wait for: neither daemons, nor the main thread, nor what others have started.
   *
   * @param parent only those that this thread started
   */
  awaited(parent?: number): Place[] {
    return this.list().filter(
      ({ row, ident }) =>
        ident !== MAIN.ident &&
        (this.#flags(row) & (DAEMON | FOREIGN)) === 0 &&
        (parent === undefined || this.#words[at(row) + PARENT] === parent),
    );
  }

  /** What is known of a thread that lives. */
  entry(place: Place): ThreadEntry | undefined {
    const flags = this.#flags(place.row);
    const name = this.#readName(place.row);
    // Read first: had the row been given to another meanwhile, they would be that one's.
    if (!this.#has(place)) return undefined;
    return {
      ident: place.ident,
      name,
      daemon: (flags & DAEMON) !== 0,
      foreign: (flags & FOREIGN) !== 0,
    };
  }

  // ── names ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Changes when the thread is given another name; undefined: it has ended. */
  nameVersion(place: Place): number | undefined {
    const version = Atomics.load(this.#words, at(place.row) + VERSION);
    return this.#has(place) ? version : undefined;
  }

  /** Names of more than 224 bytes are cut. */
  rename(place: Place, name: string): void {
    if (this.#has(place)) this.#writeName(place.row, name);
  }

  #readName(row: number): string {
    const { at: start } = nameAt(row);
    for (let look = 1; ; look += 1) {
      const version = Atomics.load(this.#words, at(row) + VERSION);
      const length = Atomics.load(this.#words, at(row) + LENGTH);
      const name = this.#bytes.toString('utf8', start, start + length);
      const isWhole = version % 2 === 0 && version === Atomics.load(this.#words, at(row) + VERSION);
      if (isWhole || look === NAME_LOOKS) return name;
    }
  }

  #writeName(row: number, name: string): void {
    const index = at(row) + VERSION;
    let version = Atomics.load(this.#words, index);
    for (let look = 1; look < NAME_LOOKS; look += 1) {
      if (version % 2 === 0 && Atomics.compareExchange(this.#words, index, version, version + 1) === version)
        break;
      version = Atomics.load(this.#words, index);
    }
    const { at: start, bytes } = nameAt(row);
    // Whole characters only.
    Atomics.store(this.#words, at(row) + LENGTH, this.#bytes.write(name, start, bytes, 'utf8'));
    Atomics.store(this.#words, index, (version | 1) + 1);
  }

  // ── waiting ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Blocks until the thread has ended, or for `timeout` milliseconds; false: it still lives. */
  wait(place: Place, timeout: number, look: () => void): boolean {
    const deadline = performance.now() + timeout;
    while (this.lives(place)) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      const outcome = Atomics.wait(this.#words, at(place.row) + IDENT, place.ident, Math.min(left, SLICE));
      if (outcome === 'timed-out') look();
    }
    return true;
  }

  /**
   * Resolves when the thread has ended, or after a slice: look again. The slice is a timer of Node's, which keeps the event
   * loop alive: nobody waits on news alone.
   */
  async waitSlice({ row, ident }: Place): Promise<void> {
    const news = Atomics.waitAsync(this.#words, at(row) + IDENT, ident, SLICE);
    if (!news.async) return;
    let timer: NodeJS.Timeout | undefined;
    const slice = new Promise((resolve) => {
      timer = setTimeout(resolve, SLICE);
    });
    await Promise.race([news.value, slice]);
    clearTimeout(timer);
  }

  // ── below ───────────────────────────────────────────────────────────────────────────────────────────────

  #has({ row, ident }: Place): boolean {
    return Atomics.load(this.#words, at(row) + IDENT) === ident;
  }

  #flags(row: number): number {
    return Atomics.load(this.#words, at(row) + FLAGS);
  }

  #take(): number {
    // The first one stays the main thread's, also after its end.
    for (let row = MAIN.row + 1; row < ROWS; row += 1) {
      if (Atomics.compareExchange(this.#words, at(row) + IDENT, FREE, TAKEN) !== FREE) continue;
      for (;;) {
        const used = Atomics.load(this.#words, USED);
        if (used > row || Atomics.compareExchange(this.#words, USED, used, row + 1) === used) return row;
      }
    }
    throw new Error(
      `This process has ${ROWS} threads already; wait for some of them to end before starting more`,
    );
  }

  #fill(
    row: number,
    {
      parent,
      owner,
      name,
      daemon,
      foreign,
    }: {
      readonly parent: number;
      readonly owner: number;
      readonly name: string;
      readonly daemon: boolean;
      readonly foreign: boolean;
    },
  ): void {
    Atomics.store(this.#words, at(row) + OWNER, owner);
    Atomics.store(this.#words, at(row) + PARENT, parent);
    Atomics.store(this.#words, at(row) + FLAGS, (daemon ? DAEMON : 0) | (foreign ? FOREIGN : 0));
    this.#writeName(row, name);
  }
}

function at(row: number): number {
  return FIRST_ROW + row * ROW_WORDS;
}

function nameAt(row: number): { readonly at: number; readonly bytes: number } {
  return { at: (at(row) + NAME) * Int32Array.BYTES_PER_ELEMENT, bytes: NAME_BYTES };
}

let table: ThreadTable | undefined;

/** The table of this process. Called before a thread is started, it is that thread's as well. */
export function threadTable(): ThreadTable {
  if (table === undefined) {
    let buffer = getEnvironmentData(KEY) as unknown;
    if (!(buffer instanceof SharedArrayBuffer)) {
      buffer = ThreadTable.create();
      setEnvironmentData(KEY, buffer as never);
    }
    table = new ThreadTable(buffer as SharedArrayBuffer);
  }
  return table;
}
