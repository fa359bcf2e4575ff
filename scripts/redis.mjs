// Where redis-server is, for the tests and benchmarks of the cluster. A Debian container, where we are root, gets it from
// its own packages: 4 s.
import { findProgram, install } from './debian-package.mjs';

const find = () => findProgram(['redis-server'], ['/usr/bin/redis-server']);

/** The path of redis-server; installs it if there is none and that is ours to do. */
export function ensureRedis() {
  const found = find();
  if (found !== null) return { path: found, reason: '' };
  return install({
    what: 'redis-server',
    name: 'redis-server',
    advice: 'install Redis 6.2 or later',
    find,
  });
}
