// What the machine takes, measured for real once, and kept in a file of which anything may be wrong.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cacheFolders, costsFile, machineCosts, machineKey } from '../../src/choose/machine.ts';
import type { MachineCosts } from '../../src/choose/machine-costs.ts';

describe('the costs of the machine', { timeout: 60_000 }, () => {
  let folder = '';
  let costs: MachineCosts;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'manyhands-machine-'));
    // As on a machine that has nothing else to do, or the figures might be taken again.
    costs = { ...(await machineCosts({ folder })), load: 0 };
    writeFileSync(costsFile(folder, machineKey()), JSON.stringify(costs));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('are of workers that were started, and of messages that were sent', () => {
    for (const { start, roundTrip, task, item, bytes, memory } of [costs.thread, costs.process]) {
      assert.ok(start.first > 0 && start.all >= start.first && start.workers >= 1);
      assert.ok(roundTrip > 0);
      assert.ok(task.caller > 0 && task.worker > 0);
      assert.ok(item.caller >= 0 && item.worker >= 0);
      assert.ok(memory > 0);
      for (const [index, each] of bytes.entries()) assert.ok(each.ms >= (bytes[index - 1]?.ms ?? 0));
      assert.ok((bytes.at(-1)?.ms ?? 0) > 0);
    }
    assert.ok(costs.eventLoopTask > 0);
  });

  it('are kept, and read again', async () => {
    const file = costsFile(folder, machineKey());
    assert.deepEqual(
      readdirSync(folder).map((name) => join(folder, name)),
      [file],
    );
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), costs);
    // Read, and not measured: a figure that nobody could measure is believed.
    const edited = { ...costs, eventLoopTask: 123 };
    writeFileSync(file, JSON.stringify(edited));
    assert.equal((await machineCosts({ folder })).eventLoopTask, 123);
    writeFileSync(file, JSON.stringify(costs));
  });

  it('are measured again if the file is no use', async () => {
    const file = costsFile(folder, machineKey());
    const aborted = AbortSignal.abort(new Error('it would measure'));
    const wrong = [
      '',
      '{',
      'null',
      '[]',
      JSON.stringify({ ...costs, node: 'v1.0.0' }),
      JSON.stringify({ ...costs, thread: undefined }),
      JSON.stringify({ ...costs, thread: { ...costs.thread, roundTrip: 'long' } }),
      JSON.stringify({ ...costs, process: { ...costs.process, bytes: [] } }),
      JSON.stringify({ ...costs, eventLoopTask: -1 }),
    ];
    for (const text of wrong) {
      writeFileSync(file, text);
      await assert.rejects(machineCosts({ folder, signal: aborted }), /it would measure/, text);
    }
    writeFileSync(file, JSON.stringify(costs));
    assert.deepEqual(await machineCosts({ folder, signal: aborted }), costs);
    await assert.rejects(machineCosts({ folder, fresh: true, signal: aborted }), /it would measure/);
  });

  it('of a crowded machine are measured again when there is room', async () => {
    const file = costsFile(folder, machineKey());
    const aborted = AbortSignal.abort(new Error('it would measure'));
    writeFileSync(file, JSON.stringify({ ...costs, load: 1e6 }));
    await assert.rejects(machineCosts({ folder, signal: aborted }), /it would measure/);
    writeFileSync(file, JSON.stringify(costs));
  });

  it('are of one processor, number of cores, version of Node and of the library', () => {
    const key = machineKey();
    const files = new Set(
      [
        key,
        { ...key, cpuModel: 'x' },
        { ...key, cores: 999 },
        { ...key, node: 'x' },
        { ...key, version: 'x' },
      ].map((each) => costsFile(folder, each)),
    );
    assert.equal(files.size, 5);
  });

  it('lie where XDG says, else in a temporary folder', () => {
    assert.equal(cacheFolders({ XDG_CACHE_HOME: '/var/my cache' })[0], '/var/my cache/manyhands');
    assert.match(String(cacheFolders({ XDG_CACHE_HOME: 'not absolute' })[0]), /\.cache\/manyhands$/);
    const [own, temporary] = cacheFolders({});
    assert.match(String(own), /\.cache\/manyhands$/);
    assert.ok(temporary?.startsWith(tmpdir()));
  });
});
