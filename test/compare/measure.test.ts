import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { knowsChildrenCpu, measure, treeMemoryMb, treeOf, watchMemory } from '../../src/compare/measure.ts';

const linux = { skip: knowsChildrenCpu() ? false : 'the system does not tell the CPU time of children' };

test('measuring returns what the work returned, and never less than no time', async () => {
  const measured = await measure(async () => 'done');
  assert.equal(measured.value, 'done');
  assert.ok(measured.wallMs >= 0 && measured.cpuMs >= 0);
});

test('CPU time of children counts once they have ended', linux, async () => {
  const burn = 'const end = process.cpuUsage().user + 200_000; while (process.cpuUsage().user < end);';
  const { cpuMs } = await measure(async () => execFileSync(process.execPath, ['-e', burn]));
  assert.ok(cpuMs >= 190, `${cpuMs} ms`);
});

test('memory of children counts while they live', linux, async () => {
  const before = treeMemoryMb(process.pid);
  const watch = watchMemory(process.pid);
  const child = spawn(process.execPath, [
    '-e',
    'globalThis.held = Buffer.alloc(64 * 2 ** 20, 1); console.log("up"); setInterval(() => {}, 1000);',
  ]);
  await once(child.stdout, 'data');
  assert.ok(treeOf(process.pid).includes(child.pid ?? -1));
  const during = treeMemoryMb(process.pid);
  assert.ok(before !== null && during !== null && during - before > 60, `${before} to ${during} MB`);
  const peak = watch.stop();
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(peak === null || peak > 0);
});
