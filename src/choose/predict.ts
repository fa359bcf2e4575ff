/**
 * The model: how long a number of calls takes on a backend, and why.
 *
 * One call is `hold` ms in which it has its thread for itself, of which `cpu` ms are computing (the rest, if any, waits while
 * it blocks), and then `wait` ms in which its thread is free for others:
 *
 *     thread   ████ hold ████                          ████ the next call, if `concurrency` allows ████
 *     call     ████ hold ████┄┄┄┄┄┄ wait ┄┄┄┄┄┄ done
 *
 * For N calls on W workers that hold K calls each at a time, in chunks of C:
 *
 *     time   = start(W) + load + cold + max(chain, cores, caller)
 *
 *     chain  = max( n · (hold' + o) + wait,  r · C · (hold' + wait + o) ) + tail      the worker that has most to do
 *              n = ceil(ceil(N / C) / W) · C calls of one worker,  r = ceil(ceil(N / C) / (W · K)) rounds of chunks
 *              tail = (longest - mean) · (1 - 1 / (W · K)): a long call that begins last
 *     cores  = N · (cpu + o + m) / processors                                        all that is to be computed
 *     caller = N · m / processors(1)                                                 messages, which one thread makes
 *     o, m   = what a message takes the worker and the caller: task / C + item + half of carrying the values
 *     hold'  = hold, its computing made longer where threads outnumber processors, and where calls disturb each other
 *     load   = loading the function's module, in all workers at once;  cold = what the first calls take longer
 *
 * On the event loop W is 1, there is nothing to start or to carry, and a function that returns no promise is just called.
 *
 * All times are in ms, memory is in bytes.
 */

import type { BackendCosts, MachineCosts, MessageCosts } from './machine-costs.ts';

export type BackendKind = 'event-loop' | 'thread' | 'process';

/** What one call is like, on average over the inputs. */
export interface CallProfile {
  /** Whether it returns a promise. */
  readonly async: boolean;
  /** Computing. */
  readonly cpu: number;
  /** Its thread can do nothing else; at least `cpu`. */
  readonly hold: number;
  /** Its thread is free. */
  readonly wait: number;
  /** The longest call: `hold` and `wait` together. */
  readonly longest: number;
  /** The longest that it blocks its thread at a time. */
  readonly blocked: number;
  /** Arguments and result. */
  readonly bytes: number;
  /** Carrying arguments and result, both sides together, where it was measured; else it is taken from the machine. */
  readonly carry: { readonly thread: number | null; readonly process: number | null };
  /** Loading its module in a worker. */
  readonly load: number;
  /** What the first calls in a worker take longer, all together. */
  readonly cold: number;
  /** By how much one call makes the heap grow. */
  readonly heap: number;
  /** How much longer its computing takes when all cores run it: 1 if calls do not disturb each other. */
  readonly stretch: number;
}

/** What the machine has to give at the moment: processors that one busy thread gets, and that one for each core get. */
export interface Conditions {
  readonly alone: number;
  readonly together: number;
}

export interface Plan {
  readonly backend: BackendKind;
  /** 1 on the event loop. */
  readonly workers: number;
  /** Calls that a worker has under way at a time. */
  readonly concurrency: number;
  readonly chunkSize: number;
}

/** What keeps a run from being faster. */
export type Limit = 'start' | 'waiting' | 'computing' | 'messages';

export interface Prediction extends Plan {
  readonly ms: number;
  /** Of it: until the workers run, have loaded the function, and are warm. */
  readonly startMs: number;
  /** What the run adds to the program. */
  readonly memory: number;
  /** The longest that the caller's event loop is blocked at a time. */
  readonly blocked: number;
  readonly limit: Limit;
}

export interface Model {
  readonly call: CallProfile;
  readonly machine: MachineCosts;
  readonly conditions: Conditions;
  /** The pool runs already, and has run the function before. */
  readonly warm: boolean;
}

/** Milliseconds of quick tasks in a row that an `EventLoopExecutor` lets pass before others have their turn. */
const SLICE = 5;

export function predict(model: Model, plan: Plan, calls: number): Prediction {
  return plan.backend === 'event-loop' ? onEventLoop(model, plan, calls) : inPool(model, plan, calls);
}

function onEventLoop({ call, machine, conditions, warm }: Model, plan: Plan, calls: number): Prediction {
  const { alone } = conditions;
  const hold = call.hold - call.cpu + call.cpu / alone;
  const overhead = call.async ? machine.eventLoopTask / alone : 0;
  const own: Plan = { ...plan, workers: 1, chunkSize: 1 };
  const chain = chainOf(call, own, calls, hold, overhead);
  const startMs = warm ? 0 : call.cold / alone;
  const blocked = call.async ? Math.max(call.blocked, Math.min(SLICE, calls * hold)) : calls * hold;
  return {
    ...own,
    ms: startMs + chain,
    startMs,
    memory: call.heap * Math.min(plan.concurrency, calls),
    blocked,
    limit: limitOf({ start: startMs, waiting: chain - calls * hold, computing: calls * hold, messages: 0 }),
  };
}

function inPool({ call, machine, conditions, warm }: Model, plan: Plan, calls: number): Prediction {
  const { backend, chunkSize } = plan;
  const costs = machine[backend === 'thread' ? 'thread' : 'process'];
  const workers = Math.min(plan.workers, Math.ceil(calls / chunkSize));
  const used: Plan = { ...plan, workers };
  const { worker: own, caller: message } = messageOf(call, costs, used);

  // Threads that compute at a time, and how much longer each takes for it.
  const share = call.cpu / Math.max(call.hold, (call.hold + call.wait) / plan.concurrency, Number.MIN_VALUE);
  const busy = Math.max(1, workers * share);
  const slower = (busy / processors(conditions, machine.cores, busy)) * stretchAt(call, machine.cores, busy);
  const hold = call.hold - call.cpu + call.cpu * slower;

  const chain = chainOf(call, used, calls, hold, own);
  const cores =
    (calls * (call.cpu * stretchAt(call, machine.cores, busy) + own + message)) /
    processors(conditions, machine.cores, workers + 1);
  const caller = (calls * message) / conditions.alone;
  const run = Math.max(chain, cores, caller);

  const crowd = workers / processors(conditions, machine.cores, workers);
  const startMs = warm ? 0 : startOf(costs, workers) + (call.load + call.cold) * crowd;
  return {
    ...used,
    ms: startMs + run + costs.roundTrip,
    startMs,
    memory: workers * (costs.memory + call.heap * Math.min(plan.concurrency, calls)) + call.bytes * chunkSize,
    blocked: Math.max(SLICE, message * chunkSize),
    limit: limitOf({
      start: startMs,
      waiting: chain - (calls / workers) * (hold + own),
      computing: Math.max((calls / workers) * hold, cores - caller),
      messages: Math.max(caller, (calls / workers) * own),
    }),
  };
}

/** The worker that has most to do. */
function chainOf(call: CallProfile, plan: Plan, calls: number, hold: number, overhead: number): number {
  const { workers, concurrency, chunkSize } = plan;
  const chunks = Math.ceil(calls / chunkSize);
  const most = Math.min(calls, Math.ceil(chunks / workers) * chunkSize);
  const rounds = Math.ceil(chunks / (workers * concurrency));
  const busy = most * (hold + overhead) + call.wait;
  const inTurns = Math.min(calls, rounds * chunkSize) * (hold + call.wait + overhead);
  const tail = (call.longest - call.hold - call.wait) * (1 - 1 / (workers * concurrency));
  return Math.max(busy, inTurns) + Math.max(0, calls > 1 ? tail : 0);
}

/** A call's part in a message of a chunk, to each side. */
function messageOf(call: CallProfile, costs: BackendCosts, { backend, chunkSize }: Plan): MessageCosts {
  const { task, item } = costs;
  const measured = backend === 'thread' ? call.carry.thread : call.carry.process;
  const carry = (measured ?? carryOf(costs, call.bytes)) / 2;
  const part = (kind: keyof MessageCosts): number =>
    (chunkSize > 1 ? task[kind] / chunkSize + item[kind] : task[kind]) + carry;
  return { caller: part('caller'), worker: part('worker') };
}

/** Carrying so many bytes: between two sizes that were measured along a line, beyond them in proportion. */
export function carryOf({ bytes: table }: BackendCosts, bytes: number): number {
  const above = table.findIndex((each) => each.bytes >= bytes);
  const from = table[above - 1] ?? { bytes: 0, ms: 0 };
  const to = table[above];
  if (to === undefined) {
    const { bytes: most, ms } = table.at(-1) ?? { bytes: 1, ms: 0 };
    return (ms * bytes) / most;
  }
  return from.ms + ((to.ms - from.ms) * (bytes - from.bytes)) / (to.bytes - from.bytes);
}

/** Processors that so many busy threads get together. */
function processors({ alone, together }: Conditions, cores: number, threads: number): number {
  if (threads <= 1) return alone * threads;
  if (threads >= cores) return Math.max(alone, together);
  return alone + ((together - alone) * (threads - 1)) / (cores - 1);
}

function stretchAt({ stretch }: CallProfile, cores: number, busy: number): number {
  return cores < 2 ? 1 : 1 + (stretch - 1) * Math.min(1, (busy - 1) / (cores - 1));
}

/** More than were measured take as much longer as those did. */
function startOf({ start: { first, all, workers } }: BackendCosts, count: number): number {
  return workers < 2 ? first * count : first + ((all - first) * (count - 1)) / (workers - 1);
}

function limitOf(parts: Readonly<Record<Limit, number>>): Limit {
  const [[limit] = ['computing']] = Object.entries(parts).toSorted(([, a], [, b]) => b - a);
  return limit as Limit;
}
