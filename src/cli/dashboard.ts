/** `manyhands dashboard`: runs a program that has a dashboard, or says where those of running programs are. */
import { type Command, InvalidArgumentError } from 'commander';
import { announced } from '../observe/dashboard/runtime-folder.ts';
import { EXIT_FAILED, EXIT_OK } from './exit-status.ts';
import { findProgram, HOW_TO, launch, parseTarget } from './programs.ts';

export function addDashboard(program: Command, setStatus: (status: number) => void): void {
  program
    .command('dashboard')
    .description(
      'Run a program, and show in a browser what its executors do; or print the addresses of the dashboards ' +
        'of programs that run already.',
    )
    .usage('[options] [PID | -- COMMAND [ARGUMENTS...]]')
    .argument('[words...]', 'a process id, or after -- the command to run; nothing: list all programs')
    .option('--port <port>', 'the port of the dashboard (default: one that is free)', parsePort)
    .action(async (words: string[], { port }: { readonly port?: string }) => {
      try {
        setStatus(await run(words, port));
      } catch (error) {
        process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
        setStatus(EXIT_FAILED);
      }
    });
}

async function run(words: readonly string[], port: string | undefined): Promise<number> {
  const target = parseTarget(words);
  if (typeof target === 'object') {
    const env = port === undefined ? {} : { MANYHANDS_DASHBOARD: port };
    return launch(target, { env, output: 'inherit' }).ended;
  }
  const programs = target === undefined ? announced() : [findProgram(target)];
  if (programs.length === 0) throw new Error(`No program of this user has a dashboard. ${HOW_TO}`);
  for (const { pid, title, origin, token } of programs) {
    process.stdout.write(`${pid}  ${title}  ${origin}/?token=${token}\n`);
  }
  return EXIT_OK;
}

function parsePort(text: string): string {
  if (/^\d+$/.test(text) && Number(text) <= 65_535) return text;
  throw new InvalidArgumentError('It must be a whole number up to 65535.');
}
