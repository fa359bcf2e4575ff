/** A circle, in words: who holds what, and who waits for what. */

import { threadId } from 'node:worker_threads';
import { DeadlockError } from '../../errors.ts';
import { ownerWord, threadNumber } from '../../memory/owner.ts';
import { threadTable } from '../../memory/thread-table.ts';
import type { Step } from './circles.ts';
import type { Texts } from './records.ts';

/** The one who has found it: what it waits for, and how. */
export interface Finder {
  readonly texts: Texts;
  readonly isBlocked: boolean;
}

/** The calling thread. */
export function ownName(): string {
  if (threadId === 0) return `the main thread of process ${process.pid}`;
  const table = threadTable();
  const place = table.find(threadId + 1);
  const name = place === undefined ? undefined : table.entry(place)?.name;
  const number = threadNumber(ownerWord());
  return `thread ${number}${name === undefined ? '' : ` (${name})`} of process ${process.pid}`;
}

/** `steps`: from the lock that the finder waits for to the one that it has. */
export function deadlockOf({ texts, isBlocked }: Finder, steps: readonly Step[]): DeadlockError {
  const lines = [line(ownName(), isBlocked, texts, (steps.at(-1)?.texts ?? texts).lock)];
  let held = texts.lock;
  for (const step of steps) {
    lines.push(line(step.who, step.isBlocked, step.texts, held));
    held = step.texts.lock;
  }
  const list = lines.map((each, index) => `  ${index + 1}. ${each}`).join('\n');
  return new DeadlockError(
    `Deadlock: none of these can go on, as each waits, without a limit, for what the next one holds:\n${list}\n` +
      'Acquire locks in the same order everywhere, or wait with a timeout. ' +
      'What is to be released by others than its holder should be a Semaphore or an Event.',
  );
}

/** Those who will not get back to their event loop can wait for nothing. */
export function warn(error: DeadlockError, isBlocked: boolean): void {
  const warning = new Error(error.message);
  warning.name = 'DeadlockWarning';
  warning.stack = `${warning.name}: ${warning.message}`;
  Object.assign(warning, { code: error.code });
  // What `emitWarning` does in the next tick.
  if (isBlocked) process.emit('warning', warning);
  else process.emitWarning(warning);
}

function line(who: string, isBlocked: boolean, { lock, waits, acquired }: Texts, held: string): string {
  const since = acquired === '' ? '' : `, acquired at ${acquired},`;
  const at = waits === '' ? '' : ` at ${waits}`;
  return `${who} holds ${held}${since} and ${isBlocked ? 'blocks' : 'waits'} for ${lock}${at}`;
}
