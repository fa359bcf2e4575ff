/** Of all ways to run so many calls, the best of each backend; and from how many calls on one beats another. */

import { type BackendKind, type Model, type Plan, type Prediction, predict } from './predict.ts';

export interface Bounds {
  /** Workers at most, where calls compute. */
  readonly maxWorkers: number;
}

/** The simpler one comes first: it wins where there is nothing between them. */
export const backendKinds: readonly BackendKind[] = ['event-loop', 'thread', 'process'];

/** Calls under way in one worker. More than that at a time most services that one waits for do not bear. */
const CONCURRENCIES = [1, 2, 4, 8, 16, 32, 64] as const;
const CHUNKS = [1, 4, 16, 64, 256, 1024, 4096] as const;
/** Workers for calls that block their thread while they wait: more than cores, but each takes memory. */
const MOST_WAITING_WORKERS = 32;
/** What saves less than this is not worth another worker, nor larger chunks. */
const WORTH = 0.03;
/** A crossing beyond this many calls is none. */
const MOST_CALLS = 1e7;

/** The best plan of a backend: among those as good as the fastest, the one that takes least. */
export function bestPlan(model: Model, bounds: Bounds, backend: BackendKind, calls: number): Prediction {
  const all = candidates(model, bounds, backend, calls).map((plan) => predict(model, plan, calls));
  const fastest = Math.min(...all.map(({ ms }) => ms));
  const [best] = all.filter(({ ms }) => ms <= fastest * (1 + WORTH)).toSorted(byModesty);
  return best as Prediction;
}

/** Fewer workers first, as they take memory; then fewer calls at a time, smaller chunks, and less time. */
function byModesty(a: Prediction, b: Prediction): number {
  return a.workers - b.workers || a.concurrency - b.concurrency || a.chunkSize - b.chunkSize || a.ms - b.ms;
}

function candidates({ call }: Model, bounds: Bounds, backend: BackendKind, calls: number): Plan[] {
  const concurrencies = call.async ? concurrenciesFor(calls) : [1];
  if (backend === 'event-loop') {
    return concurrencies.map((concurrency) => ({ backend, workers: 1, concurrency, chunkSize: 1 }));
  }
  // A chunk runs its calls one after the other; fewer chunks than workers would leave some without.
  const chunks = CHUNKS.filter((each) => each === 1 || each * bounds.maxWorkers * 2 <= calls);
  const plans: Plan[] = [];
  for (const workers of workerCounts(call.hold - call.cpu > call.cpu, bounds, calls)) {
    for (const concurrency of concurrencies) {
      for (const chunkSize of chunks) plans.push({ backend, workers, concurrency, chunkSize });
    }
  }
  return plans;
}

/** All calls at a time, if they are few. */
function concurrenciesFor(calls: number): number[] {
  const most = Math.min(calls, CONCURRENCIES.at(-1) ?? 1);
  return [...CONCURRENCIES.filter((each) => each < most), most];
}

function workerCounts(waitsBlocking: boolean, { maxWorkers }: Bounds, calls: number): number[] {
  const most = Math.max(1, Math.min(calls, waitsBlocking ? MOST_WAITING_WORKERS : maxWorkers));
  const counts = new Set([Math.min(maxWorkers, most), most]);
  for (let count = 1; count < most; count *= 2) counts.add(count);
  return [...counts].toSorted((a, b) => a - b);
}

/**
 * From how many calls on `winner` is faster than `other`, each at its best; null if it never is. It may be slower again
 * later, where limits change: what is found is the first time.
 */
export function paysFrom(
  model: Model,
  bounds: Bounds,
  winner: BackendKind,
  other: BackendKind,
): number | null {
  const wins = (calls: number): boolean =>
    bestPlan(model, bounds, winner, calls).ms < bestPlan(model, bounds, other, calls).ms;
  let high = 1;
  while (!wins(high)) {
    if (high >= MOST_CALLS) return null;
    high *= 2;
  }
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (wins(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** 1, 2, 5, 10, 20, 50... up to at least ten times `calls`. */
export function callCounts(calls: number): number[] {
  const counts: number[] = [];
  for (let power = 1; ; power *= 10) {
    for (const digit of [1, 2, 5]) {
      counts.push(digit * power);
      if (digit * power >= 10 * calls) return counts;
    }
  }
}
