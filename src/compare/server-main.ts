/** Entry of the server process: real HTTP on the loopback, every answer late by the latency of its job. */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildDocument, checkOf } from './document.ts';
import { receiveJob, say } from './program.ts';

const { latencyMs } = await receiveJob<{ latencyMs: number }>();
const document = Buffer.from(buildDocument());

const server = createServer(async (_request, response) => {
  await sleep(latencyMs);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': document.length });
  response.end(document);
});
server.listen(0, '127.0.0.1', async () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await say({ type: 'listening', url: `http://127.0.0.1:${port}/posts`, ...checkOf(document) });
});
