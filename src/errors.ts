/**
 * Every error this library raises, in one place, worded the same over all backends.
 *
 * Each class has a stable `code`, so that callers need not match on text, and each message says what was
 * wrong, which value was received and what to do. A wrong option is a plain `RangeError` or `TypeError`
 * (see `options.ts`), as in the language itself.
 */

/** Codes are part of the public contract: they never change once published. */
export type ErrorCode =
  | 'MANYHANDS_TIMEOUT'
  | 'MANYHANDS_REMOTE'
  | 'MANYHANDS_EMPTY'
  | 'MANYHANDS_FULL'
  | 'MANYHANDS_SHUT_DOWN'
  | 'MANYHANDS_CANCELLED'
  | 'MANYHANDS_INVALID_STATE'
  | 'MANYHANDS_NOT_SHAREABLE'
  | 'MANYHANDS_TASK_NOT_FOUND'
  | 'MANYHANDS_WORKER_DIED'
  | 'MANYHANDS_BROKEN_EXECUTOR'
  | 'MANYHANDS_EXECUTOR_SHUTDOWN'
  | 'MANYHANDS_QUEUE_FULL'
  | 'MANYHANDS_OWNER_DIED'
  | 'MANYHANDS_DEADLOCK'
  | 'MANYHANDS_BROKEN_BARRIER'
  | 'MANYHANDS_AUTHENTICATION'
  | 'MANYHANDS_OUT_OF_SHARED_MEMORY'
  | 'MANYHANDS_SHARED_MEMORY_UNAVAILABLE'
  | 'MANYHANDS_END_OF_FILE'
  | 'MANYHANDS_BROKEN_CONNECTION'
  | 'MANYHANDS_BUFFER_TOO_SHORT'
  | 'MANYHANDS_SHARED_MEMORY_EXISTS'
  | 'MANYHANDS_SHARED_MEMORY_NOT_FOUND';

/** What all errors of this library have in common. Catch this class to catch any of them. */
export abstract class ManyhandsError extends Error {
  abstract readonly code: ErrorCode;

  override get name(): string {
    return this.constructor.name;
  }
}

/** A wait, a run or a stay in the queue took longer than its limit. */
export class TimeoutError extends ManyhandsError {
  readonly code: 'MANYHANDS_TIMEOUT' | 'MANYHANDS_EMPTY' | 'MANYHANDS_FULL' = 'MANYHANDS_TIMEOUT';
}

/** There was nothing in the queue: at once, or in the time that one would wait. Python's `queue.Empty`. */
export class EmptyError extends TimeoutError {
  override readonly code = 'MANYHANDS_EMPTY';
}

/** There was no place in the queue: at once, or in the time that one would wait. Python's `queue.Full`. */
export class FullError extends TimeoutError {
  override readonly code = 'MANYHANDS_FULL';
}

/** The queue was shut down: nothing can be put on it, and nothing is left to be got. Python's `queue.ShutDown`. */
export class ShutDownError extends ManyhandsError {
  readonly code = 'MANYHANDS_SHUT_DOWN';
}

/** The future was cancelled before its task ran. */
export class CancelledError extends ManyhandsError {
  readonly code = 'MANYHANDS_CANCELLED';
}

/** Something was asked of a future, a thread or a region that its state does not allow. */
export class InvalidStateError extends ManyhandsError {
  readonly code = 'MANYHANDS_INVALID_STATE';
}

/** A function, an argument, a result or a thrown value cannot cross to the other side. */
export class NotShareableError extends ManyhandsError {
  readonly code = 'MANYHANDS_NOT_SHAREABLE';
}

/** The worker loaded the task's module, and found no such function in it. */
export class TaskNotFoundError extends ManyhandsError {
  readonly code = 'MANYHANDS_TASK_NOT_FOUND';
}

/** What is known of how a worker ended. */
export interface WorkerDeath {
  /** Exit code, or `null` when a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it, or `null`. Threads never have one. */
  readonly signal: string | null;
  /** In words: "process.exit(3)", "out of memory", "killed by SIGKILL"... */
  readonly reason: string;
  readonly workerName: string;
  /** The last lines that it wrote to stderr, oldest first. */
  readonly stderr: readonly string[];
}

/** The worker that ran the task ended before the task did. */
export class WorkerDiedError extends ManyhandsError implements WorkerDeath {
  readonly code = 'MANYHANDS_WORKER_DIED';
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly reason: string;
  readonly workerName: string;
  readonly stderr: readonly string[];

  /** `task`: what it ran; `undefined` for a worker that was not ready for tasks yet. */
  constructor(task: string | undefined, death: WorkerDeath, options?: ErrorOptions) {
    const when = task === undefined ? 'at its start' : `while it ran ${task}`;
    const advice = task === undefined ? '' : ' Set { retries } to run such tasks again on a new worker.';
    const tail =
      death.stderr.length === 0 ? '' : `\nIts last words on stderr:\n  ${death.stderr.join('\n  ')}`;
    super(`Worker ${death.workerName} died ${when}: ${death.reason}.${advice}${tail}`, options);
    this.exitCode = death.exitCode;
    this.signal = death.signal;
    this.reason = death.reason;
    this.workerName = death.workerName;
    this.stderr = death.stderr;
  }
}

/** The executor can run nothing any more: its initializer failed, or its workers die at start. */
export class BrokenExecutorError extends ManyhandsError {
  readonly code = 'MANYHANDS_BROKEN_EXECUTOR';
}

/** Work was given to an executor after `shutdown()`, or while the process exits. */
export class ExecutorShutdownError extends ManyhandsError {
  readonly code = 'MANYHANDS_EXECUTOR_SHUTDOWN';
}

/** The executor holds `maxQueue` pending tasks already. */
export class QueueFullError extends ManyhandsError {
  readonly code = 'MANYHANDS_QUEUE_FULL';
}

/** The worker that held a lock ended without releasing it. */
export class OwnerDiedError extends ManyhandsError {
  readonly code = 'MANYHANDS_OWNER_DIED';
}

/** Whoever would go on waiting for a lock would wait for ever, as its holder waits, in the end, for the one who asks. */
export class DeadlockError extends ManyhandsError {
  readonly code = 'MANYHANDS_DEADLOCK';
}

/** A party left the barrier, died or aborted it, so that the others waited in vain. */
export class BrokenBarrierError extends ManyhandsError {
  readonly code = 'MANYHANDS_BROKEN_BARRIER';
}

/** The other end of a connection did not prove that it knows the key. */
export class AuthenticationError extends ManyhandsError {
  readonly code = 'MANYHANDS_AUTHENTICATION';
}

/** There is no room for another shared object: the memory that all of them live in is full, or the system has no more. */
export class OutOfSharedMemoryError extends ManyhandsError {
  readonly code = 'MANYHANDS_OUT_OF_SHARED_MEMORY';
}

/** Processes cannot share memory on this system, or not with the process that an object came from. */
export class SharedMemoryUnavailableError extends ManyhandsError {
  readonly code = 'MANYHANDS_SHARED_MEMORY_UNAVAILABLE';
}

/** Nothing will come any more: the other end of a connection was closed, after the last message. */
export class EndOfFileError extends ManyhandsError {
  readonly code = 'MANYHANDS_END_OF_FILE';
}

/**
 * A connection failed: it ended inside of a message, nobody is there to read, or what came is not a message that it
 * takes.
 */
export class BrokenConnectionError extends ManyhandsError {
  readonly code = 'MANYHANDS_BROKEN_CONNECTION';
}

/** A message did not fit into the buffer that was given for it. It is in `data`, and off the connection. */
export class BufferTooShortError extends ManyhandsError {
  readonly code = 'MANYHANDS_BUFFER_TOO_SHORT';
  readonly data: Uint8Array;

  /** `room`: how many bytes there was room for. */
  constructor(data: Uint8Array, room: number) {
    super(
      `A message of ${data.length} bytes does not fit into ${room}. It is in the property data of this error.`,
    );
    this.data = data;
  }
}

/** A manager could not do what was asked of it, or an object of its threw an error of a class that is not known here. */
export class RemoteError extends ManyhandsError {
  readonly code = 'MANYHANDS_REMOTE';
}

/** There is a block of shared memory of that name already. */
export class SharedMemoryExistsError extends ManyhandsError {
  readonly code = 'MANYHANDS_SHARED_MEMORY_EXISTS';
}

/** There is no block of shared memory of that name, or not any more. */
export class SharedMemoryNotFoundError extends ManyhandsError {
  readonly code = 'MANYHANDS_SHARED_MEMORY_NOT_FOUND';
}
