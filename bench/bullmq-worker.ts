/** A worker of BullMQ as one writes it, for tasks that do nothing. Ends with whoever started it. */
import { Worker } from 'bullmq';

const [queue = '', port = '', concurrency = ''] = process.argv.slice(2);
const worker = new Worker(queue, async () => undefined, {
  connection: { port: Number(port) },
  concurrency: Number(concurrency),
});
await worker.waitUntilReady();
process.send?.('ready');
process.once('disconnect', () => process.exit());
