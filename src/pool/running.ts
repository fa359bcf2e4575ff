/** A task that runs in this worker, as the runtime sees it and (`CurrentTask`) as the task does. */

import type { Carried } from '../context.ts';
import type { CurrentTask } from '../tasks/current-task.ts';
import type { CreditedStream } from './credited-stream.ts';
import type { Measuring } from './measuring.ts';

export class Running implements CurrentTask {
  /** What it is called in messages. */
  readonly id: number;
  readonly name: string;
  readonly attempt: number;
  readonly workerName: string;
  readonly flags: number;
  /** Its slot on the board; -1 when it came as a message. */
  readonly slot: number;
  startedAt: number;
  /** It is answered, or given up: what it still says is dropped. */
  over = false;
  /** It has said something in a message: its answer must not overtake that. */
  spoke = false;
  stream: CreditedStream | undefined = undefined;
  /** What its call carries, once that has been taken from its arguments. */
  context: Carried | undefined = undefined;
  /** Present if the pool wants to know how it spends its time. */
  measuring: Measuring | undefined = undefined;
  /** The consumer of its stream has left, perhaps before the function was loaded. */
  closed = false;
  /**
   * Made when the task first asks for its signal: most never do, and a controller costs more than a small
   * task.
   */
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  readonly #report: (task: Running, value: unknown) => void;

  constructor(
    id: number,
    name: string,
    attempt: number,
    workerName: string,
    flags: number,
    slot: number,
    startedAt: number,
    report: (task: Running, value: unknown) => void,
  ) {
    this.id = id;
    this.name = name;
    this.attempt = attempt;
    this.workerName = workerName;
    this.flags = flags;
    this.slot = slot;
    this.startedAt = startedAt;
    this.#report = report;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  /** A value of its own, so that a task may take it out of the object: `const { report } = currentTask()`. */
  get report(): (value: unknown) => void {
    return (value) => this.#report(this, value);
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }
}
