// An engine that runs nothing by itself: tests say which task ends next, and see what is on its way.
import type {
  ChunkResult,
  Engine,
  ExecutorStatistics,
  StreamSource,
  TaskRequest,
} from '../../src/futures/engine.ts';
import { Executor } from '../../src/futures/executor.ts';
import { Future } from '../../src/futures/future.ts';
import type { MapOptions } from '../../src/futures/submit-options.ts';

export interface RunningChunk {
  readonly items: readonly unknown[][];
  readonly future: Future<unknown>;
}

export class FakeEngine implements Engine {
  readonly slots: number;
  readonly lookAhead: number;
  /** Milliseconds that a chunk reports for each of its items. */
  readonly msPerItem: number;
  readonly inFlight: RunningChunk[] = [];
  readonly sizes: number[] = [];
  /** Items of chunks that were cancelled. */
  cancelled = 0;

  constructor(traits: { slots?: number; lookAhead?: number; msPerItem?: number } = {}) {
    const { slots = 2, lookAhead = 64, msPerItem = 1 } = traits;
    this.slots = slots;
    this.lookAhead = lookAhead;
    this.msPerItem = msPerItem;
  }

  run({ args, arity = 1, fn }: TaskRequest): Future<unknown> {
    const future = new Future<unknown>();
    const items = Array.from({ length: args.length / arity }, (_, n) =>
      args.slice(n * arity, (n + 1) * arity),
    );
    this.sizes.push(items.length);
    this.inFlight.push({ items, future });
    this.#call = fn as (...args: unknown[]) => unknown;
    future.addDoneCallback(() => {
      if (future.cancelled()) this.cancelled += items.length;
    });
    return future;
  }

  #call: (...args: unknown[]) => unknown = () => undefined;

  /** Ends the chunk at that place among those in flight. */
  finish(at = 0): void {
    const [chunk] = this.inFlight.splice(at, 1);
    if (chunk === undefined || chunk.future.done()) return;
    const values: unknown[] = [];
    const errors = new Map<number, unknown>();
    for (const [n, args] of chunk.items.entries()) {
      try {
        values[n] = this.#call(...args);
      } catch (error) {
        values[n] = undefined;
        errors.set(n, error);
      }
    }
    const result: ChunkResult = { values, errors, ms: this.msPerItem * chunk.items.length };
    chunk.future.setResult(result);
  }

  /** Fails the chunk as a whole, as the death of its worker does. */
  fail(error: unknown, at = 0): void {
    const [chunk] = this.inFlight.splice(at, 1);
    if (chunk?.future.done() === false) chunk.future.setException(error);
  }

  open(): StreamSource {
    throw new Error('Maps open no streams');
  }

  async shutdown(): Promise<void> {}

  statistics(): ExecutorStatistics {
    throw new Error('Nobody asks');
  }
}

class FakeExecutor extends Executor {}

export function executorOn(engine: Engine, options: MapOptions = {}): Executor {
  return new FakeExecutor(engine).with(options);
}

/** All microtasks that are there, and those that they make. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
