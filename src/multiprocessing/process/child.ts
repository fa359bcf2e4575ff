/**
 * A child process, from the parent's side.
 *
 *   parent                                child (process-main.ts)
 *     │── start message ─────────────────▶│  finds the target
 *     │◀──────────────────────── a byte ──│  and calls it
 *     │            (nothing more)          │  runs until its event loop is empty
 *     │◀──────────────────────── [exit] ──│
 *
 * It differs from a worker of a pool in what a program expects of it: its output is the parent's own, signals have their
 * usual effect, and Ctrl-C, which a terminal sends to all processes of a program, reaches it.
 */

import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { dyingWithParent } from '../../backends/process/die-with-parent.ts';
import { workerEntry } from '../../backends/worker-entry.ts';
import { WorkerDiedError } from '../../errors.ts';
import { atExit } from '../../pool/exiting.ts';
import { hold, letGo } from '../../pool/keep-alive.ts';
import { processFlags } from '../../tasks/worker-flags.ts';
import type { Link, ProcessExit } from './link.ts';
import { START_FD } from './start-message.ts';

const ENTRY = new URL('./process-main.js', import.meta.url);

export interface ChildSettings {
  readonly name: string;
  readonly daemon: boolean;
  readonly execPath: string | undefined;
  readonly env: NodeJS.ProcessEnv | undefined;
  readonly cwd: string | undefined;
  readonly execArgv: readonly string[] | undefined;
}

export class Child implements Link {
  readonly pid: number;
  readonly #delivered: Promise<void>;
  #isAwaited = false;
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #waiting = new Set<(exit: ProcessExit) => void>();
  #exit: ProcessExit | undefined;

  /**
   * @param frame the start message.
   * @throws Error where the system starts no process.
   */
  constructor(frame: Buffer, settings: ChildSettings) {
    this.#name = settings.name;
    this.#process = spawnChild(settings);
    this.pid = this.#process.pid as number;
    const offExit = atExit(() => this.#process.kill('SIGKILL'));
    this.#process.once('exit', (code, signal) => {
      offExit();
      this.#end(code, signal);
    });
    // A process that is to be waited for holds this one open by itself.
    if (settings.daemon) this.#process.unref();
    this.#delivered = this.#deliver(frame);
    // Whoever does not ask for it learns of a failure by the exit code.
    this.#delivered.catch(() => undefined);
  }

  get ready(): Promise<void> {
    // Else a program that has nothing to do but wait for a daemon would end before it is ready.
    if (!this.#isAwaited) {
      this.#isAwaited = true;
      hold();
      this.#delivered.then(letGo, letGo);
    }
    return this.#delivered;
  }

  get exit(): ProcessExit | undefined {
    return this.#exit;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  onExit(fn: (exit: ProcessExit) => void): () => void {
    if (this.#exit !== undefined) fn(this.#exit);
    else this.#waiting.add(fn);
    return () => this.#waiting.delete(fn);
  }

  /** Sends the start message, and resolves when the answer comes. */
  #deliver(frame: Buffer): Promise<void> {
    const pipe = this.#process.stdio[START_FD] as unknown as Socket;
    // Open as long as this process lives: its end is how a child elsewhere than on Linux learns of ours.
    pipe.unref();
    // EPIPE, ECONNRESET: the child is gone; its exit says so.
    pipe.on('error', () => undefined);
    pipe.write(frame);
    return new Promise<void>((resolve, reject) => {
      pipe.once('data', () => resolve());
      this.onExit((exit) => reject(this.#neverReady(exit)));
    });
  }

  #neverReady({ exitCode, signal }: ProcessExit): WorkerDiedError {
    const reason = signal === null ? `it exited with code ${exitCode}` : `it was killed by ${signal}`;
    return new WorkerDiedError(undefined, {
      exitCode: signal === null ? exitCode : null,
      signal,
      reason,
      workerName: this.#name,
      stderr: [],
    });
  }

  #end(code: number | null, signal: NodeJS.Signals | null): void {
    (this.#process.stdio[START_FD] as unknown as Socket).destroy();
    const exitCode = signal === null ? (code ?? 1) : -constants.signals[signal];
    this.#exit = Object.freeze({ exitCode, signal });
    for (const fn of this.#waiting) fn(this.#exit);
    this.#waiting.clear();
  }
}

function spawnChild({ name, execPath = process.execPath, execArgv, env, cwd }: ChildSettings): ChildProcess {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const { existsSync } = process.getBuiltinModule('node:fs');
  // `setpriv` would be started in its place, and fail later.
  if (!existsSync(execPath)) throw refused(name, `there is no ${execPath}`);
  if (cwd !== undefined && !existsSync(cwd)) throw refused(name, `there is no folder ${cwd}`);
  const flags = execArgv ?? processFlags();
  const [command, args] = dyingWithParent(execPath, [...flags, workerEntry(ENTRY)]);
  const child = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    windowsHide: true,
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  // Where the start failed it says so by an event only, but it is known already.
  child.on('error', () => undefined);
  if (child.pid === undefined)
    throw refused(name, 'the system starts no more processes, or has no descriptors left');
  return child;
}

function refused(name: string, reason: string): Error {
  return new Error(`${name} could not be started: ${reason}`);
}
