import type { Executor } from '../../index.ts';
import { type ExecutorLane, openExecutor } from '../executors.ts';
import { microseconds, whole } from '../format.ts';
import { type Job, type Outcome, workFor } from '../job.ts';
import { isPython, nodeLanes, pythonLanes } from '../lanes.ts';
import { measure } from '../measure.ts';
import { COUNTER_BYTES, countGuarded, countInObject, countUnguarded, echo } from '../tasks.ts';
import { type ExperimentDefinition, metricOf } from './definition.ts';

/** How many workers count at once: enough for them to get in each other's way on any machine. */
const COUNTERS = 4;
const MESSAGES = 100;

/** What the articles call communication: handing work over, getting an answer, and sharing memory or not. */
export const communicate: ExperimentDefinition = {
  id: 'communicate',
  title: () => 'Communication: round trips, MB/s, sharing',
  description:
    'Submitting a task that returns its argument and waiting for the answer: nothing (the round trip), and 1 MiB ' +
    '(MB/s, both ways counted). Then four workers count in one counter without a lock, and what got lost is ' +
    'counted. Python threads pass references, so that no byte is moved. One after the other is a plain call.',
  unit: 'µs',
  lanes: [...nodeLanes, ...pythonLanes],
  needsServer: false,
  comparable: false,
  columns: [
    ['roundTripUs', 'round trip'],
    ['mbPerSecond', 'MB/s'],
    ['lostUpdates', 'lost updates'],
  ],
  rounds: () => 1,
  work: (lane, settings) => workFor('communicate', lane, settings, { tasks: 1, waits: false }),
  async run(job) {
    const measured = await measure(() => measureLane(job));
    return { ...measured, calls: [], metrics: measured.value };
  },
  check: checkAnswers,
  conclude(experiment) {
    const threads = metricOf(experiment, 'threads', 'roundTripUs');
    const processes = metricOf(experiment, 'processes', 'roundTripUs');
    if (threads === undefined || processes === undefined) return undefined;
    const lost = metricOf(experiment, 'threads', 'lostUpdates') ?? 0;
    return (
      `A task there and back takes ${microseconds(threads)} with threads, ${microseconds(processes)} with processes. ` +
      `Threads that share memory without a lock lost ${whole(lost)} updates.`
    );
  },
};

async function measureLane(job: Job): Promise<Record<string, number>> {
  if (job.lane === 'sequential') return measureRoundTrips(job, async (value) => echo(value));
  const lane = job.lane as ExecutorLane;
  const single = openExecutor(lane, 1);
  let metrics: Record<string, number>;
  try {
    metrics = await measureRoundTrips(job, (value) => single.submit(echo, value));
  } finally {
    await single.shutdown();
  }
  const several = openExecutor(lane, COUNTERS);
  try {
    return { ...metrics, ...(await measureSharing(job, several)) };
  } finally {
    await several.shutdown();
  }
}

type RoundTrip = (value: unknown) => PromiseLike<unknown>;

async function measureRoundTrips(job: Job, call: RoundTrip): Promise<Record<string, number>> {
  const payload = new Uint8Array(job.payloadBytes).map((_, index) => index);
  await call(null);
  const empty = await medianMs(() => call(null), job.roundTrips);
  const large = await medianMs(() => call(payload), job.largeRoundTrips);

  const returned = await call(payload);
  let wrongAnswers = returned instanceof Uint8Array && Buffer.compare(returned, payload) === 0 ? 0 : 1;
  for (let number = 0; number < MESSAGES; number++) if ((await call(number)) !== number) wrongAnswers++;
  return {
    roundTripUs: empty * 1000,
    payloadMs: large,
    mbPerSecond: (2 * job.payloadBytes) / 1e3 / large,
    wrongAnswers,
  };
}

async function medianMs(work: () => PromiseLike<unknown>, rounds: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
}

/** Is what a worker writes seen here? And what happens to a counter in which several count at once? */
async function measureSharing(job: Job, executor: Executor): Promise<Record<string, number>> {
  const times = job.increments;
  const answers = await Promise.all(
    Array.from({ length: MESSAGES }, (_, index) => executor.submit(echo, index)),
  );
  const messages = {
    messagesSent: MESSAGES,
    messagesReceived: answers.filter((answer, index) => answer === index).length,
  };

  const counter = { value: 0 };
  await executor.submit(countInObject, counter, 1);
  const sharesObjects = counter.value;

  const shared = new SharedArrayBuffer(COUNTER_BYTES);
  const cell = new Int32Array(shared);
  const sharesBuffers = await reachesWorkers(executor, shared, cell);
  if (sharesBuffers === 0) {
    // Each worker has a counter to itself. Nobody can come between, and the sum is made from what they
    // return.
    const counts = await inParallel(() => executor.submit(countInObject, { value: 0 }, times));
    const counted = counts.reduce((sum, count) => sum + count, 0);
    const lostUpdates = COUNTERS * times - counted;
    return { sharesObjects, sharesBuffers, lostUpdates, increments: COUNTERS * times, ...messages };
  }

  // Tasks that hold a lock, or the one thread there is, while they wait for each other would wait forever.
  const together = job.lane === 'threads' ? COUNTERS : 1;
  const count = async (task: typeof countUnguarded, each: number): Promise<number> => {
    cell.fill(0);
    await inParallel(() => executor.submit(task, shared, each, together));
    return COUNTERS * each - Atomics.load(cell, 0);
  };
  return {
    sharesObjects,
    sharesBuffers,
    lostUpdates: await count(countUnguarded, times),
    lostUpdatesGuarded: await count(countGuarded, Math.ceil(times / 10)),
    increments: COUNTERS * times,
    ...messages,
  };
}

async function reachesWorkers(
  executor: Executor,
  shared: SharedArrayBuffer,
  cell: Int32Array,
): Promise<number> {
  try {
    await executor.submit(countUnguarded, shared, 1, 1);
  } catch {
    // Memory that cannot cross at all is not shared either.
    return 0;
  }
  return Atomics.load(cell, 0);
}

function inParallel<T>(start: () => PromiseLike<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: COUNTERS }, start));
}

function checkAnswers(outcome: Outcome, job: Job): { results: string; wrong?: string } {
  const { wrongAnswers, lostUpdatesGuarded, messagesSent, messagesReceived } = outcome.metrics;
  const results = `${job.roundTrips} round trips`;
  if (wrongAnswers !== 0) return { results, wrong: `${wrongAnswers} answers were not what was sent` };
  if (messagesSent !== messagesReceived) {
    return { results, wrong: `${messagesReceived} of ${messagesSent} messages came back` };
  }
  if (lostUpdatesGuarded !== undefined && lostUpdatesGuarded !== 0) {
    return { results, wrong: `${lostUpdatesGuarded} updates were lost in spite of a lock` };
  }
  if (isPython(job.lane) || outcome.metrics['increments'] === undefined) return { results };
  return { results: `${results}, ${whole(outcome.metrics['increments'])} increments` };
}
