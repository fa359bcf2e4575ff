/** Throughput of tasks that do nothing: the cost of a task when there are always more to send. */
import { throughput, type Workload, watchingEventLoop } from '../workload.ts';

/** Enough that no worker waits for the caller, and few enough that queues stay short. */
const IN_FLIGHT = 64;

export const noop: Workload = {
  name: 'noop',
  title: `no-op tasks, ${IN_FLIGHT} in flight`,
  figures: [
    { key: 'rate', label: 'throughput', unit: 'tasks/s', better: 'higher' },
    { key: 'delay', label: "delay of the caller's event loop, p99", unit: 'ms', better: 'lower', floor: 0.5 },
  ],
  async run(open, { scale }) {
    const pool = await open();
    await throughput(() => pool.noop(), IN_FLIGHT, scale.warmUp);
    const { result, p99 } = await watchingEventLoop(() =>
      throughput(() => pool.noop(), IN_FLIGHT, scale.window),
    );
    return { rate: result, delay: p99 };
  },
};
