// Wrong options: an error of the right class that names the option, the rule and the value, at the call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MapOptions } from '../src/futures/submit-options.ts';
import {
  EventLoopExecutor,
  type PoolOptions,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
} from '../src/index.ts';

type Wrong = readonly [option: string, value: unknown, name: 'RangeError' | 'TypeError', rule: RegExp];

const MAP: readonly Wrong[] = [
  ['signal', 'stop', 'TypeError', /must be an AbortSignal, received 'stop'/],
  ['signal', null, 'TypeError', /received null/],
  ['timeout', -1, 'RangeError', /must be >= 0 milliseconds, received -1/],
  ['timeout', Number.NaN, 'RangeError', /received NaN/],
  ['timeout', '5', 'TypeError', /must be a number of milliseconds, received '5'/],
  ['queueTimeout', -0.5, 'RangeError', /received -0.5/],
  ['grace', null, 'TypeError', /received null/],
  ['priority', Number.NaN, 'RangeError', /must be finite, received NaN/],
  ['priority', Infinity, 'RangeError', /received Infinity/],
  ['priority', 'high', 'TypeError', /must be a number, received 'high'/],
  ['retries', -1, 'RangeError', /must be >= 0, received -1/],
  ['retries', 0.5, 'TypeError', /must be a whole number or Infinity, received 0.5/],
  ['transfer', new Set(), 'TypeError', /must be an array, received Set/],
  ['onReport', 'log', 'TypeError', /must be a function, received 'log'/],
  ['name', 5, 'TypeError', /must be a string, received 5/],
  ['chunkSize', 0, 'RangeError', /must be >= 1, received 0/],
  ['chunkSize', 1.5, 'TypeError', /must be a whole number, received 1.5/],
  ['chunkSize', Infinity, 'RangeError', /must be a whole number, received Infinity/],
  ['chunkSize', 'big', 'TypeError', /must be a number, received 'big'/],
  ['bufferSize', 0, 'RangeError', /must be >= 1, received 0/],
  ['ordered', 1, 'TypeError', /must be true or false, received 1/],
  ['onProgress', {}, 'TypeError', /must be a function, received {}/],
];

const POOL: readonly Wrong[] = [
  ['maxWorkers', 0, 'RangeError', /must be >= 1, received 0/],
  ['maxWorkers', 2.5, 'TypeError', /must be a whole number, received 2.5/],
  ['maxWorkers', '4', 'TypeError', /must be a number, received '4'/],
  ['minWorkers', -1, 'RangeError', /must be >= 0, received -1/],
  ['idleTimeout', -1, 'RangeError', /must be >= 0 milliseconds, received -1/],
  ['concurrency', 0, 'RangeError', /must be >= 1, received 0/],
  ['maxQueue', -1, 'RangeError', /must be >= 0, received -1/],
  ['maxTasksPerChild', 0, 'RangeError', /must be >= 1, received 0/],
  ['initializer', 'init', 'TypeError', /must be a function, received 'init'/],
  ['initArgs', 'args', 'TypeError', /must be an array, received 'args'/],
  ['threadNamePrefix', 7, 'TypeError', /must be a string, received 7/],
  ['workerNamePrefix', 7, 'TypeError', /must be a string, received 7/],
  ['onWorkerDeath', 'ignore', 'TypeError', /must be one of 'replace', 'break', received 'ignore'/],
  ['channel', 'fast', 'TypeError', /must be one of 'auto', 'shared', 'plain', received 'fast'/],
];

for (const [option, value, name, rule] of MAP) {
  test(`with: ${option} ${String(value)} is a ${name}`, () => {
    const pool = new EventLoopExecutor();
    assert.throws(
      () => pool.with({ [option]: value } as MapOptions),
      (error) => {
        assert.ok(error instanceof Error);
        assert.equal(error.name, name);
        assert.ok(error.message.startsWith(`${option} `), error.message);
        assert.match(error.message, rule);
        return true;
      },
    );
  });
}

for (const [option, value, name, rule] of POOL) {
  test(`pools: ${option} ${String(value)} is a ${name}`, () => {
    for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
      assert.throws(() => new Pool({ [option]: value } as PoolOptions), {
        name,
        message: new RegExp(`^${option} ${rule.source}`),
      });
    }
  });
}

test('what is allowed at the edges is allowed', () => {
  const pool = new EventLoopExecutor();
  const allowed: MapOptions[] = [
    {},
    { timeout: 0, queueTimeout: Infinity, grace: 0, priority: -1e300, retries: Infinity },
    { chunkSize: 'auto', bufferSize: 1, transfer: [] },
    { signal: undefined, timeout: undefined, chunkSize: undefined, name: undefined },
  ];
  for (const options of allowed) assert.ok(pool.with(options));
  assert.ok(new ThreadPoolExecutor({ maxQueue: 0, idleTimeout: Infinity, concurrency: Infinity }));
  assert.ok(new ThreadPoolExecutor({ maxTasksPerChild: Infinity, maxWorkers: undefined }));
});

test('minWorkers is bounded by maxWorkers', () => {
  assert.throws(() => new ThreadPoolExecutor({ minWorkers: 3, maxWorkers: 2 }), {
    name: 'RangeError',
    message: 'minWorkers must be <= maxWorkers (2), received 3',
  });
});

test('names that do not exist are refused, and the ones that do are told', async () => {
  const pool = new EventLoopExecutor();
  assert.throws(() => pool.with({ chunksize: 5 } as MapOptions), {
    name: 'TypeError',
    message: /no option 'chunksize'; it knows .*chunkSize/,
  });
  assert.throws(() => new ThreadPoolExecutor({ max_workers: 5 } as PoolOptions), /no option 'max_workers'/);
  assert.throws(() => new EventLoopExecutor({ maxWorkers: 5 } as object), /no option 'maxWorkers'/);
  await assert.rejects(pool.shutdown({ cancel: true } as object), /no option 'cancel'/);
  await assert.rejects(pool.shutdown({ wait: 'yes' as never }), /wait must be true or false, received 'yes'/);
});
