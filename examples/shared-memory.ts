/**
 * An image that two processes draw into at once, without sending it around, and a counter that both raise.
 *
 * What is passed is the name of the block, and where the counter is; what one process writes, all others see.
 */
import { isMain, ProcessPoolExecutor } from 'manyhands';
import type { SharedMemory } from 'manyhands/multiprocessing';
import { SharedMemoryManager, Value } from 'manyhands/multiprocessing';

const WIDTH = 1000;
const HEIGHT = 1000;
const WHITE = 255;

/** Draws every second row, beginning with `first`. */
export function draw(image: SharedMemory, rows: Value<'i'>, first: number): void {
  for (let y = first; y < HEIGHT; y += 2) {
    image.buf.fill(WHITE, y * WIDTH, (y + 1) * WIDTH);
    rows.add(1);
  }
  image.close();
}

async function main(): Promise<void> {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 2 });
  // Unlinks what it has made at the end of this function.
  using manager = new SharedMemoryManager().start();
  const image = manager.SharedMemory(WIDTH * HEIGHT);
  const rows = new Value('i', 0);
  await Promise.all([0, 1].map((first) => pool.submit(draw, image, rows, first)));
  console.log(`${rows.value} rows drawn`);
  console.log(`all white: ${image.buf.every((pixel) => pixel === WHITE)}`);
}

if (isMain(import.meta)) await main();
