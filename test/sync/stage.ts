// Where the tests of locks take place: parties in threads or in processes, that share the objects of that reach.
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/index.ts';
import * as multiprocessing from '../../src/multiprocessing/locks.ts';
import type { SharedObject } from '../../src/sync/shared-object.ts';
import * as threading from '../../src/threading/locks.ts';
import { Board, type Form, type Outcome, play, type Step } from './fixtures/parties.ts';

/** A test that takes longer hangs. */
export const HANGS_MS = 60_000;

export type Reaching = 'threads' | 'processes';
export const REACHES: readonly Reaching[] = ['threads', 'processes'];
export const FORMS: readonly Form[] = ['async', 'sync'];

export type Locks = typeof threading;

/** One test of one form in one reach. */
export interface Stage {
  readonly locks: Locks;
  readonly reach: Reaching;
  readonly form: Form;
  readonly board: Board;
  readonly pool: ThreadPoolExecutor | ProcessPoolExecutor;
  /** A party elsewhere, of the form of the test. */
  party(objects: readonly SharedObject[], ...steps: readonly Step[]): Promise<Outcome[]>;
  /** So many parties that do the same. */
  parties(count: number, objects: readonly SharedObject[], ...steps: readonly Step[]): Promise<Outcome[][]>;
  /** A party in this thread, that awaits. */
  here(objects: readonly SharedObject[], ...steps: readonly Step[]): Promise<Outcome[]>;
  /** Until a word of the board is at least that. */
  until(word: number, value: number): Promise<void>;
}

export function locksOf(reach: Reaching): Locks {
  return reach === 'threads' ? threading : multiprocessing;
}

export function poolOf(reach: Reaching, maxWorkers: number): ThreadPoolExecutor | ProcessPoolExecutor {
  return reach === 'threads'
    ? new ThreadPoolExecutor({ maxWorkers })
    : new ProcessPoolExecutor({ maxWorkers });
}

export function boardOf(reach: Reaching): Board {
  return new Board(reach === 'threads' ? 'thread' : 'process');
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(1);
}

export type Case = (title: string, body: (stage: Stage) => Promise<void> | void) => void;

/** Declares the cases for each reach and form. The parties of one reach are those of one pool, so that they start once. */
export function onStage(
  name: string,
  declare: (on: Case) => void,
  { reaches = REACHES, workers = 12 }: { reaches?: readonly Reaching[]; workers?: number } = {},
): void {
  for (const reach of reaches) {
    describe(`${name} [${reach}]`, () => {
      const pool = poolOf(reach, workers);
      const ended = new AbortController();
      // Not gently: a test that failed may have left parties that wait for ever.
      after(async () => {
        ended.abort();
        await pool.shutdown();
      });
      declare((title, body) => {
        for (const form of FORMS) {
          test(`${title} [${reach}, ${form}]`, { timeout: HANGS_MS }, async () => {
            await body(makeStage(pool, reach, form, ended));
          });
        }
      });
    });
  }
}

export function makeStage(
  pool: Stage['pool'],
  reach: Reaching,
  form: Form,
  ended: AbortController = new AbortController(),
): Stage {
  const board = boardOf(reach);
  const endable = pool.with({ signal: ended.signal, grace: 0 });
  const party: Stage['party'] = (objects, ...steps) =>
    endable.submit(play, form, objects, board, steps).result();
  return {
    locks: locksOf(reach),
    reach,
    form,
    board,
    pool,
    party,
    parties: (count, objects, ...steps) =>
      Promise.all(Array.from({ length: count }, () => party(objects, ...steps))),
    here: (objects, ...steps) => play('async', objects, board, steps),
    until: (word, value) => until(() => Atomics.load(board.words, word) >= value),
  };
}
