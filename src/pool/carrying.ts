/** How what a call carries crosses: as one more argument, behind the others. */

import { type Carried, valuesOf } from '../context.ts';
import type { Codec } from '../wire/codec.ts';

/** Why the arguments cannot cross: what is wrong with a value that is carried should not be said of an argument. */
export function refusalOf(error: unknown, carried: Carried | undefined, codec: Codec): unknown {
  if (carried === undefined) return error;
  for (const [name, value] of valuesOf(carried)) {
    try {
      codec.encode(value, `context ${name}`);
    } catch (refusal) {
      return refusal;
    }
  }
  return error;
}
