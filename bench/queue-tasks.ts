/** What the two sides of a queue do. */
import type { Queue } from '../src/queue/index.ts';

export function produce(queue: Queue<number>, count: number): void {
  for (let n = 0; n < count; n += 1) queue.putSync(n);
}

export async function produceAsync(queue: Queue<number>, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await queue.put(n);
}

export function consume(queue: Queue<number>, count: number): void {
  for (let n = 0; n < count; n += 1) queue.getSync();
}

export async function consumeAsync(queue: Queue<number>, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await queue.get();
}
