/** `manyhands compare`: the experiments on the user's machine, as tables, JSON and a page. */
import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { compare, hasFailed } from '../compare/compare.ts';
import { experimentIds } from '../compare/experiments/index.ts';
import { readTemplate, renderHtml } from '../compare/html.ts';
import type { ExperimentId, Report } from '../compare/report.ts';
import { renderClaims, renderExperiment, renderMachine, renderSummary } from '../compare/terminal.ts';
import { EXIT_FAILED, EXIT_OK } from './exit-status.ts';
import { parseOutput } from './output.ts';
import { createProgressDisplay } from './progress.ts';
import { abortOnSignal } from './signals.ts';

interface Options {
  readonly n?: number;
  readonly workers?: number;
  readonly only?: readonly ExperimentId[];
  readonly quick?: boolean;
  readonly json?: string;
  readonly html?: string;
}

const MOST_TASKS = 1000;
const MOST_WORKERS = 256;

export function addCompare(program: Command, setStatus: (status: number) => void): void {
  program
    .command('compare')
    .description(
      'Measure on this machine: one after the other, event loop, threads, threads under a GIL, processes, ' +
        'and Python where there is python3; then judge what is claimed of threads and processes.',
    )
    .option(
      '--n <tasks>',
      'tasks per experiment (default: as many as the articles have)',
      integer(MOST_TASKS),
    )
    .option('--workers <count>', 'workers for CPU work (default: one for each core)', integer(MOST_WORKERS))
    .option('--only <names>', `experiments, separated by commas: ${experimentIds.join(', ')}`, parseOnly)
    .option('--quick', 'a fraction of the work: all experiments in well under a minute')
    .option('--json <file>', 'write all figures to a file', parseOutput)
    .option('--html <file>', 'write a self-contained page to a file', parseOutput)
    .action(async (options: Options, command: Command) => {
      // Read before the run: whoever waits for minutes should not learn at the end that there is no page.
      const template = options.html === undefined ? undefined : templateOrError(command);
      setStatus(await runCompare(options, template));
    });
}

function templateOrError(command: Command): string {
  try {
    return readTemplate();
  } catch (error) {
    return command.error(`error: --html: ${messageOf(error)}`);
  }
}

async function runCompare(options: Options, template: string | undefined): Promise<number> {
  const { signal, statusOf, release } = abortOnSignal();
  const progress = createProgressDisplay(process.stderr);
  try {
    const { n, workers, only, quick } = options;
    const report = await compare({
      ...(n === undefined ? {} : { n }),
      ...(workers === undefined ? {} : { workers }),
      ...(only === undefined ? {} : { only }),
      quick: quick ?? false,
      signal,
      onProgress(event) {
        if (event.type === 'lane') return progress.show(event);
        progress.clear();
        process.stdout.write(
          event.type === 'machine' ? renderMachine(event.machine) : renderExperiment(event.experiment),
        );
      },
    });
    progress.clear();
    process.stdout.write(renderClaims(report.claims) + renderSummary(report));
    writeReports(report, options, template);
    return hasFailed(report) ? EXIT_FAILED : EXIT_OK;
  } catch (error) {
    progress.clear();
    const status = statusOf(error);
    process.stderr.write(status === undefined ? `error: ${messageOf(error)}\n` : 'Interrupted.\n');
    return status ?? EXIT_FAILED;
  } finally {
    release();
  }
}

function writeReports(report: Report, { json, html }: Options, template: string | undefined): void {
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
    process.stdout.write(`\nFigures: ${json}\n`);
  }
  if (html !== undefined && template !== undefined) {
    writeFileSync(html, renderHtml(template, report));
    process.stdout.write(`Page: ${html}\n`);
  }
}

function integer(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
    }
    return value;
  };
}

function parseOnly(text: string, previous: readonly ExperimentId[] = []): ExperimentId[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !isExperiment(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(
      `There is no experiment ${JSON.stringify(unknown)}; there are ${experimentIds.join(', ')}.`,
    );
  }
  return [...new Set([...previous, ...names.filter(isExperiment)])];
}

function isExperiment(name: string): name is ExperimentId {
  return (experimentIds as readonly string[]).includes(name);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
