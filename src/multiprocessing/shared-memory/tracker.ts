/**
 * Sees to it that no block of shared memory is left in /dev/shm, however its maker ends.
 *
 *   this thread                         tracker, a process of its own
 *   make block 17 ── "+ 17:name" ─────▶ { 17 }
 *   unlink        ── "- 17:name" ─────▶ { }
 *      ✝  (also SIGKILL)  ── end of ──▶ nothing left: ends
 *                           the pipe    something left: becomes `remove-leftovers.ts`, which waits until nobody has
 *                                       those blocks open, and unlinks them
 *
 * The kernel has no way to tie a name in /dev/shm to a process. Names with the number of a process in them, to be
 * cleaned up by the next program, leave the memory taken until there is a next program; a handler of exits hears nothing
 * of SIGKILL. So somebody has to survive, as in Python: a shell, which takes 1 MB and a few milliseconds to start, and
 * becomes Node only where there is work. It has a session of its own, so that what is sent to the whole group of
 * processes does not reach it; and if it is killed, another is started.
 *
 * Other than in Python a block that somebody else still has open is left alone (see invariant 2 of
 * `memory/named-memory.ts`): it goes when the last of them has ended. So there is no harm in several trackers, and each
 * thread that makes blocks has one. That those who only attach have none is why the one of the maker waits.
 *
 * A child that ends by itself may have made a block for its parent, which is yet to hear the name: then the tracker waits for
 * the end of the parent, too ("^ parent"), and that of a thread for the end of its process. What is killed has
 * promised nothing to anybody.
 *
 * The line is written before the block gets its name. So there may be lines about blocks that never got one: the number
 * of the file tells whether a name leads to what was made here.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { hasName, keepNone, removeUnused } from '../../memory/named-memory.ts';
import { ownerWordOf } from '../../memory/owner.ts';
import { familyHere } from '../../tasks/family.ts';
import { wordFor } from './names.ts';

/** `$0` and `$1` are Node and the file to run with it. What is tracked is kept as words, each between blanks. */
const SCRIPT = `trap '' HUP INT QUIT TERM
left=' '
heir=0
while read -r sign block; do
  case $sign in
    ^) heir=$block ;;
    +) left="$left$block " ;;
    -) case $left in *" $block "*) left="\${left%%" $block "*} \${left#*" $block "}" ;; esac ;;
  esac
done
[ "$left" = ' ' ] || printf %s "$heir$left" | "$0" "$1"`;

const CLEANER = new URL('./remove-leftovers.js', import.meta.url);

/** Names by the numbers of their files: what this thread has made, and has not been unlinked here. */
const tracked = new Map<number, string>();
let tracker: ChildProcess | undefined;
let listening = false;
let exiting = false;

/** To be called before the block gets its name. */
export function track(inode: number, name: string): void {
  tracked.set(inode, name);
  if (tracker === undefined) start();
  else tell('+', inode, name);
}

/** The block is gone, or never came to be. */
export function untrack(inode: number): void {
  const name = tracked.get(inode);
  if (name === undefined) return;
  tracked.delete(inode);
  tell('-', inode, name);
}

function tell(sign: '+' | '-', inode: number, name: string): void {
  // Small enough to be in the pipe when the call returns.
  tracker?.stdin?.write(`${sign} ${wordFor(inode, name)}\n`);
}

function start(): void {
  const child = spawn('/bin/sh', ['-c', SCRIPT, process.execPath, cleaner()], {
    // Nothing of this process's is to be held open by one that lives longer.
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: {},
    detached: true,
  });
  child.unref();
  (child.stdin as unknown as { unref(): void } | null)?.unref();
  // That it has ended is told by its exit.
  child.stdin?.on('error', () => {});
  child.on('error', (error) => {
    process.emitWarning(
      `Shared memory will be left in /dev/shm if this process is killed: /bin/sh cannot be started (${error.message})`,
    );
  });
  child.on('exit', () => {
    if (tracker !== child || exiting) return;
    tracker = undefined;
    process.emitWarning('The tracker of shared memory was killed; another one takes its place');
    if (tracked.size > 0) start();
  });
  if (!listening) process.once('exit', cleanUp);
  listening = true;
  tracker = child;
  for (const [inode, name] of tracked) tell('+', inode, name);
}

function cleaner(): string {
  const path = fileURLToPath(CLEANER);
  if (existsSync(path)) return path;
  throw new Error(
    `Shared memory is looked after by ${path}, which does not exist. If this program is bundled, let the bundler ` +
      "leave manyhands out (in esbuild, Rollup and Vite: external: ['manyhands']).",
  );
}

/** At a normal end. */
function cleanUp(): void {
  exiting = true;
  keepNone();
  for (const [inode, name] of tracked) if (!hasName(inode, name)) untrack(inode);
  const heir = isMainThread ? familyHere()?.parent?.pid : process.pid;
  if (heir === undefined) removeAll();
  else if (tracked.size > 0) tracker?.stdin?.write(`^ ${ownerWordOf(heir) ?? 0}\n`);
}

/** At once, and the user is told. What others have open is left to the tracker. */
function removeAll(): void {
  const leaked: string[] = [];
  for (const [inode, name] of tracked) {
    if (removeUnused(name, inode) === 'in use') continue;
    leaked.push(`'${name}'`);
    untrack(inode);
  }
  if (leaked.length === 0) return;
  const warning = new Error(
    `Shared memory was not unlinked by the time its maker ended, and has been removed: ${leaked.join(', ')}`,
  );
  warning.name = 'LeakedSharedMemoryWarning';
  warning.stack = `${warning.name}: ${warning.message}`;
  // `emitWarning` prints on the next tick, which never comes any more; the event itself is synchronous.
  process.emit('warning', Object.assign(warning, { code: 'MANYHANDS_LEAKED_SHARED_MEMORY' }));
}
