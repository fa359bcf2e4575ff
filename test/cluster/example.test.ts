/** The example runs as its README says, with two workers. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RedisServer } from './servers.ts';
import { Cluster, HANGS_MS } from './support.ts';

const compiled = (file: string): string =>
  fileURLToPath(new URL(`../../examples/cluster/${file}.js`, import.meta.url));

it('the example of a cluster counts primes', { timeout: HANGS_MS }, async () => {
  await using redis = await RedisServer.start();
  await using cluster = new Cluster(redis.url, 'primes');
  const options = ['--modules', compiled('tasks'), '--backend', 'thread', '--workers', '1'];
  await Promise.all(['one', 'two'].map((name) => cluster.workerProcess(...options, '--name', name)));
  const { stdout } = await promisify(execFile)(process.execPath, [compiled('producer')], {
    env: { ...process.env, MANYHANDS_REDIS_URL: redis.url },
  });
  assert.equal(stdout, 'Primes below 1000000: 78498\n');
});
