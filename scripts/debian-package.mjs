// Programs that tests need and npm does not have: found where they are, or, in a Debian container where we are root,
// installed from its packages.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first of these programs on the PATH, or of these paths, that can be executed; or `null`. */
export function findProgram(names, places = []) {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => names.map((name) => join(folder, name)));
  return [...onPath, ...places].find(isExecutable) ?? null;
}

/**
 * Has `find` look again behind the installation of a package.
 *
 * @returns the path, or `null` and the reason
 */
export function install({ what, name, advice, find }) {
  if (!existsSync('/etc/debian_version')) return none(`no ${what} on the PATH: ${advice}`);
  if (process.getuid?.() !== 0)
    return none(`no ${what} on the PATH, and only root may install it: ${advice}`);
  const failed =
    failure('apt-get', ['update', '-qq']) ??
    failure('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name]);
  if (failed !== null) return none(`${failed}: ${advice}`);
  const path = find();
  return path === null
    ? none(`the package ${name} brought no program of that name: ${advice}`)
    : { path, reason: '' };
}

export function none(reason) {
  return { path: null, reason };
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
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
