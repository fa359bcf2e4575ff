/**
 * `npm run bench -- [workload...] [options]`: measures, and prints a table as soon as a workload is done.
 */
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { contestants } from './contestants/index.ts';
import { currentLoad, describeEnvironment } from './environment.ts';
import { endMeasurements } from './measure.ts';
import { addRegret } from './regret/command.ts';
import { comparisonsOf, environmentLines, tablesOf } from './report.ts';
import { type Heat, type Plan, run } from './runner.ts';
import { asMarkdown, asText } from './table.ts';
import { full, quick, workersFor } from './workload.ts';
import { workloads } from './workloads/index.ts';

interface Options {
  readonly workers?: number[];
  readonly rounds?: number;
  readonly quick?: boolean;
  readonly only?: string[];
  readonly json?: string;
  readonly markdown?: string;
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`must be a whole number above 0, not "${text}".`);
}

const positives = (text: string): number[] => text.split(',').map(positive);
const names = (text: string): string[] => text.split(',');

const rivals = workloads.flatMap((workload) => ('rivals' in workload ? workload.rivals : []));
/** All who can be measured, each once: ours are rivals under the names of contestants. */
const entrants = [...new Map([...contestants, ...rivals].map((one) => [one.name, one])).values()];

/** Those of `all` that are wanted by name, or an error that lists what there is. */
function pick<T extends { readonly name: string }>(all: readonly T[], wanted: readonly string[]): T[] {
  const known = all.map(({ name }) => name);
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new InvalidArgumentError(`"${unknown.join('", "')}" is not one of ${known.join(', ')}.`);
  }
  return all.filter(({ name }) => wanted.includes(name));
}

function planOf(wanted: readonly string[], options: Options): Plan {
  const only = options.only && pick(entrants, options.only).map(({ name }) => name);
  return {
    workloads: wanted.length === 0 ? workloads : pick(workloads, wanted),
    contestants:
      only === undefined
        ? contestants.filter(({ onRequest }) => !onRequest)
        : contestants.filter(({ name }) => only.includes(name)),
    only,
    workers: options.workers ?? (options.quick ? [2] : [1, 2]),
    rounds: options.rounds ?? (options.quick ? 1 : 3),
    scale: options.quick ? quick : full,
  };
}

async function bench(plan: Plan, options: Options): Promise<void> {
  const environment = describeEnvironment(plan);
  console.log(environmentLines(environment).join('\n'), '\n');
  const heats: Heat[] = [];
  for await (const heat of run(plan)) {
    heats.push(heat);
    const ofWorkload = heats.filter(({ workload }) => workload === heat.workload);
    if (ofWorkload.length < workersFor(heat.workload, plan.workers).length) continue;
    for (const table of tablesOf(ofWorkload)) console.log(asText(table));
  }
  const comparisons = comparisonsOf(heats);
  for (const table of comparisons) console.log(pc.bold(asText(table)));
  const loadAfter = currentLoad();
  console.log(`Load average ${loadAfter.toFixed(2)} after`);

  if (options.json !== undefined) {
    const results = heats.map(({ workload: { name, title, figures }, workers, lanes }) => {
      return { workload: { name, title, figures }, workers, lanes };
    });
    const { rounds, scale } = plan;
    const report = { environment, loadAfter, rounds, scale, results };
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (options.markdown !== undefined) {
    const where = environmentLines(environment, loadAfter).map((line) => `- ${line}`);
    const details = plan.workloads.flatMap((one) =>
      tablesOf(heats.filter(({ workload }) => workload === one)),
    );
    const tables = [...comparisons, ...details].map(asMarkdown);
    writeFileSync(options.markdown, [...where, '', ...tables].join('\n'));
  }
}

// Measuring processes lead groups of their own, so the terminal's interrupt does not reach them.
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const) {
  process.once(signal, () => {
    endMeasurements();
    process.exit(128 + number);
  });
}

const program = new Command('bench')
  .description('Measures manyhands and its peers side by side, in alternating rounds.')
  .argument('[workloads...]', `which of ${workloads.map(({ name }) => name).join(', ')} (default: all)`)
  .option('--workers <counts>', 'numbers of workers (default: 1,2; with --quick 2)', positives)
  .option('--rounds <count>', 'rounds, of which the median counts (default: 3; with --quick 1)', positive)
  .option('--quick', 'small loads, for a look in passing')
  .option('--only <names>', `which of ${entrants.map(({ name }) => name).join(', ')}`, names)
  .option('--json <file>', 'write every round of every figure')
  .option('--markdown <file>', 'write the tables')
  .action(async (wanted: string[], options: Options, command: Command) => {
    let plan: Plan;
    try {
      plan = planOf(wanted, options);
    } catch (error) {
      if (error instanceof InvalidArgumentError) command.error(`error: ${error.message}`);
      throw error;
    }
    await bench(plan, options);
  });

addRegret(program, positive);

await program.parseAsync();
