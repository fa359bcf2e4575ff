/**
 * Makes the kernel end a worker process when its parent is gone, however that went.
 *
 * A worker whose event loop turns sees its pipe close and ends by itself. One that is deep in a computation
 * sees nothing, and a parent that was killed by SIGKILL can tell nobody: such a worker would compute on, with
 * nobody left to take the result, for ever if it has an endless loop. Linux can send a signal to a process
 * when the thread that started it ends (PR_SET_PDEATHSIG). Node has no call for that, but `setpriv` of
 * util-linux, which every large distribution installs, sets it and then becomes the program that it is to
 * start: same process id, same pipes.
 *
 * Elsewhere the pipe alone has to do.
 *
 * @see prctl(2), PR_SET_PDEATHSIG
 */

import { accessSync, constants, realpathSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';

/** What to run for `command args...`, such that it dies with this process where that can be had. */
export function dyingWithParent(command: string, args: readonly string[]): [command: string, args: string[]] {
  setpriv ??= findSetpriv();
  if (setpriv === '') return [command, [...args]];
  return [setpriv, ['--pdeathsig', 'KILL', command, ...args]];
}

/** Its path; empty where there is none. Looked for once. */
let setpriv: string | undefined;

function findSetpriv(): string {
  if (process.platform !== 'linux') return '';
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'setpriv');
    try {
      accessSync(path, constants.X_OK);
      // BusyBox has a `setpriv` without this option.
      if (basename(realpathSync(path)) === 'setpriv') return path;
    } catch {
      // Not in this folder.
    }
  }
  return '';
}
