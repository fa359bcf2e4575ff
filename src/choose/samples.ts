/** From calls that were measured to what a call costs: the usual one of each input, how it grows, and what all inputs cost. */

import type { SampleCost } from './advice.ts';
import { crossingOf } from './crossing.ts';
import { costAt, fitGrowth, type Growth, sizesOf } from './growth.ts';
import type { CallCost } from './measured-task.ts';

/** One input that was tried, before anything is said of it. */
export interface Tried {
  readonly input: number;
  readonly args: readonly unknown[];
  readonly bytes: number;
  readonly costs: CallCost[];
  /** What the calls took beyond running, ms. */
  readonly beyond: number[];
  failed: boolean;
  value: unknown;
}

/** Inputs that are tried at most, from the smallest to the largest. */
const MOST_INPUTS = 10;
const MOST_LOOKED_AT = 1000;

/** A few of many, from the smallest to the largest, by what can be told of them without running anything. */
export function chooseInputs(inputs: ReadonlyArray<readonly unknown[]>): number[] {
  const sizes = inputs.map((args) => sizesOf(args, 0));
  const of = (['value', 'length'] as const).find((name) => sizes.every((size) => size[name] !== undefined));
  const sizeAt = (index: number): number => (of === undefined ? 0 : (sizes[index]?.[of] ?? 0));
  const order = inputs.map((_, index) => index).toSorted((a, b) => sizeAt(a) - sizeAt(b));
  if (order.length <= MOST_INPUTS) return order;
  return Array.from(
    { length: MOST_INPUTS },
    (_, step) => order[Math.round((step * (order.length - 1)) / (MOST_INPUTS - 1))] as number,
  );
}

/** The call in the middle of those when the worker was warm. */
export function typical({ costs }: Tried): CallCost {
  const warm = warmOnes(costs);
  return warm.toSorted((a, b) => a.cpu - b.cpu)[(warm.length - 1) >> 1] as CallCost;
}

function warmOnes(costs: readonly CallCost[]): readonly CallCost[] {
  return costs.length > 1 ? costs.slice(1) : costs;
}

/** Taken apart into what it computed, for how long it held its thread, and for how long it left it to others. */
export function sampleOf(tried: Tried): SampleCost {
  const { input, bytes, costs } = tried;
  const { wall, cpu, async } = typical(tried);
  const warm = warmOnes(costs);
  const held = median(
    warm.map((each) => (async ? each.blocked.total : each.wall) - each.cpu - (each.queued ?? 0)),
  );
  // Short pauses are not waiting: pages that come from the system, a collector that runs beside.
  const hold = cpu + (held > Math.max(1, 0.1 * wall) ? held : 0);
  // Of each for itself: its thread may have had to stand in line before it waited, or before it saw that it was over.
  const waits = warm.map((each) => each.wall - each.blocked.total);
  return { input, bytes, calls: costs.length, cpu, hold, wait: async ? Math.max(0, median(waits)) : 0 };
}

function costOf(growth: Growth | null, args: readonly unknown[], bytes: number): number | undefined {
  const size = growth === null ? undefined : sizesOf(args, bytes)[growth.of];
  return growth === null || size === undefined ? undefined : costAt(growth, size);
}

function isKnown(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value);
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** By whatever size explains it best. */
export function growthOf(all: readonly Tried[]): Growth | null {
  const fits = (['value', 'length', 'bytes'] as const).flatMap((of) => {
    const points = all.flatMap((tried) => {
      const { hold, wait } = sampleOf(tried);
      const size = sizesOf(tried.args, tried.bytes)[of];
      return size === undefined ? [] : { size, ms: hold + wait };
    });
    return points.length < all.length ? [] : (fitGrowth(of, points) ?? []);
  });
  return fits.toSorted((a, b) => b.fit - a.fit)[0] ?? null;
}

/** How much more all inputs cost than those that were tried: a call on average, and the longest one. */
export function factorOfAll(
  inputs: ReadonlyArray<readonly unknown[]>,
  all: readonly Tried[],
  growth: Growth | null,
): { readonly mean: number; readonly most: number } {
  const none = { mean: 1, most: 1 };
  if (growth === null || growth.kind === 'constant') return none;
  const known = all.map((tried) => costOf(growth, tried.args, tried.bytes)).filter(isKnown);
  // Of inputs by the ten thousand some tell enough.
  const step = Math.max(1, Math.floor(inputs.length / MOST_LOOKED_AT));
  const others = inputs
    .filter((_, index) => index % step === 0)
    .map((args) => costOf(growth, args, growth.of === 'bytes' ? (crossingOf(args)?.bytes ?? 0) : 0))
    .filter(isKnown);
  const base = mean(known);
  if (!(base > 0) || others.length === 0) return none;
  return { mean: mean(others) / base, most: Math.max(1, Math.max(...others) / Math.max(...known)) };
}
