/**
 * The entry of a process that `Process` starts: reads who it is and what to run, and runs it.
 *
 * Nothing is caught here, so that errors end this process, and are printed, as those of any program are. The pipe must
 * not hold it open either: when the target is done, what is left in the event loop decides.
 */

import { once } from 'node:events';
import { Socket } from 'node:net';
import { joinFamily } from '../../tasks/family.ts';
import { FrameReader } from '../../wire/frames.ts';
import { runChild } from './run-child.ts';
import { START_FD, type StartMessage } from './start-message.ts';

const pipe = new Socket({ fd: START_FD, readable: true, writable: true });
// The parent is gone, however it went: a child does not outlive it.
pipe.on('close', () => process.exit(1));
pipe.on('error', () => process.exit(1));

const message = await startMessage();
pipe.unref();
joinFamily(message.family);
await runChild(message, () => pipe.write('.'));

async function startMessage(): Promise<StartMessage> {
  const reader = new FrameReader();
  for (;;) {
    const [piece] = (await once(pipe, 'data')) as [Buffer];
    const [batch] = reader.push(piece);
    if (batch !== undefined) return batch[0] as StartMessage;
  }
}
