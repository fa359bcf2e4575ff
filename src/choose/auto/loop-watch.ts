/** How busy the event loop of the program was of late. */

/** Milliseconds that are looked back on. Shorter ones see every burst, longer ones react late. */
const WINDOW_MS = 100;

/** Beyond this part of its time an event loop counts as busy. */
const BUSY = 0.95;

export class LoopWatch {
  #since = performance.eventLoopUtilization();
  #at: number = performance.now();
  #busy = false;

  isBusy(): boolean {
    const now = performance.now();
    if (now - this.#at < WINDOW_MS) return this.#busy;
    const { utilization } = performance.eventLoopUtilization(this.#since);
    this.#busy = utilization > BUSY;
    this.#since = performance.eventLoopUtilization();
    this.#at = now;
    return this.#busy;
  }
}
