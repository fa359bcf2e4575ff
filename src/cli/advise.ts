/** `manyhands advise FILE#export`: which backend a function should run on, as text, JSON and a page. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import type { Advice } from '../choose/advice.ts';
import { type AdviseOptions, advise } from '../choose/advise.ts';
import { loadFunction } from '../choose/load-function.ts';
import { renderAdvice } from '../choose/text.ts';
import { readTemplate, renderHtml } from '../compare/html.ts';
import { EXIT_FAILED, EXIT_OK } from './exit-status.ts';
import { parseOutput } from './output.ts';
import { abortOnSignal } from './signals.ts';

interface Options {
  readonly input?: unknown[][];
  readonly args?: unknown[][];
  readonly calls?: number;
  readonly budget?: number;
  readonly workers?: number;
  readonly warm?: boolean;
  readonly script?: boolean;
  readonly remeasure?: boolean;
  readonly json?: boolean;
  readonly html?: string;
}

interface Target {
  readonly file: string;
  readonly name: string;
}

export function addAdvise(program: Command, setStatus: (status: number) => void): void {
  program
    .command('advise')
    .description(
      'Run a function on some of its inputs, in workers and within a time budget, and say which backend it should run on, ' +
        'why, and from how many calls on that pays. It is run more than once, and twice at once.',
    )
    .argument('<file#export>', 'the function: a module, and its name there (default: default)', parseTarget)
    .option(
      '--input <file>',
      'a JSON array with the arguments of a call in each element: a list, or one value',
      parseInput,
    )
    .option('--args <json>', 'the arguments of one call, as a JSON array; may be given again', parseArgs)
    .option('--calls <count>', 'how many calls there will be', positive)
    .option('--budget <ms>', 'how long trying may take (default: 10000)', positive)
    .option('--workers <count>', 'workers at most (default: one for each core)', positive)
    .option('--warm', 'the pool runs already, as in a server: starting it does not count')
    .option('--script', 'the program has nothing else to do: its event loop may be blocked')
    .option('--remeasure', 'measure the machine again, though there are figures from before')
    .option('--json', 'print all figures as JSON, and nothing else')
    .option('--html <file>', 'write a self-contained page to a file', parseOutput)
    .action(async (target: Target, options: Options, command: Command) => {
      const inputs = [...(options.input ?? []), ...(options.args ?? [])];
      if (inputs.length === 0) {
        command.error(
          'error: it must be told what to call the function with: --input FILE.json or --args JSON',
        );
      }
      // Read before the run: whoever waits for it should not learn at the end that there is no page.
      const template = options.html === undefined ? undefined : templateOrError(command);
      setStatus(await runAdvise(target, inputs, options, template));
    });
}

function templateOrError(command: Command): string {
  try {
    return readTemplate('advise');
  } catch (error) {
    return command.error(`error: --html: ${messageOf(error)}`);
  }
}

async function runAdvise(
  { file, name }: Target,
  inputs: readonly unknown[][],
  options: Options,
  template: string | undefined,
): Promise<number> {
  const { signal, statusOf, release } = abortOnSignal();
  try {
    const fn = await loadFunction(file, name);
    const advice = await advise(fn, inputs, { ...adviseOptions(options), signal, onStep: showStep });
    clearStep();
    process.stdout.write(options.json ? `${JSON.stringify(advice, null, 2)}\n` : asText(advice));
    if (options.html !== undefined && template !== undefined) {
      writeFileSync(options.html, renderHtml(template, advice));
      if (!options.json) process.stdout.write(`\nPage: ${options.html}\n`);
    }
    return EXIT_OK;
  } catch (error) {
    clearStep();
    const status = statusOf(error);
    process.stderr.write(status === undefined ? `error: ${messageOf(error)}\n` : 'Interrupted.\n');
    return status ?? EXIT_FAILED;
  } finally {
    release();
  }
}

function adviseOptions({ calls, budget, workers, warm, script, remeasure }: Options): AdviseOptions {
  return {
    ...(calls === undefined ? {} : { calls }),
    ...(budget === undefined ? {} : { budget }),
    ...(workers === undefined ? {} : { maxWorkers: workers }),
    ...(script ? { maxBlocked: Infinity } : {}),
    warm: warm ?? false,
    remeasure: remeasure ?? false,
  };
}

function asText(advice: Advice): string {
  return renderAdvice(advice, {
    title: (text) => pc.bold(pc.cyan(text)),
    strong: pc.bold,
    faint: pc.dim,
  });
}

/** Back to the first column, and erase the line. */
const ERASE = '\r\u001B[2K';

/** One line that lives on a terminal, and plain lines everywhere else. */
function showStep(what: string): void {
  process.stderr.write(process.stderr.isTTY ? `${ERASE}${pc.dim(`trying: ${what}`)}` : `trying: ${what}\n`);
}

function clearStep(): void {
  if (process.stderr.isTTY) process.stderr.write(ERASE);
}

/** `file.js#fib`. A # may be part of the file's own name; what follows the last one is the export. */
function parseTarget(text: string): Target {
  const at = text.lastIndexOf('#');
  const [file, name] =
    at < 0 || existsSync(text) ? [text, 'default'] : [text.slice(0, at), text.slice(at + 1)];
  if (!existsSync(file)) throw new InvalidArgumentError(`There is no file ${JSON.stringify(file)}.`);
  if (name === '') throw new InvalidArgumentError('The name of the export is missing behind the #.');
  return { file: resolve(file), name };
}

/** An element that is no list is the one argument of its call. */
function parseInput(file: string, previous: unknown[][] = []): unknown[][] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be read: ${messageOf(error)}.`);
  }
  const calls = listIn(text).map((each) => (Array.isArray(each) ? (each as unknown[]) : [each]));
  if (calls.length === 0) throw new InvalidArgumentError('It holds no calls: the array is empty.');
  return [...previous, ...calls];
}

function parseArgs(text: string, previous: unknown[][] = []): unknown[][] {
  return [...previous, listIn(text)];
}

function listIn(text: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`It is no JSON: ${messageOf(error)}.`);
  }
  if (!Array.isArray(value)) throw new InvalidArgumentError('It must be a JSON array, such as [35].');
  return value as unknown[];
}

function positive(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a whole number from 1 on.');
  }
  return value;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
