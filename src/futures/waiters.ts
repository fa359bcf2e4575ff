/** Those who wait for something to change. All are woken at once, and each looks whether it is what it waits for. */

export class Waiters {
  #waiting: Array<() => void> = [];

  /** Resolves at the next `wake`. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
