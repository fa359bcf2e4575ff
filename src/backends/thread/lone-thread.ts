/**
 * A worker thread that is no pool's: it runs one call, and lives until that is over and its event loop is empty, as a
 * program does.
 *
 *   first line ──▶ the call runs ──▶ over ──▶ timers and sockets that it left ──▶ end: whoever joins it wakes
 *
 * Nobody may be there to end it from outside, as the thread that started it may be blocked in a join.
 *
 * What a thread prints goes through the event loop of the thread that started it, and until that has taken it Node holds
 * the thread open. Blocked in `joinSync` it takes nothing: each would wait for the other. Hence a thread that is held
 * open by what it printed, and by nothing else, has ended for those who join it.
 */

import { threadId } from 'node:worker_threads';
import { threadTable } from '../../memory/thread-table.ts';

/** How often a thread that is over looks whether only its output holds it open. Shorter costs more, longer delays joins. */
const LOOK_MS = 5;

export class LoneThread {
  readonly #table = threadTable();
  readonly #place: { readonly row: number; readonly ident: number };
  #isOver = false;

  constructor(row: number) {
    this.#place = { row, ident: threadId + 1 };
    this.#table.begin(row);
    process.on('exit', this.#end);
  }

  /** The call is over. `close` closes the way by which it came. */
  over(close: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    close();
    setInterval(() => {
      if (this.#onlyPrints()) this.#end();
    }, LOOK_MS).unref();
  }

  readonly #end = (): void => this.#table.end(this.#place);

  #onlyPrints(): boolean {
    const [resource, ...others] = process.getActiveResourcesInfo();
    if (resource !== 'MessagePort' || others.length > 0) return false;
    // The port may be one of the program's. That of stdout and stderr is held open while there is something in them.
    if (process.stdout.writableLength + process.stderr.writableLength === 0) return false;
    return this.#table.awaited(this.#place.ident).length === 0;
  }
}
