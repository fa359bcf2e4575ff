/**
 * Ctrl-C and its relatives as an AbortSignal, for commands that have something to take down before they end.
 */
import { constants } from 'node:os';

const CAUGHT = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

class Interruption extends Error {
  readonly status: number;

  constructor(signal: (typeof CAUGHT)[number]) {
    super(`Interrupted by ${signal}.`);
    // What a shell reports of a program that a signal ended.
    this.status = 128 + constants.signals[signal];
  }
}

export interface AbortOnSignal {
  readonly signal: AbortSignal;
  /** The exit status if `error` is the interruption, else `undefined`. */
  statusOf(error: unknown): number | undefined;
  /** Gives the signals back their usual effect. */
  release(): void;
}

export function abortOnSignal(): AbortOnSignal {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void =>
    controller.abort(new Interruption(signal as (typeof CAUGHT)[number]));
  for (const signal of CAUGHT) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    statusOf: (error) => (error instanceof Interruption ? error.status : undefined),
    release() {
      for (const signal of CAUGHT) process.off(signal, onSignal);
    },
  };
}
