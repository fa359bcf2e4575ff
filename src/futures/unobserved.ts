/**
 * Failures that nobody looked at.
 *
 * A rejected promise without a handler ends a Node process; a failed future in Python is silent. Neither is
 * what one wants of a pool: the first takes down a server for one forgotten `await`, the second hides the
 * bug. So a failure that is never looked at is reported once, as a process warning, when the object that
 * holds it is collected or, at the latest, when the process exits.
 */

import { inspect } from 'node:util';

/** A failure on the watch list. Held by the future (to take it off), and by the list (to report it). */
export interface Unobserved {
  readonly what: string;
  readonly error: unknown;
}

const watched = new Set<Unobserved>();

const collected = new FinalizationRegistry<Unobserved>((failure) => {
  if (watched.delete(failure)) process.emitWarning(warningFor(failure));
});

let listening = false;

/**
 * Puts a failure on the list. `owner` must not be reachable from `failure`, or it would never be collected.
 */
export function watchFailure(owner: object, what: string, error: unknown): Unobserved {
  if (!listening) {
    listening = true;
    // `emitWarning` prints on the next tick, which never comes after 'exit'; the event itself is synchronous.
    process.on('exit', () => {
      for (const failure of watched) process.emit('warning', warningFor(failure));
      watched.clear();
    });
  }
  const failure: Unobserved = { what, error };
  watched.add(failure);
  collected.register(owner, failure, failure);
  return failure;
}

/** Takes a failure off the list: somebody looked. */
export function failureObserved(failure: Unobserved): void {
  watched.delete(failure);
  collected.unregister(failure);
}

function warningFor({ what, error }: Unobserved): Error {
  const reason = error instanceof Error ? (error.stack ?? String(error)) : inspect(error);
  const warning = new Error(`${what} failed and nobody looked at it: ${reason}`);
  warning.name = 'UnobservedFailureWarning';
  // The warning's own stack would point here, at the list; the failure's is in the message.
  warning.stack = `${warning.name}: ${warning.message}`;
  return Object.assign(warning, { code: 'MANYHANDS_UNOBSERVED_FAILURE' });
}
