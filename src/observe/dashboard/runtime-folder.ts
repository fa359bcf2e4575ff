/**
 * Where programs of a user say that they have a dashboard, for `manyhands dashboard` and `manyhands top` to find them: a
 * file for each, with its address and its token, in a folder that only this user can look into.
 */

import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** What a program says of its dashboard. */
export interface Announcement {
  readonly pid: number;
  readonly title: string;
  /** Without the token. */
  readonly origin: string;
  readonly token: string;
  readonly startedAt: number;
}

const OTHERS = 0o077;

function folder(): string {
  const base = process.env['XDG_RUNTIME_DIR'];
  if (base !== undefined && base !== '') return join(base, 'manyhands');
  return join(tmpdir(), `manyhands-${userInfo().uid}`);
}

/** Whether it is a folder of ours that is closed to others: /tmp is open to all, and somebody may have been there before. */
function isOurs(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return false;
  // Windows has neither; its temporary folder is the user's own.
  return process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & OTHERS) === 0);
}

/** Writes it down until the process ends, or what is returned is called. Throws if there is no safe place. */
export function announce(announcement: Announcement): () => void {
  const path = folder();
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (!isOurs(path)) throw new Error(`${path} is not a folder that only this user can open.`);
  const port = new URL(announcement.origin).port;
  const file = join(path, `${announcement.pid}-${port}.json`);
  writeFileSync(file, JSON.stringify(announcement), { mode: 0o600 });
  const remove = (): void => rmSync(file, { force: true });
  process.once('exit', remove);
  return () => {
    process.off('exit', remove);
    remove();
  };
}

/** The dashboards of this user's programs, newest first. What programs left behind that were killed is removed. */
export function announced(): Announcement[] {
  const path = folder();
  if (!isOurs(path)) return [];
  const found: Announcement[] = [];
  for (const name of readdirSync(path)) {
    const pid = Number(/^(\d+)-\d+\.json$/.exec(name)?.[1]);
    if (!Number.isSafeInteger(pid)) continue;
    if (!isAlive(pid)) {
      rmSync(join(path, name), { force: true });
      continue;
    }
    try {
      found.push(JSON.parse(readFileSync(join(path, name), 'utf8')) as Announcement);
    } catch {
      // It has gone in this moment, or is being written.
    }
  }
  return found.toSorted((a, b) => b.startedAt - a.startedAt);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
