/**
 * How two sides sleep without ever missing each other: the one that waits, and the one that has news.
 *
 *   sleeper                                waker
 *   S1  word := ASLEEP                     W1  makes the news visible (a store to shared memory)
 *   S2  looks for news                     W2  word ASLEEP?  exchange it for AWAKE
 *   S3  none: sleeps until roused          W3  if it was this exchange that changed it: rouses the sleeper
 *       some: word := AWAKE, and goes on       (a notify, or a byte on a pipe)
 *
 * Invariants
 * 1. S1 comes before S2, and W1 before W2, in one total order: all four are sequentially consistent atomics.
 *    So either S2 sees the news of W1, or W2 sees ASLEEP of S1. Nobody sleeps on news that nobody rouses for.
 * 2. ASLEEP is left by one exchange only, so each sleep is roused once at most, however many have news.
 * 3. A rousing that comes late (the sleeper had seen the news by itself) is harmless: who wakes looks again.
 *
 * `test/memory/protocol-sleep.test.ts` runs the sides of a pool in all orders of these steps.
 *
 * @see E. W. Dijkstra, "Cooperating sequential processes" (1965): each raises its flag, then looks at the other's.
 */

export const AWAKE = 0;
export const ASLEEP = 1;

/** S1. After it, look for news once more; then either `rise`, or really sleep. */
export function lieDown(words: Int32Array, index: number): void {
  Atomics.store(words, index, ASLEEP);
}

/** There was news after all, or the sleep is over. */
export function rise(words: Int32Array, index: number): void {
  Atomics.store(words, index, AWAKE);
}

/**
 * W2, after the news is visible. True: rouse the sleeper; nobody else will. A word that is neither has been written over,
 * and counts as ASLEEP: to rouse who is awake does no harm.
 */
export function mustRouse(words: Int32Array, index: number): boolean {
  const word = Atomics.load(words, index);
  return word !== AWAKE && Atomics.compareExchange(words, index, word, AWAKE) === word;
}
