/** What a worker keeps of a job while it runs: how to stop it, and how far a stream may go. */

import { Waiters } from '../../futures/waiters.ts';

export class RunningJob {
  readonly #controller = new AbortController();
  readonly #granted = new Waiters();
  #credits = 0;
  #closed = false;
  #handedBack = false;
  /** Called when the consumer of a stream has left: the task may be in the middle of a value. */
  onClose: (() => void) | undefined;
  /** Resolves when all that the job has said has left. */
  progress: Promise<void> = Promise.resolve();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The consumer of a stream has left. */
  get closed(): boolean {
    return this.#closed;
  }

  /** It was stopped so that others run it. */
  get handedBack(): boolean {
    return this.#handedBack;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
    this.close();
  }

  handBack(): void {
    this.#handedBack = true;
    this.abort(new Error('The worker is shutting down'));
  }

  close(): void {
    this.#closed = true;
    this.#granted.wake();
    this.onClose?.();
  }

  grant(credits: number): void {
    this.#credits += credits;
    this.#granted.wake();
  }

  take(): void {
    this.#credits -= 1;
  }

  /** Resolves when a value may be sent, or none will be wanted any more. */
  async whenGranted(): Promise<void> {
    while (this.#credits <= 0 && !this.#closed) await this.#granted.wait();
  }
}
