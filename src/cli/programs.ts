/**
 * The programs that `dashboard` and `top` look at: one that has said that it has a dashboard, found by its process id, or one
 * that is started for it.
 *
 *   manyhands dashboard -- node app.js
 *     └─ node app.js, with NODE_OPTIONS=--import=manyhands/dashboard
 *          first executor ─▶ dashboard ─▶ a file in the runtime folder ─▶ found here
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type Announcement, announced } from '../observe/dashboard/runtime-folder.ts';

/** Milliseconds between two looks whether a program that was started has a dashboard by now. */
const LOOK_MS = 100;

export const HOW_TO: string =
  'A program has a dashboard if it is started by "manyhands dashboard -- node app.js" or "manyhands top -- node app.js", ' +
  'or calls dashboard() of manyhands/observe.';

/** The dashboard of process `pid`; without one that of the only program that has any. Throws if it is not clear which. */
export function findProgram(pid: number | undefined): Announcement {
  const all = announced();
  const found = pid === undefined ? all : all.filter((program) => program.pid === pid);
  const [program] = found;
  if (program === undefined) {
    const which =
      pid === undefined ? 'No program of this user has a dashboard.' : `Process ${pid} has no dashboard.`;
    throw new Error(`${which} ${HOW_TO}`);
  }
  if (pid === undefined && new Set(found.map((other) => other.pid)).size > 1) {
    const list = found.map((other) => `${other.pid} (${other.title})`).join(', ');
    throw new Error(`Several programs have a dashboard; name one by its process id: ${list}.`);
  }
  return program;
}

export interface Launched {
  readonly child: ChildProcess;
  /** What a shell would say of its end. Rejects if it could not be started. */
  readonly ended: Promise<number>;
}

/** Starts a command whose Node programs have dashboards. Signals that would end this process go to it. */
export function launch(
  [command = '', ...args]: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly output: 'inherit' | 'pipe' },
): Launched {
  const inherited = process.env['NODE_OPTIONS'] ?? '';
  const flag = `--import=${import.meta.resolve('manyhands/dashboard')}`;
  const child = spawn(command, args, {
    stdio: [options.output === 'pipe' ? 'ignore' : 'inherit', options.output, options.output],
    env: { ...process.env, ...options.env, NODE_OPTIONS: `${inherited} ${flag}`.trim() },
  });
  // A terminal sends SIGINT to both: the program decides what it means, and we end with it.
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  const ignore = (): void => {};
  process.on('SIGINT', ignore).on('SIGTERM', forward).on('SIGHUP', forward);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  }).finally(() => {
    process.off('SIGINT', ignore).off('SIGTERM', forward).off('SIGHUP', forward);
  });
  return { child, ended };
}

/** The dashboard with this token, as soon as there is one; undefined if `signal` fires before. */
export async function awaitProgram(token: string, signal: AbortSignal): Promise<Announcement | undefined> {
  while (!signal.aborted) {
    const found = announced().find((program) => program.token === token);
    if (found !== undefined) return found;
    await delay(LOOK_MS);
  }
  return undefined;
}

/** `1234`, or a command; undefined if there is neither. */
export function parseTarget(words: readonly string[]): number | readonly string[] | undefined {
  const [first] = words;
  if (first === undefined) return undefined;
  return words.length === 1 && /^\d+$/.test(first) ? Number(first) : words;
}
