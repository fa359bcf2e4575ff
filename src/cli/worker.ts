/** `manyhands worker`: runs the tasks of a cluster on this machine, until it is told to end. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ClusterWorkerOptions } from '../cluster/cluster-worker.ts';
import { EXIT_FAILED, EXIT_OK } from './exit-status.ts';
import { abortOnSignal } from './signals.ts';

interface Options {
  readonly queue: string;
  readonly redis?: string;
  readonly postgres?: string;
  readonly modules: readonly string[];
  readonly backend: 'process' | 'thread' | 'event-loop';
  readonly workers?: number;
  readonly concurrency?: number;
  readonly name?: string;
  readonly maxPayload?: number;
  readonly lockDuration?: number;
  readonly stalledInterval?: number;
  readonly closeTimeout?: number;
}

/** A secret in the arguments could be read by everybody on the machine. */
const KEY_VARIABLE = 'MANYHANDS_CLUSTER_KEY';

export function addWorker(program: Command, setStatus: (status: number) => void): void {
  program
    .command('worker')
    .description(
      'Run the tasks that ClusterExecutors put into a queue of BullMQ (in Redis or PostgreSQL), on a pool of this ' +
        'machine, until SIGTERM or SIGINT. Only exports of the modules given can be called.',
    )
    .requiredOption('--queue <name>', 'the queue to take tasks from')
    .addOption(
      new Option('--redis <url>', 'where it is: redis:// or rediss://')
        .conflicts('postgres')
        .env('MANYHANDS_REDIS_URL'),
    )
    .option('--postgres <url>', 'where it is: postgres://')
    .requiredOption('--modules <patterns...>', "the files that hold the tasks, such as 'dist/tasks/*.js'")
    .addOption(
      new Option('--backend <kind>', 'what runs the tasks')
        .choices(['process', 'thread', 'event-loop'])
        .default('process'),
    )
    .option('--workers <count>', 'processes or threads (default: one for each core)', whole)
    .option('--concurrency <count>', 'tasks that each of them runs at once (default: 1)', whole)
    .option('--name <name>', 'what this worker is called (default: host and process)')
    .option('--max-payload <characters>', 'of arguments and results (default: 1000000)', whole)
    .option('--lock-duration <ms>', 'after so long without a sign it counts as dead (default: 30000)', whole)
    .option('--stalled-interval <ms>', 'how often to look for jobs of the dead (default: 5000)', whole)
    .option('--close-timeout <ms>', 'what running tasks have to finish at the end (default: 10000)', whole)
    .addHelpText('after', `\nWith ${KEY_VARIABLE} in the environment, jobs must be signed with that key.`)
    .action(async (options: Options, command: Command) => {
      const connection = options.redis ?? options.postgres;
      if (connection === undefined) command.error('error: --redis or --postgres must say where the queue is');
      else setStatus(await runWorker(options, connection));
    });
}

async function runWorker(options: Options, connection: string): Promise<number> {
  const { redis: _, postgres: __, ...given } = options;
  const key = process.env[KEY_VARIABLE];
  const settings: ClusterWorkerOptions = {
    ...given,
    connection,
    ...(key === undefined || key === '' ? {} : { key }),
    onError: (error) => say(`warning: ${error.message}`),
  };
  const { signal, statusOf, release } = abortOnSignal();
  try {
    // As users import it: their tasks find the `currentTask()` of this very copy. And not before it is needed, since the
    // packages that it stands on are optional.
    const { ClusterWorker } = await import('manyhands/cluster');
    const worker = new ClusterWorker(settings);
    await worker.start();
    say(`Worker ${worker.name} takes tasks from ${options.queue}: ${worker.modules.join(', ')}`);
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    say('Finishing, and taking no more tasks. Once more to end at once.');
    // From here on a signal has its usual effect.
    release();
    await worker.close();
    return EXIT_OK;
  } catch (error) {
    say(`error: ${error instanceof Error ? error.message : String(error)}`);
    return statusOf(error) ?? EXIT_FAILED;
  } finally {
    release();
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function whole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return value;
}
