// Runs every compiled test file under node:test. `npm test -- NAME...` runs the files whose path holds a
// NAME. Node 20's own runner has no globs, and a directory argument means something else on later versions,
// hence this. With --runtime it leaves out what cannot differ between versions of Node.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = new URL('../dist/test/', import.meta.url).pathname;
const { values, positionals: names } = parseArgs({
  options: { runtime: { type: 'boolean', default: false } },
  allowPositionals: true,
});

/**
 * What was shown on one version of Node is shown for all: documents agree with sources, the explorations of protocols are
 * arithmetic on a model of memory, and pages run in a browser. Examples, benchmarks and `manyhands compare` are programs that use
 * the library in ways that the other tests have for themselves; of all tests they compute the longest.
 */
const SAME_EVERYWHERE = ['bench/', 'cli/', 'compare/', 'docs/', 'examples/', 'memory/protocol-', 'ui/'];
const isLeftOut = (file) => values.runtime && SAME_EVERYWHERE.some((start) => file.startsWith(start));

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js') && !isLeftOut(file))
  .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
  .map((file) => join(root, file))
  .toSorted();
if (files.length === 0) {
  console.error(
    `No test file matches ${names.join(', ') || '*.test.js'} under ${root}; run npm run build first.`,
  );
  process.exit(1);
}
/** A file that takes longer hangs. Ended here it says in which test, where ended with the whole run it says nothing. */
const FILE_HANGS_MS = 600_000;
/**
 * One more than there are cores, where there are two: a fourth of the time a file waits, for workers that start or for time to be
 * over. More would only have each take longer.
 */
const FILES_AT_ONCE = 3;
const flags = ['--test', `--test-concurrency=${FILES_AT_ONCE}`, `--test-timeout=${FILE_HANGS_MS}`];
const { status, signal } = spawnSync(process.execPath, [...flags, ...files], { stdio: 'inherit' });
process.exit(signal === null ? (status ?? 1) : 1);
