/**
 * Whether deadlocks are looked for, and what is done about one.
 *
 * What a thread has said holds for all that share objects with it: it is noted in the arenas, where whoever gets a lock
 * reads it. So workers, children and grandchildren need not be told, however they are started. Where nobody has said
 * anything, each goes by its NODE_ENV, which children inherit as well.
 */

import { Arena } from '../../memory/arena/arena.ts';
import { openArenas } from '../../memory/arena/arenas.ts';
import * as layout from '../../memory/arena/layout.ts';
import { checkChoice } from '../../options.ts';

/** `warn`: a process warning; `throw`: the wait that closes the circle ends, with a `DeadlockError`. */
export type DeadlockMode = 'warn' | 'throw' | 'off';

/** As noted in an arena, where 0 is nothing. */
const MODES: readonly DeadlockMode[] = ['off', 'warn', 'throw'];

/** Read, on the way to a wait, by whoever is about to wait. */
export const detection: { isOn: boolean; throws: boolean } = { isOn: false, throws: false };

/** What this thread, or another one, has said. */
let said: DeadlockMode | undefined;

function set(mode: DeadlockMode): void {
  detection.isOn = mode !== 'off';
  detection.throws = mode === 'throw';
}

set(process.env['NODE_ENV'] === 'development' ? 'warn' : 'off');

/**
 * Has circles of locks, whose holders wait for each other for ever, be reported as they close: who holds what, and who
 * waits for what. `'warn'`: by a process warning with the code MANYHANDS_DEADLOCK; `'throw'`: the wait that closes the circle
 * ends with a `DeadlockError`. By default it is `'warn'` where NODE_ENV is `'development'`, and else `'off'`.
 *
 * It holds for this thread, and for each other thread and process from the next lock on that it makes or gets: so call it
 * when the program starts. Waits with a `timeout` or a `signal` are not for ever, and close no circle.
 *
 * @throws TypeError if it is none of these
 */
export function detectDeadlocks(mode: DeadlockMode): void {
  if (mode === undefined)
    throw new TypeError(`mode must be one of 'warn', 'throw', 'off', received undefined`);
  checkChoice('mode', mode, ['warn', 'throw', 'off']);
  said = mode;
  set(mode);
  for (const arena of openArenas()) note(arena, mode);
}

/** This thread has a lock in that arena. */
export function learnMode(arena: Arena): void {
  const noted = MODES[Atomics.load(arena.region.words, layout.DEADLOCKS) - 1];
  if (noted === undefined) {
    if (said !== undefined) note(arena, said);
  } else if (noted !== said) {
    said = noted;
    set(noted);
  }
}

function note(arena: Arena, mode: DeadlockMode): void {
  Atomics.store(arena.region.words, layout.DEADLOCKS, MODES.indexOf(mode) + 1);
}
