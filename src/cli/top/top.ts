/** `manyhands top`: what the dashboard shows, in a terminal; and a line for each tick where there is none. */
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { Program } from '../../observe/dashboard/messages.ts';
import type { Announcement } from '../../observe/dashboard/runtime-folder.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-status.ts';
import { awaitProgram, findProgram, launch, parseTarget } from '../programs.ts';
import { readFeed } from './feed.ts';
import { lineOf, screenOf } from './screen.ts';
import { openTerminal, type Terminal } from './terminal.ts';

/** What a program that was started printed, to be shown when its screen is ours no longer. */
const MOST_KEPT = 64 * 1024;

export function addTop(program: Command, setStatus: (status: number) => void): void {
  program
    .command('top')
    .description(
      'Show in the terminal what the executors of a program do: workers, throughput, queue, times.',
    )
    .usage('[PID | -- COMMAND [ARGUMENTS...]]')
    .argument(
      '[words...]',
      'a process id, or after -- the command to run; nothing: the only program there is',
    )
    .action(async (words: string[]) => {
      try {
        const target = parseTarget(words);
        setStatus(typeof target === 'object' ? await run(target) : await attach(findProgram(target)));
      } catch (error) {
        process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
        setStatus(EXIT_FAILED);
      }
    });
}

async function attach(announcement: Announcement): Promise<number> {
  const controller = new AbortController();
  const quit = (): void => controller.abort();
  process.once('SIGINT', quit).once('SIGTERM', quit);
  const terminal = openTerminal(quit);
  try {
    await show(announcement, terminal, controller.signal);
    return EXIT_OK;
  } finally {
    terminal?.close();
    process.off('SIGINT', quit).off('SIGTERM', quit);
  }
}

/** Runs a command and shows it until it ends; `q` ends it. */
async function run(command: readonly string[]): Promise<number> {
  const token = randomBytes(24).toString('base64url');
  const env = { MANYHANDS_DASHBOARD_TOKEN: token, MANYHANDS_DASHBOARD_QUIET: '1' };
  const controller = new AbortController();
  const { child, ended } = launch(command, { env, output: 'pipe' });
  const terminal = openTerminal(() => void child.kill('SIGTERM'));
  // Our screen, or our lines, are on stdout: there it would be in the way.
  let kept = '';
  for (const output of [child.stdout, child.stderr]) {
    output?.on('data', (piece: Buffer) => {
      if (terminal === undefined) process.stderr.write(piece);
      else kept = (kept + piece.toString()).slice(-MOST_KEPT);
    });
  }
  const showing = awaitProgram(token, controller.signal).then((found) => {
    return found === undefined ? undefined : show(found, terminal, controller.signal);
  });
  try {
    const status = await ended;
    controller.abort();
    await showing;
    return status;
  } finally {
    controller.abort();
    terminal?.close();
    process.stderr.write(kept);
  }
}

async function show(
  announcement: Announcement,
  terminal: Terminal | undefined,
  signal: AbortSignal,
): Promise<void> {
  let program: Program | undefined;
  try {
    for await (const event of readFeed(announcement, signal)) {
      if (event.type === 'program') program = event.program;
      // What was before we came, the page has a use for; not a screen that shows one moment.
      else if (program !== undefined && event.tick.at > Date.now() - 2 * program.tickMs) {
        if (terminal === undefined) process.stdout.write(`${lineOf(event.tick)}\n`);
        else terminal.show(screenOf(program, event.tick, terminal.columns, terminal.rows));
      }
    }
  } catch (error) {
    // Whoever quits wants no answer; and a program may end between being found and being asked.
    if (!signal.aborted) throw error;
  }
}
