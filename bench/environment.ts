/** Where and when the figures were taken: without it, absolute times say nothing. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import type { Plan } from './runner.ts';

export interface Environment {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGB: number;
  /** Of the minute before the run. More than the run's own share means that others worked too. */
  readonly load: number;
  /** Of the peers and baselines, each with its name. */
  readonly versions: readonly string[];
}

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}

function commit(): string {
  const hash = git('rev-parse', '--short=10', 'HEAD');
  if (hash === '') return 'unknown';
  return git('status', '--porcelain', '--untracked-files=no') === '' ? hash : `${hash}, with changes`;
}

/** The version in a package's own package.json, which not every package exports. */
function versionOf(library: string): string {
  const { paths } = createRequire(import.meta.url).resolve;
  for (const folder of paths(library) ?? []) {
    try {
      const text = readFileSync(`${folder}/${library}/package.json`, 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Not in this folder; Node would look into the next one too.
    }
  }
  return 'unknown';
}

export function currentLoad(): number {
  return loadavg()[0] ?? 0;
}

export function describeEnvironment({ contestants, workloads }: Plan): Environment {
  const rivals = workloads.flatMap((workload) => ('rivals' in workload ? workload.rivals : []));
  const pools = workloads.some((workload) => !('rivals' in workload)) ? contestants : [];
  const libraries = new Set([...pools, ...rivals].flatMap(({ library }) => library ?? []));
  const baselines = workloads.flatMap((workload) => workload.baselines ?? []);
  return {
    date: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    system: `${process.platform} ${process.arch}, ${release()}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e9),
    load: currentLoad(),
    versions: [
      ...[...libraries].map((library) => `${library} ${versionOf(library)}`),
      ...new Set(baselines.flatMap((baseline) => baseline.version() ?? [])),
    ],
  };
}
