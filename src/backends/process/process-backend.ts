/**
 * Starts child processes, and talks to each over two pipes of its own beside stdin, stdout and stderr.
 *
 * One that carries both ways would do, but Node destroys a stream on which a write fails: whoever writes to a
 * process that has just ended would lose what it said before, and take finished tasks for such that never
 * began.
 */

import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { WorkerDeath } from '../../errors.ts';
import { placesFor } from '../../memory/arena/places.ts';
import { createProcessRegion, type ProcessRegion } from '../../memory/process-region.ts';
import type { Backend, WorkerEvents, WorkerHandle } from '../../pool/backend.ts';
import { atExit } from '../../pool/exiting.ts';
import type { Sharing } from '../../pool/shared/sharing.ts';
import { workersFamily } from '../../tasks/family.ts';
import { flagAgainstAddons, processFlags } from '../../tasks/worker-flags.ts';
import { bytesCodec, type Codec } from '../../wire/codec.ts';
import { encodeFrame, FrameReader } from '../../wire/frames.ts';
import { type FromWorker, SETUP, type ToWorker, type WorkerSetup } from '../../wire/protocol.ts';
import { StderrTail } from '../stderr-tail.ts';
import { workerEntry } from '../worker-entry.ts';
import { FROM_WORKER_FD, TO_WORKER_FD } from './channel-fds.ts';
import { dyingWithParent } from './die-with-parent.ts';

export interface ProcessSettings {
  readonly execPath?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  readonly execArgv?: readonly string[] | undefined;
}

const ENTRY = new URL('./process-worker.js', import.meta.url);

/**
 * How long after its death the pipes of a child are read for what it left in them. They end with the process,
 * unless a process that it started holds them open: that one must not hold up the news.
 */
const DRAIN_MS = 250;
/** A process that ignores SIGTERM for so long is killed. */
const TERMINATE_MS = 5000;

export class ProcessBackend implements Backend {
  readonly kind = 'process';
  readonly codec: Codec = bytesCodec;
  readonly #settings: ProcessSettings;

  constructor(settings: ProcessSettings) {
    this.#settings = settings;
  }

  makeRegion(bytes: number): ProcessRegion {
    const { execArgv = processFlags(), env = process.env } = this.#settings;
    const flag = flagAgainstAddons(execArgv, env);
    if (flag !== undefined) throw new Error(`the processes cannot load koffi, being started with ${flag}`);
    const { region, unavailable } = createProcessRegion(bytes);
    if (region === undefined) throw new Error(unavailable);
    return region;
  }

  start(setup: WorkerSetup, events: WorkerEvents, sharing?: Sharing): WorkerHandle {
    return new ProcessHandle(setup, this.#settings, events, sharing);
  }
}

class ProcessHandle implements WorkerHandle {
  readonly name: string;
  readonly claims = undefined;
  readonly sharing: Sharing | undefined;
  readonly #child: ChildProcess;
  readonly #out: Socket;
  readonly #in: Socket;
  readonly #tail: StderrTail;
  readonly #events: WorkerEvents;
  readonly #offExit: () => void;
  #startError: Error | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #gone = false;

  constructor(
    setup: WorkerSetup,
    settings: ProcessSettings,
    events: WorkerEvents,
    sharing: Sharing | undefined,
  ) {
    this.name = setup.name;
    this.sharing = sharing;
    this.#events = events;
    // Loaded here, since a program that uses threads only does without it.
    const { spawn } = process.getBuiltinModule('node:child_process');
    const flags = settings.execArgv ?? processFlags();
    const [command, args] = dyingWithParent(settings.execPath ?? process.execPath, [
      ...flags,
      workerEntry(ENTRY),
    ]);
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'pipe', 'pipe', 'pipe', ...descriptorsOf(sharing)],
      windowsHide: true,
      // A process group of its own: Ctrl-C goes to the whole group of the terminal, and what becomes of the
      // workers is for their parent to say. To ignore the signal is not enough, since Node can do so only
      // when it has started.
      detached: process.platform !== 'win32',
      ...(settings.env === undefined ? {} : { env: settings.env }),
      ...(settings.cwd === undefined ? {} : { cwd: settings.cwd }),
    });
    this.#offExit = atExit(() => this.#child.kill('SIGKILL'));
    const child = this.#child;
    // Before the process has started, `pid` may be missing, and the error comes as an event.
    child.on('error', (error) => {
      this.#startError = error;
      if (child.pid === undefined) this.#exited(null, null);
    });
    // No pipes at all: out of descriptors. There is nothing here then that could exit later.
    if (child.stdio === undefined) {
      this.#gone = true;
      this.#offExit();
      throw new Error('the system has no file descriptors left for the pipes of a process');
    }
    this.#out = child.stdio[TO_WORKER_FD] as unknown as Socket;
    this.#in = child.stdio[FROM_WORKER_FD] as unknown as Socket;
    const stderr = child.stderr as unknown as Socket;
    this.#tail = new StderrTail(stderr, () => process.stderr);
    this.#read();
    child.once('exit', (code, signal) => {
      clearTimeout(this.#killTimer);
      const drained = setTimeout(() => this.#exited(code, signal), DRAIN_MS);
      child.once('close', () => {
        clearTimeout(drained);
        this.#exited(code, signal);
      });
    });
    // What keeps the process alive is pending work, not workers; see `pool/keep-alive.ts`.
    child.unref();
    stderr.unref();
    this.#out.unref();
    this.#in.unref();
    const family = workersFamily(setup.name);
    this.post([[SETUP, { ...setup, family, places: placesFor('process') }]]);
  }

  get id(): number | undefined {
    return this.#child.pid;
  }

  post(batch: readonly ToWorker[]): void {
    if (!this.#gone && this.#out.writable) this.#out.write(encodeFrame(batch));
  }

  /** An empty batch: the worker's loop wakes up, and looks at its board. */
  rouse(): void {
    this.post([]);
  }

  kill(how: 'terminate' | 'kill'): void {
    if (how === 'kill') {
      this.#child.kill('SIGKILL');
      return;
    }
    this.#child.kill('SIGTERM');
    this.#killTimer ??= setTimeout(() => this.#child.kill('SIGKILL'), TERMINATE_MS).unref();
  }

  #read(): void {
    const reader = new FrameReader();
    this.#in.on('data', (piece: Buffer) => {
      try {
        for (const batch of reader.push(piece)) this.#events.messages(batch as FromWorker[]);
      } catch (error) {
        // Without frame borders nothing that follows can be trusted.
        this.#startError = error as Error;
        this.#in.destroy();
        this.kill('kill');
      }
    });
    // EPIPE, ECONNRESET: the process is gone; its exit says why.
    this.#in.on('error', () => undefined);
    this.#out.on('error', () => undefined);
    // Nothing comes this way, but unless somebody reads it nobody hears of its end.
    this.#out.resume();
  }

  #exited(exitCode: number | null, signal: string | null): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#offExit();
    clearTimeout(this.#killTimer);
    this.#out.destroy();
    this.#in.destroy();
    const stderr = this.#tail.lines;
    const death: WorkerDeath = {
      exitCode,
      signal,
      reason: this.#reason(exitCode, signal, stderr),
      workerName: this.name,
      stderr,
    };
    this.#events.exited(death);
  }

  #reason(exitCode: number | null, signal: string | null, stderr: readonly string[]): string {
    if (this.#startError !== undefined) return `it failed: ${this.#startError.message}`;
    if (stderr.some((line) => line.includes('heap out of memory'))) return 'it ran out of memory';
    if (signal !== null) return `it was killed by ${signal}`;
    return `it exited with code ${exitCode}, as by process.exit(${exitCode})`;
  }
}

function descriptorsOf(sharing: Sharing | undefined): number[] {
  return sharing === undefined ? [] : [sharing.board.handle as number, sharing.lane.handle as number];
}
