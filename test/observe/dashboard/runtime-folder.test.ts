// How programs of a user are found that have a dashboard, and how others are kept from it.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { announce, announced } from '../../../src/observe/dashboard/runtime-folder.ts';
import { dashboard } from '../../../src/observe/index.ts';

const TIMEOUT = { timeout: 30_000 };

describe('the folder of dashboards', () => {
  let base: string;
  let before: string | undefined;

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'manyhands-runtime-'));
    before = process.env['XDG_RUNTIME_DIR'];
    process.env['XDG_RUNTIME_DIR'] = base;
  });

  afterEach(() => {
    if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
    else process.env['XDG_RUNTIME_DIR'] = before;
    rmSync(base, { recursive: true, force: true });
  });

  const own = (): Parameters<typeof announce>[0] => ({
    pid: process.pid,
    title: 'app.js',
    origin: 'http://127.0.0.1:1234',
    token: 'x'.repeat(32),
    startedAt: 1,
  });

  it('lists a dashboard as long as it is open', TIMEOUT, async () => {
    assert.deepEqual(announced(), []);
    const board = await dashboard();
    const [found, ...others] = announced();
    assert.deepEqual(others, []);
    assert.equal(`${found?.origin}/?token=${found?.token}`, board.url);
    assert.equal(found?.pid, process.pid);
    await board.close();
    assert.deepEqual(announced(), []);
  });

  it('is closed to others, and so is what lies in it', TIMEOUT, () => {
    announce(own());
    const folder = join(base, 'manyhands');
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, `${process.pid}-1234.json`)).mode & 0o777, 0o600);
  });

  it('is not used if others can open it, or have laid it elsewhere', TIMEOUT, async () => {
    const folder = join(base, 'manyhands');
    announce(own());
    chmodSync(folder, 0o755);
    assert.throws(() => announce(own()), /not a folder that only this user can open/);
    assert.deepEqual(announced(), []);
    // There is a dashboard nevertheless, for who has its address.
    await using board = await dashboard();
    assert.ok(board.port > 0);
    chmodSync(folder, 0o700);
    const elsewhere = mkdtempSync(join(base, 'elsewhere-'));
    rmSync(folder, { recursive: true });
    symlinkSync(elsewhere, folder);
    assert.throws(() => announce(own()), /not a folder/);
  });

  it('loses what programs left that were killed, and nothing that is not its own', TIMEOUT, () => {
    announce(own());
    const folder = join(base, 'manyhands');
    // Linux has no process of such a number: pid_max is at most 2 ** 22.
    writeFileSync(join(folder, '99999999-1.json'), JSON.stringify(own()));
    writeFileSync(join(folder, 'notes.txt'), 'kept');
    assert.equal(announced().length, 1);
    assert.deepEqual(readdirSync(folder).toSorted(), [`${process.pid}-1234.json`, 'notes.txt'].toSorted());
  });
});
