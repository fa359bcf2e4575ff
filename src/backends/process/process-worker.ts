/** The entry of a worker process. */

import { Socket } from 'node:net';
import { openProcessRegion } from '../../memory/process-region.ts';
import type { Region } from '../../memory/region.ts';
import { Seat } from '../../pool/shared/seat.ts';
import { WorkerRuntime } from '../../pool/worker-runtime.ts';
import { joinFamily } from '../../tasks/family.ts';
import { bytesCodec } from '../../wire/codec.ts';
import { packError } from '../../wire/error-envelope.ts';
import { FrameReader } from '../../wire/frames.ts';
import { FAULT, SETUP, type SharedLayout, type ToWorker } from '../../wire/protocol.ts';
import { endSoon } from '../end-soon.ts';
import { BOARD_FD, FROM_WORKER_FD, LANE_FD, TO_WORKER_FD } from './channel-fds.ts';
import { writeFrame } from './write-frame.ts';

const pipe = new Socket({ fd: TO_WORKER_FD, readable: true, writable: false });
const runtime = new WorkerRuntime({
  codec: bytesCodec,
  post: (batch) => writeFrame(FROM_WORKER_FD, batch),
  end: () => endSoon(() => pipe.unref()),
  sit: (layout) => takeSeat(layout),
});

function takeSeat(layout: SharedLayout): Seat {
  return new Seat({ board: open(BOARD_FD), lane: open(LANE_FD), layout }, () =>
    writeFrame(FROM_WORKER_FD, []),
  );
}

function open(descriptor: number): Region {
  const { region, unavailable } = openProcessRegion(descriptor);
  if (region === undefined) throw new Error(unavailable);
  return region;
}

const fault = (error: unknown): void => {
  writeFrame(FROM_WORKER_FD, [[FAULT, packError(error, bytesCodec)]]);
  process.exit(1);
};
process.on('uncaughtException', fault);
process.on('unhandledRejection', fault);
// Where it is not in a process group of its own, Ctrl-C comes here as well; it is for the parent to say what
// it means.
process.on('SIGINT', () => undefined);

const reader = new FrameReader();
pipe.on('data', (piece: Buffer) => {
  for (const batch of reader.push(piece) as ToWorker[][]) {
    const [first] = batch;
    if (first?.[0] === SETUP && first[1].family !== undefined) joinFamily(first[1].family);
    runtime.receive(batch);
  }
});
// The parent is gone, however it went: nobody is left to work for.
pipe.on('close', () => process.exit(0));
pipe.on('error', () => process.exit(0));
