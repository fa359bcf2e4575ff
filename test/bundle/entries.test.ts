// The library bundled with more entries, as those of threading, queue and multiprocessing are: what they have in common
// is one module to all, also to workers that were never told of it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type * as library from '../../src/index.ts';
import type * as room from './fixtures/room.ts';

type Bundle = (entries: Record<string, string>, dir: string) => Promise<void>;

/** Within the project, as packages have to be found from there. */
const folder = new URL(`./entries-${process.pid}/`, import.meta.url);
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

async function load<T>(entry: string): Promise<T> {
  return (await import(new URL(entry, folder).href)) as T;
}

describe('a bundle of several entries', { timeout: 60_000 }, () => {
  before(async () => {
    const { bundle } = (await import(new URL('../../../scripts/bundle.mjs', import.meta.url).href)) as {
      bundle: Bundle;
    };
    const entries = {
      index: path('../../src/index.js'),
      house: path('./fixtures/house.js'),
      room: path('./fixtures/room.js'),
    };
    await bundle(entries, fileURLToPath(folder));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('has what entries share once, apart from what everybody loads', async () => {
    const [{ Lamp }, again] = await Promise.all([
      load<typeof room>('house.js'),
      load<typeof room>('room.js'),
    ]);
    assert.equal(again.Lamp, Lamp);
    const withLamps = readdirSync(folder).filter((file) =>
      readFileSync(new URL(file, folder), 'utf8').includes('class Lamp'),
    );
    assert.deepEqual(withLamps, ['primitives.js']);
    const front = ['index.js', 'shared.js', 'thread-worker.js', 'process-worker.js'];
    for (const file of front) {
      assert.doesNotMatch(readFileSync(new URL(file, folder), 'utf8'), /primitives\.js/, file);
    }
  });

  for (const kind of ['ThreadPoolExecutor', 'ProcessPoolExecutor'] as const) {
    it(`shares objects with the workers of a ${kind}`, async () => {
      const { [kind]: Pool, currentTask } = await load<typeof library>('index.js');
      const { Lamp } = await load<typeof room>('room.js');
      assert.equal(currentTask(), undefined);
      await using pool = new Pool({ maxWorkers: 1 });
      const lamp = new Lamp(7);
      assert.equal(await pool.submit((one) => one.shine(), lamp), 'lamp 7 shines');
      assert.equal(await pool.submit((one, [other]) => one === other, lamp, [lamp] as const), true);
      assert.equal(await pool.submit((one) => one, lamp), lamp);
    });
  }
});
