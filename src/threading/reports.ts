/**
 * How errors that a thread does not catch come to the main thread, from the thread that started it.
 *
 *   failed thread ──FAILED──▶ the thread that started it ──BroadcastChannel──▶ main thread ──▶ excepthook
 *                                        └── is the main thread itself, mostly ──────────────────▲
 *
 * A channel that all threads can open by its name, since between a thread and the main one there may be threads that are
 * blocked, and pools that know nothing of this.
 */

import { BroadcastChannel, isMainThread, receiveMessageOnPort } from 'node:worker_threads';
import { type Place, threadTable } from '../memory/thread-table.ts';
import { cloneCodec } from '../wire/codec.ts';
import { type ErrorEnvelope, packError, unpackError } from '../wire/error-envelope.ts';

const NAME = 'manyhands.threading.reports';

export interface Report {
  readonly place: Place | undefined;
  readonly name: string;
  readonly envelope: ErrorEnvelope;
}

type OnReport = (error: unknown, place: Place | undefined, name: string) => void;

let channel: BroadcastChannel | undefined;
let handle: OnReport | undefined;

/** For the main thread: hears the errors that others send. */
export function listen(onReport: OnReport): void {
  handle = onReport;
  channel = new BroadcastChannel(NAME);
  channel.addEventListener('message', (event) => take((event as unknown as { data: Report }).data));
  channel.unref();
  threadTable().listen();
}

/** Takes what has been sent and not been heard yet, before the program ends. */
export function hearTheRest(): void {
  if (handle === undefined || channel === undefined) return;
  for (;;) {
    const received = receiveMessageOnPort(channel as never);
    if (received === undefined) return;
    take(received.message as Report);
  }
}

/** Sends an error to the main thread. False: it is for the caller to deal with. */
export function sendToMain(error: unknown, place: Place | undefined, name: string): boolean {
  if (isMainThread || !threadTable().listening) return false;
  if (channel === undefined) {
    channel = new BroadcastChannel(NAME);
    channel.unref();
  }
  channel.postMessage({ place, name, envelope: packError(error, cloneCodec) } satisfies Report);
  return true;
}

function take({ place, name, envelope }: Report): void {
  handle?.(unpackError(envelope, cloneCodec), place, name);
}
