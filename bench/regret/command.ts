/** `npm run bench -- regret [workload...]`. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { currentLoad, describeEnvironment } from '../environment.ts';
import { environmentLines } from '../report.ts';
import { asText } from '../table.ts';
import { full } from '../workload.ts';
import { measureRegret, type Regret, stepsPerMs } from './regret.ts';
import { regretTable, verdict } from './report.ts';
import { workloads } from './workloads.ts';

interface Options {
  readonly rounds: number;
  readonly explain?: boolean;
  readonly json?: string;
}

/** @param positive reads a whole number above 0 */
export function addRegret(program: Command, positive: (text: string) => number): void {
  program
    .command('regret')
    .description('How much slower AutoExecutor is than the best fixed choice, over many kinds of work.')
    .argument('[workloads...]', `which of ${workloads.map(({ name }) => name).join(', ')} (default: all)`)
    .option('--rounds <count>', 'rounds, of which the median counts', positive, 5)
    .option('--explain', 'say where AutoExecutor has placed what')
    .option('--json <file>', 'write the figures')
    .action(async (wanted: string[], options: Options, command: Command) => {
      const unknown = wanted.filter((name) => !workloads.some((workload) => workload.name === name));
      if (unknown.length > 0) command.error(`error: there is no workload "${unknown.join('", "')}"`);
      await regret(wanted, options);
    });
}

async function regret(wanted: readonly string[], { rounds, explain = false, json }: Options): Promise<void> {
  const environment = describeEnvironment({
    workloads: [],
    contestants: [],
    only: undefined,
    workers: [],
    rounds,
    scale: full,
  });
  // There are no peers here.
  const lines = environmentLines(environment).filter((line) => !line.startsWith('Against'));
  console.log(lines.join('\n'), '\n');
  const steps = stepsPerMs();
  const regrets: Regret[] = [];
  for (const workload of workloads) {
    if (wanted.length > 0 && !wanted.includes(workload.name)) continue;
    const found = await measureRegret(workload, rounds, steps);
    regrets.push(found);
    console.log(`${workload.name}: ${workload.title}: ${found.ratio.toFixed(2)}`);
    if (explain) for (const explanation of found.explanations) console.log(`    ${explanation}`);
  }
  console.log(`\n${asText(regretTable(regrets))}\n${verdict(regrets)}`);
  console.log(`Load average ${currentLoad().toFixed(2)} after`);
  if (json === undefined) return;
  const results = regrets.map(({ workload: { name, title }, times, best, ratio, explanations }) => {
    return { name, title, ratio, best, times: Object.fromEntries(times), explanations };
  });
  writeFileSync(json, `${JSON.stringify({ environment, rounds, results }, null, 2)}\n`);
}
