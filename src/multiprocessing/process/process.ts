/**
 * `Process`: a function that runs in a process of its own.
 *
 *                start()                  [exit]
 *   initial ──────────────▶ running ─────────────▶ ended
 *      │                                             │
 *      └────────────── close() ─▶ closed ◀───────────┘
 *
 * The same class stands for the process that code runs in (`currentProcess()`, and `this` in the `run()` of a subclass):
 * it is running from the beginning, and nobody there can wait for its end.
 */

import { inspect } from 'node:util';
import { InvalidStateError } from '../../errors.ts';
import { workerEnded } from '../../memory/arena/places.ts';
import {
  checkArray,
  checkBoolean,
  checkFunction,
  checkNames,
  checkString,
  type WaitOptions,
} from '../../options.ts';
import { isProcessExiting } from '../../pool/exiting.ts';
import { joinFamily } from '../../tasks/family.ts';
import { refuseWhileLoading } from '../../tasks/loading.ts';
import { AuthenticationKey } from '../authentication-key.ts';
import { getLogger } from '../logger.ts';
import { SENTINEL, type Sentinel, sentinelOf } from '../sentinel.ts';
import { stayHere } from '../stays-here.ts';
import { Child } from './child.ts';
import { executable } from './executable.ts';
import { childFamily, nextIdentity, ownFamily } from './family.ts';
import { type Link, type ProcessExit, SELF, whenExited } from './link.ts';
import { packStart } from './pack-start.ts';

export interface ProcessOptions<A extends readonly unknown[] = readonly unknown[]> {
  /** What it runs, found in the other process as the function of a task is. A subclass with a `run()` needs none. */
  readonly target?: ((...args: A) => unknown) | undefined;
  /** Its arguments. They are read by `start()`. */
  readonly args?: Readonly<NoInfer<A>> | undefined;
  /** Default: the class and its number, `Process-1`; of its children, `Process-1:1`. */
  readonly name?: string | undefined;
  /** Whether it is ended with its parent instead of waited for. Default: as the process that makes it. */
  readonly daemon?: boolean | undefined;
  /** Environment variables. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Where it runs. Default: where this process does. */
  readonly cwd?: string | undefined;
  /** Node flags. Default: this process's, without those that are only about its entry. */
  readonly execArgv?: readonly string[] | undefined;
}

const OPTION_NAMES = ['target', 'args', 'name', 'daemon', 'env', 'cwd', 'execArgv'];

/** The identity of the object that is being made to stand for this process. */
let selfIdentity: readonly number[] | undefined;

/** For this package: an object of class `type` that stands for this process. */
export let makeSelf: (type: Function, options: ProcessOptions, identity: readonly number[]) => Process;

/**
 * Runs `target(...args)` in a new process, and ends it as a program ends: when nothing is left in its event loop.
 *
 * What the target returns is ignored. Standard output and error are those of this process; there is no standard input.
 * This process waits at its end for its children, unless they are daemons; `process.exit()` waits for none. A child
 * never outlives its parent, however that ended.
 *
 * A subclass may have a `run()` instead of a target. Its class has to be exported from a module. In the child there is an
 * object of that class with the same enumerable fields, copied; neither its constructor nor the initializers of its
 * fields are run for it, so that it has no private (`#`) fields.
 *
 * @throws TypeError naming a wrong option.
 * @see CPython `multiprocessing.Process`.
 * @example
 * const child = new Process({ target: convert, args: ['in.png', 'out.webp'] });
 * child.start();
 * const { exitCode } = await child.join();
 */
export class Process<A extends readonly unknown[] = readonly unknown[]>
  implements AsyncDisposable, Disposable
{
  readonly #options: ProcessOptions;
  readonly #identity: readonly number[];
  #name: string;
  #daemon: boolean;
  #authkey: AuthenticationKey;
  #link: Link | undefined;
  #sentinel: Sentinel | undefined;
  #closed = false;

  static {
    makeSelf = (type, options, identity) => {
      selfIdentity = identity;
      try {
        // Only what stands in this class is run, whatever `type` is.
        const self = Reflect.construct(Process, [options], type) as Process;
        self.#link = SELF;
        return self;
      } finally {
        selfIdentity = undefined;
      }
    };
    // Isolated declarations know no methods under symbols of other files.
    Object.defineProperty(Process.prototype, SENTINEL, {
      value(this: Process): Sentinel {
        return this.sentinel;
      },
    });
    Object.defineProperty(Process.prototype, inspect.custom, {
      value(this: Process): string {
        return this.#describe();
      },
    });
  }

  constructor(options: ProcessOptions<A> = {}) {
    checkNames(options, OPTION_NAMES, 'Process');
    checkFunction('target', options.target);
    checkArray('args', options.args);
    checkString('name', options.name);
    checkBoolean('daemon', options.daemon);
    checkString('cwd', options.cwd);
    checkArray('execArgv', options.execArgv);
    const { daemon, authkey } = ownFamily();
    this.#options = options as ProcessOptions;
    this.#identity = selfIdentity ?? nextIdentity();
    this.#name = options.name ?? `${new.target.name || 'Process'}-${this.#identity.join(':')}`;
    this.#daemon = options.daemon ?? daemon;
    this.#authkey = new AuthenticationKey(authkey);
    stayHere(this);
  }

  /** What it is called; a label only. The child is told the name that it has when it starts. */
  get name(): string {
    return this.#name;
  }

  /** @throws TypeError for anything but a string. */
  set name(name: string) {
    if (typeof name !== 'string') throw new TypeError(`name must be a string, received ${inspect(name)}`);
    this.#name = name;
    if (this.#link === SELF) joinFamily({ ...ownFamily(), name });
  }

  /** Whether it is ended with its parent instead of waited for. A daemon may not have children of its own. */
  get daemon(): boolean {
    return this.#daemon;
  }

  /** @throws InvalidStateError once it has started. */
  set daemon(daemon: boolean) {
    if (typeof daemon !== 'boolean')
      throw new TypeError(`daemon must be true or false, received ${inspect(daemon)}`);
    if (this.#link !== undefined) throw this.#refuse('daemon cannot be set', 'it has started already');
    this.#daemon = daemon;
  }

  /** The secret of its family, which it has from the process that made it. */
  get authkey(): AuthenticationKey {
    return this.#authkey;
  }

  /** Takes effect for what is made or started afterwards. */
  set authkey(secret: AuthenticationKey | Uint8Array | string) {
    this.#authkey = new AuthenticationKey(secret);
    if (this.#link === SELF) joinFamily({ ...ownFamily(), authkey: this.#authkey.export() });
  }

  /** Its process id; `undefined` before it has started. */
  get pid(): number | undefined {
    this.#checkOpen('pid');
    return this.#link?.pid;
  }

  /** How it ended, see {@link ProcessExit}; `null` while it runs, and before. */
  get exitCode(): number | null {
    this.#checkOpen('exitCode');
    return this.#link?.exit?.exitCode ?? null;
  }

  /** The signal that ended it; `null` where none did, or has not yet. */
  get signal(): NodeJS.Signals | null {
    this.#checkOpen('signal');
    return this.#link?.exit?.signal ?? null;
  }

  /**
   * Resolves when it is about to call its target, having loaded what that needs.
   *
   * Rejects with `WorkerDiedError` where it ended before. Nobody has to look at it.
   * @throws InvalidStateError before `start()`.
   */
  get ready(): Promise<void> {
    return this.#started('ready').ready;
  }

  /**
   * What `wait()` of connections waits for: its end. It takes the process itself as well.
   *
   * @throws InvalidStateError before `start()`.
   */
  get sentinel(): Sentinel {
    const link = this.#started('sentinel');
    return (this.#sentinel ??= sentinelOf(link, this.#name));
  }

  /**
   * Starts the process, and returns: see {@link ready} and {@link join} for what becomes of it.
   *
   * The arguments are read before it returns; what is changed in them later the child does not see.
   *
   * @throws InvalidStateError when it was started before, in a daemon process, and while this process exits.
   * @throws NotShareableError where the target, the class or an argument cannot cross. It can be started again.
   * @throws Error where the system does not start a process.
   */
  start(): void {
    this.#checkOpen('start');
    if (this.#link !== undefined) throw this.#refuse('start() is not allowed', 'it has started already');
    refuseWhileLoading('starts processes');
    if (isProcessExiting()) throw this.#refuse('start() is not allowed', 'this process is exiting');
    if (ownFamily().daemon) {
      throw this.#refuse(
        'start() is not allowed',
        `${ownFamily().name} is a daemon process, and those may not have children`,
      );
    }
    const [name, daemon] = [this.#name, this.#daemon];
    const { target, args = [], env, cwd, execArgv } = this.#options;
    const family = childFamily({ name, daemon, identity: this.#identity, authkey: this.#authkey.export() });
    const frame = packStart(family, target, args, isSubclass(this) ? this : undefined);
    const link = new Child(frame, { name, daemon, execPath: executable(), env, cwd, execArgv });
    this.#link = link;
    children.add(this);
    getLogger().log('info', `started ${name} with pid ${link.pid}`);
    link.onExit(({ exitCode }) => {
      children.delete(this);
      workerEnded();
      getLogger().log('info', `${name} has ended with exit code ${exitCode}`);
    });
  }

  /**
   * What runs in the child: calls the target. A subclass can do something else. It is not to be called by others, and
   * what it returns is only waited for.
   */
  run(): unknown {
    const { target, args = [] } = this.#options;
    return target?.(...args);
  }

  /**
   * Waits for its end, within `timeout` ms, and keeps this process running meanwhile.
   *
   * @throws InvalidStateError before `start()`, after `close()`, and for the process that calls it; TimeoutError;
   *   `signal.reason`. Giving up leaves the process alone.
   */
  async join(options: WaitOptions = {}): Promise<ProcessExit> {
    const link = this.#started('join');
    if (link === SELF) throw this.#refuse('join() is not allowed', 'a process cannot wait for its own end');
    return whenExited(link, this.#name, options);
  }

  /** Whether it has started and, as far as is known here, not ended. */
  isAlive(): boolean {
    this.#checkOpen('isAlive');
    return this.#link !== undefined && this.#link.exit === undefined;
  }

  /** Sends SIGINT, as Ctrl-C does. Node ends by it, with exit code -2, unless the child listens for it. */
  interrupt(): void {
    this.#started('interrupt').signal('SIGINT');
  }

  /** Sends SIGTERM. No `exit` listener runs in the child, unless it listens for the signal. Its children end with it. */
  terminate(): void {
    this.#started('terminate').signal('SIGTERM');
  }

  /** Sends SIGKILL. */
  kill(): void {
    this.#started('kill').signal('SIGKILL');
  }

  /**
   * Lets go of a process that has ended, or never started; all but its name is gone then. May be called again.
   *
   * @throws InvalidStateError while it runs.
   */
  close(): void {
    if (this.#closed) return;
    if (this.isAlive()) throw this.#refuse('close() is not allowed', 'it is still running; join it before');
    this.#closed = true;
    this.#link = undefined;
  }

  /** `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Waits for its end if it was started, and closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#link !== undefined) await this.join();
    this.close();
  }

  #started(what: string): Link {
    this.#checkOpen(what);
    if (this.#link === undefined) throw this.#refuse(`${what} is not available`, 'it has not started yet');
    return this.#link;
  }

  #checkOpen(what: string): void {
    if (this.#closed) throw this.#refuse(`${what} is not available`, 'it is closed');
  }

  #refuse(what: string, why: string): InvalidStateError {
    return new InvalidStateError(`${what} of process ${this.#name}: ${why}.`);
  }

  #describe(): string {
    const state = (): string => {
      if (this.#closed) return 'closed';
      if (this.#link === undefined) return 'initial';
      const { pid, exit } = this.#link;
      return `pid ${pid}, ${exit === undefined ? 'running' : `exit code ${exit.exitCode}`}`;
    };
    return `${this.constructor.name} { ${this.#name}, ${state()}${this.#daemon ? ', daemon' : ''} }`;
  }
}

function isSubclass(object: Process): boolean {
  return Object.getPrototypeOf(object) !== Process.prototype;
}

const children = new Set<Process>();

/** The processes that were started in this thread and have not ended. */
export function activeChildren(): Process[] {
  return [...children];
}
