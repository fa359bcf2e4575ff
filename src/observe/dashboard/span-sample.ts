/**
 * Which tasks a timeline shows, when there are more of them than anybody could draw: of the short ones every n-th, and all
 * that are long or went wrong. n follows the load from tick to tick, and is told to viewers.
 */

import type { TaskSettleEvent, TaskStartEvent } from '../../events/events.ts';
import type { OpenSpan, Outcome, Span, SpansTick } from './messages.ts';
import { round } from './percentiles.ts';

/** Short tasks shown in a tick, about. More look alike in a timeline, and make each viewer pay for them. */
const AIM = 128;
/** Spans in a tick, long and failed ones included. Bounds what a tick can be, whatever the program does. */
export const MOST_SPANS = 256;
/** What takes longer than this is always shown: there cannot be many. */
const LONG_MS = 50;
/** Names of functions in a tick. Programs that make up a name for each task are told apart up to here. */
const MOST_NAMES = 64;
const OTHER = '(other)';

const OUTCOMES = { succeeded: 0, failed: 1, cancelled: 2 } as const satisfies Record<string, Outcome>;

/** Gives each string a number, in the order in which they come. */
class Table {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #most: number;

  constructor(most = Infinity) {
    this.#most = most;
  }

  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    if (this.list.length >= this.#most) return this.number(OTHER);
    this.#numbers.set(text, this.list.length);
    return this.list.push(text) - 1;
  }
}

export class SpanSample {
  /** What of them is needed to write a span: the messages themselves hold errors, and those hold who knows what. */
  #kept: { row: string; name: string; start: number; end: number; outcome: Outcome }[] = [];
  /** A power of two, so that the one of n is found by a mask. */
  #oneOf = 1;
  #short = 0;
  #ended = 0;

  settled(task: TaskSettleEvent): void {
    const { startedAt, endedAt, outcome } = task;
    if (startedAt === undefined || task.worker === undefined) return;
    this.#ended += 1;
    const end = endedAt ?? task.at;
    const notable = outcome !== 'succeeded' || task.failedCalls > 0 || end - startedAt >= LONG_MS;
    if (!notable) {
      this.#short += 1;
      if ((this.#short & (this.#oneOf - 1)) !== 0) return;
    }
    if (this.#kept.length >= MOST_SPANS) return;
    const row = rowOf(task.executor.id, task.worker);
    const state = task.failedCalls > 0 ? OUTCOMES.failed : OUTCOMES[outcome];
    this.#kept.push({ row, name: task.name, start: startedAt, end, outcome: state });
  }

  /** What was kept since the last call, with times counted from `now`. */
  take(now: number, running: Iterable<TaskStartEvent>): SpansTick {
    const rows = new Table();
    const names = new Table(MOST_NAMES);
    const spans = this.#kept.map(
      ({ row, name, start, end, outcome }): Span => [
        rows.number(row),
        names.number(name),
        round(start - now),
        round(end - now),
        outcome,
      ],
    );
    const open: OpenSpan[] = [];
    for (const { executor, worker, name, startedAt } of running) {
      if (open.length >= MOST_SPANS) break;
      open.push([rows.number(rowOf(executor.id, worker)), names.number(name), round(startedAt - now)]);
    }
    const taken = {
      rows: rows.list,
      names: names.list,
      spans,
      running: open,
      oneOf: this.#oneOf,
      ended: this.#ended,
    };
    this.#oneOf = 2 ** Math.max(0, Math.ceil(Math.log2(this.#short / AIM)));
    this.#kept = [];
    this.#short = 0;
    this.#ended = 0;
    return taken;
  }
}

function rowOf(executor: number, worker: string): string {
  return `${executor}/${worker}`;
}
