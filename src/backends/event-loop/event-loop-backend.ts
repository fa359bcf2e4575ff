/**
 * The event loop of this thread as the one worker of a pool: the worker's runtime, with nothing in between.
 */

import type { WorkerDeath } from '../../errors.ts';
import type { Backend, WorkerEvents, WorkerHandle } from '../../pool/backend.ts';
import type { Claims } from '../../pool/claims.ts';
import { WorkerRuntime } from '../../pool/worker-runtime.ts';
import { referenceTo, type TaskReference } from '../../tasks/reference.ts';
import { type Codec, identityCodec, realmCodec } from '../../wire/codec.ts';
import { SETUP, type ToWorker, type WorkerSetup } from '../../wire/protocol.ts';

/** Milliseconds of tasks in a row before timers and sockets of the program get their turn. */
const SLICE_MS = 5;

export class EventLoopBackend implements Backend {
  readonly kind = 'event-loop';
  readonly codec: Codec;
  readonly #isolated: boolean;
  readonly #references = new WeakMap<Function, TaskReference>();
  /** The function itself is at hand; nothing has to be loaded to find it again. */
  readonly #functions = new WeakMap<TaskReference, Function>();
  readonly #wrap: (fn: Function) => Function;

  /** @param wrap gives what is called in place of a function, once for each. */
  constructor(isolated: boolean, wrap: (fn: Function) => Function = (fn) => fn) {
    this.#isolated = isolated;
    this.#wrap = wrap;
    this.codec = isolated ? realmCodec : identityCodec;
  }

  reference(fn: Function): TaskReference {
    const known = this.#references.get(fn);
    if (known !== undefined) return known;
    // A function that could not cross is refused here as well, so that a program can move to threads as it
    // is; what is none at all is refused always.
    const { label } = this.#isolated || typeof fn !== 'function' ? referenceTo(fn) : { label: fn.name };
    const reference: TaskReference = { kind: 'source', source: '', label };
    this.#references.set(fn, reference);
    this.#functions.set(reference, this.#wrap(fn));
    return reference;
  }

  start(setup: WorkerSetup, events: WorkerEvents): WorkerHandle {
    const find = (reference: TaskReference): Function => this.#functions.get(reference) as Function;
    return new EventLoopHandle(setup, this.codec, events, find);
  }
}

class EventLoopHandle implements WorkerHandle {
  readonly name: string;
  readonly id = undefined;
  readonly claims = new LocalClaims();
  readonly #runtime: WorkerRuntime;
  readonly #events: WorkerEvents;
  #ended = false;

  constructor(
    setup: WorkerSetup,
    codec: Codec,
    events: WorkerEvents,
    find: (reference: TaskReference) => Function,
  ) {
    this.name = setup.name;
    this.#events = events;
    this.#runtime = new WorkerRuntime({
      codec,
      post: (batch) => {
        // Not inside of the call that the answer belongs to: a pool settles futures when it is told, not
        // while it tells.
        queueMicrotask(() => {
          if (!this.#ended) events.messages(batch);
        });
      },
      end: () => this.#end('it was told to'),
      claim: (ticket) => this.claims.claim(ticket),
      resolve: find,
      slice: SLICE_MS,
    });
    this.post([[SETUP, setup]]);
  }

  post(batch: readonly ToWorker[]): void {
    queueMicrotask(() => {
      if (!this.#ended) this.#runtime.receive(batch);
    });
  }

  kill(): void {
    queueMicrotask(() => this.#end('it was ended'));
  }

  abandon(id: number): void {
    this.#runtime.abandon(id);
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const death: WorkerDeath = { exitCode: 0, signal: null, reason, workerName: this.name, stderr: [] };
    queueMicrotask(() => this.#events.exited(death));
  }
}

/** Claims where both sides are the same thread, and as many tasks as there are may be under way. */
class LocalClaims implements Claims {
  readonly free = Infinity;
  readonly #states = new Map<number, 'offered' | 'claimed'>();
  #last = 0;

  offer(): number {
    this.#last += 1;
    this.#states.set(this.#last, 'offered');
    return this.#last;
  }

  claim(ticket: number): boolean {
    if (this.#states.get(ticket) !== 'offered') return false;
    this.#states.set(ticket, 'claimed');
    return true;
  }

  revoke(ticket: number): boolean {
    return this.#states.get(ticket) === 'offered' && this.#states.delete(ticket);
  }

  isClaimed(ticket: number): boolean {
    return this.#states.get(ticket) === 'claimed';
  }

  release(ticket: number): void {
    this.#states.delete(ticket);
  }
}
