/**
 * How long to look for news before going to sleep.
 *
 * To wake a sleeper costs tens of microseconds, so who expects news any moment had better look for it in a loop. Whether
 * that pays is found out by trying. After a look in vain the next wait does without, after another one the next two, then
 * four, and so on: where tasks are long, or other programs want the processors, next to nothing is spent on looking. A
 * look that finds something is followed by the next one at once.
 *
 * What did not work: to judge by how long the last waits were. On a busy machine to sleep is quick, since the
 * processor goes to the other side at once, and to look is slow, since it keeps the processor from the other side; where
 * both sides sleep all the time, waits are long, and would be short if both were looking.
 */

/** A few times what a wake-up takes: beyond that, to sleep and be woken is nearly as quick. */
const LONGEST_MS = 0.2;
/** Looks between two glances at the clock, which costs as much as five of them. */
const LOOKS = 40;
/** Waits without a look, at most: some milliseconds of short ones, after which times may have changed. */
const MOST_SKIPPED = 32;

export class Patience {
  /** Waits without a look, after the next look in vain. */
  #backOff = 1;
  #skip = 0;

  /** Whether the next wait is to begin with a look. To be asked once for each wait. */
  get isWorthALook(): boolean {
    if (this.#skip === 0) return true;
    this.#skip -= 1;
    return false;
  }

  /** Looks until `isThere`, or until it is not worth it any more. */
  look(isThere: () => boolean): boolean {
    let end = 0;
    for (;;) {
      for (let look = 0; look < LOOKS; look += 1) {
        if (isThere()) {
          this.#backOff = 1;
          return true;
        }
        pause();
      }
      const now = performance.now();
      if (end === 0) end = now + LONGEST_MS;
      else if (now > end) {
        this.#skip = this.#backOff;
        this.#backOff = Math.min(MOST_SKIPPED, this.#backOff * 2);
        return false;
      }
    }
  }
}

/** Tells the processor that this is a loop that waits; Node 20 and 22 have no word for it. */
const pause: () => void = (Atomics as { pause?: () => void }).pause ?? ((): void => undefined);
