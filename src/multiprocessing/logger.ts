/** What the processes of a program say of themselves. */

import { debuglog } from 'node:util';
import { checkChoice } from '../options.ts';
import { familyHere, joinFamily } from '../tasks/family.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'off';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error', 'off'];

export interface LogRecord {
  readonly level: Exclude<LogLevel, 'off'>;
  readonly processName: string;
  readonly message: string;
}

/**
 * A logger with a level, and one place that records go to: none until {@link Logger.sink} or {@link logToStderr} sets one.
 * With `NODE_DEBUG=manyhands` in the environment all records go to stderr as well, whatever the level.
 *
 * Processes that are started later take over the level, and whether it goes to stderr.
 *
 * @see CPython `multiprocessing.get_logger`.
 */
class Logger {
  readonly #debug = debuglog('manyhands');
  #level: LogLevel = 'warning';
  #toStderr = false;
  /** Gets what the level lets through. */
  sink: ((record: LogRecord) => void) | undefined;

  get level(): LogLevel {
    return this.#level;
  }

  /** @throws TypeError for a word that is no level. */
  set level(level: LogLevel) {
    checkChoice('level', level, LEVELS);
    this.#level = level;
    this.#share();
  }

  isEnabledFor(level: LogLevel): boolean {
    return this.#level !== 'off' && LEVELS.indexOf(level) >= LEVELS.indexOf(this.#level);
  }

  log(level: LogRecord['level'], message: string): void {
    const processName = familyHere()?.name ?? 'MainProcess';
    this.#debug('[%s/%s] %s', level, processName, message);
    if (this.isEnabledFor(level)) this.sink?.({ level, processName, message });
  }

  /** For this package: as the parent of this process had it. */
  inherit({ level, toStderr }: { readonly level: string; readonly toStderr: boolean }): void {
    this.#level = level as LogLevel;
    if (toStderr) this.writeToStderr();
  }

  /** For this package. */
  writeToStderr(): void {
    this.#toStderr = true;
    this.sink = ({ level, processName, message }) => {
      process.stderr.write(`[${level}/${processName}] ${message}\n`);
    };
    this.#share();
  }

  #share(): void {
    const family = familyHere();
    if (family !== undefined)
      joinFamily({ ...family, log: { level: this.#level, toStderr: this.#toStderr } });
  }
}

export type { Logger };

const logger = new Logger();

/** The logger of this package; one for each thread. */
export function getLogger(): Logger {
  return logger;
}

/**
 * Has it write to stderr, as `[info/Process-1] ...`, and sets its level if one is given.
 *
 * @see CPython `multiprocessing.log_to_stderr`.
 */
export function logToStderr(level?: LogLevel): Logger {
  if (level !== undefined) logger.level = level;
  logger.writeToStderr();
  return logger;
}
