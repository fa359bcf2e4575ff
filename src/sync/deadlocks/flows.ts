/**
 * Which function that awaits has which lock, and what it waits for: in this thread, with its event loop running.
 *
 *   job of A       guard = await P ─ ─ ─ ─ ─ ─ ─ ─ ─ ▶ A has the lock that P was for
 *   (a microtask)  helper() ──▶ its first await  (2)
 *                  await ───────────────────────  (3) the last await of the job: A's own
 *                  end of the job
 *   job of helper  ...
 *
 * A function that awaits has no number of its own. `AsyncLocalStorage` knows what was caused by what, which is not the same:
 * `void log()` within a lock is caused by the one who holds it, and may well wait for that lock until it is released. So
 * what is followed here is the function itself, from one await to the next, by what async_hooks tell of promises:
 *
 * 1. Whoever resumes after `await P`, for the promise P of an acquire, has that lock. How the promise is used otherwise (by
 *    `then`, in a `Promise.race`) is seen by a `then` of its own, which `await` does not call; nobody has the lock then, for
 *    all that is known.
 * 2. A function that resumes runs until its own next await, which is the last one of its job: all before are those of
 *    functions that it has called. If a promise is settled after it, the function has returned instead.
 * 3. `await helper()` is seen as the first await of `helper` and right after it one for the promise that it has returned,
 *    and that was the last to be made: so the one who awaits it waits for what `helper` waits for.
 *
 * What is not seen so, such as locks that are acquired in a `Promise.all`, or returned by a function that has
 * acquired them before anybody else had one, belongs to nobody, and closes no circle: rather none than a wrong one. A race
 * between a function that waits for a lock and a time is not seen to be one.
 */

import { type AsyncHook, createHook, triggerAsyncId } from 'node:async_hooks';

/** A lock that was acquired by this thread. */
export interface Hold {
  /** That it was not released meanwhile. */
  readonly isHeld: boolean;
}

/** A function from one await to the next. */
interface Flow<H extends Hold> {
  readonly holds: Set<H>;
  /** The number of the promise that it awaits. */
  awaits: number;
  /** That of the promise that it returned, if somebody with a lock awaits it; else 0. */
  readonly result: number;
}

/** What has happened in a microtask up to now. */
interface Job<H extends Hold> {
  readonly id: number;
  readonly flow: Flow<H>;
  /** The last of what has happened to promises. */
  last: 'nothing' | 'await' | 'settled';
  /** Of the last await: the number of what continues it, and of the promise that it is for. */
  continuation: number;
  awaited: number;
  settled: number;
  /** Promises that were made, and neither awaited nor settled. */
  readonly open: number[];
}

/** The promise of an acquire, or of another wait that ends with one. */
export interface Followed<T> {
  readonly promise: Promise<T>;
  readonly id: number;
  /** False as soon as somebody has used it in another way than to await it. */
  isAwaited: boolean;
}

/** When so many have been granted that nobody has awaited, the released ones among them are forgotten. */
const MANY = 256;

export class Flows<H extends Hold> {
  readonly #hook: AsyncHook;
  readonly #awaits: (promise: number) => void;
  /** By the number of what continues it. */
  readonly #flows = new Map<number, Flow<H>>();
  /** By the number of the promise that it awaits. */
  readonly #awaiting = new Map<number, Flow<H>>();
  /** By the number of the promise that it has returned. */
  readonly #returned = new Map<number, Flow<H>>();
  /** What whoever awaits a promise gets by it. */
  readonly #granted = new Map<number, H>();
  /** The job that runs, and scopes in it that have nothing to do with its function. */
  readonly #scopes: Array<{ readonly id: number; readonly job: Job<H> | undefined }> = [];
  #job: Job<H> | undefined;
  #isFollowing = false;
  #isQuiet = false;
  /** The number of the next promise that is made; -1: is wanted. */
  #named = 0;

  /** `awaits` is called with the number of the promise that a function has begun to await, directly or not. */
  constructor(awaits: (promise: number) => void) {
    this.#awaits = awaits;
    this.#hook = createHook({
      init: (id, type, trigger) => {
        if (type !== 'PROMISE') return;
        if (this.#named < 0) this.#named = id;
        if (this.#job !== undefined && !this.#isQuiet) this.#made(this.#job, id, trigger);
      },
      promiseResolve: (id) => {
        if (this.#job !== undefined && !this.#isQuiet) this.#settled(this.#job, id);
      },
      before: (id) => this.#before(id),
      after: (id) => this.#after(id),
    });
  }

  start(): void {
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    this.#hook.enable();
  }

  /** Runs steps of the library, which are none of the function that has called it. */
  quietly<R>(steps: () => R): R {
    const wasQuiet = this.#isQuiet;
    this.#isQuiet = true;
    try {
      return steps();
    } finally {
      this.#isQuiet = wasQuiet;
    }
  }

  /** A promise that settles as `inner` does, after `settled` was called. */
  follow<T>(inner: Promise<T>, settled: (isHere: boolean) => void): Followed<T> {
    this.#named = -1;
    const promise = inner.then(
      (value) => {
        settled(true);
        return value;
      },
      (error) => {
        settled(false);
        throw error;
      },
    );
    const followed = { promise, id: this.#named, isAwaited: true };
    this.#named = 0;
    Object.defineProperty(promise, 'then', {
      configurable: true,
      writable: true,
      value: (...callbacks: Parameters<typeof promise.then>) => {
        followed.isAwaited = false;
        return this.quietly(() => Promise.prototype.then.apply(promise, callbacks));
      },
    });
    return followed;
  }

  /** Whoever awaits this promise gets this by it. */
  grant({ id, isAwaited }: Followed<unknown>, hold: H): void {
    if (!isAwaited) return;
    if (this.#granted.size >= MANY) {
      for (const [other, { isHeld }] of this.#granted) if (!isHeld) this.#granted.delete(other);
    }
    this.#granted.set(id, hold);
  }

  /** What those hold who wait until this promise is settled. */
  holdsOf({ id }: Followed<unknown>): H[] {
    const holds = new Set<H>();
    const seen = new Set<Flow<H>>();
    let flow = this.#awaiting.get(id);
    while (flow !== undefined && !seen.has(flow)) {
      seen.add(flow);
      for (const hold of flow.holds) if (hold.isHeld) holds.add(hold);
      flow = this.#awaiting.get(flow.result);
    }
    return [...holds];
  }

  #before(id: number): void {
    const flow = this.#flows.get(id);
    const trigger = this.#granted.size > 0 ? triggerAsyncId() : 0;
    const granted = this.#granted.get(trigger);
    if (flow === undefined && granted === undefined) {
      if (this.#job === undefined && this.#scopes.length === 0) return;
      this.#scopes.push({ id, job: undefined });
      this.#job = undefined;
      return;
    }
    const resumed = flow ?? { holds: new Set<H>(), awaits: 0, result: 0 };
    if (flow !== undefined) this.#resume(id, flow);
    if (granted !== undefined) {
      this.#granted.delete(trigger);
      for (const hold of resumed.holds) if (!hold.isHeld) resumed.holds.delete(hold);
      resumed.holds.add(granted);
    }
    this.#job = { id, flow: resumed, last: 'nothing', continuation: 0, awaited: 0, settled: 0, open: [] };
    // A microtask runs inside of nothing else.
    this.#scopes.length = 0;
    this.#scopes.push({ id, job: this.#job });
  }

  #after(id: number): void {
    const scope = this.#scopes.at(-1);
    if (scope?.id !== id) return;
    this.#scopes.pop();
    const { job } = scope;
    this.#job = this.#scopes.at(-1)?.job;
    if (job?.last === 'await') {
      this.#suspend(job.flow, job.continuation, job.awaited);
      this.#awaits(this.#end(job.awaited));
    } else if (job?.last === 'settled' && job.settled === job.flow.result) this.#return(job.flow);
  }

  #made(job: Job<H>, id: number, trigger: number): void {
    if (trigger === job.id) {
      job.open.push(id);
      job.last = 'nothing';
      return;
    }
    if (job.last === 'await' && job.open.at(-1) === trigger) {
      const called: Flow<H> = { holds: new Set(), awaits: 0, result: trigger };
      this.#returned.set(trigger, called);
      this.#suspend(called, job.continuation, job.awaited);
    }
    close(job, trigger);
    job.last = 'await';
    job.continuation = id;
    job.awaited = trigger;
  }

  #settled(job: Job<H>, id: number): void {
    // That of the await that the job continues; nobody has it.
    if (id === job.id) return;
    close(job, id);
    job.last = 'settled';
    job.settled = id;
  }

  #suspend(flow: Flow<H>, continuation: number, awaited: number): void {
    flow.awaits = awaited;
    this.#flows.set(continuation, flow);
    this.#awaiting.set(awaited, flow);
  }

  #resume(id: number, flow: Flow<H>): void {
    this.#flows.delete(id);
    if (this.#awaiting.get(flow.awaits) === flow) this.#awaiting.delete(flow.awaits);
    this.#returned.delete(flow.awaits);
  }

  /** What a function has when it returns is had by the one who awaits it. */
  #return(flow: Flow<H>): void {
    const caller = this.#awaiting.get(flow.result);
    for (const hold of flow.holds) if (hold.isHeld) caller?.holds.add(hold);
  }

  /** The promise that the function awaits in the end that has returned this one. */
  #end(promise: number): number {
    const seen = new Set<number>();
    let end = promise;
    for (let flow = this.#returned.get(end); flow !== undefined && !seen.has(end); ) {
      seen.add(end);
      end = flow.awaits;
      flow = this.#returned.get(end);
    }
    return end;
  }
}

function close({ open }: Job<Hold>, promise: number): void {
  const at = open.lastIndexOf(promise);
  if (at >= 0) open.splice(at, 1);
}
