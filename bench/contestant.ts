/**
 * What is measured against what. A contestant is one library in one configuration; opened, it is a pool with
 * the few calls that the workloads need. A contestant loads its library inside `open`, so that the cold
 * start counts it and so that no measuring process holds a library that it does not use.
 */

/** Figures of threads are compared with threads, and of processes with processes. */
export type Reach = 'thread' | 'process';

/** Ours are compared with the best of their peers; a baseline stands beside both. */
export type Role = 'ours' | 'peer' | 'baseline';

export interface OpenOptions {
  readonly workers: number;
  /**
   * The workload sends binary data. Pools of processes send JSON unless told otherwise, which is the quicker
   * way for small plain values, and gives back something else for a `Uint8Array`. So each pool gets
   * structured clone for binary data, and keeps its default for the rest.
   */
  readonly binary: boolean;
}

/** A pool at work. Some libraries return promises of their own kind, hence `PromiseLike`. */
export interface Pool {
  noop(): PromiseLike<unknown>;
  echo<T>(value: T): PromiseLike<T>;
  fib(n: number): PromiseLike<number>;
  hold(ms: number): PromiseLike<unknown>;
  /** Squares in the quickest way that the library offers: its own `map`, or chunks made by hand. */
  map(numbers: readonly number[]): Promise<readonly number[]>;
  /** Squares as one writes them first: the library's own `map`, or one task for each number. */
  mapEach(numbers: readonly number[]): Promise<readonly number[]>;
  close(): Promise<unknown>;
}

export interface Contestant {
  /** Unique among contestants, and what `--only` takes. */
  readonly name: string;
  /** npm package whose version is reported; absent for the library under test. */
  readonly library?: string;
  readonly reach: Reach;
  /** Default `peer`. */
  readonly role?: Role;
  /** Left out unless `--only` names it: a variant that answers a question now and then. */
  readonly onRequest?: boolean;
  open(options: OpenOptions): Promise<Pool>;
}

/**
 * The size of the chunks that are made by hand. A thousand squares take a worker some microseconds, so less
 * than that measures messages, and much more leaves too few chunks to keep the workers evenly busy.
 */
const HAND_CHUNK = 1000;

/** Cuts `numbers` for libraries without chunks of their own. */
export function chunksOf(numbers: readonly number[], size: number = HAND_CHUNK): number[][] {
  const chunks: number[][] = [];
  for (let start = 0; start < numbers.length; start += size) chunks.push(numbers.slice(start, start + size));
  return chunks;
}

/** The two maps of a library that has none: one `run` for each chunk, or for each number. */
export function mapByHand(
  runChunk: (chunk: readonly number[]) => PromiseLike<readonly number[]>,
  runOne: (x: number) => PromiseLike<number>,
): Pick<Pool, 'map' | 'mapEach'> {
  return {
    map: async (numbers) => (await Promise.all(chunksOf(numbers).map((chunk) => runChunk(chunk)))).flat(),
    mapEach: (numbers) => Promise.all(numbers.map((x) => runOne(x))),
  };
}
