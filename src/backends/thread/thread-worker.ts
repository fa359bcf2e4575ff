/** The entry of a worker thread. */

import { isMainThread, workerData } from 'node:worker_threads';
import { claim } from '../../pool/claims.ts';
import { WorkerRuntime } from '../../pool/worker-runtime.ts';
import { cloneCodec } from '../../wire/codec.ts';
import { packError } from '../../wire/error-envelope.ts';
import { FAULT, SETUP, type ToWorker } from '../../wire/protocol.ts';
import { endSoon } from '../end-soon.ts';
import { runUnderLock } from './interpreter-lock.ts';
import type { ThreadData } from './thread-backend.ts';

if (isMainThread)
  throw new Error('thread-worker.js is the entry of worker threads; it does nothing by itself.');

const { port, claims } = workerData as ThreadData;
const runtime = new WorkerRuntime({
  codec: cloneCodec,
  post: (batch, transfer) => port.postMessage(batch, transfer as never),
  end: () => endSoon(() => port.close()),
  claim: (ticket) => claim(claims, ticket),
});

const fault = (error: unknown): void => {
  port.postMessage([[FAULT, packError(error, cloneCodec)]]);
  process.exit(1);
};
process.on('uncaughtException', fault);
process.on('unhandledRejection', fault);

port.on('message', (batch: ToWorker[]) => {
  const [first] = batch;
  if (first?.[0] === SETUP && first[1].interpreterLock !== undefined) runUnderLock(first[1].interpreterLock);
  runtime.receive(batch);
});
