/**
 * One task on its way through the queue, as its producer sees it.
 *
 *   unsent ─▶ sent ─▶ queued ─▶ (running) ─▶ over
 *      │        │       │
 *      └────────┴───────┴─ cancelled, aborted, out of time: over at once, and taken off the queue behind the scenes
 */

import type { TaskRequest } from '../../futures/engine.ts';
import { Future, type Owner } from '../../futures/future.ts';
import { framesOf, type SubmitStack } from '../../pool/submit-stack.ts';
import type { JobData } from './job.ts';

/** Who looks after jobs: the engine. */
export interface JobKeeper {
  /** Takes it off the queue, or has the worker that runs it stop. */
  revoke(job: ClusterJob, reason: unknown): void;
  settled(job: ClusterJob): void;
}

export class ClusterJob implements Owner {
  readonly id: string;
  readonly kind: JobData['kind'];
  readonly request: TaskRequest | undefined;
  readonly future: Future<unknown> = new Future();
  readonly #keeper: JobKeeper;
  readonly #submitted: SubmitStack;
  state: 'unsent' | 'sent' | 'queued' | 'over' = 'unsent';
  /** A worker has said that it runs it. */
  active = false;
  data: JobData | undefined;
  onItem: ((value: unknown) => void) | undefined;
  /** When the queue was last asked, or has last said something of it. */
  heardAt: number = performance.now();
  queueTimer: NodeJS.Timeout | undefined;
  offSignal: (() => void) | undefined;

  /** `request` is absent for a job that this program has not submitted. */
  constructor(
    keeper: JobKeeper,
    id: string,
    kind: JobData['kind'],
    request: TaskRequest | undefined,
    submitted: SubmitStack,
  ) {
    this.#keeper = keeper;
    this.id = id;
    this.kind = kind;
    this.request = request;
    this.#submitted = submitted;
  }

  get label(): string {
    const { fn, options } = this.request ?? {};
    if (options?.name !== undefined) return options.name;
    if (this.request === undefined) return this.id;
    return typeof fn === 'function' && fn.name !== '' ? fn.name : '(anonymous)';
  }

  started(): boolean {
    return this.active;
  }

  /** What a worker has begun by then, without our knowing it, is told to stop. */
  withdraw(): boolean {
    if (this.active || this.request === undefined) return false;
    this.#keeper.revoke(this, new Error(`Task ${this.label} was cancelled`));
    return true;
  }

  settled(): void {
    clearTimeout(this.queueTimer);
    this.offSignal?.();
    this.#keeper.settled(this);
  }

  /** The caller is told now; the task itself is stopped wherever it is. */
  abandon(reason: unknown): void {
    if (this.future.done()) return;
    this.#keeper.revoke(this, reason);
    this.future.setException(reason);
  }

  get submitStack(): string | undefined {
    return framesOf(this.#submitted);
  }
}
