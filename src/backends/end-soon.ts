/** How a worker that has nothing left to do ends. */

/** What tasks left running in the background (timers, sockets) is given to end by itself. */
const LINGER_MS = 100;

/**
 * Closes the way to the pool, and lets the loop run dry: so what was printed is flushed, and a worker without
 * loose ends is gone at once. One that still has timers or sockets of user code is ended by force after a
 * moment.
 */
export function endSoon(close: () => void): void {
  close();
  setTimeout(() => process.exit(0), LINGER_MS).unref();
}
