/** What a started `Process` stands for: a child of this process, or this process itself. */

import { waitWithin } from '../../futures/waiting.ts';
import type { WaitOptions } from '../../options.ts';
import { hold, letGo } from '../../pool/keep-alive.ts';

/** How a process ended. */
export interface ProcessExit {
  /**
   * 0 to 255 where it ended by itself: 0 when all was done, what `process.exit()` was given (its last 8 bits), 1 for an
   * error that nothing caught, 13 for a target that could never finish. -N where signal N ended it.
   */
  readonly exitCode: number;
  /** The signal that ended it, or `null`. */
  readonly signal: NodeJS.Signals | null;
}

export interface Link {
  readonly pid: number;
  /** Rejects where it ends before its target is called. */
  readonly ready: Promise<void>;
  readonly exit: ProcessExit | undefined;
  /** Does nothing once it has ended. */
  signal(name: NodeJS.Signals): void;
  /** Calls `fn` when it ends, at once if it has; returns what takes it off again. */
  onExit(fn: (exit: ProcessExit) => void): () => void;
}

/** This process. It sees no end of its own. */
export const SELF: Link = {
  pid: process.pid,
  ready: Promise.resolve(),
  exit: undefined,
  signal: (name) => void process.kill(process.pid, name),
  onExit: () => () => undefined,
};

/** Waits for the end of a process, and keeps this one running meanwhile. @throws TimeoutError; `signal.reason`. */
export async function whenExited(link: Link, name: string, options: WaitOptions): Promise<ProcessExit> {
  hold();
  try {
    return await waitWithin<ProcessExit>(
      options,
      () => `${name} did not end`,
      (resolve) => link.onExit(resolve),
    );
  } finally {
    letGo();
  }
}
