/** The command line: one file for each subcommand, which adds itself to the program here. */
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { addAdvise } from './advise.ts';
import { addCompare } from './compare.ts';
import { addDashboard } from './dashboard.ts';
import { EXIT_OK, EXIT_USAGE } from './exit-status.ts';
import { addTop } from './top/top.ts';
import { addWorker } from './worker.ts';

/** Runs one command line, without the leading `node` and script. Resolves with the exit status. */
export async function run(args: readonly string[]): Promise<number> {
  let status: number = EXIT_OK;
  const program = createProgram((code) => {
    status = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    // Commander has printed it already. Help and version end this way too, with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    throw error;
  }
}

/** The program with all its subcommands. `setStatus` receives the exit status of the one that runs. */
function createProgram(setStatus: (status: number) => void): Command {
  const { version, description } = createRequire(import.meta.url)('manyhands/package.json') as {
    version: string;
    description: string;
  };
  const program = new Command('manyhands')
    .description(description)
    .version(version)
    .showHelpAfterError('(try --help)')
    .exitOverride();
  addAdvise(program, setStatus);
  addCompare(program, setStatus);
  addDashboard(program, setStatus);
  addTop(program, setStatus);
  addWorker(program, setStatus);
  return program;
}
