/** What `AutoExecutor.with` takes beside the options of every executor: hints, which win over all that is measured. */

import type { MapOptions } from '../../futures/submit-options.ts';
import { checkBoolean, checkChoice } from '../../options.ts';

export interface AutoOptions extends MapOptions {
  /** Runs in a worker process, where a crash takes nothing else along. Default false: after a crash it will. */
  readonly isolate?: boolean | undefined;
  /** Runs there, whatever has been measured. Default: where it belongs. */
  readonly backend?: 'event-loop' | 'thread' | 'process' | undefined;
}

const BACKENDS = ['event-loop', 'thread', 'process'] as const;

/**
 * The options that every executor has.
 *
 * @throws TypeError or RangeError naming the option, the rule and the value.
 */
export function withoutHints(options: AutoOptions): MapOptions {
  checkBoolean('isolate', options.isolate);
  checkChoice('backend', options.backend, BACKENDS);
  const { isolate, backend, ...others } = options;
  if (isolate && backend !== undefined && backend !== 'process') {
    throw new RangeError(
      `isolate: true is for a worker process; backend must then be 'process' or be left out, received '${backend}'`,
    );
  }
  return others;
}
