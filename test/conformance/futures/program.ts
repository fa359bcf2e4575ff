// A program that uses an executor and ends: run by `shutdown.test.ts` with what to do, on which executor.
import {
  EventLoopExecutor,
  type Executor,
  isMain,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
} from '../../../src/index.ts';
import { leaveLine, waitAtGate } from './tasks.ts';

const MAKE: Record<string, () => Executor> = {
  'event loop': () => new EventLoopExecutor({ concurrency: 1 }),
  threads: () => new ThreadPoolExecutor({ maxWorkers: 1 }),
  processes: () => new ProcessPoolExecutor({ maxWorkers: 1 }),
};

type Parts = { pool: Executor; gate: string; log: string };

const DO: Record<string, (parts: Parts) => void> = {
  /** Leaves work behind, and falls off its end. */
  'fall off': ({ pool, gate, log }) => {
    pool.submit(waitAtGate, gate, log, 'apple').addDoneCallback(({ state }) => console.log(state));
  },
  'submit at exit': ({ pool }) => {
    process.on('exit', () => {
      pool.submit(Math.abs, -1).addDoneCallback((future) => {
        void future.exception();
        console.log(future);
      });
    });
  },
  'shut down without waiting': ({ pool, gate, log }) => {
    pool.submit(waitAtGate, gate, log, 'apple').addDoneCallback(({ state }) => console.log(state));
    void pool.shutdown({ wait: false }).then(() => console.log('shut down'));
  },
  'shut down, cancelling': ({ pool, gate, log }) => {
    for (const name of ['apple', 'pear', 'plum']) {
      pool.submit(waitAtGate, gate, log, name).addDoneCallback(({ state }) => console.log(state));
    }
    const poll = setInterval(() => {
      if (pool.statistics().tasks.running === 0) return;
      clearInterval(poll);
      void pool.shutdown({ wait: false, cancelFutures: true });
      // The gate is to stay shut until then: else all may be over before this has looked once.
      leaveLine(log, 'shut down');
    }, 1);
  },
};

if (isMain(import.meta)) {
  const [what = '', kind = '', gate = '', log = ''] = process.argv.slice(2);
  const pool = MAKE[kind]?.() as Executor;
  DO[what]?.({ pool, gate, log });
}
