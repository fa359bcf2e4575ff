/** The pools of an `AutoExecutor`, each made when the first call goes there. */

import type { ResourceLimits } from 'node:worker_threads';
import { EventLoopBackend } from '../../backends/event-loop/event-loop-backend.ts';
import { ProcessBackend } from '../../backends/process/process-backend.ts';
import { ThreadBackend } from '../../backends/thread/thread-backend.ts';
import type { ExecutorStatistics } from '../../futures/engine.ts';
import type { Backend } from '../../pool/backend.ts';
import { poolSettings } from '../../pool/options.ts';
import { Pool } from '../../pool/pool.ts';
import type { Place } from './knowledge.ts';

/** Places, and the event loop for those who insist on it, where nobody is sent away. */
export type Room = Place | 'unguarded';

export interface PoolsOptions {
  readonly maxWorkers: number;
  /** Calls that await at the same time, of all functions that are in one place. */
  readonly concurrency: number;
  readonly idleTimeout: number;
  /** Of each thread. */
  readonly resourceLimits: ResourceLimits | undefined;
  /** Gives what the event loop calls in place of a function. */
  readonly guard: (fn: Function) => Function;
}

/**
 * Event loops first: what they send away has to find the others open.
 */
const IN_ORDER_OF_CLOSING: readonly Room[] = [
  'inline',
  'event-loop',
  'unguarded',
  'shared-thread',
  'thread',
  'process',
];

export class Pools {
  readonly #options: PoolsOptions;
  readonly #open = new Map<Room, Pool>();

  constructor(options: PoolsOptions) {
    this.#options = options;
  }

  get(room: Room): Pool {
    const known = this.#open.get(room);
    if (known !== undefined) return known;
    const pool = this.#make(room);
    this.#open.set(room, pool);
    return pool;
  }

  /** Whether workers have been asked for before, so that the next one of that kind costs no start. */
  has(room: Room): boolean {
    return this.#open.has(room);
  }

  statistics(): ReadonlyMap<Room, ExecutorStatistics> {
    return new Map([...this.#open].map(([room, pool]) => [room, pool.statistics()]));
  }

  /** Takes no more work, and lets what is there finish. */
  async shutdown(cancelFutures: boolean): Promise<void> {
    if (cancelFutures) {
      for (const pool of this.#open.values()) void pool.shutdown({ wait: false, cancelFutures });
    }
    for (const room of IN_ORDER_OF_CLOSING) {
      await this.#open.get(room)?.shutdown({ wait: true, cancelFutures });
    }
  }

  #make(room: Room): Pool {
    const { maxWorkers, concurrency, idleTimeout, guard, resourceLimits } = this.#options;
    const onLoop = (backend: Backend, tasks: number): Pool =>
      new Pool(backend, poolSettings({ maxWorkers: 1, concurrency: tasks, idleTimeout: Infinity }, NAME));
    const shared = Math.ceil(concurrency / maxWorkers);
    switch (room) {
      case 'inline':
        // No limit: what comes before its turn is work that is over in no time.
        return onLoop(new EventLoopBackend(true, guard), Infinity);
      case 'event-loop':
        return onLoop(new EventLoopBackend(true, guard), concurrency);
      case 'unguarded':
        return onLoop(new EventLoopBackend(true), concurrency);
      case 'thread':
        return new Pool(
          new ThreadBackend({ resourceLimits }),
          poolSettings({ maxWorkers, idleTimeout }, NAME),
        );
      case 'shared-thread':
        return new Pool(
          new ThreadBackend({ resourceLimits }),
          poolSettings({ maxWorkers, idleTimeout, concurrency: shared }, NAME),
        );
      case 'process':
        return new Pool(new ProcessBackend({}), poolSettings({ maxWorkers, idleTimeout }, NAME));
    }
  }
}

const NAME = 'AutoExecutor';
