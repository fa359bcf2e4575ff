/** Python's own pools and primitives, as the yardsticks of this library's model. Left out without `python3`. */
import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Reach } from '../contestant.ts';
import type { Baseline, Measured } from '../workload.ts';

const execute = promisify(execFile);

// Scripts are not compiled, so they stay beside the sources: this file runs from dist/bench/baselines.
const folder = new URL('../../../bench/baselines/', import.meta.url);

async function run(script: string, ...args: readonly (string | number)[]): Promise<Measured | undefined> {
  try {
    const path = fileURLToPath(new URL(script, folder));
    const { stdout } = await execute('python3', [path, ...args.map(String)]);
    return JSON.parse(stdout) as Measured;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function version(): string | undefined {
  try {
    return execFileSync('python3', ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

function pythonMap(name: string, how: string): Baseline {
  return {
    name,
    reach: 'process',
    version,
    measure: ({ workers, scale }) => run('squares.py', how, workers, scale.mapItems),
  };
}

export const pythonMaps: readonly Baseline[] = [
  pythonMap('python-pool', 'pool'),
  pythonMap('python-executor', 'executor'),
];

/** What Python has for `what`, one of those that the script knows, in its `threading` or its `multiprocessing`. */
export function pythonPrimitive(what: 'queue' | 'pipe' | 'value' | 'lock', reach: Reach): Baseline {
  return {
    name: reach === 'thread' ? 'python-threading' : 'python-multiprocessing',
    reach,
    version,
    measure: ({ workers, scale }) => run('primitives.py', what, reach, workers, scale.steps),
  };
}
