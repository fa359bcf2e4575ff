import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openExecutor } from '../executors.ts';
import { microseconds } from '../format.ts';
import { type Job, workFor } from '../job.ts';
import { measure } from '../measure.ts';
import { passTokenBlocking, passTokenConnecting, passTokenListening } from '../tasks.ts';
import { type ExperimentDefinition, metricOf } from './definition.ts';

/**
 * The fastest of so many batches counts. A hand-over takes several times as long when it wakes a sleeping
 * core, and which core that is changes from one moment to the next.
 */
const BATCHES = 10;

/** What the articles call a context switch: one worker stops, and another goes on. */
export const switching: ExperimentDefinition = {
  id: 'switch',
  title: () => 'Switch: the cost of a hand-over',
  description:
    'Two workers pass a token back and forth, each asleep while the other has it: two functions on one event ' +
    'loop by promises, threads by shared memory (Atomics.wait; locks in Python), processes by a local socket ' +
    '(a pipe in Python). Threads under a GIL are left out: a thread that sleeps in its task keeps that lock.',
  unit: 'µs',
  lanes: ['event-loop', 'threads', 'processes', 'python-threads', 'python-processes'],
  needsServer: false,
  comparable: false,
  columns: [['switchUs', 'hand-over']],
  rounds: (_lane, quick) => (quick ? 1 : 2),
  work: (lane, settings) => workFor('switch', lane, settings, { tasks: 1, waits: false }),
  async run(job) {
    const rounds = job.handOvers / 2 / BATCHES;
    const pass =
      job.lane === 'threads' ? passOnThreads : job.lane === 'processes' ? passOnProcesses : passOnLoop;
    const measured = await measure(() => pass(rounds, job.scratch));
    const fastest = Math.min(...measured.value);
    return {
      ...measured,
      metrics: {
        switchUs: (fastest * 1000) / (2 * rounds),
        handOvers: 2 * rounds * measured.value.length,
      },
    };
  },
  check(outcome, job: Job) {
    const { handOvers, switchUs } = outcome.metrics;
    const results = `${handOvers} hand-overs`;
    return handOvers === job.handOvers && switchUs !== undefined && switchUs > 0
      ? { results }
      : { results, wrong: `${handOvers} of ${job.handOvers} hand-overs took place` };
  },
  conclude(experiment) {
    const loop = metricOf(experiment, 'event-loop', 'switchUs');
    const threads = metricOf(experiment, 'threads', 'switchUs');
    const processes = metricOf(experiment, 'processes', 'switchUs');
    if (loop === undefined || threads === undefined || processes === undefined) return undefined;
    return (
      `Handing over takes ${microseconds(loop)} between two functions on the event loop, ${microseconds(threads)} ` +
      `between threads, ${microseconds(processes)} between processes.`
    );
  },
};

/** Each side awaits a promise that the other resolves. */
async function passOnLoop(rounds: number): Promise<number[]> {
  const wake: (() => void)[] = [];
  const asleep = (side: number): Promise<void> =>
    new Promise((resolve) => {
      wake[side] = resolve;
    });
  const play = async (side: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      const woken = asleep(side);
      wake[1 - side]?.();
      await woken;
    }
    wake[1 - side]?.();
  };
  const times: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const startedAt = performance.now();
    await Promise.all([play(0), play(1)]);
    times.push(performance.now() - startedAt);
  }
  return times;
}

async function passOnThreads(rounds: number): Promise<number[]> {
  const executor = openExecutor('threads', 2);
  try {
    const shared = new SharedArrayBuffer(4);
    const [times] = await Promise.all([
      executor.submit(passTokenBlocking, shared, 0, BATCHES, rounds),
      executor.submit(passTokenBlocking, shared, 1, BATCHES, rounds),
    ]);
    return times;
  } finally {
    await executor.shutdown();
  }
}

async function passOnProcesses(rounds: number, scratch: string): Promise<number[]> {
  const path =
    process.platform === 'win32' ? `\\\\.\\pipe\\manyhands-${process.pid}` : join(scratch, 'token');
  const executor = openExecutor('processes', 2);
  try {
    let other: PromiseLike<void> | undefined;
    const listening = executor.with({
      onReport: () => {
        other = executor.submit(passTokenConnecting, path);
      },
    });
    const times = await listening.submit(passTokenListening, path, BATCHES, rounds);
    await other;
    return times;
  } finally {
    await executor.shutdown();
    rmSync(path, { force: true });
  }
}
