/** The cost of values: a plain object of about 1 KB, and 1 MiB of bytes, there and back. */
import { isDeepStrictEqual } from 'node:util';
import { throughput } from '../load.ts';
import { expect, type Workload } from '../workload.ts';

/** Of the kinds that JSON knows, so that pools which send JSON can give it back unchanged. */
export const record: Readonly<Record<string, unknown>> = {
  id: 4711,
  name: 'a record of about one kilobyte',
  active: true,
  parent: null,
  tags: ['one', 'two', 'three', 'four'],
  address: { street: 'Long Street 12', city: 'Someplace', position: { lat: 52.52, lon: 13.405 } },
  samples: Array.from({ length: 60 }, (_, i) => i * 1.5),
  text: 'lorem ipsum dolor sit amet '.repeat(20),
};

const RECORDS_IN_FLIGHT = 64;

export const echoObject: Workload = {
  name: 'echo-object',
  title: `echo of a 1 KB object, ${RECORDS_IN_FLIGHT} in flight`,
  figures: [
    {
      key: 'rate',
      label: 'throughput',
      unit: 'tasks/s',
      better: 'higher',
      against: [{ lane: 'poolifier' }],
    },
  ],
  async run(open, { scale }) {
    const pool = await open();
    expect(isDeepStrictEqual(await pool.echo(record), record), 'the object came back changed');
    await throughput(() => pool.echo(record), RECORDS_IN_FLIGHT, scale.warmUp);
    const { rate } = await throughput(() => pool.echo(record), RECORDS_IN_FLIGHT, scale.window);
    return { rate };
  },
};

const MEBIBYTE = 1 << 20;

/** One being copied while another is under way, for each worker. */
const BLOCKS_PER_WORKER = 2;

export const echoMebibyte: Workload = {
  name: 'echo-mebibyte',
  title: `echo of a 1 MiB Uint8Array by copy, ${BLOCKS_PER_WORKER} in flight a worker`,
  figures: [{ key: 'rate', label: 'payload, counted once', unit: 'MB/s', better: 'higher' }],
  binary: true,
  async run(open, { workers, scale }) {
    const block = new Uint8Array(MEBIBYTE).map((_, i) => i % 251);
    const pool = await open();
    expect(isDeepStrictEqual(await pool.echo(block), block), 'the bytes came back changed');
    const inFlight = workers * BLOCKS_PER_WORKER;
    await throughput(() => pool.echo(block), inFlight, scale.warmUp);
    const { rate } = await throughput(() => pool.echo(block), inFlight, scale.window);
    return { rate: (rate * MEBIBYTE) / 1e6 };
  },
};
