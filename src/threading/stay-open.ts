/**
 * Holds the program open while there are threads that are no daemons.
 *
 * A thread waits for those that it has started before it ends, and the main thread for all of them. Not earlier: that
 * the loop of the main thread is empty is what ends it, for threads that join it. If its threads held its loop open,
 * it would wait for them and they for it.
 */

import { isMainThread } from 'node:worker_threads';
import { MAIN, type Place, threadTable } from '../memory/thread-table.ts';
import { hold, letGo } from '../pool/keep-alive.ts';
import { launched } from './launch.ts';
import { ownIdent } from './own-ident.ts';
import { hearTheRest } from './reports.ts';

let installed = false;

export function stayOpenForThreads(): void {
  if (installed) return;
  installed = true;
  process.on('beforeExit', stayOpen);
}

function stayOpen(): void {
  hearTheRest();
  const endings = [...ownEndings(), ...endingsOfOthers()];
  if (endings.length === 0) return;
  if (isMainThread) threadTable().end(MAIN);
  hold();
  // The loop gets empty again, and this is called again: threads may have started others meanwhile.
  void Promise.all(endings).then(letGo);
}

/** Until Node says so: what they printed and threw has come by then. */
function ownEndings(): Promise<void>[] {
  return [...launched.values()]
    .filter(({ daemon }) => !daemon)
    .map((thread) => new Promise((resolve) => thread.onEnd(resolve)));
}

function endingsOfOthers(): Promise<void>[] {
  const places = threadTable().awaited(isMainThread ? undefined : ownIdent());
  return places.filter(({ ident }) => !launched.has(ident)).map(hasEnded);
}

async function hasEnded(place: Place): Promise<void> {
  const table = threadTable();
  while (table.lives(place)) await table.waitSlice(place);
}
