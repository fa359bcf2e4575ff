/**
 * Runs one measurement in a process of its own, within a time limit. Whatever the contestant does, the runner
 * gets an outcome: a crash or a hang costs that contestant its figure and the others nothing.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Order, Outcome } from './child.ts';

const child = fileURLToPath(new URL('./child.js', import.meta.url));

/** Milliseconds that a pool may take to close after its figures are in. */
const CLOSING = 1000;

const STDERR_LINES = 3;

/**
 * Node 20 reads the certificates of this variable whenever it starts, which takes as long again as the start.
 * Some libraries give their processes an environment without it; so nobody's has it.
 */
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;

/** Process groups that are alive, to be ended if the run is interrupted. */
const groups = new Set<number>();

/**
 * Ends the measuring process and all that it started. It leads a process group of its own, so that also the
 * workers of a library whose host died are found.
 */
function endGroup(pid: number): void {
  groups.delete(pid);
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

/** Ends every measurement under way. */
export function endMeasurements(): void {
  for (const pid of groups) endGroup(pid);
}

/** `program` is what measures; tests put in its place what crashes and hangs. */
export function measure(order: Order, limit: number, program: string = child): Promise<Outcome> {
  return new Promise((settle) => {
    let outcome: Outcome | undefined;
    let stderr = '';
    const host = fork(program, [JSON.stringify(order)], {
      detached: true,
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const { pid } = host;
    if (pid !== undefined) groups.add(pid);
    const end = () => pid !== undefined && endGroup(pid);
    let timer = setTimeout(() => {
      outcome = { error: `no result within ${limit / 1000} s` };
      end();
    }, limit);
    host.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    host.on('message', (message) => {
      outcome ??= message as Outcome;
      clearTimeout(timer);
      timer = setTimeout(end, CLOSING);
    });
    host.once('error', (error) => (outcome ??= { error: `did not start: ${error.message}` }));
    // "exit", not "close": a worker left behind would keep stderr open for as long as it lives.
    host.once('exit', (code, signal) => {
      clearTimeout(timer);
      end();
      const words = stderr.trim().split('\n').slice(-STDERR_LINES).join(' | ');
      settle(outcome ?? { error: `its host process died (${signal ?? `exit code ${code}`}): ${words}` });
    });
  });
}
