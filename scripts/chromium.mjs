// Where Chromium is, for the tests of the HTML pages. `node scripts/chromium.mjs` prints its path, or why
// there is none. A browser is not an npm dependency of a library, so one that is installed anyway serves; a
// Debian container, where we are root, gets it from its own packages.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const PLACES = [
  '/usr/bin/chromium',
  '/snap/bin/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

/** The path of a Chromium or Chrome, or `null`. `$CHROMIUM` wins over what is found. */
export function findChromium() {
  const named = process.env.CHROMIUM;
  if (named !== undefined && named !== '') return isExecutable(named) ? named : null;
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...onPath, ...PLACES].find(isExecutable) ?? null;
}

/** As `findChromium`, and where there is none, installs it if that is ours to do. */
export function ensureChromium() {
  const found = findChromium();
  if (found !== null) return { path: found, reason: '' };
  if (process.env.CHROMIUM) return none(`$CHROMIUM is ${process.env.CHROMIUM}, which cannot be executed`);
  const advice = 'install Chromium or Chrome, or set $CHROMIUM to its path';
  if (!existsSync('/etc/debian_version')) return none(`no Chromium on the PATH: ${advice}`);
  if (process.getuid?.() !== 0)
    return none(`no Chromium on the PATH, and only root may install it: ${advice}`);
  const failed =
    failure('apt-get', ['update', '-qq']) ??
    failure('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium']);
  if (failed !== null) return none(`${failed}: ${advice}`);
  const path = findChromium();
  return path === null
    ? none(`the package chromium brought no program of that name: ${advice}`)
    : { path, reason: '' };
}

function none(reason) {
  return { path: null, reason };
}

/** Runs a command to its end; what went wrong, or `null`. */
function failure(command, args) {
  const { error, status, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (error === undefined && status === 0) return null;
  const last = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  return `"${[command, ...args].join(' ')}" failed (${last || `exit code ${status}`})`;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const invoked = process.argv[1];
if (invoked !== undefined && import.meta.url === pathToFileURL(realpathSync(invoked)).href) {
  const { path, reason } = ensureChromium();
  if (path === null) {
    console.error(reason);
    process.exitCode = 1;
  } else {
    console.log(path);
  }
}
