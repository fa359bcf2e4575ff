// Runs every compiled test file under node:test. `npm test -- NAME...` runs the files whose path holds a
// NAME. Node 20's own runner has no globs, and a directory argument means something else on later versions,
// hence this.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('../dist/test/', import.meta.url).pathname;
const names = process.argv.slice(2);
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js'))
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
const flags = ['--test', '--test-concurrency=2', `--test-timeout=${FILE_HANGS_MS}`];
const { status, signal } = spawnSync(process.execPath, [...flags, ...files], { stdio: 'inherit' });
process.exit(signal === null ? (status ?? 1) : 1);
