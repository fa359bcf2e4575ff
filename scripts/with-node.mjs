// Runs a script under another version of Node: `node scripts/with-node.mjs 24 scripts/test.mjs NAME...`. The
// binary comes from npm, which anybody who has this repository has at hand, into a folder of its own: neither
// node_modules nor package-lock.json takes notice.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [major, ...command] = process.argv.slice(2);
if (major === undefined || !/^\d+$/.test(major) || command.length === 0) {
  console.error('Usage: node scripts/with-node.mjs MAJOR SCRIPT [ARGUMENT]...');
  process.exit(2);
}

const binary = process.versions.node.startsWith(`${major}.`) ? process.execPath : install(major);
// Also first on the PATH, for tests that start `node` by name.
const PATH = `${dirname(binary)}${delimiter}${process.env.PATH ?? ''}`;
const { status } = spawnSync(binary, command, { stdio: 'inherit', env: { ...process.env, PATH } });
process.exit(status ?? 1);

/** The path of that Node's binary, which is installed if it is not there yet. */
function install(version) {
  const folder = fileURLToPath(new URL(`../node_modules/.cache/node-${version}/`, import.meta.url));
  const path = join(folder, `node_modules/node-${version}/bin/node`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const from = `node-${version}@npm:node-${process.platform}-${process.arch}@${version}`;
  const npm = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // A prefix of its own, else npm would look for the project around it, and find this one.
  const installed = spawnSync('npm', [...npm, '--prefix', folder, from], { stdio: 'inherit' });
  if (installed.status !== 0 || !existsSync(path)) {
    console.error(`Node ${version} could not be installed from npm as ${from}.`);
    process.exit(1);
  }
  console.log(`Node ${version} is in ${folder}`);
  return path;
}
