/** How the queues of a cluster are called, and what lives beside them. */

/** Where workers listen to what they are told of the jobs that they run, and say that they are there. */
export const controlOf = (queue: string): string => `${queue}~control`;

/** Messages to workers that are kept for those who were away for a moment. */
export const CONTROL_KEPT = 1000;

/**
 * Events of the queue that are kept for producers who were away for a moment. A result is in such an event: those who miss
 * it look for the job itself, see the sweep of `cluster-engine.ts`, which takes longer.
 */
export const EVENTS_KEPT = 50_000;

/** The job of a worker's presence: what is written of it beside the control queue, by `worker:` and its name. */
export interface Presence {
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly backend: string;
  /** Tasks that it runs at once. */
  readonly slots: number;
  readonly running: number;
  /** Tasks that it has run so far. */
  readonly tasks: number;
  /** When this was written, by its clock. */
  readonly at: number;
}

export const PRESENCE = 'worker:';
/** Milliseconds between two times that a worker says it is there. */
export const PRESENCE_EVERY_MS = 5000;
/** Milliseconds after which a worker that has said nothing is not there any more. */
export const PRESENCE_LASTS_MS = 20_000;
