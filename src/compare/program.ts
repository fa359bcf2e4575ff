/**
 * Programs that a comparison starts (lanes, the server), and how it makes sure that none of them outlives it.
 *
 *   compare ── stdin: the job, then held open ──▶ program ──▶ its own workers
 *           ◀─ stdout: one JSON message per line ─┘
 *
 * There are three ways for a comparison to end, and each must take the programs along:
 *
 * 1. It ends, or is aborted (Ctrl-C): every running program's process group is killed, workers included. Each
 *    program leads a group of its own, since a terminal's Ctrl-C reaches only the terminal's own group, and
 *    killing a program alone would leave its workers.
 * 2. It throws: the same, in `finally` of whoever started the program.
 * 3. It is killed and can do nothing any more: the pipe to stdin closes with it. Every program watches its
 *    stdin (`watchLifeline` here, `watch_lifeline` in Python) and then kills its own group.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ProgramOptions {
  /** The first line on the program's stdin. */
  readonly job: unknown;
  readonly signal: AbortSignal;
  readonly onMessage: (message: Record<string, unknown>) => void;
}

export interface Program {
  readonly pid: number;
  /** Resolves when the program is gone. It never rejects: how the program ended is in the value. */
  readonly ended: Promise<ProgramEnd>;
  /** Kills the program and all that it started. Harmless when it is gone already. */
  kill(): void;
}

export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last that it wrote to stderr, or why it could not be started. */
  readonly stderr: string;
}

const STDERR_KEPT = 2000;

/** Starts a program that speaks the protocol above. Throws `signal.reason` if that is aborted already. */
export function startProgram(command: string, args: readonly string[], options: ProgramOptions): Program {
  options.signal.throwIfAborted();
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, windowsHide: true });
  // A program that dies early closes the pipe under the job: its end tells more than the EPIPE would.
  child.stdin.on('error', () => {});
  child.stdin.write(`${JSON.stringify(options.job)}\n`);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = parse(line);
    if (message !== undefined) options.onMessage(message);
  });

  const kill = (): void => killGroup(child);
  options.signal.addEventListener('abort', kill, { once: true });
  const ended = watchEnd(child).finally(() => options.signal.removeEventListener('abort', kill));
  return { pid: child.pid ?? -1, ended, kill };
}

function watchEnd(child: ChildProcess): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_KEPT);
    });
    child.once('error', (error) => resolve({ exitCode: null, signal: null, stderr: error.message }));
    // 'exit' comes when the program is dead; 'close' waits in addition until nobody holds its pipes any more,
    // which a worker left behind would do. So the group is killed at the first, and read to the end at the
    // second.
    child.once('exit', () => killGroup(child, 'after its leader'));
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stderr: stderr.trim() }));
  });
}

/**
 * Workers keep a group alive that has lost its leader, which is why it is killed once more then. Later its
 * number may be somebody else's, and is left alone.
 */
function killGroup(
  child: ChildProcess,
  when: 'with its leader' | 'after its leader' = 'with its leader',
): void {
  const leaderGone = child.exitCode !== null || child.signalCode !== null;
  if (child.pid === undefined || (leaderGone && when === 'with its leader')) return;
  try {
    if (process.platform === 'win32') {
      if (!leaderGone) spawn('taskkill', ['/pid', String(child.pid), '/T', '/F']);
    } else {
      process.kill(-child.pid, 'SIGKILL');
    }
  } catch {
    // ESRCH: the whole group is gone, which is what was wanted.
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // A task printed something of its own. It is not for us.
    return undefined;
  }
}

/**
 * Arguments that start the module `name` beside the module at `from` with this Node. The suffix and the flags
 * are inherited, so that it works compiled and, where a loader for TypeScript is in use, from source as well.
 */
export function nodeArguments(from: string, name: string): string[] {
  const suffix = from.endsWith('.ts') ? '.ts' : '.js';
  return [...process.execArgv, fileURLToPath(new URL(`./${name}${suffix}`, from))];
}

/** In the program: the job from the first line of stdin. After it, the end of stdin ends the program. */
export async function receiveJob<T>(): Promise<T> {
  const lines = createInterface({ input: process.stdin });
  const job = await new Promise<string>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', endWithOwner);
  });
  return JSON.parse(job) as T;
}

function endWithOwner(): void {
  if (process.platform === 'win32') process.exit(1);
  // Fails unless this is the leader of its group: started by hand from a shell, the group would be the
  // shell's.
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.exit(1);
  }
}

/** In the program: one message to the command, on its way when the promise resolves. */
export function say(message: Record<string, unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
