/** The family that this process is in, made if there is none yet, and what its children are to be. */

import { randomBytes } from 'node:crypto';
import { adoptWorkers, type Family, familyHere, joinFamily, nextChild } from '../../tasks/family.ts';
import { getLogger } from '../logger.ts';

/** Long enough that nobody guesses it; CPython's length. */
const KEY_BYTES = 32;

let established = false;

/**
 * Makes this process the first of a family, unless it was born into one.
 *
 * Done when the package is loaded, and not when first needed: threads that are started from then on must find the same
 * key. Loading this file does nothing yet, since the entry of a child has to hear of its family before.
 */
export function establishFamily(): void {
  if (established) return;
  established = true;
  const inherited = familyHere();
  if (inherited !== undefined) getLogger().inherit(inherited.log);
  else {
    joinFamily({
      name: 'MainProcess',
      identity: [],
      daemon: false,
      authkey: Uint8Array.from(randomBytes(KEY_BYTES)),
      log: { level: getLogger().level, toStderr: false },
    });
  }
  // As Python's workers are: but they may have children, being ended with their pool anyway.
  adoptWorkers((name) => childFamily({ name, identity: nextIdentity(), daemon: false }));
}

export function ownFamily(): Family {
  establishFamily();
  return familyHere() as Family;
}

/** What a child is to be. */
export function childFamily(
  child: Pick<Family, 'name' | 'identity' | 'daemon'> & Partial<Pick<Family, 'authkey'>>,
): Family {
  const { name, authkey, log } = ownFamily();
  return { authkey, log, ...child, parent: { pid: process.pid, name } };
}

export function nextIdentity(): readonly number[] {
  return [...ownFamily().identity, nextChild()];
}
