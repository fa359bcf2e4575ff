/** Six threads that download, and a semaphore that lets two of them do so at a time. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMain } from 'manyhands';
import { Semaphore, Thread } from 'manyhands/threading';

const DOWNLOADS = 6;
const AT_ONCE = 2;
const LATENCY_MS = 50;

export async function download(url: string, id: number, semaphore: Semaphore): Promise<void> {
  await semaphore.withLock(async () => {
    const response = await fetch(url);
    console.log(`Task ${id}: ${await response.text()}`);
  });
}

async function main(): Promise<void> {
  let [running, most] = [0, 0];
  const server = createServer(async (_request, response) => {
    running += 1;
    most = Math.max(most, running);
    await sleep(LATENCY_MS);
    running -= 1;
    response.end('downloaded');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  const semaphore = new Semaphore(AT_ONCE);
  const threads = Array.from(
    { length: DOWNLOADS },
    (_, id) => new Thread({ target: download, args: [url, id, semaphore] }),
  );
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  console.log(`Never more than ${AT_ONCE} at once: ${most <= AT_ONCE}`);
  server.close();
}

if (isMain(import.meta)) await main();
