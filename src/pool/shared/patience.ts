/**
 * How long to look for news before going to sleep.
 *
 * To wake a sleeper costs tens of microseconds, so who expects news any moment had better look for it in a
 * loop. Whether that pays is learned: looks that found something make the next ones longer, those in vain make
 * them shorter, down to next to nothing.
 */

/** As long as a wake-up takes; beyond that, sleeping would have been as quick. */
const LONGEST_MS = 0.05;
const SHORTEST_MS = 0.002;
/** Looks between two glances at the clock, which costs as much as five of them. */
const LOOKS = 40;

export class Patience {
  #ms: number = LONGEST_MS;

  /** Looks until `isThere`, or until it is not worth it any more. */
  await(isThere: () => boolean): boolean {
    let end = 0;
    for (;;) {
      for (let look = 0; look < LOOKS; look += 1) {
        if (isThere()) {
          this.#ms = Math.min(LONGEST_MS, this.#ms * 2);
          return true;
        }
        pause();
      }
      const now = performance.now();
      if (end === 0) end = now + this.#ms;
      else if (now > end) {
        this.#ms = Math.max(SHORTEST_MS, this.#ms / 2);
        return false;
      }
    }
  }
}

/** Tells the processor that this is a loop that waits; Node 20 and 22 have no word for it. */
const pause: () => void = (Atomics as { pause?: () => void }).pause ?? ((): void => undefined);
