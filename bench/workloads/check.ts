/**
 * No figure: whether a contestant computes what it is measured for. The tests run it, in place of a workload.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect, type Workload } from '../workload.ts';

export const check: Workload = {
  name: 'check',
  title: 'right results',
  figures: [],
  async run(open) {
    const pool = await open();
    await pool.noop();
    await pool.hold(1);
    expect((await pool.fib(15)) === 610, 'fib(15)');
    const record = { id: 1, list: [1, 2, 3], nested: { text: 'text', nothing: null } };
    expect(isDeepStrictEqual(await pool.echo(record), record), 'the object came back changed');
    const numbers = Array.from({ length: 2500 }, (_, i) => i);
    const squares = numbers.map((x) => x * x);
    expect(isDeepStrictEqual(await pool.map(numbers), squares), 'map');
    expect(isDeepStrictEqual(await pool.mapEach(numbers), squares), 'mapEach');
    const together = await Promise.all(numbers.slice(0, 100).map((n) => pool.echo(n)));
    expect(isDeepStrictEqual(together, numbers.slice(0, 100)), 'a hundred echoes at once');
    return {};
  },
};
