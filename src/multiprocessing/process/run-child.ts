/** What a child does with its start message. */

import { learnPlaces } from '../../memory/arena/places.ts';
import { resolveTask } from '../../tasks/resolve.ts';
import { bytesCodec, decodeWhenKnown } from '../../wire/codec.ts';
import { getLogger } from '../logger.ts';
import { makeCurrent } from './current.ts';
import { Process } from './process.ts';
import type { StartMessage } from './start-message.ts';

/**
 * Makes the object that stands for this process, and runs it.
 *
 * @param onReady is called when all is loaded.
 */
export async function runChild(message: StartMessage, onReady: () => void): Promise<void> {
  const { target, args, subclass, places } = message;
  if (places !== undefined) learnPlaces(places);
  const type = subclass === undefined ? Process : await resolveTask(subclass.reference);
  const current = makeCurrent(type, {
    target: target && ((await resolveTask(target)) as () => unknown),
    args: (await decodeWhenKnown(bytesCodec, args)) as readonly unknown[],
  });
  if (subclass !== undefined) Object.assign(current, await decodeWhenKnown(bytesCodec, subclass.fields));
  getLogger().log('info', 'calls run()');
  onReady();
  await current.run();
}
