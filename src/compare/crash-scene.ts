/**
 * Entry of a scene of the `crash` experiment: some tasks run, one of them dies, and this process may well die
 * of it. It prints a line for every task whose result it got, so that whoever watches knows how far it came.
 *
 * Nothing here goes by the clock: the one dies when all others run, and they end when it is dead.
 */
import { writeSync } from 'node:fs';
import { type ExecutorLane, openExecutor } from './executors.ts';
import { OTHERS } from './experiments/crash.ts';
import { die, nothing, release, workUntilReleased } from './tasks.ts';

const [lane, death, meeting] = process.argv.slice(2) as [ExecutorLane, 'error' | 'fault', string];
const executor = openExecutor(lane, OTHERS + 1);

/** Prints a line if it succeeds, and never rejects. */
async function tell(work: PromiseLike<unknown>, line: string): Promise<void> {
  try {
    await work;
    writeSync(1, `${line}\n`);
  } catch {
    // No line: that is the finding.
  }
}

const others = Array.from({ length: OTHERS }, (_, index) =>
  tell(executor.submit(workUntilReleased, meeting, `worker-${index}`), 'finished'),
);
await tell(executor.submit(die, meeting, OTHERS, death), 'immortal');
release(meeting);
await Promise.all(others);
await tell(executor.submit(nothing), 'usable');
await executor.shutdown();
writeSync(1, 'owner\n');
