/**
 * Waiting for the network: ten downloads by threads, and the same by processes.
 *
 * The server runs here, in this program, and takes its time to answer; nothing leaves the machine. Downloads
 * compute next to nothing, so what differs is the cost of starting ten threads or ten processes.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMain } from 'manyhands';
import { Process } from 'manyhands/multiprocessing';
import { Thread } from 'manyhands/threading';

const DOWNLOADS = 10;
const LATENCY_MS = 100;
const BODY = 'x'.repeat(27_520);

export async function downloadData(url: string, id: number): Promise<void> {
  const response = await fetch(url);
  const { byteLength } = await response.arrayBuffer();
  console.log(`Task ${id}: Downloaded ${byteLength} bytes`);
}

async function downloadAll(what: string, workers: readonly (Thread | Process)[]): Promise<void> {
  const start = performance.now();
  for (const worker of workers) worker.start();
  for (const worker of workers) await worker.join();
  const seconds = (performance.now() - start) / 1000;
  console.log(`Total time with ${workers.length} ${what}: ${seconds.toFixed(2)} seconds`);
}

async function main(): Promise<void> {
  const server = createServer(async (_request, response) => {
    await sleep(LATENCY_MS);
    response.end(BODY);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/posts`;

  const ids = Array.from({ length: DOWNLOADS }, (_, id) => id);
  await downloadAll(
    'threads',
    ids.map((id) => new Thread({ target: downloadData, args: [url, id] })),
  );
  await downloadAll(
    'processes',
    ids.map((id) => new Process({ target: downloadData, args: [url, id] })),
  );

  server.close();
}

if (isMain(import.meta)) await main();
