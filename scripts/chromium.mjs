// Where Chromium is, for the tests of the HTML pages. `node scripts/chromium.mjs` prints its path, or why
// there is none. A browser is not an npm dependency of a library, so one that is installed anyway serves; a
// Debian container, where we are root, gets it from its own packages.
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { findProgram, install, isExecutable, none } from './debian-package.mjs';

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
  return findProgram(NAMES, PLACES);
}

/** As `findChromium`, and where there is none, installs it if that is ours to do. */
export function ensureChromium() {
  const found = findChromium();
  if (found !== null) return { path: found, reason: '' };
  if (process.env.CHROMIUM) return none(`$CHROMIUM is ${process.env.CHROMIUM}, which cannot be executed`);
  const advice = 'install Chromium or Chrome, or set $CHROMIUM to its path';
  return install({ what: 'Chromium', name: 'chromium', advice, find: findChromium });
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
