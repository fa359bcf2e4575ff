/**
 * What a backend brings: a way to start a worker, and a way to talk to it. Nothing here knows of futures,
 * queues or results; a backend that is added needs these two interfaces and no more.
 */

import type { Transferable } from 'node:worker_threads';
import type { WorkerDeath } from '../errors.ts';
import type { Region } from '../memory/region.ts';
import type { TaskReference } from '../tasks/reference.ts';
import type { Codec } from '../wire/codec.ts';
import type { FromWorker, ToWorker, WorkerSetup } from '../wire/protocol.ts';
import type { Claims } from './claims.ts';
import type { Sharing } from './shared/sharing.ts';

export interface Backend {
  readonly kind: 'event-loop' | 'thread' | 'process';
  readonly codec: Codec;
  /** Names a function for this backend; absent where the common way serves. Throws `NotShareableError`. */
  reference?(fn: Function): TaskReference;
  /**
   * Makes memory that workers share with the pool. Absent: nothing has to travel. Throws where there is none to be
   * had, saying why.
   */
  makeRegion?(bytes: number): Region;
  /** May throw when the system refuses to start one. */
  start(setup: WorkerSetup, events: WorkerEvents, sharing?: Sharing): WorkerHandle;
}

/** What a worker tells its pool. After `exited` comes nothing more; everything sent before comes first. */
export interface WorkerEvents {
  messages(batch: readonly FromWorker[]): void;
  /** `error`: what nothing caught, of a thread that ended by it without saying so itself. */
  exited(death: WorkerDeath, error?: unknown): void;
}

export interface WorkerHandle {
  readonly name: string;
  /** Thread or process id, once known. */
  readonly id: number | undefined;
  /**
   * Present where both sides can see which tasks have begun; without it a task that was sent counts as begun.
   */
  readonly claims: Claims | undefined;
  /** Present where tasks travel through shared memory. */
  readonly sharing?: Sharing | undefined;
  /** Delivers in order. Messages to a worker that is gone are dropped; its `exited` says so. */
  post(batch: readonly ToWorker[], transfer?: readonly Transferable[]): void;
  /** Wakes a worker that sleeps at its board, see `memory/parking.ts`. */
  rouse?(): void;
  /** Ends it at once, whatever it does. `terminate` lets a process clean up, where there is such a thing. */
  kill(how: 'terminate' | 'kill'): void;
  /** Where a worker cannot be ended without ending the program: gives up on one task instead of `kill`. */
  abandon?(id: number): void;
}
