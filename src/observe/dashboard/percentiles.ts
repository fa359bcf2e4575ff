import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Percentiles } from './messages.ts';

/** Histograms of Node count whole numbers from 1 on: microseconds here. */
const PER_MS = 1000;

/** Durations since the last look, as a histogram of fixed size with three significant digits. */
export class Durations {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: 2 ** 42, figures: 3 });

  record(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * PER_MS)));
  }

  /** What was recorded since the last call; null if nothing was. */
  take(): Percentiles | null {
    const histogram = this.#histogram;
    if (histogram.count === 0) return null;
    const taken = percentilesOf(histogram, PER_MS);
    histogram.reset();
    return taken;
  }
}

/** Percentiles in milliseconds, of a histogram of which a millisecond has `perMs` units; `base` is taken off each. */
export function percentilesOf(
  histogram: { percentile(percentile: number): number; readonly max: number },
  perMs: number,
  base = 0,
): Percentiles {
  const ms = (value: number): number => Math.max(0, round(value / perMs - base));
  return {
    p50: ms(histogram.percentile(50)),
    p95: ms(histogram.percentile(95)),
    p99: ms(histogram.percentile(99)),
    max: ms(histogram.max),
  };
}

/** To whole microseconds: what is sent should not carry digits that nobody measured. */
export function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
