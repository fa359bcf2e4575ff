/** Who the calling thread is, in a number. */

import { threadId } from 'node:worker_threads';

/**
 * A positive number that no other thread of this process has or will have: Node's `threadId + 1`, so 1 for the main
 * thread. Python's `threading.get_ident()`, which may give a number again.
 */
export function ownIdent(): number {
  return threadId + 1;
}
