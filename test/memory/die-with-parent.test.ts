import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { dieWithParent } from '../../src/memory/die-with-parent.ts';
import { runNode } from '../tasks/support.ts';

const module = JSON.stringify(new URL('../../src/memory/die-with-parent.js', import.meta.url).href);

describe('dieWithParent', { timeout: 60_000 }, () => {
  it('ends a process that is deep in a computation when its parent is killed', async () => {
    // The grandchild has the pipe too, which closes with the last of them. Should it be left over, it ends too.
    const grandchild = `import { dieWithParent } from ${module};
      console.log(dieWithParent(Number(process.argv[1])));
      for (const end = Date.now() + 100_000; Date.now() < end; );`;
    const child = `require('node:child_process').spawn(process.execPath,
        ['--input-type=module', '-e', ${JSON.stringify(grandchild)}, String(process.pid)], { stdio: 'inherit' });`;
    const parent = spawn(process.execPath, ['-e', child], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    assert.equal(said.toString(), 'true\n');
    parent.kill('SIGKILL');
    await once(parent, 'close');
  });

  it('ends the process at once if its parent has gone before', async () => {
    const program = `import { dieWithParent } from ${module};
      dieWithParent(process.ppid + 1);
      console.log('still here');`;
    const { code, stdout } = await runNode(['--input-type=module', '-e', program]);
    assert.equal(code, null);
    assert.equal(stdout, '');
  });

  it('says when it cannot be had', () => {
    assert.equal(dieWithParent(process.ppid, { unavailable: 'this is no Linux' }), false);
  });
});
