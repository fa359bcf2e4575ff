/**
 * What goes wrong beside any task: a server that is away, a lock that was lost. None of it ends anything, as everything
 * here tries again; but somebody should be able to read it.
 */

/** Milliseconds in which the same is said once: a server that is away is found to be so several times a second. */
const QUIET_MS = 10_000;

export class Complaints {
  readonly #who: string;
  readonly #onError: ((error: Error) => void) | undefined;
  readonly #said = new Map<string, number>();
  #ended = false;

  /** @param onError is told everything; without it there are process warnings, now and then. */
  constructor(who: string, onError: ((error: Error) => void) | undefined) {
    this.#who = who;
    this.#onError = onError;
  }

  /** From here on nothing is told: connections that are closed complain of it. */
  end(): void {
    this.#ended = true;
  }

  readonly tell = (error: Error): void => {
    if (this.#ended) return;
    if (this.#onError !== undefined) {
      this.#onError(error);
      return;
    }
    // Of a server that has several addresses, and answers at none.
    const parts = error instanceof AggregateError ? (error.errors as Error[]) : [error];
    const text =
      parts.map(({ message }) => message).join('; ') || String((error as NodeJS.ErrnoException).code);
    const now = performance.now();
    if (now - (this.#said.get(text) ?? -Infinity) < QUIET_MS) return;
    if (this.#said.size > 100) this.#said.clear();
    this.#said.set(text, now);
    process.emitWarning(`${this.#who}: ${text}`, { type: 'ClusterWarning', code: 'MANYHANDS_CLUSTER' });
  };
}
