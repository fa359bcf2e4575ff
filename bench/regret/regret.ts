/**
 * How much slower `AutoExecutor` is than the best choice that one could have made: for each workload, in the same run. Every
 * lane gets a new executor each time, so what is told holds the start of workers, and all that it takes to find out.
 */
import type { Executor } from 'manyhands';
import { median } from '../statistics.ts';
import { compute } from './tasks.ts';
import type { RegretWorkload } from './workloads.ts';

export interface Lane {
  readonly name: string;
  open(): Promise<Executor>;
}

/** Calls that may be under way at once where many may; what `AutoExecutor` has as its default. */
const MANY = 256;

export const AUTO = 'auto';

export const lanes: readonly Lane[] = [
  {
    name: AUTO,
    open: async () => new (await import('manyhands/choose')).AutoExecutor(),
  },
  {
    name: 'event-loop',
    open: async () => new (await import('manyhands')).EventLoopExecutor({ concurrency: MANY }),
  },
  { name: 'threads', open: async () => new (await import('manyhands')).ThreadPoolExecutor() },
  {
    name: 'threads-many',
    open: async () => {
      const { ThreadPoolExecutor } = await import('manyhands');
      const maxWorkers = (await import('node:os')).availableParallelism();
      return new ThreadPoolExecutor({ maxWorkers, concurrency: Math.ceil(MANY / maxWorkers) });
    },
  },
  { name: 'processes', open: async () => new (await import('manyhands')).ProcessPoolExecutor() },
];

export interface Regret {
  readonly workload: RegretWorkload;
  /** Median milliseconds, by lane. */
  readonly times: ReadonlyMap<string, number>;
  readonly best: string;
  /** What auto took for each ms of the best: the median of the rounds' ratios. */
  readonly ratio: number;
  /** Where auto had placed what, at the end of the last round. */
  readonly explanations: readonly string[];
}

/** Steps of `compute` in a millisecond: of the best of some tries, as others may use the processor as well. */
export function stepsPerMs(): number {
  const STEPS = 2_000_000;
  let least = Infinity;
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const begun = performance.now();
    compute(STEPS);
    least = Math.min(least, performance.now() - begun);
  }
  return STEPS / least;
}

/** Rounds in which each lane runs the workload once, beginning with another one each time. The first does not count. */
export async function measureRegret(
  workload: RegretWorkload,
  rounds: number,
  steps: number,
): Promise<Regret> {
  const samples = new Map(lanes.map(({ name }) => [name, [] as number[]]));
  let explanations: readonly string[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    for (let turn = 0; turn < lanes.length; turn += 1) {
      const lane = lanes[(round + turn) % lanes.length] as Lane;
      const executor = await lane.open();
      const begun = performance.now();
      await workload.run(executor, steps);
      if (round > 0) samples.get(lane.name)?.push(performance.now() - begun);
      const { functions } = executor.statistics() as { functions?: ReadonlyArray<{ explanation: string }> };
      if (functions !== undefined) explanations = functions.map(({ explanation }) => explanation);
      await executor.shutdown();
    }
  }
  return { workload, ...regretOf(samples), explanations };
}

/** The best fixed lane, by the median, and how auto compares with it, round by round. */
export function regretOf(
  samples: ReadonlyMap<string, readonly number[]>,
): Pick<Regret, 'times' | 'best' | 'ratio'> {
  const times = new Map([...samples].map(([name, list]) => [name, median(list)]));
  const fixed = [...times].filter(([name]) => name !== AUTO);
  const [best] = fixed.reduce((least, one) => (one[1] < least[1] ? one : least));
  const theirs = samples.get(best) ?? [];
  const ratios = (samples.get(AUTO) ?? []).map((ms, round) => ms / (theirs[round] as number));
  return { times, best, ratio: median(ratios) };
}
