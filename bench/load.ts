/**
 * The callers that load a pool. A library may do several million tasks a second, so what stands around a call
 * must cost next to nothing: the clock, at some 40 ns a look, is read for one task of many.
 */
import { createHistogram, monitorEventLoopDelay, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Times in bounded memory, to three digits, however many there are. */
export class Latencies {
  readonly #histogram: RecordableHistogram = createHistogram({ figures: 3 });

  get count(): number {
    return this.#histogram.count;
  }

  add(microseconds: number): void {
    // It holds whole nanoseconds, from one on.
    this.#histogram.record(Math.max(1, Math.round(microseconds * 1000)));
  }

  /** Microseconds that `rank` percent of the times do not exceed. NaN if there are none. */
  percentile(rank: number): number {
    return this.count === 0 ? Number.NaN : this.#histogram.percentile(rank) / 1000;
  }
}

/**
 * One of so many tasks is timed. More often would slow down those that are counted, less often leaves too few
 * for a p99 of a slow library. It is prime, so that the turn comes to each of the callers.
 */
const SAMPLE_EVERY = 61;

export interface Throughput {
  readonly done: number;
  /** Tasks a second. */
  readonly rate: number;
  /** From call to result, of one task of 61. */
  readonly latencies: Latencies;
}

/**
 * Keeps `inFlight` calls going for `ms`, and returns how many were done, in all and a second. The calls under
 * way at the end are awaited and counted, and so is their time.
 */
export async function throughput(
  call: () => PromiseLike<unknown>,
  inFlight: number,
  ms: number,
): Promise<Throughput> {
  const latencies = new Latencies();
  let done = 0;
  let over = false;
  let untilSample = SAMPLE_EVERY;
  // Once for as many tasks as are in flight, so that a slow library overruns by no more than one turn of each.
  let untilLook = inFlight;
  const start = performance.now();
  const caller = async () => {
    while (!over) {
      untilSample -= 1;
      if (untilSample === 0) {
        untilSample = SAMPLE_EVERY;
        const before = performance.now();
        await call();
        latencies.add((performance.now() - before) * 1000);
      } else {
        await call();
      }
      done += 1;
      untilLook -= 1;
      if (untilLook === 0) {
        untilLook = inFlight;
        over = performance.now() - start >= ms;
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { done, rate: (done * 1000) / (performance.now() - start), latencies };
}

/** One call at a time for `ms`, each of them timed. What the timing costs falls between the calls. */
export async function oneAtATime(call: () => PromiseLike<unknown>, ms: number): Promise<Latencies> {
  const latencies = new Latencies();
  const start = performance.now();
  for (let before = start; before - start < ms; before = performance.now()) {
    await call();
    latencies.add((performance.now() - before) * 1000);
  }
  return latencies;
}

/** Milliseconds between two looks of the event-loop watcher. A smaller step costs more than it tells. */
const DELAY_STEP = 5;

/**
 * Runs `work` and tells how late the event loop of the caller was meanwhile, in milliseconds. The watcher
 * needs a look before, to count from, and one after, or a loop that was blocked all of the time would go
 * unseen.
 */
export async function watchingEventLoop<T>(
  work: () => Promise<T>,
): Promise<{ result: T; p99: number; max: number }> {
  const histogram = monitorEventLoopDelay({ resolution: DELAY_STEP });
  histogram.enable();
  await sleep(2 * DELAY_STEP);
  const result = await work();
  await sleep(2 * DELAY_STEP);
  histogram.disable();
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - DELAY_STEP);
  return { result, p99: late(histogram.percentile(99)), max: late(histogram.max) };
}
