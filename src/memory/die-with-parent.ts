/**
 * Makes the kernel end this process when its parent is gone, however that went. The same as starting it with
 * setpriv, without a program of its own, at the price of loading koffi.
 *
 * @see prctl(2), PR_SET_PDEATHSIG
 */

import { loadSystem } from './linux.ts';
import type { SystemResult } from './system.ts';

/**
 * To be called by the child, with the process id of its parent, which the parent must tell it. False where it
 * cannot be had. It is the end of the thread that started the child which counts, so a child that a worker thread
 * started ends with that thread.
 */
export function dieWithParent(parent: number, from: SystemResult = loadSystem()): boolean {
  if (from.system === undefined || from.system.killWithParent() < 0) return false;
  // It went before it could be watched, and this process has got another parent.
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  return true;
}
