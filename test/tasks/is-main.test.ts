import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runNode } from './support.ts';

const library = new URL('../../src/tasks/is-main.js', import.meta.url).href;
const tsxLoader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const program = `import { isMain } from ${JSON.stringify(library)}; console.log(isMain(import.meta));`;

describe('isMain', () => {
  let folder: string;
  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'manyhands-')));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder, 'entry.js'), program);
    await writeFile(join(folder, 'with space.js'), program);
    await writeFile(join(folder, 'entry.ts'), `const typed: number = 1; void typed; ${program}`);
    await writeFile(join(folder, 'importer.js'), "import './entry.js';");
    await writeFile(
      join(folder, 'again.js'),
      `${program} if (!import.meta.url.includes('?')) await import('./again.js?again');`,
    );
    await writeFile(
      join(folder, 'thread.js'),
      "import { Worker } from 'node:worker_threads'; new Worker(new URL('./entry.js', import.meta.url));",
    );
    await writeFile(
      join(folder, 'fork.js'),
      "import { fork } from 'node:child_process'; fork(new URL('./importer.js', import.meta.url));",
    );
    await symlink('entry.js', join(folder, 'bin'));
    await mkdir(join(folder, 'app'));
    await writeFile(join(folder, 'app/index.js'), program);
    await chmod(join(folder, 'entry.js'), 0o755);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const cases: [string, readonly string[], string][] = [
    ['the entry', ['entry.js'], 'true'],
    ['a path with a space', ['with space.js'], 'true'],
    ['an entry behind a symlink', ['bin'], 'true'],
    ['an imported module', ['importer.js'], 'false'],
    ['the entry, imported once more under a query', ['again.js'], 'true\nfalse'],
    ['a worker thread', ['thread.js'], 'false'],
    ['what a child process imports', ['fork.js'], 'false'],
    ['TypeScript under tsx', ['--import', tsxLoader, 'entry.ts'], 'true'],
    ['code on the command line', ['--input-type=module', '-e', program], 'true'],
    [
      'code on the command line, with arguments',
      ['--input-type=module', '-e', program, '--', 'entry.js'],
      'true',
    ],
  ];
  for (const [title, args, expected] of cases) {
    it(`is ${expected.replace('\n', ', then ')} for ${title}`, async () => {
      const { stdout, stderr } = await runNode(args, { cwd: folder });
      assert.equal(stdout.trim(), expected, stderr);
    });
  }

  it('is true for an entry given without its extension', async () => {
    const { stdout, stderr } = await runNode(['entry'], { cwd: folder });
    assert.equal(stdout.trim(), 'true', stderr);
  });
  it('is true for the index of a folder', async () => {
    const { stdout, stderr } = await runNode(['app'], { cwd: folder });
    assert.equal(stdout.trim(), 'true', stderr);
  });
  it('is true for code on stdin', async () => {
    const { stdout, stderr } = await runNode(['--input-type=module', '-'], { cwd: folder, input: program });
    assert.equal(stdout.trim(), 'true', stderr);
  });
});
