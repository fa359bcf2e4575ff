import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Order } from '../../bench/child.ts';
import { measure } from '../../bench/measure.ts';
import { quick } from '../../bench/workload.ts';

const order: Order = { contestant: 'piscina', workload: 'cold-start', workers: 1, scale: quick };
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}.js`, import.meta.url));
const LIMIT = 30_000;

describe('one measurement', () => {
  it('yields figures from a process of its own', async () => {
    const outcome = await measure(order, LIMIT);
    assert.ok('figures' in outcome, JSON.stringify(outcome));
    assert.ok((outcome.figures['time'] ?? 0) > 0);
  });

  it('says why there are none when the contestant fails', async () => {
    const outcome = await measure({ ...order, contestant: 'nobody' }, LIMIT);
    assert.ok('error' in outcome);
    assert.match(outcome.error, /No contestant nobody/);
  });

  it('reports a crash with the last words', async () => {
    const outcome = await measure(order, LIMIT, fixture('crash'));
    assert.ok('error' in outcome);
    assert.match(outcome.error, /exit code 3.*the library gave up/);
  });

  it('reports a hang at the limit', async () => {
    const outcome = await measure(order, 300, fixture('hang'));
    assert.deepEqual(outcome, { error: 'no result within 0.3 s' });
  });

  it('keeps the figures of a library that does not close, and ends what it left behind', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connection = once(server, 'connection') as Promise<[Socket]>;
    const { port } = server.address() as AddressInfo;
    const outcome = await measure({ ...order, contestant: String(port) }, LIMIT, fixture('will-not-close'));
    assert.deepEqual(outcome, { figures: { rate: 1 } });
    const [worker] = await connection;
    if (!worker.destroyed) await once(worker.resume(), 'close');
    server.close();
  });
});
