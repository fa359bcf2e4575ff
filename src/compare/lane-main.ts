/** Entry of a lane's process: one job from stdin, its outcome to stdout, and then it is over. */
import { experimentById } from './experiments/index.ts';
import type { Job } from './job.ts';
import { receiveJob, say } from './program.ts';

const job = await receiveJob<Job>();
const definition = experimentById(job.experiment);
try {
  const outcome = await definition.run(job);
  // Read before anything else runs: this process never had more until now.
  const maxRssMb = process.resourceUsage().maxRSS / 1024;
  await say({ type: 'measured' });
  const more = job.more ? await definition.more?.(job) : {};
  const metrics = { ...outcome.metrics, ...more };
  await say({ type: 'outcome', ...outcome, metrics, maxRssMb });
} catch (error) {
  await say({ type: 'failed', error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
// The pipe from the command stays open, and so may connections to the server: nothing would end by itself.
process.exit();
