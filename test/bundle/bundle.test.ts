// The library as users load it: joined into few files by scripts/bundle.mjs, which `npm run build` calls.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as bundle from 'manyhands';
import * as bundledChoose from 'manyhands/choose';
import * as bundledMultiprocessing from 'manyhands/multiprocessing';
import * as choose from '../../src/choose/index.ts';
import * as source from '../../src/index.ts';
import * as multiprocessing from '../../src/multiprocessing/index.ts';
import { fail, nameOfTask } from './fixtures/tasks.ts';

describe('the bundle', () => {
  it('exports what the source exports', () => {
    assert.notEqual(bundle.ThreadPoolExecutor, source.ThreadPoolExecutor);
    assert.deepEqual(Object.keys(bundle), Object.keys(source));
    assert.deepEqual(Object.keys(bundledChoose), Object.keys(choose));
    assert.deepEqual(Object.keys(bundledMultiprocessing), Object.keys(multiprocessing));
  });

  for (const Pool of [bundle.ThreadPoolExecutor, bundle.ProcessPoolExecutor]) {
    it(`is one library to the worker of a ${Pool.name} and to its tasks`, async () => {
      await using pool = new Pool({ maxWorkers: 1 });
      assert.equal(await pool.submit(nameOfTask), 'nameOfTask');
      await assert.rejects(pool.submit(fail), bundle.QueueFullError);
    });
  }

  it('measures a call in a worker that has loaded little else', async () => {
    await using pool = new bundle.ThreadPoolExecutor({ maxWorkers: 1 });
    const walls: number[] = [];
    const { submitMeasured } = bundledChoose;
    const value = await submitMeasured(
      pool,
      'thread',
      (n: number) => n + 1,
      [1],
      (cost) => {
        walls.push(cost.wall);
      },
    );
    assert.equal(value, 2);
    assert.equal(walls.length, 1);
    const file = new URL('../../src/bundle/measured.js', import.meta.url);
    assert.deepEqual(
      [...readFileSync(file, 'utf8').matchAll(/from "\.\/(.*)"/g)].map(([, name]) => name),
      ['shared.js'],
    );
  });

  it('names the place of a submit without its own frames', async () => {
    await using pool = new bundle.ThreadPoolExecutor({ maxWorkers: 1 });
    const error = await pool.submit(fail).catch((reason: unknown) => reason as Error);
    const [, submitted = ''] = String(error?.stack).split('submitted from');
    assert.match(submitted, /bundle\.test\.js/);
    assert.doesNotMatch(submitted, /src\/bundle\/index\.js/);
  });
});
