// Programs in TypeScript, run as their users run them: by tsx, and by Node itself where it strips types.
import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runNode } from './support.ts';

const require = createRequire(import.meta.url);
const tsxLoader = pathToFileURL(require.resolve('tsx')).href;
const tsxCli = join(dirname(require.resolve('tsx/package.json')), 'dist/cli.mjs');
const modules = dirname(dirname(require.resolve('tsx/package.json')));
const stripsTypes = (process.features as { typescript?: unknown }).typescript === 'strip';

const tasks = `
import { half } from './half.ts';
export interface Point { x: number }
export function fib(n: number): number { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
export const halved = async (n: number): Promise<number> => half(n);
export async function* count(n: number): AsyncGenerator<number> { for (let i = 0; i < n; i++) yield i; }
export default (p: Point): number => half(p.x);
`;
const half = 'export const half = (n: number): number => n / 2;';
const main = `
import assert from 'node:assert/strict';
import whole, { count, fib, halved } from './tasks.ts';
export function here(n: number): number { const twice = (k: number): number => k * 2; return twice(n); }
async function program(): Promise<void> {
  const { TestWorker } = await import(process.env.SUPPORT as string);
  for (const kind of ['thread', 'process']) {
    const worker = new TestWorker(kind);
    try {
      assert.equal(await worker.run((n: number): number => { const twice = (k: number) => k * 2; return twice(n); }, 5), 10);
      assert.equal(await worker.run(fib, 10), 55);
      assert.equal(await worker.run(halved, 10), 5);
      assert.deepEqual(await worker.run(count, 3), [0, 1, 2]);
      assert.equal(await worker.run(whole, { x: 8 }), 4);
      assert.equal(await worker.run(here, 5), 10);
      console.log(kind);
    } finally {
      await worker[Symbol.asyncDispose]();
    }
  }
}
const { isMain } = await_import;
if (isMain(import.meta)) void program();
`;
// A CommonJS program has no await at its top level.
const esmMain = main.replace('await_import', `await import(process.env.IS_MAIN as string)`);
const cjsMain = main
  .replace('const { isMain } = await_import;', '')
  .replace('if (isMain(import.meta))', 'if (require.main === module)');

const environment = {
  SUPPORT: new URL('./support.js', import.meta.url).href,
  IS_MAIN: new URL('../../src/tasks/is-main.js', import.meta.url).href,
};

describe('TypeScript tasks', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'manyhands-'));
  });
  after(() => rm(root, { recursive: true, force: true }));

  async function project(type: 'module' | 'commonjs', name: string): Promise<string> {
    const folder = await mkdtemp(join(root, `${name}-`));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
    await writeFile(join(folder, 'half.ts'), half);
    await writeFile(join(folder, 'tasks.ts'), tasks);
    await writeFile(join(folder, 'main.ts'), type === 'module' ? esmMain : cjsMain);
    return folder;
  }

  async function runs(args: readonly string[], cwd: string): Promise<void> {
    const { code, stdout, stderr } = await runNode(args, { cwd, env: environment });
    assert.equal(stderr, '');
    assert.equal(stdout, 'thread\nprocess\n');
    assert.equal(code, 0);
  }

  for (const type of ['module', 'commonjs'] as const) {
    it(`run under node --import tsx, as ${type}`, async () => {
      await runs(['--import', tsxLoader, 'main.ts'], await project(type, 'import'));
    });
    it(`run under the tsx command, as ${type}`, async () => {
      await runs([tsxCli, 'main.ts'], await project(type, 'command'));
    });
    it(`run where Node strips types itself, as ${type}`, {
      skip: stripsTypes ? false : 'this Node does not strip types',
    }, async () => {
      // Node leaves the module syntax as it is, so this CommonJS project must not use import.
      const folder = await project('module', 'strip');
      await runs(['main.ts'], folder);
    });
  }

  it('run when the module was imported under a query', async () => {
    const folder = await project('module', 'query');
    await writeFile(join(folder, 'main.ts'), esmMain.replace("'./tasks.ts'", "'./tasks.ts?version=2'"));
    await runs(['--import', tsxLoader, 'main.ts'], folder);
  });

  it('run when tsx is to be seen from the module only', async () => {
    const folder = await project('module', 'local');
    await symlink(modules, join(folder, 'node_modules'));
    await runs(['--import', tsxLoader, join(folder, 'main.ts')], root);
  });

  it('are refused with what to install where nothing loads them', {
    skip: stripsTypes && 'this Node strips types by itself',
  }, async () => {
    const folder = await project('module', 'bare');
    const program = join(folder, 'program.mjs');
    await writeFile(
      program,
      `const { TestWorker } = await import(process.env.SUPPORT);
      const worker = new TestWorker();
      const url = new URL('tasks.ts', import.meta.url).href;
      const { error } = await worker.send({ reference: { kind: 'module', url, export: 'fib', label: 'fib' }, args: [] });
      console.log(error.message);
      await worker[Symbol.asyncDispose]();`,
    );
    const { stdout } = await runNode([program], { cwd: folder, env: environment });
    assert.match(stdout, /Cannot load file:.*tasks\.ts: Node .*npm install --save-dev tsx/);
  });
});
