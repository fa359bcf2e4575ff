// The library as users load it: joined into few files by scripts/bundle.mjs, which `npm run build` calls.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as bundle from 'manyhands';
import * as bundledMultiprocessing from 'manyhands/multiprocessing';
import * as source from '../../src/index.ts';
import * as multiprocessing from '../../src/multiprocessing/index.ts';
import { fail, nameOfTask } from './fixtures/tasks.ts';

describe('the bundle', () => {
  it('exports what the source exports', () => {
    assert.notEqual(bundle.ThreadPoolExecutor, source.ThreadPoolExecutor);
    assert.deepEqual(Object.keys(bundle), Object.keys(source));
    assert.deepEqual(Object.keys(bundledMultiprocessing), Object.keys(multiprocessing));
  });

  for (const Pool of [bundle.ThreadPoolExecutor, bundle.ProcessPoolExecutor]) {
    it(`is one library to the worker of a ${Pool.name} and to its tasks`, async () => {
      await using pool = new Pool({ maxWorkers: 1 });
      assert.equal(await pool.submit(nameOfTask), 'nameOfTask');
      await assert.rejects(pool.submit(fail), bundle.QueueFullError);
    });
  }

  it('names the place of a submit without its own frames', async () => {
    await using pool = new bundle.ThreadPoolExecutor({ maxWorkers: 1 });
    const error = await pool.submit(fail).catch((reason: unknown) => reason as Error);
    const [, submitted = ''] = String(error?.stack).split('submitted from');
    assert.match(submitted, /bundle\.test\.js/);
    assert.doesNotMatch(submitted, /src\/bundle\/index\.js/);
  });
});
