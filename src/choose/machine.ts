/**
 * What this machine takes for workers and for messages to them, whatever function they run.
 *
 * Measuring takes about two seconds (measure-machine.ts), so the figures are kept in a file in the user's cache folder, one
 * for each processor, number of cores, version of Node and of this library. It is a cache: a file that is gone, cannot be
 * read or is not what it should be means to measure again, and a folder that cannot be written to means to measure each
 * time.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, homedir, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackendCosts, MachineCosts } from './machine-costs.ts';
import { measureMachine } from './measure-machine.ts';

/** What the figures depend on. */
export type MachineKey = Pick<MachineCosts, 'cpuModel' | 'cores' | 'platform' | 'node' | 'version'>;

export interface MachineOptions {
  /** Measure also if there are figures from before. Default false. */
  readonly fresh?: boolean | undefined;
  /** Where to keep the figures; null: nowhere. Default: `manyhands` in `$XDG_CACHE_HOME`, or `~/.cache`, or else the temporary folder. */
  readonly folder?: string | null | undefined;
  /** Ends measuring; it then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

const CROWDED = 1;

/** Of the shape of the file; a higher number makes old files worthless. */
const FORMAT = 1;

/** The figures of this machine: from the cache, or measured now, which takes about 2 s. */
export async function machineCosts({
  fresh = false,
  folder,
  signal,
}: MachineOptions = {}): Promise<MachineCosts> {
  const key = machineKey();
  const folders = folder === undefined ? cacheFolders() : folder === null ? [] : [folder];
  const known = fresh ? undefined : folders.map((each) => readCosts(each, key)).find(Boolean);
  const load = loadPerCore();
  // What was measured on a crowded machine serves until there is more room.
  if (known !== undefined && (known.load <= CROWDED || load > known.load / 2)) return known;
  const costs: MachineCosts = {
    ...key,
    measuredAt: new Date().toISOString(),
    load,
    ...(await measureMachine(key.cores, signal)),
  };
  for (const each of folders) if (writeCosts(each, costs)) break;
  return costs;
}

export function machineKey(): MachineKey {
  const { version } = createRequire(import.meta.url)('manyhands/package.json') as { version: string };
  return {
    cpuModel: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    platform: process.platform,
    node: process.version,
    version,
  };
}

/** Of the last minute; 0 where the system does not tell. */
function loadPerCore(): number {
  return (loadavg()[0] ?? 0) / availableParallelism();
}

/** Best first: the XDG base directory specification, then what everybody has. */
export function cacheFolders(env: NodeJS.ProcessEnv = process.env): string[] {
  const own = env['XDG_CACHE_HOME'];
  // Paths that are not absolute are to be ignored, says the specification.
  const base = own?.startsWith('/') ? own : join(homedir(), '.cache');
  return [join(base, 'manyhands'), join(tmpdir(), `manyhands-${process.getuid?.() ?? 'cache'}`)];
}

export function costsFile(folder: string, key: MachineKey): string {
  const { cpuModel, cores, platform, node, version } = key;
  const digest = createHash('sha256')
    .update(JSON.stringify([FORMAT, cpuModel, cores, platform, node, version]))
    .digest('hex');
  return join(folder, `machine-${digest.slice(0, 16)}.json`);
}

function readCosts(folder: string, key: MachineKey): MachineCosts | undefined {
  try {
    const costs: unknown = JSON.parse(readFileSync(costsFile(folder, key), 'utf8'));
    return isCosts(costs, key) ? costs : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all, as others may read or write it at the same time. */
function writeCosts(folder: string, costs: MachineCosts): boolean {
  const file = costsFile(folder, costs);
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify(costs, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, file);
    return true;
  } catch {
    return false;
  }
}

function isCosts(value: unknown, key: MachineKey): value is MachineCosts {
  const costs = value as MachineCosts;
  return (
    Object.entries(key).every(([name, wanted]) => costs?.[name as keyof MachineKey] === wanted) &&
    typeof costs.measuredAt === 'string' &&
    isAmount(costs.load) &&
    isAmount(costs.eventLoopTask) &&
    isBackend(costs.thread) &&
    isBackend(costs.process)
  );
}

function isBackend(value: BackendCosts | undefined): boolean {
  if (value === undefined) return false;
  const { start, roundTrip, task, item, bytes, memory } = value;
  const starts = [start?.first, start?.all, start?.workers];
  const messages = [task?.caller, task?.worker, item?.caller, item?.worker];
  const amounts = [...starts, ...messages, roundTrip, memory];
  return (
    amounts.every(isAmount) &&
    Array.isArray(bytes) &&
    bytes.length > 0 &&
    bytes.every((each) => isAmount(each?.bytes) && isAmount(each?.ms))
  );
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
