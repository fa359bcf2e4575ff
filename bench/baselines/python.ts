/** Python's own maps over processes, as the yardstick of this library's model. Left out without `python3`. */
import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Baseline, Measured, Setting } from '../workload.ts';

const run = promisify(execFile);

// The script is not compiled, so it stays beside the sources: this file runs from dist/bench/baselines.
const script = fileURLToPath(new URL('../../../bench/baselines/squares.py', import.meta.url));

async function measure(how: string, { workers, scale }: Setting): Promise<Measured | undefined> {
  try {
    const { stdout } = await run('python3', [script, how, String(workers), String(scale.mapItems)]);
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

export const pythonMaps: readonly Baseline[] = [
  { name: 'python-pool', reach: 'process', version, measure: (setting) => measure('pool', setting) },
  { name: 'python-executor', reach: 'process', version, measure: (setting) => measure('executor', setting) },
];
