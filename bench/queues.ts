/**
 * Small items from one thread to another, and from one process to another, beside Python's queues in the same rounds:
 * `node dist/bench/queues.js [rounds]`.
 *
 * Each round lets all of them go one after the other, so what the machine does besides slows all of a round. Threads and
 * processes are started before the clock is; Python's process is not, which costs it some ms of a second.
 */
import { execFileSync } from 'node:child_process';
import { ProcessPoolExecutor, ThreadPoolExecutor } from '../src/index.ts';
import { Queue as ProcessQueue } from '../src/multiprocessing/queues.ts';
import { Queue } from '../src/queue/index.ts';
import { currentLoad } from './environment.ts';
import { consume, consumeAsync, produce, produceAsync } from './queue-tasks.ts';
import { median } from './statistics.ts';
import { asText } from './table.ts';

const ITEMS = 300_000;
const PYTHON_ITEMS = 100_000;
const rounds = Number(process.argv[2] ?? 5);

const threads = new ThreadPoolExecutor({ maxWorkers: 2 });
const processes = new ProcessPoolExecutor({ maxWorkers: 2 });

/** Items a second. */
type Run = () => Promise<number>;

async function timed(count: number, run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return (count * 1000) / (performance.now() - start);
}

const between =
  (
    pool: ThreadPoolExecutor | ProcessPoolExecutor,
    make: () => Queue<number>,
    put: typeof produce | typeof produceAsync,
    get: typeof consume | typeof consumeAsync,
  ): Run =>
  () => {
    const queue = make();
    return timed(ITEMS, () => Promise.all([pool.submit(put, queue, ITEMS), pool.submit(get, queue, ITEMS)]));
  };

const program = `
import multiprocessing, queue, sys, threading, time
def produce(q, n):
    for i in range(n): q.put(i)
if __name__ == '__main__':
    n = ${PYTHON_ITEMS}
    kind = sys.argv[1]
    q = multiprocessing.Queue() if kind == 'process' else queue.Queue()
    start = multiprocessing.Process if kind == 'process' else threading.Thread
    other = start(target=produce, args=(q, n))
    begun = time.perf_counter()
    other.start()
    for i in range(n): q.get()
    print(n / (time.perf_counter() - begun))
    other.join()
`;

const python =
  (kind: 'thread' | 'process'): Run =>
  async () =>
    Number(execFileSync('python3', ['-c', program, kind], { encoding: 'utf8' }));

const ofProcesses = (): Queue<number> => new ProcessQueue<number>() as unknown as Queue<number>;

const lanes: Readonly<Record<string, Run>> = {
  'threads, blocked': between(threads, () => new Queue<number>(), produce, consume),
  'threads, awaiting': between(threads, () => new Queue<number>(), produceAsync, consumeAsync),
  'threads, blocked, maxSize 1000': between(
    threads,
    () => new Queue<number>({ maxSize: 1000 }),
    produce,
    consume,
  ),
  'processes, blocked': between(processes, ofProcesses, produce, consume),
  'processes, awaiting': between(processes, ofProcesses, produceAsync, consumeAsync),
  'Python queue.Queue': python('thread'),
  'Python multiprocessing.Queue': python('process'),
};

const rates = new Map<string, number[]>(Object.keys(lanes).map((name) => [name, []]));
await lanes['threads, blocked']?.();
await lanes['processes, blocked']?.();
for (let round = 0; round < rounds; round += 1) {
  for (const [name, run] of Object.entries(lanes)) rates.get(name)?.push(await run());
}
await Promise.all([threads.shutdown(), processes.shutdown()]);

const ratio = (name: string, to: string): string =>
  median((rates.get(name) ?? []).map((rate, round) => rate / (rates.get(to)?.[round] ?? Number.NaN))).toFixed(
    1,
  );

process.stdout.write(
  `${asText({
    title: `Items a second from one to another; median of ${rounds} rounds, load ${currentLoad().toFixed(1)}`,
    header: ['', 'items/s', 'x Python of its kind'],
    rows: Object.entries(lanes).map(([name]) => [
      name,
      Math.round(median(rates.get(name) ?? [])).toLocaleString('en'),
      ratio(name, /process/.test(name) ? 'Python multiprocessing.Queue' : 'Python queue.Queue'),
    ]),
    notes: [],
  })}\n`,
);
