/** Starts worker threads, and talks to each over a MessagePort of its own. */

import type { MessagePort, ResourceLimits, Transferable, Worker } from 'node:worker_threads';
import type { WorkerDeath } from '../../errors.ts';
import { placesFor } from '../../memory/arena/places.ts';
import { WORKER_SLEEP } from '../../memory/lane.ts';
import { ThreadRegion } from '../../memory/thread-region.ts';
import { threadTable } from '../../memory/thread-table.ts';
import type { Backend, WorkerEvents, WorkerHandle } from '../../pool/backend.ts';
import { SharedClaims } from '../../pool/claims.ts';
import type { Sharing } from '../../pool/shared/sharing.ts';
import { threadFlagsOrInherit } from '../../tasks/worker-flags.ts';
import { type Codec, cloneCodec } from '../../wire/codec.ts';
import { type FromWorker, SETUP, type ToWorker, type WorkerSetup } from '../../wire/protocol.ts';
import { StderrTail } from '../stderr-tail.ts';
import { workerEntry } from '../worker-entry.ts';
import type { InterpreterLock } from './interpreter-lock.ts';

export interface ThreadSettings {
  readonly resourceLimits?: ResourceLimits | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly execArgv?: readonly string[] | undefined;
  /** Given: all threads run under it, one at a time. */
  readonly lock?: InterpreterLock | undefined;
}

/** What a thread finds as its `workerData`. */
export interface ThreadData {
  readonly port: MessagePort;
  /** See `pool/claims.ts`. */
  readonly claims: Int32Array;
  /** See `pool/shared/`. */
  readonly board: SharedArrayBuffer | undefined;
  readonly lane: SharedArrayBuffer | undefined;
}

const ENTRY = new URL('./thread-worker.js', import.meta.url);

export class ThreadBackend implements Backend {
  readonly kind = 'thread';
  readonly codec: Codec = cloneCodec;
  readonly #settings: ThreadSettings;
  #owners = 0;

  constructor(settings: ThreadSettings) {
    this.#settings = settings;
  }

  makeRegion(bytes: number): ThreadRegion {
    // It would hold the lock while it looks for a task, and the thread that it waits for could not run.
    if (this.#settings.lock !== undefined) {
      throw new Error('threads under an interpreterLock get their tasks one by one, as messages');
    }
    return new ThreadRegion(bytes);
  }

  start(setup: WorkerSetup, events: WorkerEvents, sharing?: Sharing): WorkerHandle {
    const { lock } = this.#settings;
    if (lock === undefined) return new ThreadHandle(setup, this.#settings, events, sharing, () => undefined);
    this.#owners += 1;
    const owner = this.#owners;
    const locked: WorkerSetup = { ...setup, interpreterLock: { word: lock.word, owner } };
    return new ThreadHandle(locked, this.#settings, events, sharing, () => lock.releaseFor(owner));
  }
}

class ThreadHandle implements WorkerHandle {
  readonly name: string;
  readonly id: number;
  readonly claims = new SharedClaims();
  readonly sharing: Sharing | undefined;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  #error: unknown;

  constructor(
    setup: WorkerSetup,
    settings: ThreadSettings,
    events: WorkerEvents,
    sharing: Sharing | undefined,
    onExit: () => void,
  ) {
    // So that threads know of each other, whichever of them is the first to ask.
    threadTable();
    // Loaded here, since a program that uses processes only does without it.
    const threads = process.getBuiltinModule('node:worker_threads');
    const { port1, port2 } = new threads.MessageChannel();
    const execArgv = settings.execArgv ?? threadFlagsOrInherit();
    const data: ThreadData = {
      port: port2,
      claims: this.claims.words,
      board: sharing?.board.buffer as SharedArrayBuffer | undefined,
      lane: sharing?.lane.buffer as SharedArrayBuffer | undefined,
    };
    this.sharing = sharing;
    this.name = setup.name;
    this.#port = port1;
    this.#worker = new threads.Worker(workerEntry(ENTRY), {
      name: setup.name,
      workerData: data,
      transferList: [port2],
      ...(settings.env === undefined ? {} : { env: settings.env }),
      ...(settings.resourceLimits === undefined ? {} : { resourceLimits: settings.resourceLimits }),
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
    });
    this.id = this.#worker.threadId;
    // Node passes it on already. With `stderr: true` it would leave that to us, and the first read of the
    // stream would ref a port that nobody outside can unref: an idle thread would keep the process open.
    const tail = new StderrTail(this.#worker.stderr);
    port1.on('message', (batch: FromWorker[]) => events.messages(batch));
    port1.on('messageerror', (error) => {
      this.#error = error;
      this.kill();
    });
    this.#worker.on('error', (error) => {
      this.#error ??= error;
    });
    this.#worker.on('exit', (exitCode) => {
      onExit();
      // What it had said before it went may still lie in the port.
      for (;;) {
        const last = threads.receiveMessageOnPort(port1);
        if (last === undefined) break;
        events.messages(last.message as FromWorker[]);
      }
      port1.close();
      events.exited(this.#death(exitCode, tail.lines), this.#error);
    });
    // What keeps the process alive is pending work, not workers; see `pool/keep-alive.ts`.
    this.#worker.unref();
    port1.unref();
    this.post([[SETUP, { ...setup, places: placesFor('thread') }]]);
  }

  post(batch: readonly ToWorker[], transfer?: readonly Transferable[]): void {
    this.#port.postMessage(batch, transfer as never);
  }

  rouse(): void {
    this.sharing?.lane.notify(WORKER_SLEEP, 1);
  }

  kill(): void {
    void this.#worker.terminate();
  }

  #death(exitCode: number, stderr: readonly string[]): WorkerDeath {
    return { exitCode, signal: null, reason: this.#reason(exitCode), workerName: this.name, stderr };
  }

  #reason(exitCode: number): string {
    const error = this.#error;
    if (error === undefined) return `it exited with code ${exitCode}, as by process.exit(${exitCode})`;
    const { code } = error as { code?: unknown };
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') return 'it ran out of memory (resourceLimits)';
    return `an error that nothing caught: ${String(error)}`;
  }
}
