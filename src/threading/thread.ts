/**
 * `Thread`: one function on a thread of its own.
 *
 *   initial ──start()──▶ started ──its function is over, and its event loop is empty──▶ stopped
 *
 * An object stands for a thread of this process, in the thread that it was made in: the one that was started through it
 * (`Launched`), or any other that was found in the table of all threads. Each thread has one object for each other, so
 * that they can be compared.
 */

import { inspect } from 'node:util';
import { isMainThread, type ResourceLimits, type Transferable } from 'node:worker_threads';
import { InvalidStateError, NotShareableError, TimeoutError } from '../errors.ts';
import { waitWithin } from '../futures/waiting.ts';
import { MAIN, type Place, type ThreadEntry, threadTable } from '../memory/thread-table.ts';
import {
  checkArray,
  checkBoolean,
  checkDuration,
  checkFunction,
  checkNames,
  checkWait,
  type WaitOptions,
} from '../options.ts';
import { isProcessExiting } from '../pool/exiting.ts';
import { hold, letGo } from '../pool/keep-alive.ts';
import { findFunction } from '../pool/worker-functions.ts';
import { referenceToClass } from '../tasks/class-reference.ts';
import { refuseWhileLoading } from '../tasks/loading.ts';
import { referenceTo, type TaskReference } from '../tasks/reference.ts';
import { defineTasks } from '../tasks/registry.ts';
import { cloneCodec, encodeArguments } from '../wire/codec.ts';
import { reachesThreadsOnly, registerKind, shareBy } from '../wire/shareable.ts';
import { excepthook } from './excepthook.ts';
import { Launched, launched } from './launch.ts';
import { ownIdent } from './own-ident.ts';
import { listen, sendToMain } from './reports.ts';
import { checkStackSize, stackSize } from './stack-size.ts';
import { stayOpenForThreads } from './stay-open.ts';

export interface ThreadOptions<A extends readonly unknown[] = readonly unknown[]> {
  /**
   * What the thread runs: a function that its module exports, that was registered by `defineTasks`, or that stands alone.
   * What it returns is dropped. Default: nothing.
   */
  readonly target?: ((...args: A) => unknown) | undefined;
  /** What the function is called with. Copied in `start()`. */
  readonly args?: Readonly<NoInfer<A>> | undefined;
  /** Default: `Thread-1 (work)`, with the next number of this process and the name of the function. */
  readonly name?: string | number | undefined;
  /** Whether the program may end while the thread runs. Default: as the thread that makes this one. */
  readonly daemon?: boolean | undefined;
  /** Limits of its heap and stack; if it exceeds them it dies alone. See `node:worker_threads`. */
  readonly resourceLimits?: ResourceLimits | undefined;
  /** What is moved to the thread instead of copied, out of `args`. */
  readonly transfer?: readonly Transferable[] | undefined;
}

const OPTIONS: readonly string[] = ['target', 'args', 'name', 'daemon', 'resourceLimits', 'transfer'];

const KIND = 'threading.Thread';

/** What crosses in the place of a thread, which others can join, and not start. */
interface Shared {
  readonly place: Place;
  readonly entry: Partial<ThreadEntry>;
}

/** The objects of this thread for threads that live, those it has not started itself included. */
const known = new Map<number, Thread>();

/** Gives the object for a thread of this process, whoever started it. */
export let threadAt: (place: Place, entry?: Partial<ThreadEntry>) => Thread;

/** Makes `thread` stand for a thread that runs already. */
let become: (thread: Thread, place: Place) => void;

/** `ready` of this thread resolves. */
export let setReady: (thread: Thread) => void;

let placeOf: (thread: Thread) => Place | undefined;

/**
 * A function that runs on a thread of its own, with a heap and an event loop of its own. Python's `threading.Thread`.
 *
 * It ends when its function is over (the promise, if it returns one) and nothing is left in its event loop: timers and
 * sockets go on, as in a program. So does whatever threads it has started, unless they are daemons. It cannot outlive the
 * thread that started it, if that is ended by force.
 *
 * Once it has started, it can be passed to other threads, which can ask after it and join it.
 *
 * Errors that it does not catch go to `excepthook`. `process.exit()` in it ends the thread, and nothing else.
 *
 * A class that extends this one may override `run` instead of giving a target. It must be exported by its module under its
 * own name, or registered by `defineTasks`: the thread makes an object of that class, without calling its constructor,
 * and gives it copies of the fields that were enumerable in `start()`.
 *
 * @example
 * const thread = new Thread({ target: work, args: ['a.txt'] });
 * thread.start();
 * await thread.join();
 */
export class Thread<A extends readonly unknown[] = readonly unknown[]> {
  readonly #target: Function | undefined;
  readonly #args: readonly unknown[];
  readonly #transfer: readonly Transferable[] | undefined;
  readonly #resourceLimits: ResourceLimits | undefined;
  #name: string;
  /** Of the table, when `#name` was read there. */
  #nameVersion: number | undefined;
  #daemon: boolean;
  /** Found as the main thread, or started by nobody of this library: `undefined` for those that are started here. */
  #foreign = false;
  /** Set from `start()` on. */
  #place: Place | undefined;
  readonly #ready: Promise<void>;
  #setReady!: () => void;
  #failReady!: (error: unknown) => void;
  #readiness: 'unknown' | 'awaited' | 'known' = 'unknown';

  static {
    threadAt = (place, entry = threadTable().entry(place)) => {
      const there = known.get(place.ident);
      if (there !== undefined) return there;
      forgetTheDead();
      const thread = new this({
        name: entry?.name ?? `Thread ${place.ident}`,
        daemon: entry?.daemon ?? false,
      });
      thread.#foreign = entry?.foreign ?? false;
      become(thread, place);
      return thread;
    };
    become = (thread, place) => {
      thread.#isAt(place);
      setReady(thread);
    };
    setReady = (thread) => thread.#setReady();
    placeOf = (thread) => thread.#place;
    shareBy(this, (thread, reach) => {
      if (reach === 'process') throw reachesThreadsOnly(KIND, 'multiprocessing.Process');
      const { name, daemon } = thread;
      if (thread.#place === undefined) {
        throw new NotShareableError(
          `${thread} has not started, so other threads cannot know it; start it first`,
        );
      }
      const data: Shared = { place: thread.#place, entry: { name, daemon, foreign: thread.#foreign } };
      return { kind: KIND, module: import.meta.url, data };
    });
    Object.defineProperty(this.prototype, inspect.custom, {
      value(this: Thread): string {
        return this.toString();
      },
    });
  }

  /** @throws RangeError or TypeError naming a wrong option. */
  constructor(options: ThreadOptions<A> = {}) {
    checkNames(options, OPTIONS, 'Thread');
    const { target, args, name, daemon, resourceLimits, transfer } = options;
    checkFunction('target', target);
    checkArray('args', args);
    checkBoolean('daemon', daemon);
    checkArray('transfer', transfer);
    checkStackSize('resourceLimits.stackSizeMb', resourceLimits?.stackSizeMb);
    this.#target = target;
    this.#args = args ?? [];
    this.#transfer = transfer;
    this.#resourceLimits = resourceLimits;
    this.#name = name === undefined || name === '' ? nextName(target) : String(name);
    this.#daemon = daemon ?? isOwnDaemon();
    this.#ready = new Promise<void>((resolve, reject) => {
      this.#setReady = resolve;
      this.#failReady = reject;
    }).finally(() => {
      if (this.#readiness === 'awaited') letGo();
      this.#readiness = 'known';
    });
    // Whoever waits for it hears of it; for everybody else there is the hook.
    this.#ready.catch(() => undefined);
  }

  /**
   * What runs in the thread: by default, `target` with `args`. It is for classes that extend this one to override; called
   * directly, it runs here.
   */
  run(): unknown {
    return this.#target?.(...this.#args);
  }

  /**
   * Starts the thread, once. It returns when the thread has been asked for; `ready` says when it runs.
   *
   * @throws InvalidStateError the second time, and while the process exits
   * @throws NotShareableError if the function or an argument cannot cross
   */
  start(): void {
    if (this.#place !== undefined)
      throw new InvalidStateError(`${this} was started before; threads start once`);
    if (isProcessExiting()) throw new InvalidStateError(`${this} cannot start: the process exits`);
    refuseWhileLoading('starts a thread');
    const { reference, args } = this.#body();
    const thread = new Launched({
      name: this.#name,
      daemon: this.#daemon,
      reference,
      args: encodeArguments(cloneCodec, args, this.#transfer),
      resourceLimits: limits(this.#resourceLimits),
      onReady: this.#setReady,
      onError: (error) => {
        this.#failReady(error);
        report(error, this);
      },
    });
    this.#isAt(thread.place);
    thread.onEnd(() => known.delete(thread.place.ident));
    stayOpenForThreads();
  }

  /**
   * Resolves when the thread runs, just before its function is loaded. Rejects if it dies before, with the reason.
   * Whoever has asked for it after `start()` holds the program open until then.
   */
  get ready(): Promise<void> {
    if (this.#readiness === 'unknown' && this.#place !== undefined) {
      this.#readiness = 'awaited';
      hold();
    }
    return this.#ready;
  }

  /**
   * Waits for the end of the thread, and gives true; after `timeout` milliseconds gives false. In the thread that started
   * it, what it printed and threw has come by then. How it ended makes no difference, see `excepthook`.
   *
   * @throws InvalidStateError (as a rejection) before it was started, for the calling thread itself, and for a thread
   *   that this library did not start; `signal.reason` when aborted; RangeError or TypeError for wrong options.
   */
  async join(options: WaitOptions = {}): Promise<boolean> {
    checkWait(options);
    const place = this.#joinable();
    try {
      await waitWithin(
        options,
        () => `${this} did not end`,
        (resolve: (value: undefined) => void) => {
          return whenEnded(place, () => resolve(undefined));
        },
      );
      return true;
    } catch (error) {
      if (!(error instanceof TimeoutError) || error === options.signal?.reason) throw error;
      return !this.isAlive();
    }
  }

  /**
   * The same, blocking this thread, whose event loop stands still meanwhile: what the thread prints comes afterwards, and
   * what its function sends to this thread, too. Do not wait so for one that waits for an answer.
   *
   * @throws as `join` rejects
   */
  joinSync(options: { readonly timeout?: number | undefined } = {}): boolean {
    checkDuration('timeout', options.timeout);
    const place = this.#joinable();
    const look = launched.get(place.ident)?.lookForStillborn ?? (() => undefined);
    return threadTable().wait(place, options.timeout ?? Infinity, look);
  }

  /** True from `start()` until the thread has ended. */
  isAlive(): boolean {
    return this.#place !== undefined && threadTable().lives(this.#place);
  }

  /** What it is called; it need not be unique. A thread that is given another name has it everywhere. */
  get name(): string {
    if (this.#place !== undefined) {
      const version = threadTable().nameVersion(this.#place);
      if (version !== undefined && version !== this.#nameVersion) {
        this.#nameVersion = version;
        this.#name = threadTable().entry(this.#place)?.name ?? this.#name;
      }
    }
    return this.#name;
  }

  set name(name: string | number) {
    this.#name = String(name);
    if (this.#place === undefined) return;
    threadTable().rename(this.#place, this.#name);
    this.#nameVersion = threadTable().nameVersion(this.#place);
  }

  /** A positive number that no other thread of this process ever has; undefined before `start()`. */
  get ident(): number | undefined {
    return this.#place?.ident;
  }

  /**
   * Whether the program may end while the thread runs; it is then ended wherever it is.
   *
   * @throws InvalidStateError when it is set after `start()`
   */
  get daemon(): boolean {
    return this.#daemon;
  }

  set daemon(daemon: boolean) {
    checkBoolean('daemon', daemon);
    if (this.#place !== undefined) throw new InvalidStateError(`${this} runs: set daemon before start()`);
    this.#daemon = daemon;
  }

  /** `Thread(Thread-1 (work), started daemon 2)` */
  toString(): string {
    const state = this.#place === undefined ? 'initial' : this.isAlive() ? 'started' : 'stopped';
    const ident = this.#place === undefined ? '' : ` ${this.#place.ident}`;
    return `${this.constructor.name}(${this.name}, ${state}${this.#daemon ? ' daemon' : ''}${ident})`;
  }

  /** What the thread is to call. */
  #body(): { readonly reference: TaskReference; readonly args: readonly unknown[] } {
    if (this.run !== Thread.prototype.run) {
      return {
        reference: referenceTo(runInThread),
        args: [referenceToClass(this.constructor), { ...this }],
      };
    }
    // A function is a function, whatever it is equal to.
    return { reference: referenceTo(this.#target === undefined ? nothing : this.#target), args: this.#args };
  }

  #isAt(place: Place): void {
    this.#place = place;
    this.#nameVersion = threadTable().nameVersion(place);
    known.set(place.ident, this);
  }

  #joinable(): Place {
    const place = this.#place;
    if (place === undefined) throw new InvalidStateError(`${this} cannot be joined before it was started`);
    if (place.ident === ownIdent())
      throw new InvalidStateError(`${this} cannot join itself: it would wait for ever`);
    if (this.#foreign)
      throw new InvalidStateError(`${this} cannot be joined: it was not started as a Thread`);
    return place;
  }
}

/** The body of a thread without a target. */
const nothing = (): undefined => undefined;

const { runInThread } = defineTasks(import.meta.url, {
  /** In the thread: makes the object whose `run` is overridden, and runs it. */
  runInThread: async (reference: TaskReference, fields: object): Promise<void> => {
    const found = await findFunction(reference);
    if (!(found.prototype instanceof Thread)) {
      throw new TypeError(
        `${reference.label} of this thread does not extend its Thread: is manyhands loaded twice?`,
      );
    }
    const place = threadTable().find(ownIdent()) as Place;
    const { name = '', daemon = false } = threadTable().entry(place) ?? {};
    // Not its constructor, which may want arguments that nobody knows here.
    const thread = Reflect.construct(Thread, [{ name, daemon }], found) as Thread;
    become(Object.assign(thread, fields), place);
    await thread.run();
  },
});

export function nextName(target: Function | undefined): string {
  const name = `Thread-${threadTable().nextNumber(false)}`;
  return target === undefined || target.name === '' ? name : `${name} (${target.name})`;
}

/** Who was not started as a `Thread` is no reason for the program to go on. */
function isOwnDaemon(): boolean {
  const place = isMainThread ? MAIN : threadTable().find(ownIdent());
  return place === undefined || (threadTable().entry(place)?.daemon ?? false);
}

function limits(resourceLimits: ResourceLimits | undefined): ResourceLimits | undefined {
  const size = stackSize();
  return size === 0 ? resourceLimits : { stackSizeMb: size, ...resourceLimits };
}

/** Calls `fn` when that thread has ended, and holds the program open until then; returns what gives up. */
function whenEnded(place: Place, fn: () => void): () => void {
  const mine = launched.get(place.ident);
  if (mine === undefined && !threadTable().lives(place)) {
    fn();
    return () => undefined;
  }
  let waiting = true;
  hold();
  const stop = (): void => {
    if (waiting) letGo();
    waiting = false;
  };
  const ended = (): void => {
    if (!waiting) return;
    stop();
    fn();
  };
  const off = mine?.onEnd(ended);
  if (mine === undefined) void watch(place, () => waiting).then(ended);
  return () => {
    off?.();
    stop();
  };
}

/** Nobody tells of the end of a thread that another one has started. */
async function watch(place: Place, wanted: () => boolean): Promise<void> {
  const table = threadTable();
  while (wanted() && table.lives(place)) await table.waitSlice(place);
}

/** Deals with an error that the thread did not catch. */
export function report(error: unknown, thread: Thread): void {
  if (!sendToMain(error, placeOf(thread), thread.name)) excepthook({ error, thread });
}

/** Drops the objects of threads that have ended. Those that this thread has started go by themselves. */
function forgetTheDead(): void {
  for (const ident of known.keys()) {
    if (ident === MAIN.ident || ident === ownIdent() || launched.has(ident)) continue;
    if (threadTable().find(ident) === undefined) known.delete(ident);
  }
}

registerKind(KIND, (data) => {
  const { place, entry } = data as Shared;
  return threadAt(place, threadTable().entry(place) ?? entry);
});

if (isMainThread) {
  listen((error, place, name) => {
    // A timer on the event loop of another thread is no thread, and has no place.
    const thread = place === undefined ? new Thread({ name, daemon: false }) : threadAt(place, { name });
    excepthook({ error, thread });
  });
}
