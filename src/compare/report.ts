/**
 * What one run of `manyhands compare` found: the data behind the terminal's tables, the JSON file and the
 * HTML page. Nothing here computes; the three readers and the writer agree on these shapes alone.
 *
 * Times are milliseconds, memory is MiB. A field that could not be measured is `null`, never zero.
 */

export interface Report {
  machine: Machine;
  options: ReportOptions;
  experiments: Experiment[];
  claims: Claim[];
}

/** Where the figures come from. They mean little without it. */
export interface Machine {
  node: string;
  platform: string;
  arch: string;
  cpuModel: string;
  cores: number;
  memoryMb: number;
  /** Averages over 1, 5 and 15 minutes, at the start of the run. */
  loadAverage: number[];
  /** `null` where no `python3` was found: then there are no Python lanes, which is no error. */
  python: PythonInfo | null;
  /** ISO 8601, the start of the run. */
  date: string;
  /** Of manyhands. */
  version: string;
}

export interface PythonInfo {
  version: string;
  /** Is its global interpreter lock on? Free-threaded builds may run without. */
  gil: boolean;
  path: string;
}

export interface ReportOptions {
  /** How many tasks an experiment runs; `null` for each experiment's own number. */
  n: number | null;
  workers: number;
  quick: boolean;
  only: string[];
}

export type ExperimentId =
  | 'io'
  | 'cpu'
  | 'sleep'
  | 'sum'
  | 'hybrid'
  | 'communicate'
  | 'start'
  | 'switch'
  | 'crash';

export type LaneId =
  | 'sequential'
  | 'event-loop'
  | 'threads'
  | 'threads-gil'
  | 'processes'
  | 'python-sequential'
  | 'python-threads'
  | 'python-processes'
  | 'python-thread-pool'
  | 'python-process-pool';

/** One question, put to several lanes. */
export interface Experiment {
  id: ExperimentId;
  title: string;
  description: string;
  unit?: string;
  lanes: Lane[];
  /** What the lanes say, in a sentence made from their figures. */
  conclusion?: string;
  /** Why the experiment as a whole could not run. A lane's own failure is on the lane. */
  error?: string;
}

/** One way of running the experiment's tasks. */
export interface Lane {
  lane: LaneId;
  wallMs: number;
  /** Of the lane and every process it started, user and system together. */
  cpuMs: number;
  /** Over the same runtime's own `sequential` lane. */
  speedup: number | null;
  peakRssMb: number | null;
  /** The lane ran to its end and every result was right. */
  ok: boolean;
  error?: string;
  /** The checked results, in a few words. */
  results?: string;
  timeline?: Span[];
  /** Further figures; the unit is the end of the name: `roundTripUs`, `startMs`, `memoryMb`... */
  metrics?: Record<string, number>;
}

/** When one task ran, and where. Milliseconds from the start of its lane. */
export interface Span {
  task: string;
  worker: string;
  startMs: number;
  endMs: number;
}

/** One claim of the articles, and what this run says of it. */
export interface Claim {
  id: string;
  /** Which article, in words. */
  source: string;
  text: string;
  /** What was measured under Python, with figures, or why nothing was. */
  python: string;
  /** What was measured here. */
  here: string;
  /** Does it hold here? `null`: this run did not measure it. */
  holds: boolean | null;
  /** Does it hold for Python? */
  holdsPython: boolean | null;
  note?: string;
}
