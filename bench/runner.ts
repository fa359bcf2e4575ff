/**
 * Rounds. In each round of a workload every contestant has one turn, so that what the machine does in the
 * meantime meets all of them, and each round begins with another contestant, so that none is always the one
 * after a heavy neighbour.
 *
 *            round 1        round 2        round 3
 *   noop     A  B  C  D     B  C  D  A     C  D  A  B      then the next number of workers, the next workload
 */
import type { Outcome } from './child.ts';
import type { Contestant, Reach, Role } from './contestant.ts';
import { measure } from './measure.ts';
import { type Baseline, type Scale, type Workload, workersFor } from './workload.ts';

const LIMIT = 20_000;

/** One contestant or baseline, with one outcome for each round. */
export interface Lane {
  readonly name: string;
  readonly reach: Reach;
  readonly role: Role;
  readonly outcomes: readonly Outcome[];
}

/** One workload with one number of workers. */
export interface Heat {
  readonly workload: Workload;
  readonly workers: number;
  readonly lanes: readonly Lane[];
}

export interface Plan {
  readonly contestants: readonly Contestant[];
  /** The names of those, contestants or rivals, that take part; default all. */
  readonly only?: readonly string[] | undefined;
  readonly workloads: readonly Workload[];
  readonly workers: readonly number[];
  readonly rounds: number;
  readonly scale: Scale;
}

interface Entrant {
  readonly name: string;
  readonly reach: Reach;
  readonly role: Role;
  /** `undefined` takes it out of the run: a baseline that is not installed. */
  readonly turn: () => Promise<Outcome | undefined>;
}

function entrantsOf(plan: Plan, workload: Workload, workers: number): Entrant[] {
  const { scale } = plan;
  const order = { workload: workload.name, workers, scale };
  const limit = workload.limit ?? LIMIT;
  const takePart =
    'rivals' in workload
      ? workload.rivals.filter(({ name }) => plan.only?.includes(name) ?? true)
      : plan.contestants;
  const measured = takePart.map(({ name, reach, role }): Entrant => {
    const turn = () => measure({ contestant: name, ...order }, limit);
    return { name, reach, role: role ?? 'peer', turn };
  });
  const baselines = (workload.baselines ?? []).map((baseline): Entrant => {
    const turn = () => outcomeOf(baseline, workers, scale);
    return { name: baseline.name, reach: baseline.reach, role: 'baseline', turn };
  });
  return [...measured, ...baselines];
}

async function outcomeOf(baseline: Baseline, workers: number, scale: Scale): Promise<Outcome | undefined> {
  try {
    const figures = await baseline.measure({ workers, scale });
    return figures && { figures };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** The same circle, begun at another place. */
export function rotate<T>(items: readonly T[], by: number): T[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

async function runHeat(plan: Plan, workload: Workload, workers: number): Promise<Heat> {
  const entrants = entrantsOf(plan, workload, workers);
  const outcomes = new Map<Entrant, Outcome[]>(entrants.map((entrant) => [entrant, []]));
  const takeTurn = async (entrant: Entrant) => {
    const outcome = await entrant.turn();
    if (outcome !== undefined) outcomes.get(entrant)?.push(outcome);
  };
  const rounds = Math.min(plan.rounds, workload.maxRounds ?? Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    const turns = rotate(entrants, round);
    if (workload.sideBySide) await Promise.all(turns.map(takeTurn));
    else for (const entrant of turns) await takeTurn(entrant);
  }
  const lanes = [...outcomes].map(([{ name, reach, role }, list]): Lane => {
    return { name, reach, role, outcomes: list };
  });
  return { workload, workers, lanes: lanes.filter((lane) => lane.outcomes.length > 0) };
}

/** Runs the plan, one heat at a time, and hands over each as soon as it is done. */
export async function* run(plan: Plan): AsyncGenerator<Heat> {
  for (const workload of plan.workloads) {
    for (const workers of workersFor(workload, plan.workers)) yield await runHeat(plan, workload, workers);
  }
}
