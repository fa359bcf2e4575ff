/**
 * Entry of a scene of the `crash` experiment: some tasks run, one of them dies, and this process may well die of it.
 * It prints a line for every task whose result it got, so that whoever watches knows how far it came.
 */
import { writeSync } from 'node:fs';
import { type ExecutorLane, openExecutor } from './executors.ts';
import { OTHERS } from './experiments/crash.ts';
import { die, linger, nothing } from './tasks.ts';

/** Long enough that all others still run when the one worker dies, also on a busy machine. */
const WORK_MS = 400;

const [lane, death] = process.argv.slice(2) as [ExecutorLane, 'error' | 'fault'];
const executor = openExecutor(lane, OTHERS + 1);

let running = 0;
const others: PromiseLike<unknown>[] = [];
await new Promise<void>((resolve) => {
  const reporting = executor.with({ onReport: () => ++running === OTHERS && resolve() });
  for (let other = 0; other < OTHERS; other++) {
    const future = reporting.submit(linger, WORK_MS);
    others.push(
      future.then(
        () => writeSync(1, 'finished\n'),
        () => {},
      ),
    );
  }
});
await executor.submit(die, death).catch(() => {});
await executor.submit(nothing).then(
  () => writeSync(1, 'usable\n'),
  () => {},
);
await Promise.all(others);
await executor.shutdown();
writeSync(1, 'owner\n');
