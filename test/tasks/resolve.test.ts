import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { TaskNotFoundError } from '../../src/errors.ts';
import { isLoadingTaskModule } from '../../src/tasks/loading.ts';
import { referenceTo, type TaskReference } from '../../src/tasks/reference.ts';
import { defineTasks } from '../../src/tasks/registry.ts';
import { resolveTask } from '../../src/tasks/resolve.ts';

describe('resolving a reference', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'manyhands-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function module(name: string, text: string): Promise<string> {
    await writeFile(join(folder, name), text);
    return pathToFileURL(join(folder, name)).href;
  }
  const byName = (url: string, name: string): TaskReference => ({
    kind: 'module',
    url,
    export: name,
    label: name,
  });

  it('gives the same function each time', async () => {
    const url = await module('same.mjs', 'export const f = () => 1;');
    assert.equal(await resolveTask(byName(url, 'f')), await resolveTask({ ...byName(url, 'f') }));
    const source = { kind: 'source', source: '() => 1', label: 'one' } as const;
    assert.equal(await resolveTask(source), await resolveTask({ ...source }));
  });

  it('finds what a CommonJS module made at run time', async () => {
    const url = await module('made.cjs', "for (const n of ['a', 'b']) exports[n] = () => n;");
    assert.equal((await resolveTask(byName(url, 'b')))(), 'b');
  });

  it('finds exports that are written in a language no module could be written in', async () => {
    const file = join(folder, 'sloppy.cjs');
    await writeFile(file, 'exports.named = function named() { with ({ a: 8 }) return a; };');
    const { named } = createRequire(import.meta.url)(file) as { named: Function };
    const reference = referenceTo(named);
    assert.equal(reference.kind, 'module');
    assert.equal((await resolveTask(reference))(), 8);
    await writeFile(join(folder, 'whole.cjs'), 'const k = 2; module.exports = (n) => n * k;');
    const whole = createRequire(import.meta.url)(join(folder, 'whole.cjs')) as Function;
    assert.equal(referenceTo(whole).kind, 'module');
    assert.equal((await resolveTask(referenceTo(whole)))(4), 8);
  });

  it('finds the default of a compiled CommonJS module', async () => {
    const url = await module('compiled.cjs', 'exports.__esModule = true; exports.default = () => 1;');
    assert.equal((await resolveTask(byName(url, 'default')))(), 1);
  });

  it('rejects with the own error of a module that throws', async () => {
    const url = await module('throws.mjs', "throw new RangeError('at the top');");
    await assert.rejects(resolveTask(byName(url, 'f')), { name: 'RangeError', message: 'at the top' });
  });

  it('rejects with the own error of a module that cannot be parsed', async () => {
    const url = await module('syntax.mjs', 'export const = 1;');
    await assert.rejects(resolveTask(byName(url, 'f')), { name: 'SyntaxError' });
  });

  it('rejects with the own error of the import when there is no such file', async () => {
    const url = pathToFileURL(join(folder, 'missing.mjs')).href;
    await assert.rejects(resolveTask(byName(url, 'f')), { code: 'ERR_MODULE_NOT_FOUND' });
  });

  it('names file and export when the module has no such function', async () => {
    const url = await module('other.mjs', 'export const other = () => 1; export const number = 5;');
    await assert.rejects(resolveTask(byName(url, 'f')), (error: Error) => {
      assert.ok(error instanceof TaskNotFoundError);
      assert.equal(error.code, 'MANYHANDS_TASK_NOT_FOUND');
      assert.match(error.message, /other\.mjs has no function f: it exports number, other\./);
      return true;
    });
    await assert.rejects(resolveTask(byName(url, 'number')), /the export of that name is of type number/);
  });

  it('does not take what every object has for an export', async () => {
    const url = await module('plain.cjs', 'module.exports = {};');
    await assert.rejects(resolveTask(byName(url, 'toString')), TaskNotFoundError);
    await assert.rejects(resolveTask(byName(url, 'constructor')), TaskNotFoundError);
  });

  it('tries again after a failure', async () => {
    const url = pathToFileURL(join(folder, 'late.cjs')).href;
    await assert.rejects(resolveTask(byName(url, 'f')));
    await module('late.cjs', 'exports.f = () => 1;');
    assert.equal((await resolveTask(byName(url, 'f')))(), 1);
  });

  it('rejects with a SyntaxError for a source that is none', async () => {
    await assert.rejects(resolveTask({ kind: 'source', source: '(', label: 'x' }), { name: 'SyntaxError' });
  });

  it('tells a module that is being loaded from one that runs', async () => {
    const loading = new URL('../../src/tasks/loading.js', import.meta.url).href;
    const url = await module(
      'loading.mjs',
      `import { isLoadingTaskModule } from ${JSON.stringify(loading)};
       const before = isLoadingTaskModule();
       await null;
       const after = isLoadingTaskModule();
       export const seen = () => [before, after, isLoadingTaskModule()];`,
    );
    assert.equal(isLoadingTaskModule(), false);
    assert.deepEqual((await resolveTask(byName(url, 'seen')))(), [true, true, false]);
    const failing = await module('failing.mjs', "throw new Error('no');");
    await assert.rejects(resolveTask(byName(failing, 'f')));
    assert.equal(isLoadingTaskModule(), false);
  });

  it('resolves the packages of a function by source from where it was written', async () => {
    await module(
      'inline.mjs',
      `export const hold = [async () => (await import('./pack.mjs')).value, async () => (await import('pack')).value];`,
    );
    await mkdir(join(folder, 'node_modules/pack'), { recursive: true });
    await module('node_modules/pack/package.json', '{ "name": "pack", "exports": "./index.mjs" }');
    await module('node_modules/pack/index.mjs', 'export const value = 7;');
    const { hold } = (await import(pathToFileURL(join(folder, 'inline.mjs')).href)) as { hold: Function[] };
    const reference = referenceTo(hold[1] as Function);
    assert.equal(reference.kind, 'source');
    assert.equal(await (await resolveTask(reference))(), 7);
    assert.throws(() => referenceTo(hold[0] as Function), /relative/);
  });
});

describe('defineTasks', () => {
  it('gives back the same object, and names its functions', () => {
    const tasks = { one: () => 1, two: Math.sqrt };
    assert.equal(defineTasks('file:///somewhere.js', tasks), tasks);
    assert.deepEqual(referenceTo(tasks.one), {
      kind: 'module',
      url: 'file:///somewhere.js',
      export: 'one',
      label: 'one',
    });
    assert.equal(referenceTo(tasks.two).kind, 'module');
  });
  const wrong: [string, unknown, unknown, RegExp][] = [
    ['no URL', undefined, {}, /url must be the module's import\.meta\.url.*got undefined/],
    ['a path', './tasks.js', {}, /got \.\/tasks\.js/],
    ['no tasks', 'file:///a.js', null, /tasks must be an object of functions; got null/],
    ['a value that is no function', 'file:///a.js', { fib: 5 }, /tasks\.fib must be a function; got 5/],
  ];
  for (const [title, url, tasks, message] of wrong) {
    it(`is a TypeError for ${title}`, () => {
      assert.throws(() => defineTasks(url as string, tasks as Record<string, Function>), {
        name: 'TypeError',
        message,
      });
    });
  }
});
