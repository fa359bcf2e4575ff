// Programs that use processes, and what becomes of them: run with the name of one.
import { isMain } from '../../../src/index.ts';
import {
  currentProcess,
  getLogger,
  type LogLevel,
  logToStderr,
  Pool,
  Process,
} from '../../../src/multiprocessing/index.ts';
import * as tasks from './tasks.ts';

const DO: Record<string, (...args: string[]) => unknown> = {
  'without streams': async () => {
    process.stdout.destroy();
    process.stderr.destroy();
    Object.defineProperty(process, 'stdin', { value: undefined });
    const child = new Process({ target: tasks.exitWith, args: [0] });
    child.start();
    process.exit((await child.join()).exitCode);
  },
  errors: async () => {
    const children = [
      new Process({ target: tasks.throwDeep }),
      new Process({ target: tasks.rejectLater }),
      new Process({ target: tasks.leaveRejection }),
      new tasks.FailsInRun(),
      new Process({ target: tasks.throwValue, args: ['a text'] }),
    ];
    for (const child of children) {
      child.start();
      console.log((await child.join()).exitCode);
    }
  },
  'never settles': async () => {
    const child = new Process({ target: tasks.neverSettles });
    child.start();
    console.log((await child.join()).exitCode);
  },
  /** Falls off its end while a child runs. */
  'leaves a child': (gate, log) => {
    new Process({ target: tasks.stayAtGate, args: [String(gate), String(log)] }).start();
    process.on('exit', () => tasks.tell(String(log), 'parent ends'));
  },
  'leaves a daemon': async (log) => {
    const child = new Process({ target: tasks.stay, args: [String(log)], daemon: true });
    child.start();
    await child.ready;
    while (!tasks.hasLines(String(log))) await tasks.pause();
  },
  /** Whatever happens to it now, its children go along. */
  'has children': async (log, how, doing) => {
    for (const daemon of [true, false]) {
      const child = new Process({
        target: doing === 'idle' ? tasks.stay : tasks.spin,
        args: [String(log)],
        daemon,
      });
      child.start();
    }
    while (!tasks.hasLines(String(log), 2)) await tasks.pause();
    if (how === 'exit') process.exit(3);
    if (how === 'throw') throw new Error('the parent fails');
    process.kill(process.pid, how);
    await tasks.pause(60_000);
  },
  'starts at exit': () => {
    process.on('exit', () => {
      try {
        new Process({ target: tasks.neverEnds }).start();
      } catch (error) {
        console.log(String(error));
      }
    });
  },
  'tells flags': async (log) => {
    const child = new Process({ target: tasks.tellExecutable, args: [String(log)] });
    child.start();
    await child.join();
  },
  'holds a pool': async () => {
    const pool = new Pool({ processes: 2 });
    Object.assign(globalThis, { pool });
    console.log(await pool.map(tasks.square, [1, 2, 3]));
  },
  logs: async (level, childLevel) => {
    logToStderr(level as LogLevel);
    const child = new Process({ target: tasks.logEachLevel });
    child.start();
    await child.join();
    getLogger().level = childLevel as LogLevel;
    const other = new Process({ target: tasks.logEachLevel });
    other.start();
    await other.join();
    getLogger().log('error', `${currentProcess().name} is done`);
  },
};

if (isMain(import.meta)) {
  const [what = '', ...args] = process.argv.slice(2);
  await DO[what]?.(...args);
}
