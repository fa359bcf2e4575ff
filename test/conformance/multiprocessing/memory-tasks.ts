// What runs in other processes in the tests of shared memory.
import { ShareableList, SharedMemory } from '../../../src/multiprocessing/shared-memory/index.ts';

export function writeByName(name: string, text: string): void {
  using block = new SharedMemory({ name });
  Buffer.from(block.buf.buffer).write(text);
}

export function writeInto(block: SharedMemory, text: string): void {
  Buffer.from(block.buf.buffer).write(text);
  block.close();
}

/** Keeps what it gives until its process ends. */
export const kept: SharedMemory[] = [];

export function makeBlock(size: number): SharedMemory {
  const block = new SharedMemory({ create: true, size });
  kept.push(block);
  block.buf[0] = 1;
  return block;
}

export function setInList(list: ShareableList, index: number, value: number): number {
  list.set(index, value);
  return list.length;
}
