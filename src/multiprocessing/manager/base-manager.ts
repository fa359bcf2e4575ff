/**
 * A manager: objects in a process of their own, used from many.
 *
 *                start()              shutdown(), or the end of this process
 *      initial ───────────▶ started ─────────────────────────────────────────▶ shut down
 *         ├────────────────▶ connected to one that runs elsewhere
 *         │ connect()
 *         └────────────────▶ serving in this process
 *           getServer()
 */

import { arbitraryAddress, FAMILIES, families, parseAddress } from '../../connections/address.ts';
import type { Address, AuthKey, Family } from '../../connections/index.ts';
import { InvalidStateError, TimeoutError } from '../../errors.ts';
import {
  checkArray,
  checkChoice,
  checkCount,
  checkDuration,
  checkFunction,
  checkNames,
  type WaitOptions,
} from '../../options.ts';
import { learnErrorClasses } from '../../pool/known-errors.ts';
import { AuthenticationKey } from '../authentication-key.ts';
import { currentProcess } from '../process/current.ts';
import type { ProcessExit } from '../process/link.ts';
import type { Process } from '../process/process.ts';
import { stayHere } from '../stays-here.ts';
import { connectTo, type Line } from './line.ts';
import type { Managed } from './proxies/auto.ts';
import type { BaseProxy } from './proxies/base.ts';
import { register, registeredIn, type TypeId, type TypeOptions } from './registry.ts';
import { Server } from './server/server.ts';
import { typeOf, typesOf } from './server/types.ts';
import { startServer } from './start-server.ts';

export interface ManagerOptions {
  /**
   * Where it listens, or is to be connected to. Default: a Unix socket that only this user can reach, or with
   * `family: 'tcp'` a free port of this machine.
   */
  readonly address?: Address | undefined;
  /** Default: what the address looks like; without one `'unix'`, on Windows `'pipe'`. */
  readonly family?: Family | undefined;
  /**
   * What clients must have. Default: the key of this process, which all processes of the program have. With a key of its own,
   * processes that get a proxy must have connected to the manager before, with that key.
   */
  readonly authkey?: AuthKey | AuthenticationKey | undefined;
  /** How many milliseconds `shutdown()` gives the process to end, before it terminates it, and again before it kills it. Default 1000. */
  readonly shutdownTimeout?: number | undefined;
  /** The longest message that is taken, in bytes. Default 256 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * For how many milliseconds an object is kept that was passed on to somebody who has not got it yet. Default 60,000. Longer
   * serves queues in which proxies lie for long; shorter frees sooner what nobody has any more.
   */
  readonly transferTimeout?: number | undefined;
}

export interface StartOptions {
  /** Called in the manager's process first; found there as the function of a task is. */
  readonly initializer?: ((...args: never) => unknown) | undefined;
  readonly initArgs?: readonly unknown[] | undefined;
}

const OPTIONS = ['address', 'family', 'authkey', 'shutdownTimeout', 'maxMessageBytes', 'transferTimeout'];

/**
 * A manager of the types that are registered with its class.
 *
 * Whoever knows the key can have the manager do what any of its types can do, and import modules: it is trusted as this
 * program is. Connections are not encrypted.
 *
 * @throws TypeError and RangeError naming a wrong option.
 * @see CPython `multiprocessing.managers.BaseManager`.
 * @example
 * class MathManager extends BaseManager {}
 * const Sums = MathManager.register('Sums', { callable: SumsClass });
 * await using manager = await new MathManager().start();
 * const sums = await manager.create(Sums, 10);
 * await sums.add(5);
 */
export class BaseManager implements AsyncDisposable {
  readonly #options: ManagerOptions;
  readonly #key: AuthKey;
  #state: 'initial' | 'starting' | 'started' | 'connected' | 'serving' | 'shut down' = 'initial';
  #line: Line | undefined;
  #process: Process | undefined;
  #address: Address | undefined;
  #removeAddress: () => void = () => undefined;

  /** Whether its server has the types of a `SyncManager`. */
  protected get isSync(): boolean {
    return false;
  }

  /**
   * Registers a type with this class, and its subclasses; before `start()`. Where a manager is only connected to, the name is
   * enough.
   *
   * Objects are made by `create(typeid, ...)`, and by a method of the manager of the name of the type.
   *
   * @returns the name, which knows what it is the name of.
   * @throws TypeError; RangeError for names that a manager has already, or that cannot be exposed; NotShareableError by
   *   `start()` for a callable that no module exports.
   * @see CPython `BaseManager.register`.
   */
  static register<T, A extends readonly unknown[]>(
    typeid: string,
    options: TypeOptions<T, A> = {},
  ): TypeId<T, A> {
    const { createMethod = true } = register(this, typeid, options as TypeOptions<never, never>);
    if (createMethod) {
      if (typeid in BaseManager.prototype) {
        throw new RangeError(
          `typeid must not be '${typeid}', which is a method of every manager; or set createMethod: false`,
        );
      }
      Object.defineProperty(this.prototype, typeid, {
        configurable: true,
        writable: true,
        value(this: BaseManager, ...args: unknown[]): Promise<BaseProxy> {
          return this.create(typeid, ...args);
        },
      });
    }
    return typeid as TypeId<T, A>;
  }

  constructor(options: ManagerOptions = {}) {
    checkNames(options, OPTIONS, new.target.name);
    checkChoice('family', options.family, FAMILIES);
    if (options.address !== undefined) parseAddress(options.address, options.family);
    checkDuration('shutdownTimeout', options.shutdownTimeout);
    checkDuration('transferTimeout', options.transferTimeout);
    checkCount('maxMessageBytes', options.maxMessageBytes, 1024);
    const { authkey = currentProcess().authkey } = options;
    this.#key = new AuthenticationKey(authkey).export();
    this.#options = options;
    this.#address = options.address;
    stayHere(this);
  }

  /** Where it listens; `undefined` before it does, unless it was given. */
  get address(): Address | undefined {
    return this.#address;
  }

  /**
   * Starts the process of the manager, a daemon, and connects to it. Resolves to this manager.
   *
   * @throws InvalidStateError for a second time, and in a daemon process; NotShareableError for a type that cannot be found
   *   there; the error of the initializer, or of the system for an address that is taken; WorkerDiedError when the process
   *   ends before it listens.
   */
  async start(options: StartOptions = {}): Promise<this> {
    checkNames(options, ['initializer', 'initArgs'], 'start');
    checkFunction('initializer', options.initializer);
    checkArray('initArgs', options.initArgs);
    this.#leaveInitial('starting');
    const { endpoint, remove } = this.#place();
    try {
      const { process, address } = await startServer({
        name: this.constructor.name,
        types: registeredIn(this.constructor),
        isSync: this.isSync,
        address: endpoint,
        family: this.#options.family,
        authkey: this.#key,
        ...this.#limits(),
        ...options,
      });
      this.#process = process;
      this.#address = address;
      this.#removeAddress = remove;
      this.#state = 'started';
      this.#line = await this.#connect();
      return this;
    } catch (error) {
      this.#state = 'shut down';
      this.#process?.kill();
      remove();
      throw error;
    }
  }

  /**
   * Connects to a manager that was started elsewhere, at the address and with the key of the options. Resolves to this manager.
   *
   * @throws InvalidStateError for a second time; AuthenticationError for a wrong key; the error of the system when nobody
   *   listens there; TimeoutError; `signal.reason`.
   */
  async connect(options: WaitOptions = {}): Promise<this> {
    if (this.#address === undefined) throw new TypeError('connect() needs an address: set it in the options');
    this.#leaveInitial('connected');
    try {
      this.#line = await this.#connect(options);
    } catch (error) {
      this.#state = 'initial';
      throw error;
    }
    return this;
  }

  /**
   * A server in this process, which listens already, for `serveForever()`.
   *
   * @throws InvalidStateError if this manager was started or connected; the error of the system.
   */
  async getServer(): Promise<Server> {
    this.#leaveInitial('serving');
    const own = [...registeredIn(this.constructor)].map(
      ([typeid, type]) => [typeid, typeOf(type.callable, type)] as const,
    );
    const server = await Server.listen({
      types: typesOf(own, this.isSync),
      address: this.#address,
      family: this.#options.family,
      authkey: this.#key,
      ...this.#limits(),
    });
    this.#address = server.address;
    return server;
  }

  /**
   * A new object of a registered type.
   *
   * @throws InvalidStateError before `start()` or `connect()`; RemoteError for a type that the manager does not have; what
   *   making it throws; BrokenConnectionError.
   */
  async create<T, A extends readonly unknown[]>(typeid: TypeId<T, A>, ...args: A): Promise<Managed<T>> {
    return (await this.#connected().create(typeid, args)) as Managed<T>;
  }

  /** How many objects the manager has: for tests of leaks. @see CPython `Server.number_of_objects` */
  async numberOfObjects(): Promise<number> {
    return (await this.#connected().ask('count')) as number;
  }

  /** What objects it has. @see CPython `Server.debug_info` */
  async debugInfo(): Promise<readonly { object: number; typeid: string; leases: number }[]> {
    return (await this.#connected().ask('info')) as { object: number; typeid: string; leases: number }[];
  }

  /**
   * Ends the process of the manager: asks it to, after `shutdownTimeout` terminates it, and after that again kills it. Its
   * objects are gone, and calls that wait reject. More than once is no error.
   *
   * @throws InvalidStateError unless `start()` was called here.
   */
  async shutdown(): Promise<void> {
    if (this.#process === undefined) {
      throw new InvalidStateError('shutdown() is for the manager object that started the process');
    }
    const process = this.#process;
    this.#state = 'shut down';
    // Not waited for: a process that hangs does not answer.
    this.#line?.ask('shutdown').catch(() => undefined);
    const timeout = this.#options.shutdownTimeout ?? 1000;
    for (const next of ['terminate', 'kill'] as const) {
      try {
        await process.join({ timeout });
        break;
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        process[next]();
      }
    }
    await process.join();
    this.#line?.close();
    this.#removeAddress();
  }

  /** Waits for the end of the process. @throws InvalidStateError unless `start()` was called here; TimeoutError; `signal.reason` */
  async join(options: WaitOptions = {}): Promise<ProcessExit> {
    if (this.#process === undefined)
      throw new InvalidStateError('join() is for a manager that was started here');
    return await this.#process.join(options);
  }

  /** `shutdown()`, where it was started here. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process !== undefined) await this.shutdown();
  }

  #connected(): Line {
    if (this.#line === undefined || this.#state === 'shut down') {
      throw new InvalidStateError(
        this.#state === 'shut down'
          ? 'This manager was shut down: make another'
          : 'This manager is not connected: call start() or connect() first',
      );
    }
    return this.#line;
  }

  #leaveInitial(state: 'starting' | 'connected' | 'serving'): void {
    if (this.#state !== 'initial') {
      throw new InvalidStateError(
        `A manager can be started, connected or served once; this one is ${this.#state}`,
      );
    }
    this.#state = state;
  }

  async #connect(options: WaitOptions = {}): Promise<Line> {
    for (const { reference } of registeredIn(this.constructor).values()) {
      const found = reference();
      if (found !== undefined) void learnErrorClasses(found);
    }
    return await connectTo(this.#address as Address, this.#key, options);
  }

  #limits(): { readonly maxMessageBytes: number; readonly transferTimeout: number } {
    const { maxMessageBytes = 256 * 2 ** 20, transferTimeout = 60_000 } = this.#options;
    return { maxMessageBytes, transferTimeout };
  }

  /** Sockets in the file system are made in a folder of ours, which is removed also when the process was killed. */
  #place(): { readonly endpoint: Address | undefined; remove(): void } {
    const { family = families()[0] as Family } = this.#options;
    if (this.#address !== undefined || family === 'tcp') {
      return { endpoint: this.#address, remove: () => undefined };
    }
    const { endpoint, remove } = arbitraryAddress(family);
    return { endpoint: (endpoint as { path: string }).path, remove };
  }
}
