/**
 * Waiting for the network: ten downloads by threads, and the same by processes.
 *
 * The server runs here, in this program, and takes its time to answer; nothing leaves the machine. Downloads
 * compute next to nothing, so what differs is the cost of starting ten threads or ten processes.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Executor, isMain, ProcessPoolExecutor, ThreadPoolExecutor } from 'manyhands';

const DOWNLOADS = 10;
const LATENCY_MS = 100;
const BODY = 'x'.repeat(27_520);

export async function downloadData(url: string, id: number): Promise<number> {
  const response = await fetch(url);
  const { byteLength } = await response.arrayBuffer();
  console.log(`Task ${id}: Downloaded ${byteLength} bytes`);
  return byteLength;
}

async function downloadAll(what: string, executor: Executor, url: string): Promise<void> {
  const start = performance.now();
  const futures = Array.from({ length: DOWNLOADS }, (_, id) => executor.submit(downloadData, url, id));
  await Promise.all(futures);
  const seconds = (performance.now() - start) / 1000;
  await executor.shutdown();
  console.log(`Total time with ${DOWNLOADS} ${what}: ${seconds.toFixed(2)} seconds`);
}

async function main(): Promise<void> {
  const server = createServer(async (_request, response) => {
    await sleep(LATENCY_MS);
    response.end(BODY);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/posts`;

  await downloadAll('threads', new ThreadPoolExecutor({ maxWorkers: DOWNLOADS }), url);
  await downloadAll('processes', new ProcessPoolExecutor({ maxWorkers: DOWNLOADS }), url);

  server.close();
}

if (isMain(import.meta)) await main();
