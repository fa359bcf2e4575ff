/** Puts the start message of a process together. */

import { prepareProcessArena } from '../../memory/arena/arenas.ts';
import { placesFor } from '../../memory/arena/places.ts';
import { referenceToClass } from '../../tasks/class-reference.ts';
import type { Family } from '../../tasks/family.ts';
import { referenceTo } from '../../tasks/reference.ts';
import { bytesCodec, encodeArguments } from '../../wire/codec.ts';
import { encodeFrame } from '../../wire/frames.ts';
import { fieldsOf } from '../stays-here.ts';
import type { StartMessage } from './start-message.ts';

/**
 * @param object where it is of a class of its own.
 * @throws NotShareableError for what cannot cross.
 */
export function packStart(
  family: Family,
  target: Function | undefined,
  args: readonly unknown[],
  object: object | undefined,
): Buffer {
  prepareProcessArena();
  const message: StartMessage = {
    family,
    places: placesFor('process'),
    target: target === undefined ? undefined : referenceTo(target),
    args: encodeArguments(bytesCodec, args).value,
    subclass:
      object === undefined
        ? undefined
        : {
            reference: referenceToClass(object.constructor),
            fields: bytesCodec.encode(fieldsOf(object), 'this').value,
          },
  };
  return encodeFrame([message]);
}
