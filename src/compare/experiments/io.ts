import { buildDocument, checkOf, type DocumentCheck } from '../document.ts';
import { type Job, MOST_AT_ONCE, workFor } from '../job.ts';
import { nodeLanes, pythonLanes } from '../lanes.ts';
import { download } from '../tasks.ts';
import type { ExperimentDefinition } from './definition.ts';
import { checkAll, concludeBySpeed, runTasks } from './task-experiment.ts';

/** How late the server answers: as far as another continent, and long enough that waiting is all there is. */
export const SERVER_LATENCY_MS = 100;

const expected = checkOf(buildDocument());

/** The third article's first program: ten downloads. */
export const io: ExperimentDefinition = {
  id: 'io',
  title: (job) => `I/O: ${job.tasks} downloads`,
  description:
    `Downloads of a JSON document of ${Math.round(expected.bytes / 1000)} KB over HTTP, from a local server that ` +
    `answers after ${SERVER_LATENCY_MS} ms. As in the article each download has a thread or process of its own ` +
    `(at most ${MOST_AT_ONCE} at once); the event loop does with one thread. Starting and ending workers counts.`,
  unit: 'ms',
  lanes: [...nodeLanes, ...pythonLanes],
  needsServer: true,
  comparable: true,
  columns: [],
  rounds: (_lane, quick) => (quick ? 1 : 2),
  work: (lane, settings) => workFor('io', lane, settings, { tasks: 10, waits: true }),
  run: (job) => runTasks(job, [download, job.url]),
  check: (outcome, job: Job) =>
    checkAll(outcome, job.tasks, `${expected.bytes} bytes`, (result) => {
      const got = result as DocumentCheck;
      return got.bytes === expected.bytes && got.sha256 === expected.sha256;
    }),
  conclude: concludeBySpeed,
};
