/** Counts the primes below a million, in a hundred tasks on the workers of a cluster. */

import { ClusterExecutor } from 'manyhands/cluster';
import { countPrimes } from './tasks.ts';

const TASKS = 100;
const PER_TASK = 10_000;

const connection = process.env['MANYHANDS_REDIS_URL'] ?? 'redis://localhost:6379';
await using cluster = new ClusterExecutor({ connection, queue: 'primes' });

const starts = Array.from({ length: TASKS }, (_, n) => n * PER_TASK);
const ends = starts.map((start) => start + PER_TASK);
const counts = await cluster.with({ chunkSize: 1 }).map(countPrimes, starts, ends);
console.log(`Primes below ${TASKS * PER_TASK}: ${counts.reduce((sum, count) => sum + count, 0)}`);
