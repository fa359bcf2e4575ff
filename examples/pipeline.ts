/**
 * Processes in a row: one puts numbers on a queue, the next takes them off and sends their squares through a pipe, and
 * the program receives.
 *
 * A queue has any number of users, a pipe two ends. It is over when all who had the other end have closed it, or are gone.
 */
import { isMain } from 'manyhands';
import { Pipe, type PipeConnection, Process, Queue } from 'manyhands/multiprocessing';

export async function produce(queue: Queue<number>): Promise<void> {
  for (let n = 1; n <= 5; n++) await queue.put(n);
  queue.shutdown();
}

export async function square(queue: Queue<number>, results: PipeConnection): Promise<void> {
  for await (const n of queue) await results.send(n * n);
  results.close();
}

async function main(): Promise<void> {
  const queue = new Queue<number>({ maxSize: 2 });
  const [receiver, sender] = Pipe({ duplex: false });
  const producer = new Process({ target: produce, args: [queue] });
  const consumer = new Process({ target: square, args: [queue, sender] });
  producer.start();
  consumer.start();
  // The consumer has it now. As long as it were open here, nobody could say that nothing more comes.
  sender.close();

  for await (const result of receiver) console.log(`Received ${result}`);
  await producer.join();
  await consumer.join();
  console.log('Done');
}

if (isMain(import.meta)) await main();
