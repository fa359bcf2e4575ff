/**
 * How a claim is judged: by a question to the figures of this run, put to Node and to Python alike.
 *
 * Verdicts are never written down. A claim has one `judge`, which sees the run through `Evidence`, where a
 * lane is named by its role; it is called once for each runtime. What it asks for and does not find makes the
 * verdict `null`: not measured in this run.
 */
import { findLane } from '../experiments/definition.ts';
import type { Claim, Experiment, ExperimentId, Lane, LaneId, Report } from '../report.ts';

/** What there is to judge by. */
export type Measurements = Pick<Report, 'machine' | 'experiments'>;

/** What a lane is, in either runtime. Node's pools are its threads and processes: there are no others. */
export type Role =
  | 'one-by-one'
  | 'threads'
  | 'threads-under-lock'
  | 'processes'
  | 'thread-pool'
  | 'process-pool';

type Runtime = 'here' | 'python';

const laneOf: Readonly<Record<Runtime, Readonly<Record<Role, LaneId>>>> = {
  here: {
    'one-by-one': 'sequential',
    threads: 'threads',
    'threads-under-lock': 'threads-gil',
    processes: 'processes',
    'thread-pool': 'threads',
    'process-pool': 'processes',
  },
  python: {
    'one-by-one': 'python-sequential',
    threads: 'python-threads',
    'threads-under-lock': 'python-threads',
    processes: 'python-processes',
    'thread-pool': 'python-thread-pool',
    'process-pool': 'python-process-pool',
  },
};

/** Less than this between two times is noise on a shared machine, and not a difference. */
export const CLEARLY = 1.15;

export interface Finding {
  readonly holds: boolean;
  /** What was measured, in words with figures. */
  readonly figures: string;
}

export interface ClaimDefinition {
  readonly id: string;
  readonly source: string;
  readonly text: string;
  /** `undefined`: a figure is missing. */
  judge(evidence: Evidence): Finding | undefined;
  /** Why Node differs, shown only when it was found to. */
  readonly whyDifferent?: string;
}

/** The articles, in words, for the claims' `source`. */
export const sources = {
  choosing: 'Multiprocessing vs threading: choosing the right approach',
  guide: 'Threading & multiprocessing: a guide',
  which: 'Multithreading vs multiprocessing: when to use which',
  difference: 'What is the difference between the two',
  all: 'all four articles',
} as const;

/**
 * A run's figures as one runtime sees them. A figure that is missing, or of a lane that failed, is
 * `undefined`.
 */
export class Evidence {
  readonly runtime: Runtime;
  readonly #run: Measurements;

  constructor(run: Measurements, runtime: Runtime) {
    this.#run = run;
    this.runtime = runtime;
  }

  wall(experiment: ExperimentId, role: Role): number | undefined {
    return this.#lane(experiment, role)?.wallMs;
  }

  cpu(experiment: ExperimentId, role: Role): number | undefined {
    return this.#lane(experiment, role)?.cpuMs;
  }

  speedup(experiment: ExperimentId, role: Role): number | undefined {
    return this.#lane(experiment, role)?.speedup ?? undefined;
  }

  metric(experiment: ExperimentId, role: Role, metric: string): number | undefined {
    return this.#lane(experiment, role)?.metrics?.[metric];
  }

  /** How many cores a lane kept busy on average. */
  coresUsed(experiment: ExperimentId, role: Role): number | undefined {
    const lane = this.#lane(experiment, role);
    return lane === undefined || lane.wallMs === 0 ? undefined : lane.cpuMs / lane.wallMs;
  }

  /** `undefined` on a single core, where nothing can run in parallel and no claim about it be judged. */
  parallel<T>(figure: T): T | undefined {
    return this.#run.machine.cores > 1 ? figure : undefined;
  }

  /** Is there a lock over the threads whose role is to be under one? A free-threaded Python has none. */
  get underLock(): boolean {
    return this.runtime === 'here' || this.#run.machine.python?.gil !== false;
  }

  #lane(experiment: ExperimentId, role: Role): Lane | undefined {
    const found: Experiment | undefined = this.#run.experiments.find(({ id }) => id === experiment);
    return findLane(found, laneOf[this.runtime][role]);
  }
}

type Known<T extends readonly unknown[]> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Calls `judge` with the figures if none of them is missing. */
export function given<const T extends readonly (number | undefined)[]>(
  figures: T,
  judge: (...figures: Known<T>) => Finding,
): Finding | undefined {
  return figures.includes(undefined) ? undefined : judge(...(figures as Known<T>));
}

/** Two figures of which the smaller is better, and the claim that the first is clearly so. */
export function smaller(
  [name, figure]: readonly [string, number | undefined],
  [otherName, otherFigure]: readonly [string, number | undefined],
  format: (value: number) => string,
): Finding | undefined {
  return given([figure, otherFigure], (a, b) => ({
    holds: a * CLEARLY <= b,
    figures: `${name} ${format(a)}, ${otherName} ${format(b)}`,
  }));
}

/** Puts one claim to both runtimes. */
export function judgeClaim(definition: ClaimDefinition, run: Measurements): Claim {
  const here = definition.judge(new Evidence(run, 'here'));
  const python = definition.judge(new Evidence(run, 'python'));
  const note = compareVerdicts(here, python, definition.whyDifferent);
  return {
    id: definition.id,
    source: definition.source,
    text: definition.text,
    python: python?.figures ?? (run.machine.python === null ? 'not measured: no python3' : NOT_MEASURED),
    here: here?.figures ?? NOT_MEASURED,
    holds: here?.holds ?? null,
    holdsPython: python?.holds ?? null,
    ...(note === undefined ? {} : { note }),
  };
}

const NOT_MEASURED = 'not measured in this run';

function compareVerdicts(
  here: Finding | undefined,
  python: Finding | undefined,
  why: string | undefined,
): string | undefined {
  if (here === undefined || python === undefined || here.holds === python.holds) return undefined;
  const verdict = python.holds ? 'True of Python, false of Node.' : 'False of Python here, true of Node.';
  return why === undefined || !python.holds ? verdict : `${verdict} ${why}`;
}
