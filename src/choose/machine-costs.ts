/** What a machine takes for workers and messages: the figures that machine.ts keeps, and the model reckons with. */

/** What one message costs, in ms: CPU time of the caller's thread, and of the worker. */
export interface MessageCosts {
  readonly caller: number;
  readonly worker: number;
}

/** One kind of worker; ms and bytes. */
export interface BackendCosts {
  /** From making a pool until its first worker has answered, and until `workers` of them have that were started at once. */
  readonly start: { readonly first: number; readonly all: number; readonly workers: number };
  /** One task that does nothing, awaited before the next. */
  readonly roundTrip: number;
  /** One of many such tasks that are on their way together. */
  readonly task: MessageCosts;
  /** One item of a large chunk of a map. */
  readonly item: MessageCosts;
  /** Carrying so many bytes to the worker, beyond what the task costs, both sides together; by growing size. */
  readonly bytes: ReadonlyArray<{ readonly bytes: number; readonly ms: number }>;
  /** What one worker adds to the program. */
  readonly memory: number;
}

/** Plain data, as it is in the file. */
export interface MachineCosts {
  readonly cpuModel: string;
  /** Threads that run at one time, by `os.availableParallelism()`. */
  readonly cores: number;
  readonly platform: string;
  readonly node: string;
  /** Of this library. */
  readonly version: string;
  /** ISO 8601. */
  readonly measuredAt: string;
  /** How much there was to do for each core in the minute before: above 1, others were in the way. */
  readonly load: number;
  /** A task on an `EventLoopExecutor`, ms. */
  readonly eventLoopTask: number;
  readonly thread: BackendCosts;
  readonly process: BackendCosts;
}
