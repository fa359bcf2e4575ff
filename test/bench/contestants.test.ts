import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Contestant, Pool } from '../../bench/contestant.ts';
import { chunksOf } from '../../bench/contestant.ts';
import { contestants } from '../../bench/contestants/index.ts';

async function use(contestant: Contestant, binary: boolean, body: (pool: Pool) => Promise<void>) {
  const pool = await contestant.open({ workers: 2, binary });
  try {
    await body(pool);
  } finally {
    await pool.close();
  }
}

describe('every contestant computes what it is measured for', () => {
  for (const contestant of contestants) {
    it(contestant.name, { timeout: 30_000 }, async () => {
      await use(contestant, false, async (pool) => {
        await pool.noop();
        await pool.hold(1);
        assert.equal(await pool.fib(15), 610);
        const record = { id: 1, list: [1, 2, 3], nested: { text: 'text', nothing: null } };
        assert.deepEqual(await pool.echo(record), record);
        const numbers = Array.from({ length: 2500 }, (_, i) => i);
        const squares = numbers.map((x) => x * x);
        assert.deepEqual(await pool.map(numbers), squares);
        assert.deepEqual(await pool.mapEach(numbers), squares);
        const together = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.echo(i)));
        assert.deepEqual(
          together,
          Array.from({ length: 20 }, (_, i) => i),
        );
      });
      await use(contestant, true, async (pool) => {
        const bytes = new Uint8Array(4096).map((_, i) => i % 251);
        // Compared as arrays: a library may give the bytes back as a Buffer.
        const back = await pool.echo(bytes);
        assert.ok(back instanceof Uint8Array);
        assert.deepEqual([...back], [...bytes]);
      });
    });
  }

  it('has names that are unique', () => {
    const names = contestants.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });
});

describe('chunks made by hand', () => {
  it('keep every number in its place', () => {
    assert.deepEqual(chunksOf([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
    assert.deepEqual(chunksOf([], 2), []);
  });
});
