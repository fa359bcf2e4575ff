/** The entry of a worker thread. */

import { isMainThread, workerData } from 'node:worker_threads';
import { HOST_SLEEP } from '../../memory/board.ts';
import { ThreadRegion } from '../../memory/thread-region.ts';
import { claim } from '../../pool/claims.ts';
import { Seat } from '../../pool/shared/seat.ts';
import { WorkerRuntime } from '../../pool/worker-runtime.ts';
import { cloneCodec } from '../../wire/codec.ts';
import { packError } from '../../wire/error-envelope.ts';
import { FAULT, SETUP, type SharedLayout, type ToWorker, type WorkerSetup } from '../../wire/protocol.ts';
import { endSoon } from '../end-soon.ts';
import { runUnderLock } from './interpreter-lock.ts';
import { LoneThread } from './lone-thread.ts';
import type { ThreadData } from './thread-backend.ts';

if (isMainThread)
  throw new Error('thread-worker.js is the entry of worker threads; it does nothing by itself.');

/** Set where this thread runs one call and ends like a program. */
let lone: LoneThread | undefined;

const { port, claims, board, lane } = workerData as ThreadData;
const runtime = new WorkerRuntime({
  codec: cloneCodec,
  post: (batch, transfer) => port.postMessage(batch, transfer as never),
  end: () => (lone === undefined ? endSoon(() => port.close()) : lone.over(() => port.close())),
  claim: (ticket) => claim(claims, ticket),
  sit: (layout) => takeSeat(layout),
});

function takeSeat(layout: SharedLayout): Seat {
  if (board === undefined || lane === undefined) throw new Error('There is no shared memory to sit at');
  const region = new ThreadRegion(board);
  return new Seat({ board: region, lane: new ThreadRegion(lane), layout }, () =>
    region.notify(HOST_SLEEP, 1),
  );
}

function begin({ interpreterLock, threadRow }: WorkerSetup): void {
  if (interpreterLock !== undefined) runUnderLock(interpreterLock);
  if (threadRow !== undefined) lone = new LoneThread(threadRow);
}

const fault = (error: unknown): void => {
  port.postMessage([[FAULT, packError(error, cloneCodec)]]);
  process.exit(1);
};
process.on('uncaughtException', fault);
process.on('unhandledRejection', fault);

port.on('message', (batch: ToWorker[]) => {
  const [first] = batch;
  if (first?.[0] === SETUP) begin(first[1]);
  runtime.receive(batch);
});
