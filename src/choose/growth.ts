/** How the cost of a call grows with its input, found from samples: a line through them, on the scale that suits best. */

/** What is taken for the size of an input. */
export type SizeOf = 'value' | 'length' | 'bytes';

export interface Sample {
  readonly size: number;
  readonly ms: number;
}

/**
 * - 'constant': the size does not matter;
 * - 'power': `factor · size ^ exponent`, 1 for what is proportional;
 * - 'exponential': `factor · base ^ size`.
 */
export interface Growth {
  readonly kind: 'constant' | 'power' | 'exponential';
  readonly of: SizeOf;
  readonly factor: number;
  /** The exponent of a power, the base of an exponential, 0 for a constant. */
  readonly rate: number;
  /** How much of the differences this explains, from 0 to 1 (the coefficient of determination, of logarithms). */
  readonly fit: number;
}

/** Costs below this are noise of the clock, and their logarithms would be taken for growth. */
const LEAST_MS = 0.002;
/** What explains less is not better than to say that the size does not matter. */
const LEAST_FIT = 0.8;
/** Costs closer together than this are the same. */
const LEAST_SPREAD = 1.3;

/** The growth that fits best; undefined where all inputs have the same size. */
export function fitGrowth(of: SizeOf, samples: readonly Sample[]): Growth | undefined {
  const costs = samples.map(({ size, ms }) => ({ size, ms: Math.max(ms, LEAST_MS) }));
  const sizes = new Set(costs.map(({ size }) => size));
  if (sizes.size < 2) return undefined;
  const mean = costs.reduce((sum, { ms }) => sum + ms, 0) / costs.length;
  const constant: Growth = { kind: 'constant', of, factor: mean, rate: 0, fit: 0 };
  const times = costs.map(({ ms }) => ms);
  if (Math.max(...times) < LEAST_SPREAD * Math.min(...times)) return { ...constant, fit: 1 };
  const positive = costs.filter(({ size }) => size > 0);
  const fits: Growth[] = [];
  const power = line(positive.map(({ size, ms }) => [Math.log(size), Math.log(ms)]));
  if (power !== undefined) {
    fits.push({ kind: 'power', of, factor: Math.exp(power.at), rate: power.slope, fit: power.fit });
  }
  const exponential = line(costs.map(({ size, ms }) => [size, Math.log(ms)]));
  if (exponential !== undefined) {
    const { at, slope, fit } = exponential;
    fits.push({ kind: 'exponential', of, factor: Math.exp(at), rate: Math.exp(slope), fit });
  }
  const [best] = fits.toSorted((a, b) => b.fit - a.fit);
  return best === undefined || best.fit < LEAST_FIT ? constant : best;
}

/** What an input of that size would cost, in ms. */
export function costAt({ kind, factor, rate }: Growth, size: number): number {
  if (kind === 'constant') return factor;
  return kind === 'power' ? factor * size ** rate : factor * rate ** size;
}

/** Least squares; undefined where all x are the same. */
function line(
  points: ReadonlyArray<readonly [x: number, y: number]>,
): { at: number; slope: number; fit: number } | undefined {
  const mean = (pick: 0 | 1): number => points.reduce((sum, point) => sum + point[pick], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  let [xx, xy, yy] = [0, 0, 0];
  for (const [x, y] of points) {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
    yy += (y - meanY) ** 2;
  }
  if (!(xx > 0)) return undefined;
  const slope = xy / xx;
  return { at: meanY - slope * meanX, slope, fit: yy > 0 ? xy ** 2 / (xx * yy) : 1 };
}

/** The sizes of an input that can be told without knowing the function. */
export function sizesOf(args: readonly unknown[], bytes: number): Partial<Record<SizeOf, number>> {
  const numbers = args.filter((arg) => typeof arg === 'number');
  const lengths = args.map(lengthOf).filter((length) => length !== undefined);
  return {
    ...(numbers.length === 1 && Number.isFinite(numbers[0]) ? { value: numbers[0] as number } : {}),
    ...(lengths.length > 0 ? { length: lengths.reduce((sum, length) => sum + length, 0) } : {}),
    bytes,
  };
}

function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  if (value instanceof Map || value instanceof Set) return value.size;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength;
  return undefined;
}
