/** Objects in the process of a manager, which other processes use as if they were their own. */
import { isMain } from 'manyhands';
import { type ManagedArray, type ManagedMap, Manager, Process } from 'manyhands/multiprocessing';

export async function work(map: ManagedMap<string, number>, list: ManagedArray<number>): Promise<void> {
  await map.set('one', 1);
  await map.set('two', 2);
  await list.push(5);
}

async function main(): Promise<void> {
  await using manager = await Manager();
  const map = await manager.dict<string, number>();
  const list = await manager.list([0, 1, 2, 3, 4]);

  const child = new Process({ target: work, args: [map, list] });
  child.start();
  await child.join();

  console.log(await map.snapshot());
  console.log(await list.snapshot());
}

// A child imports this module to find `work`.
if (isMain(import.meta)) await main();
