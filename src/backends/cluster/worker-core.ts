/**
 * The worker's side of a cluster: takes jobs off the queue and has the executor of this machine run them.
 *
 *   queue ──job──▶ checked: form, signature, module, version ──▶ executor.submit(runCall, ...) ──▶ result, or failure
 *     ▲                                                              │        ▲
 *     └────────────── progress: reports, values of streams ◀─────────┘        │
 *   control ────── abort, credit, close ──────────────────────────────────────┘
 *
 * BullMQ holds a lock on each job that runs here, and renews it. Should this program be killed, nobody does, and another
 * worker's look for stalled jobs puts it back into the queue: so every job is run at least once, and now and then twice.
 *
 * Which executor that is, is given by whoever makes this, since backends do not know each other.
 */

import type { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import { type Job, QueueEvents, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import { AuthenticationError, WorkerDiedError } from '../../errors.ts';
import type { Executor } from '../../futures/executor.ts';
import type { SubmitOptions } from '../../futures/submit-options.ts';
import { runAs } from '../../tasks/current-task.ts';
import { FAILURE_MARK, type Outcome, runCall, runStream } from './cluster-task.ts';
import { Complaints } from './complaints.ts';
import { type Connection, connectionOf } from './connection.ts';
import { failureText, summaryOf } from './failure-text.ts';
import {
  type ControlMessage,
  contentOf,
  flawOf,
  isSigned,
  type JobData,
  type JobProgress,
  type JobResult,
} from './job.ts';
import { ModuleSet } from './module-set.ts';
import { checkWorkerOptions, limitsOf, type WorkerCoreOptions } from './options.ts';
import { CONTROL_KEPT, controlOf, PRESENCE, PRESENCE_EVERY_MS, type Presence } from './queue-names.ts';
import { RunningJob } from './running-job.ts';
import { type Limits, packFailure, packValue, unpackFailure } from './values.ts';

/** The executor of this machine, and how it is spoken of. */
export interface LocalExecutor {
  readonly executor: Executor;
  readonly kind: string;
  /** Tasks that it runs at once. */
  readonly slots: number;
  /** Ends it at once, whatever it runs. */
  end(): Promise<void>;
}

/** Messages for jobs that have not begun here yet are remembered: they come by another connection than the jobs. */
const REMEMBERED = 1000;

export class WorkerCore {
  readonly name: string;
  readonly #local: LocalExecutor;
  readonly #modules: ModuleSet;
  readonly #key: string | undefined;
  readonly #limits: Limits;
  readonly #complaints: Complaints;
  readonly #options: WorkerCoreOptions;
  readonly #connection: Connection;
  #worker: Worker | undefined;
  #control: Pick<QueueEvents, 'close'> | undefined;
  #presenceTimer: NodeJS.Timeout | undefined;
  readonly #running = new Map<string, RunningJob>();
  readonly #early = new Map<string, ControlMessage>();
  #tasks = 0;
  #closing: Promise<void> | undefined;
  /** Resolves when nothing runs any more of what is handed back. */
  #stopped: Promise<void> | undefined;

  /** @throws TypeError or RangeError naming a wrong option; RangeError when a pattern of `modules` matches no file */
  constructor(options: WorkerCoreOptions, local: LocalExecutor) {
    checkWorkerOptions(options);
    this.name = options.name ?? `${hostname()}-${process.pid}`;
    this.#options = options;
    this.#local = local;
    this.#modules = new ModuleSet(options.modules, options.cwd ?? process.cwd());
    this.#key = options.key;
    this.#limits = limitsOf(options);
    this.#complaints = new Complaints(`Cluster worker ${this.name}`, options.onError);
    this.#connection = connectionOf(options.connection);
  }

  /** The modules that can be called, by the names that jobs use. */
  get modules(): readonly string[] {
    return this.#modules.names;
  }

  /** Connects, and begins to take jobs. Resolves when it does; rejects when the queue refuses the connection. */
  async start(): Promise<void> {
    const { queue, lockDuration = 30_000, stalledInterval = 5000, maxLost = 3 } = this.#options;
    const { options, backend } = this.#connection;
    const worker = new Worker(
      queue,
      (job: Job, token?: string) => this.#process(job, token ?? ''),
      {
        ...options,
        autorun: false,
        name: this.name,
        concurrency: this.#local.slots,
        lockDuration,
        stalledInterval,
        maxStalledCount: maxLost,
        // A server that was away is asked again after this.
        runRetryDelay: 500,
      },
      backend as never,
    );
    this.#worker = worker as never;
    worker.on('error', this.#complaints.tell);
    await worker.waitUntilReady();
    const control = worker.getBackend().forQueue(controlOf(queue));
    const lastEventId = await control.publishEvent({ event: 'hello', worker: this.name }, CONTROL_KEPT);
    // Events of our own, which BullMQ's types cannot know.
    const events: EventEmitter & Pick<QueueEvents, 'close'> = new QueueEvents(
      controlOf(queue),
      { ...options, lastEventId },
      backend as never,
    );
    this.#control = events;
    events.on('error', this.#complaints.tell);
    for (const event of ['abort', 'credit', 'close'] as const) {
      events.on(event, (fields: Omit<ControlMessage, 'event'>) => this.#told({ ...fields, event }));
    }
    await this.#sayPresent();
    this.#presenceTimer = setInterval(() => {
      this.#sayPresent().catch(this.#complaints.tell);
    }, PRESENCE_EVERY_MS);
    worker.run().catch(this.#complaints.tell);
  }

  /**
   * Takes no more jobs, lets those that run go on for `closeTimeout` ms, and hands back what runs then: others run it
   * again. May be called more than once.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#presenceTimer);
    const { closeTimeout = 10_000 } = this.#options;
    const handBack = setTimeout(() => {
      for (const job of this.#running.values()) job.handBack();
      this.#stopped = this.#local.executor.shutdown();
    }, closeTimeout);
    await this.#sayAbsent().catch(this.#complaints.tell);
    await this.#worker?.close();
    clearTimeout(handBack);
    this.#complaints.end();
    await this.#control?.close();
    await this.#local.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // ── one job ─────────────────────────────────────────────────────────────────────────────────────────────────

  async #process(job: Job, token: string): Promise<JobResult> {
    const id = job.id as string;
    const running = new RunningJob();
    this.#running.set(id, running);
    this.#tasks += 1;
    try {
      const early = this.#early.get(id);
      if (early !== undefined && this.#early.delete(id)) this.#obey(running, early);
      const data = this.#check(id, job.data);
      const target = this.#modules.find(data.module, data.version, this.name, data.from);
      const place = { url: target.url, module: target.name, export: data.export };
      const options = this.#submitOptions(data, running, job);
      if (data.kind === 'stream') return await this.#stream(job, data, place, running, options);
      const outcome: Outcome = await asTask(data.label, () =>
        this.#local.executor
          .with(options)
          .submit(runCall, place, data.args, data.arity ?? 0, job.attemptsStarted, this.#limits),
      );
      await running.progress;
      if (outcome[0] === 'error') throw new ReportedFailure(failureText(outcome[3], outcome[1]));
      const [, value, ms, errors] = outcome;
      return errors === undefined ? [data.kind, value, ms] : [data.kind, value, ms, errors];
    } catch (error) {
      await running.progress;
      if (running.handedBack) {
        // The caller's future has settled at once; others may have the job when the task itself has stopped.
        await this.#stopped;
        await job.moveToWait(token);
        throw new WaitingError('The worker is shutting down');
      }
      throw failureOf(error);
    } finally {
      this.#running.delete(id);
    }
  }

  /** @throws what the job is refused with */
  #check(id: string, data: unknown): JobData {
    const flaw = flawOf(data);
    if (flaw !== undefined) throw new TypeError(`Worker ${this.name} refuses job ${id}: ${flaw}.`);
    const job = data as JobData;
    if (this.#key !== undefined && !isSigned(this.#key, id, job)) {
      throw new AuthenticationError(
        `Worker ${this.name} refuses job ${id}: it is ${job.signature === undefined ? 'not signed' : 'signed with another key, or was changed'}. ` +
          'Give the same key to all programs of the cluster.',
      );
    }
    return job;
  }

  #submitOptions(data: JobData, running: RunningJob, job: Job): SubmitOptions {
    return {
      name: data.label,
      signal: running.signal,
      ...(data.timeout === undefined ? {} : { timeout: data.timeout }),
      ...(data.grace === undefined ? {} : { grace: data.grace }),
      ...(data.reports === undefined
        ? {}
        : {
            onReport: (value) =>
              this.#progress(job, running, () => ({ report: packValue(value, 'report', this.#limits) })),
          }),
    };
  }

  /** What a job says leaves in order, and before its result. */
  #progress(job: Job, running: RunningJob, make: () => JobProgress): void {
    running.progress = running.progress.then(() => job.updateProgress(make())).catch(this.#complaints.tell);
  }

  /** Values are taken from the task only as far as the consumer has asked for them. */
  async #stream(
    job: Job,
    { args, window = 2 }: JobData,
    place: Parameters<typeof runStream>[0],
    running: RunningJob,
    options: SubmitOptions,
  ): Promise<JobResult> {
    const startedAt = performance.now();
    // The consumer gives back half a window at a time, so it needs to have had as much.
    const credits = Math.ceil(window / 2);
    const bufferSize = Math.max(1, window - credits);
    running.grant(credits);
    const items = asTask(options.name ?? '', () =>
      this.#local.executor.with({ ...options, bufferSize }).stream(runStream, place, args, this.#limits),
    );
    running.onClose = () => {
      items.return?.().catch(this.#complaints.tell);
    };
    for (;;) {
      await running.whenGranted();
      if (running.closed) break;
      const { done, value } = await items.next();
      if (done) break;
      if (value.startsWith(FAILURE_MARK)) {
        throw new ReportedFailure(failureText('The stream failed', value.slice(FAILURE_MARK.length)));
      }
      running.take();
      this.#progress(job, running, () => ({ item: value }));
    }
    if (running.closed) {
      // Resolves when the generator has ended, with its `finally` blocks.
      await items.return?.();
      running.signal.throwIfAborted();
    }
    await running.progress;
    return ['stream', 'jnull', performance.now() - startedAt];
  }

  // ── what it is told, and what it tells ──────────────────────────────────────────────────────────────────────

  #told(message: ControlMessage): void {
    const { job: id, value } = message;
    if (typeof id !== 'string' || typeof value !== 'string') return;
    if (this.#key !== undefined && !isSigned(this.#key, id, contentOf(message))) {
      this.#complaints.tell(
        new AuthenticationError(`A message for job ${id} is not signed with the key, and ignored`),
      );
      return;
    }
    const running = this.#running.get(id);
    if (running !== undefined) {
      this.#obey(running, message);
      return;
    }
    this.#early.set(id, message);
    for (const oldest of this.#early.keys()) {
      if (this.#early.size <= REMEMBERED) break;
      this.#early.delete(oldest);
    }
  }

  #obey(running: RunningJob, { event, value }: ControlMessage): void {
    if (event === 'abort') running.abort(unpackFailure(value, this.#limits, () => undefined));
    else if (event === 'close') running.close();
    else if (Number(value) > 0) running.grant(Number(value));
  }

  async #sayPresent(): Promise<void> {
    const presence: Presence = {
      name: this.name,
      host: hostname(),
      pid: process.pid,
      backend: this.#local.kind,
      slots: this.#local.slots,
      running: this.#running.size,
      tasks: this.#tasks,
      at: Date.now(),
    };
    await this.#beside()?.setQueueMeta({ [PRESENCE + this.name]: JSON.stringify(presence) });
  }

  async #sayAbsent(): Promise<void> {
    await this.#beside()?.removeQueueMetaFields([PRESENCE + this.name]);
  }

  #beside(): ReturnType<ReturnType<Worker['getBackend']>['forQueue']> | undefined {
    return this.#worker?.getBackend().forQueue(controlOf(this.#options.queue));
  }
}

/**
 * Calls `submit` as if it were done by a task. Where the executor is the event loop of this program, modules are loaded here,
 * and while one is, nobody else may submit anything: it could be the module itself.
 */
function asTask<R>(name: string, submit: () => R): R {
  const { signal } = new AbortController();
  return runAs({ name, attempt: 1, signal, workerName: '', report: () => undefined }, submit, []);
}

/** The task itself failed, and has said so: its text is what the job fails with, and to run it again would not help. */
class ReportedFailure extends UnrecoverableError {
  constructor(text: string) {
    super(text);
    this.stack = text.slice(0, text.indexOf('\n'));
  }
}

function failureOf(error: unknown): Error {
  if (error instanceof ReportedFailure) return error;
  const text = failureText(summaryOf(error), packFailure(error));
  if (!(error instanceof WorkerDiedError)) return new ReportedFailure(text);
  // What is retried, is retried by the queue.
  const failure = new Error(text);
  failure.stack = summaryOf(error);
  return failure;
}
