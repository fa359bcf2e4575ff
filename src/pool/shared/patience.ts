/**
 * How long to look for news before going to sleep.
 *
 * To wake a sleeper costs tens of microseconds, so who expects news any moment had better look for it in a loop.
 * Whether that pays is learned from the last waits, also from those that outlasted the looking: two sides that
 * both give up a little too early would else keep each other asleep for most of the time, and never find out.
 */

/** A few times what a wake-up takes: beyond that, to sleep and be woken is nearly as quick. */
const LONGEST_MS = 0.2;
const SHORTEST_MS = 0.002;
/** One in so many waits is as long as can be, whatever the last ones were like: times change. */
const PROBE = 16;
/** Looks between two glances at the clock, which costs as much as five of them. */
const LOOKS = 40;

export class Patience {
  #ms: number = LONGEST_MS;
  /** When the look began that found nothing; 0: there was something, or nobody has looked. */
  #since = 0;
  #waits = 0;

  /** Looks until `isThere`, or until it is not worth it any more. */
  await(isThere: () => boolean): boolean {
    let began = 0;
    this.#waits += 1;
    const most = this.#waits % PROBE === 0 ? LONGEST_MS : this.#ms;
    for (;;) {
      for (let look = 0; look < LOOKS; look += 1) {
        if (isThere()) {
          if (began > 0) this.#ms = LONGEST_MS;
          return true;
        }
        pause();
      }
      const now = performance.now();
      if (began === 0) began = now;
      else if (now - began > most) {
        if (this.#since === 0) this.#since = began;
        return false;
      }
    }
  }

  /** There is news, perhaps after a look that was in vain. */
  met(): void {
    if (this.#since === 0) return;
    const waited = performance.now() - this.#since;
    this.#since = 0;
    this.#ms = waited <= LONGEST_MS ? LONGEST_MS : Math.max(SHORTEST_MS, this.#ms / 2);
  }
}

/** Tells the processor that this is a loop that waits; Node 20 and 22 have no word for it. */
const pause: () => void = (Atomics as { pause?: () => void }).pause ?? ((): void => undefined);
