/**
 * What an experiment is, to the command that asks for it, to the lane that runs it, and to those who show it.
 */
import type { Job, Outcome, Settings, Work } from '../job.ts';
import type { Experiment, ExperimentId, Lane, LaneId } from '../report.ts';

export interface ExperimentDefinition {
  readonly id: ExperimentId;
  readonly description: string;
  /** With the sizes of this run in it. */
  title(work: Work): string;
  /** The unit of the figure that the experiment is about. */
  readonly unit: string;
  readonly lanes: readonly LaneId[];
  /** Does it download, and so need the HTTP server? */
  readonly needsServer: boolean;
  /** Do lanes run the same work, so that one is so many times faster than another? */
  readonly comparable: boolean;
  /** Figures of its own, shown beside the usual ones: the metric's name, and the heading of its column. */
  readonly columns: readonly (readonly [metric: string, heading: string])[];
  /**
   * How often a lane is run. Of several rounds the fastest counts, which is worth the time only where a lane
   * is over so soon that a neighbour on the machine could decide the result.
   */
  rounds(lane: LaneId, quick: boolean): number;
  /** The work of one lane. */
  work(lane: LaneId, settings: Settings): Work;
  /** Runs a lane of Node's, inside the lane's process. Python's lanes are in ../python. */
  run(job: Job): Promise<Outcome>;
  /** Further figures of the same lane, measured after its own so as not to touch them. */
  more?(job: Job): Promise<Record<string, number>>;
  /** Are the results right? Asked of both runtimes' outcomes alike. */
  check(outcome: Outcome, job: Job): Verdict;
  /** What the lanes say, in a sentence; `undefined` when too few of them ran. */
  conclude(experiment: Experiment): string | undefined;
}

export interface Verdict {
  /** The results in a few words. */
  readonly results: string;
  /** What is wrong with them, if anything is. */
  readonly wrong?: string;
}

/** The lane of an experiment that ran and was right. */
export function findLane(experiment: Experiment | undefined, id: LaneId): Lane | undefined {
  return experiment?.lanes.find((lane) => lane.lane === id && lane.ok);
}

/** One of a lane's own figures. */
export function metricOf(experiment: Experiment | undefined, id: LaneId, metric: string): number | undefined {
  return findLane(experiment, id)?.metrics?.[metric];
}
