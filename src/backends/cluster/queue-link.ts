/**
 * A producer's connections to the queue: one that adds jobs and asks for them, one that hears what becomes of them.
 *
 * One listener serves all jobs, however many: `waitUntilFinished` of BullMQ would cost several commands for each. It begins
 * at an event of its own, so that nothing is missed between the moment in which it is made and that in which it is ready.
 */

import { type BulkJobOptions, Queue, QueueEvents } from 'bullmq';
import type { Complaints } from './complaints.ts';
import type { Connection } from './connection.ts';
import type { ControlMessage, JobData } from './job.ts';
import {
  CONTROL_KEPT,
  controlOf,
  EVENTS_KEPT,
  PRESENCE,
  PRESENCE_LASTS_MS,
  type Presence,
} from './queue-names.ts';

/** What is heard of jobs. Of all in the queue, whoever submitted them. */
export interface JobEvents {
  active(id: string): void;
  progressed(id: string, progress: unknown): void;
  completed(id: string, result: unknown): void;
  failed(id: string, reason: string): void;
}

export interface NewJob {
  readonly name: string;
  readonly data: JobData;
  readonly opts: BulkJobOptions;
}

/** What the queue says of a job when it is asked. */
export type Finding =
  | { readonly is: 'unfinished' | 'unknown' }
  | { readonly is: 'completed'; readonly result: unknown }
  | { readonly is: 'failed'; readonly reason: string };

export class QueueLink {
  readonly #queue: Queue;
  readonly #name: string;
  #events: QueueEvents | undefined;

  private constructor(queue: Queue, name: string) {
    this.#queue = queue;
    this.#name = name;
  }

  static async open(
    name: string,
    { options, backend }: Connection,
    listener: JobEvents,
    complaints: Complaints,
  ): Promise<QueueLink> {
    const queue: Queue = new Queue(
      name,
      { ...options, streams: { events: { maxLen: EVENTS_KEPT } } },
      backend as never,
    );
    queue.on('error', complaints.tell);
    try {
      await queue.waitUntilReady();
      const lastEventId = await queue.getBackend().publishEvent({ event: 'hello' }, EVENTS_KEPT);
      const link = new QueueLink(queue, name);
      link.#events = new QueueEvents(name, { ...options, lastEventId }, backend as never);
      link.#events.on('error', complaints.tell);
      link.#events.on('active', ({ jobId }) => listener.active(jobId));
      link.#events.on('progress', ({ jobId, data }) => listener.progressed(jobId, data));
      link.#events.on('completed', ({ jobId, returnvalue }) => listener.completed(jobId, returnvalue));
      link.#events.on('failed', ({ jobId, failedReason }) => listener.failed(jobId, failedReason));
      // What is closed while it connects leaves its connection open, on PostgreSQL.
      await link.#events.waitUntilReady();
      return link;
    } catch (error) {
      await queue.close().catch(complaints.tell);
      throw error;
    }
  }

  async add(jobs: readonly NewJob[]): Promise<void> {
    await this.#queue.addBulk([...jobs]);
  }

  /** Takes a job off the queue. False: a worker has it, or it is not there. */
  async remove(id: string): Promise<boolean> {
    return (await this.#queue.getBackend().remove(id, false)) === 1;
  }

  async find(id: string): Promise<Finding> {
    const backend = this.#queue.getBackend();
    const found = await backend.isFinished(id, true);
    const [state, value] = Array.isArray(found) ? found : [found, ''];
    if (state === 1) return { is: 'completed', result: JSON.parse(value) };
    if (state === 2) return { is: 'failed', reason: value };
    return { is: state === 0 ? 'unfinished' : 'unknown' };
  }

  /** Says something to the worker that has the job. */
  async tell(message: ControlMessage): Promise<void> {
    const { event, job, value, signature = '' } = message;
    await this.#beside().publishEvent({ event, job, value, signature }, CONTROL_KEPT);
  }

  /** The workers that have said lately that they are there. */
  async workers(): Promise<Presence[]> {
    const meta = await this.#beside().getQueueMeta();
    const now = Date.now();
    return Object.entries(meta)
      .filter(([field]) => field.startsWith(PRESENCE))
      .map(([, text]) => JSON.parse(text) as Presence)
      .filter(({ at }) => now - at < PRESENCE_LASTS_MS);
  }

  async close(): Promise<void> {
    await this.#events?.close();
    await this.#queue.close();
  }

  #beside(): ReturnType<ReturnType<Queue['getBackend']>['forQueue']> {
    return this.#queue.getBackend().forQueue(controlOf(this.#name));
  }
}
