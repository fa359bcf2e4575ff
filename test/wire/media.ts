/** What stands between the two sides: the real way that a message takes, as far as one thread can walk it. */
import assert from 'node:assert/strict';
import v8 from 'node:v8';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import type { Codec, Packed } from '../../src/wire/codec.ts';
import { bytesCodec, cloneCodec } from '../../src/wire/codec.ts';

export interface Medium {
  readonly codec: Codec;
  /** Carries a packed value to the other side. */
  carry(packed: Packed): unknown;
}

/** Through a MessagePort, with the transfer list, as to a worker thread. */
export const thread: Medium = {
  codec: cloneCodec,
  carry({ value, transfer }) {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(value, transfer);
    const received = receiveMessageOnPort(port2) as { message: unknown };
    port1.close();
    return received.message;
  },
};

/** Through a frame of bytes that holds other messages as well, as to a child process. */
export const process: Medium = {
  codec: bytesCodec,
  carry({ value }) {
    if (!(value instanceof Uint8Array)) return v8.deserialize(v8.serialize(value)) as unknown;
    assert.equal(value.byteLength, value.buffer.byteLength, 'the bytes own all of their memory');
    const frame = new Uint8Array(value.length + 32).fill(0xee);
    frame.set(value, 5);
    return frame.subarray(5, 5 + value.length);
  },
};

export const media: readonly Medium[] = [thread, process];

/** There and out again. */
export function roundTrip({ codec, carry }: Medium, value: unknown): unknown {
  return codec.decode(carry(codec.encode(value, 'value')));
}
