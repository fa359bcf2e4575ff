/** What `AutoExecutor.statistics()` gives: the sum of its pools, and what it has placed where, and why. */

import type { ExecutorStatistics } from '../../futures/engine.ts';
import type { AutoSettings } from './auto-engine.ts';
import type { Knowledge, Place } from './knowledge.ts';
import type { Room } from './pools.ts';

/** Where a function runs, and what is known of it. */
export interface FunctionPlacement {
  readonly name: string;
  readonly backend: 'event-loop' | 'thread' | 'process';
  /** 'alone': one at a time in a worker; 'shared': many await at once; 'inline': at once, on the event loop. */
  readonly manner: 'alone' | 'shared' | 'inline';
  /** For people: where it runs, why, and by what figures. */
  readonly explanation: string;
  /** Calls that were submitted; each item of a map is one. */
  readonly calls: number;
  /** Milliseconds, over the last calls that were measured; absent before the first. */
  readonly milliseconds:
    | {
        /** From beginning to end, on a worker. */
        readonly wall: number;
        /** For which it kept its event loop busy. */
        readonly busy: number;
        /** By how much that strayed. */
        readonly spread: number;
      }
    | undefined;
  /** How often it blocked the event loop, and was moved away. */
  readonly strikes: number;
  /** How often its worker died of it. */
  readonly crashes: number;
}

export interface AutoStatistics extends ExecutorStatistics {
  readonly backend: 'auto';
  /** Functions that were submitted without a hint; the latest 1024. */
  readonly functions: readonly FunctionPlacement[];
  /** Of those pools that have been needed. */
  readonly pools: Readonly<Partial<Record<Room, ExecutorStatistics>>>;
}

export interface Figures {
  readonly settings: AutoSettings;
  readonly state: ExecutorStatistics['state'];
  readonly pools: ReadonlyMap<Room, ExecutorStatistics>;
  readonly functions: readonly Knowledge[];
  readonly held: number;
  readonly submitted: number;
  /** While they were held. */
  readonly cancelled: number;
  /** Calls that count in two pools, since one has sent them to the other: now, and those that are over. */
  readonly sentAway: number;
  readonly moved: { readonly succeeded: number; readonly failed: number };
}

export function statisticsOf(figures: Figures): AutoStatistics {
  const { settings, state, pools, functions, held, submitted, cancelled, sentAway, moved } = figures;
  const all = [...pools.values()];
  const sum = (of: (pool: ExecutorStatistics) => number): number =>
    all.reduce((total, pool) => total + of(pool), 0);
  return Object.freeze({
    backend: 'auto',
    state,
    maxWorkers: settings.maxWorkers,
    concurrency: settings.concurrency,
    workers: Object.freeze(
      all.filter(({ backend }) => backend !== 'event-loop').flatMap(({ workers }) => workers),
    ),
    channel:
      (pools.get('thread') ?? pools.get('shared-thread'))?.channel ??
      Object.freeze({ kind: 'none' as const }),
    tasks: Object.freeze({
      submitted,
      pending: held + sum(({ tasks }) => tasks.pending),
      running: sum(({ tasks }) => tasks.running) - sentAway,
      succeeded: sum(({ tasks }) => tasks.succeeded) - moved.succeeded,
      failed: sum(({ tasks }) => tasks.failed) - moved.failed,
      cancelled: cancelled + sum(({ tasks }) => tasks.cancelled),
      retried: sum(({ tasks }) => tasks.retried),
    }),
    workersStarted: sum(({ workersStarted }) => workersStarted),
    workersDied: sum(({ workersDied }) => workersDied),
    functions: Object.freeze(functions.map(placementOf)),
    pools: Object.freeze(Object.fromEntries(pools)),
  });
}

const HOME: Readonly<
  Record<Place, readonly [FunctionPlacement['backend'], FunctionPlacement['manner'], string]>
> = {
  inline: ['event-loop', 'inline', 'on the event loop, or in batches on threads'],
  'event-loop': ['event-loop', 'shared', 'on the event loop'],
  thread: ['thread', 'alone', 'on threads'],
  'shared-thread': ['thread', 'shared', 'on threads, many at once'],
  process: ['process', 'alone', 'in processes'],
};

function placementOf(known: Knowledge): FunctionPlacement {
  const { name, calls, strikes, crashes } = known;
  const [backend, manner] = HOME[known.place];
  return Object.freeze({
    name,
    backend,
    manner,
    explanation: explain(known),
    calls,
    milliseconds: millisecondsOf(known),
    strikes,
    crashes,
  });
}

function millisecondsOf({ wall, meanBusy, spread }: Knowledge): FunctionPlacement['milliseconds'] {
  if (meanBusy === undefined) return undefined;
  return Object.freeze({ wall: wall ?? meanBusy, busy: meanBusy, spread });
}

/** @example 'resize runs on threads: it computes (12 ms a call)' */
export function explain(known: Knowledge): string {
  const { name, place, why, wall, meanBusy, strikes, crashes } = known;
  const facts: string[] = [];
  if (meanBusy !== undefined) {
    const waits = wall !== undefined && wall > 2 * meanBusy;
    facts.push(waits ? `busy for ${ms(meanBusy)} of ${ms(wall)}` : `${ms(meanBusy)} a call`);
  }
  if (strikes > 0) facts.push(`blocked the event loop ${times(strikes)}`);
  if (crashes > 0) facts.push(`took ${times(crashes)} a worker along`);
  const figures = facts.length > 0 ? ` (${facts.join('; ')})` : '';
  return `${name === '' ? 'a function without a name' : name} runs ${HOME[place][2]}: ${why}${figures}`;
}

function ms(value: number): string {
  return `${Number(value.toPrecision(2))} ms`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
