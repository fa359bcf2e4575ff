/**
 * The producer's side of a cluster: tasks become jobs of a queue, and what is heard of the jobs settles the futures.
 *
 *   submit ─▶ named, encoded, signed ─▶ outbox ──end of tick──▶ queue ─▶ workers, wherever they are
 *                                                                 │
 *   future ◀── settle ◀── events of the queue, one listener ◀─────┤
 *      ▲                                                          │
 *      └───── sweep: asks for jobs of which nothing was heard ◀───┘
 *
 * Invariants
 * 1. A job is in `#jobs` from `submit` until its future settles; ids are given here, so that no event can come before it is
 *    known what it is about, and a job that is sent twice (a connection broke before the answer) is queued once.
 * 2. Every future settles: by an event; else by the sweep, if events were lost, or the whole queue; else by the limits
 *    that its caller has set. Only while the server is away, and there is no limit, does it wait.
 * 3. A caller who aborts or runs out of time is told at once. The job is taken off the queue afterwards, or the worker that
 *    runs it is told to stop.
 */

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { NotShareableError, TimeoutError, WorkerDiedError } from '../../errors.ts';
import { onAbort } from '../../futures/abort-listeners.ts';
import type {
  ChunkResult,
  Engine,
  ExecutorStatistics,
  StreamSource,
  TaskRequest,
} from '../../futures/engine.ts';
import { type Future, hasFailed, own } from '../../futures/future.ts';
import { Waiters } from '../../futures/waiters.ts';
import { after } from '../../futures/waiting.ts';
import { endOfWork } from '../../pool/exiting.ts';
import { learnErrorClasses } from '../../pool/known-errors.ts';
import { warnOfReport } from '../../pool/report-warning.ts';
import { SubmitStacks } from '../../pool/submit-stack.ts';
import { refuseWhileLoading } from '../../tasks/loading.ts';
import { referenceTo } from '../../tasks/reference.ts';
import { ClusterJob, type JobKeeper } from './cluster-job.ts';
import { Complaints } from './complaints.ts';
import { type Connection, connectionOf } from './connection.ts';
import { packedIn } from './failure-text.ts';
import { type ControlMessage, FORMAT, isResult, type JobData, type JobProgress, signed } from './job.ts';
import { type ClusterModule, describeModule } from './modules.ts';
import { type ClusterExecutorOptions, limitsOf } from './options.ts';
import { type JobEvents, type NewJob, QueueLink } from './queue-link.ts';
import type { Presence } from './queue-names.ts';
import { type Limits, packArguments, packFailure, unpackFailure, unpackValue } from './values.ts';

/** Jobs that are sent in one go: enough that a round trip does not matter, few enough that workers begin meanwhile. */
const BATCH = 500;

/**
 * Slots that a map reckons with before a worker has said how many it has. Too many make chunks smaller than need be; too few
 * leave workers idle at the beginning.
 */
const SLOTS_UNKNOWN = 8;

/** Milliseconds between two looks at who is there to work, and for jobs that were not heard of. */
const SWEEP_EVERY_MS = 5000;
/** Milliseconds without news after which a job is asked for. */
const QUIET_MS = 4000;
/** Jobs that are asked for at one time: the oldest ones. */
const SWEPT = 200;

/** Default of `keep`. */
const KEEP_AGE_MS = 3_600_000;
const KEEP_COUNT = 10_000;

/** BullMQ's priorities: lower first, up to 2^21. Its 0 goes before all others, so none of ours may be 0. */
const MIDDLE_PRIORITY = 2 ** 20;

export class ClusterEngine implements Engine, JobKeeper, JobEvents {
  readonly #options: ClusterExecutorOptions;
  readonly #connection: Connection;
  readonly #limits: Limits;
  readonly #complaints: Complaints;
  /** Who this is: part of all ids. */
  readonly #id = randomBytes(9).toString('base64url');
  readonly #from = `${hostname()}, process ${process.pid}`;
  readonly #jobs = new Map<string, ClusterJob>();
  readonly #ids = new WeakMap<Future<unknown>, string>();
  readonly #functions = new WeakMap<Function, { module: ClusterModule; export: string }>();
  readonly #modules = new Map<string, ClusterModule>();
  readonly #stacks = new SubmitStacks();
  readonly #idle = new Waiters();
  readonly #errands = new Set<Promise<void>>();
  #count = 0;
  #outbox: ClusterJob[] = [];
  #sending = false;
  #link: Promise<QueueLink> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #workers: readonly Presence[] = [];
  #state: 'open' | 'closing' | 'closed' = 'open';
  #ending: Promise<void> | undefined;
  readonly #counts = { submitted: 0, succeeded: 0, failed: 0, cancelled: 0, retried: 0 };

  constructor(options: ClusterExecutorOptions) {
    this.#options = options;
    this.#connection = connectionOf(options.connection);
    this.#limits = limitsOf(options);
    this.#complaints = new Complaints('ClusterExecutor', options.onError);
  }

  get slots(): number {
    const slots = this.#workers.reduce((sum, worker) => sum + worker.slots, 0);
    return slots === 0 ? SLOTS_UNKNOWN : slots;
  }

  get lookAhead(): number {
    return 4 * this.slots;
  }

  // ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────

  run(request: TaskRequest): Future<unknown> {
    const job = this.#prepare(request, request.arity === undefined ? 'call' : 'chunk');
    if (!job.future.done()) this.#send(job);
    return job.future;
  }

  open(request: TaskRequest, window: number, onItem: (value: unknown) => void): StreamSource {
    const job = this.#prepare(request, 'stream', window);
    job.onItem = onItem;
    return {
      start: () => {
        if (!job.future.done()) this.#send(job);
        return job.future;
      },
      grant: (credits) => this.#tell(job.id, 'credit', String(credits)),
      close: () => {
        if (job.future.done() || job.future.cancel()) return;
        this.#tell(job.id, 'close', '');
      },
    };
  }

  /** The id under which others find the job of a future, as long as its result is kept. */
  idOf(future: Future<unknown>): string | undefined {
    return this.#ids.get(future);
  }

  /** A future for a job that somebody else has submitted. */
  attach(id: string): Future<unknown> {
    const known = this.#jobs.get(id);
    if (known !== undefined) return known.future;
    const job = new ClusterJob(this, id, 'call', undefined, this.#stacks.take(this.attach));
    own(job.future, job);
    this.#ids.set(job.future, id);
    const refusal = endOfWork(this.#state === 'open');
    if (refusal !== undefined) {
      job.future.setException(refusal);
      return job.future;
    }
    this.#add(job);
    // Asked for behind the first event that is heard, so it cannot end unnoticed in between.
    this.#withLink(async (link) => {
      job.state = 'queued';
      await this.#ask(link, job);
    }).catch((error: unknown) => this.#fail(job, error));
    return job.future;
  }

  #prepare(request: TaskRequest, kind: JobData['kind'], window?: number): ClusterJob {
    refuseWhileLoading('runs tasks');
    this.#count += 1;
    this.#counts.submitted += 1;
    const { fn, options, args, arity } = request;
    const job = new ClusterJob(this, `${this.#id}-${this.#count}`, kind, request, this.#stacks.take(fn));
    own(job.future, job);
    const refusal = endOfWork(this.#state === 'open');
    if (refusal !== undefined || options.signal?.aborted) {
      job.future.setException(refusal ?? options.signal?.reason);
      return job;
    }
    try {
      const packed = packArguments(args, this.#limits, options.transfer);
      const { module, export: name } = this.#targetOf(fn);
      job.data = {
        format: FORMAT,
        kind,
        module: module.name,
        version: module.version,
        export: name,
        label: job.label,
        args: packed,
        from: this.#from,
        ...(arity === undefined ? {} : { arity }),
        ...(window === undefined ? {} : { window }),
        ...(options.timeout === undefined || options.timeout === Infinity
          ? {}
          : { timeout: options.timeout }),
        ...(options.grace === undefined || options.grace === Infinity ? {} : { grace: options.grace }),
        ...(options.onReport === undefined ? {} : { reports: true }),
      };
      this.#ids.set(job.future, job.id);
    } catch (error) {
      job.future.setException(error);
    }
    return job;
  }

  /** @throws NotShareableError for what is no export of a file */
  #targetOf(fn: Function): { module: ClusterModule; export: string } {
    const known = this.#functions.get(fn);
    if (known !== undefined) return known;
    const reference = referenceTo(fn);
    if (reference.kind === 'source' || !reference.url.startsWith('file:')) {
      throw new NotShareableError(
        `Task ${reference.label} cannot go to a cluster: it is not exported from a file, and no source code travels. ` +
          'Export it from a module that the workers are started with (manyhands worker --modules).',
      );
    }
    void learnErrorClasses(reference);
    const module = describeModule(reference.url);
    this.#modules.set(module.name, module);
    const target = { module, export: reference.export };
    this.#functions.set(fn, target);
    return target;
  }

  #send(job: ClusterJob): void {
    const refusal = endOfWork(this.#state === 'open');
    const { signal, queueTimeout } = job.request?.options ?? {};
    if (refusal !== undefined || signal?.aborted) {
      job.future.setException(refusal ?? signal?.reason);
      return;
    }
    this.#add(job);
    if (signal !== undefined) job.offSignal = onAbort(signal, (reason) => job.abandon(reason));
    if (queueTimeout !== undefined) {
      job.queueTimer = after(queueTimeout, () => {
        const limit = `longer than ${queueTimeout} ms (queueTimeout)`;
        if (!job.active) job.abandon(new TimeoutError(`Task ${job.label} waited in the queue for ${limit}`));
      });
    }
    this.#outbox.push(job);
    if (this.#sending) return;
    this.#sending = true;
    process.nextTick(() => {
      this.#stacks.newTurn();
      this.#withLink((link) => this.#empty(link)).catch((error: unknown) => {
        this.#sending = false;
        for (const unsent of this.#outbox.splice(0)) this.#fail(unsent, error);
      });
    });
  }

  #add(job: ClusterJob): void {
    this.#jobs.set(job.id, job);
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_EVERY_MS);
  }

  async #empty(link: QueueLink): Promise<void> {
    while (this.#outbox.length > 0) {
      const batch = this.#outbox.splice(0, BATCH).filter(({ future }) => !future.done());
      for (const job of batch) job.state = 'sent';
      try {
        await link.add(batch.map((job) => this.#newJob(job)));
        for (const job of batch) this.#arrived(job);
      } catch (error) {
        for (const job of batch) this.#fail(job, error);
      }
    }
    // In the same turn in which it was found empty: whoever submits later begins anew.
    this.#sending = false;
  }

  #arrived(job: ClusterJob): void {
    job.heardAt = performance.now();
    // It was given up while it was on its way.
    if (job.state === 'over') this.#takeBack(job, new Error('Nobody waits for it any more'));
    else job.state = 'queued';
  }

  #newJob(job: ClusterJob): NewJob {
    const { key, backoff = { type: 'exponential', delay: 500 }, keep = {} } = this.#options;
    const { retries = 0, priority = 0 } = job.request?.options ?? {};
    const data = job.data as JobData;
    const kept = {
      age: Math.ceil((keep.age ?? KEEP_AGE_MS) / 1000),
      count: keep.count ?? KEEP_COUNT,
    };
    return {
      name: data.label,
      data: signed(key, job.id, data),
      opts: {
        jobId: job.id,
        priority: Math.min(Math.max(1, MIDDLE_PRIORITY - Math.round(priority)), 2 * MIDDLE_PRIORITY - 1),
        removeOnComplete: kept,
        removeOnFail: kept,
        stackTraceLimit: 1,
        ...(retries === 0 ? {} : { attempts: Math.min(retries, 1_000_000) + 1, backoff }),
      },
    };
  }

  // ── out ─────────────────────────────────────────────────────────────────────────────────────────────────────

  active(id: string): void {
    const job = this.#heard(id);
    if (job === undefined) return;
    if (job.active) this.#counts.retried += 1;
    job.active = true;
    clearTimeout(job.queueTimer);
  }

  progressed(id: string, progress: unknown): void {
    const job = this.#heard(id);
    if (job === undefined || typeof progress !== 'object' || progress === null) return;
    const { report, item } = progress as Partial<Record<'report' | 'item', unknown>> & JobProgress;
    try {
      if (typeof item === 'string') job.onItem?.(unpackValue(item, 'item', this.#limits));
      if (typeof report === 'string') this.#report(job, unpackValue(report, 'report', this.#limits));
    } catch (error) {
      job.abandon(error);
    }
  }

  #report(job: ClusterJob, value: unknown): void {
    try {
      job.request?.options.onReport?.(value);
    } catch (error) {
      warnOfReport(job.label, error);
    }
  }

  completed(id: string, result: unknown): void {
    const job = this.#heard(id);
    if (job === undefined) return;
    try {
      if (!isResult(result))
        throw new TypeError(`The result of task ${job.label} is not what a worker writes`);
      const [kind, text, ms, errors = []] = result;
      if (kind !== job.kind)
        throw new TypeError(`Job ${id} is a ${kind} of a map or stream, and no single task`);
      const value = unpackValue(text, 'result', this.#limits);
      job.future.setResult(kind === 'chunk' ? this.#chunk(value, errors, ms) : value);
    } catch (error) {
      this.#fail(job, error);
    }
  }

  #chunk(values: unknown, errors: ReadonlyArray<readonly [number, string]>, ms: number): ChunkResult {
    if (!Array.isArray(values)) throw new TypeError('The result of a chunk is no list');
    return {
      values,
      errors: new Map(errors.map(([index, text]) => [index, this.#unpackFailure(text)])),
      ms,
    };
  }

  failed(id: string, reason: string): void {
    const job = this.#heard(id);
    if (job === undefined) return;
    const packed = packedIn(reason);
    this.#fail(job, packed === undefined ? lost(job, reason) : this.#unpackFailure(packed, job.submitStack));
  }

  #unpackFailure(packed: string, submitStack?: string): unknown {
    return unpackFailure(packed, this.#limits, (module) => this.#modules.get(module)?.url, submitStack);
  }

  #fail(job: ClusterJob, error: unknown): void {
    if (!job.future.done()) job.future.setException(error);
  }

  #heard(id: string): ClusterJob | undefined {
    const job = this.#jobs.get(id);
    if (job !== undefined) job.heardAt = performance.now();
    return job;
  }

  /** For jobs: their future has settled. */
  settled(job: ClusterJob): void {
    const { future } = job;
    if (future.cancelled()) this.#counts.cancelled += 1;
    else if (hasFailed(future)) this.#counts.failed += 1;
    else this.#counts.succeeded += 1;
    job.state = 'over';
    if (!this.#jobs.delete(job.id) || this.#jobs.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#idle.wake();
  }

  // ── what callers do to a job ────────────────────────────────────────────────────────────────────────────────

  revoke(job: ClusterJob, reason: unknown): void {
    // What has not arrived yet is taken back when it has.
    if (job.state === 'queued') this.#takeBack(job, reason);
  }

  #takeBack(job: ClusterJob, reason: unknown): void {
    this.#runErrand(async (link) => {
      if (!(await link.remove(job.id))) this.#tell(job.id, 'abort', packFailure(reason));
    });
  }

  #tell(id: string, event: ControlMessage['event'], value: string): void {
    const message = signed(this.#options.key, id, { event, job: id, value });
    this.#runErrand((link) => link.tell(message));
  }

  /** Something that no future waits for, and that is to be done before the connections close. */
  #runErrand(errand: (link: QueueLink) => Promise<void>): void {
    const running = this.#withLink(errand)
      .catch(this.#complaints.tell)
      .finally(() => this.#errands.delete(running));
    this.#errands.add(running);
  }

  // ── the queue ───────────────────────────────────────────────────────────────────────────────────────────────

  async #withLink(use: (link: QueueLink) => Promise<void>): Promise<void> {
    this.#link ??= this.#connect();
    await use(await this.#link);
  }

  async #connect(): Promise<QueueLink> {
    try {
      const link = await QueueLink.open(this.#options.queue, this.#connection, this, this.#complaints);
      this.#workers = await link.workers();
      return link;
    } catch (error) {
      this.#link = undefined;
      throw error;
    }
  }

  /** Every now and then while there are jobs: who is there to run them, and what became of those not heard of. */
  #sweep(): void {
    this.#withLink(async (link) => {
      this.#workers = await link.workers();
      const quietSince = performance.now() - QUIET_MS;
      const quiet = [...this.#jobs.values()]
        .filter(({ state, heardAt }) => state === 'queued' && heardAt < quietSince)
        .slice(0, SWEPT);
      // Behind the others the next time.
      for (const job of quiet) job.heardAt = performance.now();
      await Promise.all(quiet.map((job) => this.#ask(link, job)));
    }).catch(this.#complaints.tell);
  }

  async #ask(link: QueueLink, job: ClusterJob): Promise<void> {
    const found = await link.find(job.id);
    if (job.future.done()) return;
    if (found.is === 'completed') this.completed(job.id, found.result);
    else if (found.is === 'failed') this.failed(job.id, found.reason);
    else if (found.is === 'unknown') {
      this.#fail(
        job,
        new WorkerDiedError(undefined, {
          ...NOBODY,
          reason:
            `the queue does not know job ${job.id}. It never had it, has lost it (a Redis that keeps nothing on disk ` +
            'was restarted), or has not kept its result for so long (see keep)',
        }),
      );
    }
  }

  // ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────

  async shutdown({ wait, cancelFutures }: { wait: boolean; cancelFutures: boolean }): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing';
    if (cancelFutures) for (const { future } of this.#jobs.values()) future.cancel();
    this.#ending ??= this.#end();
    if (wait) await this.#ending;
    else this.#ending.catch(this.#complaints.tell);
  }

  async #end(): Promise<void> {
    while (this.#jobs.size > 0) await this.#idle.wait();
    while (this.#sending || this.#errands.size > 0) await Promise.race([...this.#errands, nextTurn()]);
    const link = await this.#link?.catch(() => undefined);
    this.#complaints.end();
    await link?.close();
    this.#workers = [];
    this.#state = 'closed';
  }

  statistics(): ExecutorStatistics {
    let running = 0;
    for (const job of this.#jobs.values()) if (job.active) running += 1;
    return Object.freeze({
      backend: 'cluster',
      state: this.#state,
      maxWorkers: this.#workers.length,
      concurrency: Math.max(1, ...this.#workers.map(({ slots }) => slots)),
      workers: Object.freeze(
        this.#workers.map(({ name, pid, running: inFlight, tasks }) =>
          Object.freeze({
            name,
            id: pid,
            state: inFlight > 0 ? ('busy' as const) : ('idle' as const),
            inFlight,
            tasks,
          }),
        ),
      ),
      channel: Object.freeze({ kind: 'none' as const }),
      tasks: Object.freeze({ ...this.#counts, pending: this.#jobs.size - running, running }),
      workersStarted: this.#workers.length,
      workersDied: 0,
    });
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const NOBODY = { exitCode: null, signal: null, workerName: 'of the cluster', stderr: [] };

/** A failure that is BullMQ's own: workers have died of the job too often. */
function lost({ label }: ClusterJob, reason: string): WorkerDiedError {
  return new WorkerDiedError(`task ${label}`, { ...NOBODY, reason });
}
