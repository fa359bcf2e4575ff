// Naming a function in a program that has just started, where V8's debugger need not be asked; and where it must be.
import assert from 'node:assert/strict';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { TaskReference } from '../../src/tasks/reference.ts';
import { runNode } from './support.ts';

const library = JSON.stringify(new URL('../../src/tasks/reference.js', import.meta.url).href);

let folder: string;
before(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'manyhands-')));
});
after(() => rm(folder, { recursive: true, force: true }));

interface Naming {
  /** Or why there is none. */
  readonly reference: TaskReference | string;
  readonly debugged: boolean;
  readonly parsed: boolean;
}

/** How a program names the `task` of a module, and what of the runtime it asked for that. */
async function name(file: string, text: string, prepare = ''): Promise<Naming> {
  await writeFile(join(folder, file), text);
  const program = `
    import { createRequire } from 'node:module';
    import { writeFileSync } from 'node:fs';
    import { Session } from 'node:inspector';
    import { referenceTo } from ${library};
    const file = ${JSON.stringify(join(folder, file))};
    ${prepare}
    const { task } = await import(file);
    const methods = [];
    const { post } = Session.prototype;
    Session.prototype.post = function (method, ...rest) {
      methods.push(method);
      return post.call(this, method, ...rest);
    };
    let reference;
    try {
      reference = referenceTo(task);
    } catch (error) {
      reference = error.message;
    }
    const { cache } = createRequire(import.meta.url);
    const parsed = Object.keys(cache).some((path) => path.includes('acorn'));
    console.log(JSON.stringify({ reference, debugged: methods.includes('Debugger.enable'), parsed }));`;
  const { stdout, stderr } = await runNode(['--input-type=module', '-e', program], { cwd: folder });
  assert.equal(stderr, '');
  return JSON.parse(stdout) as Naming;
}

const byName = (file: string, label = 'task'): TaskReference => {
  return { kind: 'module', url: pathToFileURL(join(folder, file)).href, export: 'task', label };
};

describe('the first function that a program names', () => {
  it('takes neither debugger nor parser when its module says that it is exported', async () => {
    const naming = await name('plain.mjs', 'const k = 2;\nexport function task(n) { return k * n; }\n');
    assert.deepEqual(naming, { reference: byName('plain.mjs'), debugged: false, parsed: false });
  });

  it('takes neither when CommonJS exports it', async () => {
    const text = 'const k = 2;\nmodule.exports = { task: function (n) { return k * n; } };\n';
    const naming = await name('plain.cjs', text);
    assert.deepEqual(naming, { reference: byName('plain.cjs'), debugged: false, parsed: false });
  });

  it('takes both when it is exported elsewhere in the module', async () => {
    const naming = await name('list.mjs', 'const k = 2;\nconst task = (n) => k * n;\nexport { task };\n');
    assert.deepEqual(naming, { reference: byName('list.mjs'), debugged: true, parsed: true });
  });

  it('takes the debugger when a loader has changed the text, which is what counts', async () => {
    const hook = `export async function load(url, context, next) {
      const loaded = await next(url, context);
      if (!url.endsWith('/loaded.mjs')) return loaded;
      return { ...loaded, source: String(loaded.source).replace('export function task', 'export function other') + 'export const task = (n) => k + n;' };
    }`;
    const register = `(await import('node:module')).register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));`;
    const naming = await name(
      'loaded.mjs',
      'const k = 2;\nexport function task(n) { return k * n; }\n',
      register,
    );
    assert.deepEqual(naming, { reference: byName('loaded.mjs'), debugged: true, parsed: false });
  });

  it('takes the debugger when the file has been edited since', async () => {
    const text = 'const k = 2;\nexport function task(n) { return k * n; }\n';
    const edit = `await import(file); writeFileSync(file, ${JSON.stringify(text.replace('k * n', 'k + n'))});`;
    const naming = await name('edited.mjs', text, edit);
    assert.deepEqual(naming, { reference: byName('edited.mjs'), debugged: true, parsed: false });
  });

  it('takes the debugger when the file is gone', async () => {
    const text = 'export function task(n) { return 2 * n; }\n';
    const naming = await name(
      'gone.mjs',
      text,
      `await import(file); (await import('node:fs')).rmSync(file);`,
    );
    assert.ok(typeof naming.reference === 'object' && naming.reference.kind === 'source');
    assert.equal(naming.debugged, true);
  });

  it('takes the debugger in a large program, where listing the scripts takes longer', async () => {
    const large = 'globalThis.large = Array.from({ length: 1e6 }, (_, i) => ({ i }));';
    const naming = await name('large.mjs', 'const k = 2;\nexport const task = (n) => k * n;\n', large);
    assert.deepEqual(naming, { reference: byName('large.mjs'), debugged: true, parsed: false });
  });

  it('is refused when it is a closure of a module that CommonJS has required as well', async () => {
    const text = 'const make = (k) => (n) => k * n;\nexport const task = make(2);\n';
    const naming = await name('closure.mjs', text, 'createRequire(import.meta.url)(file);');
    assert.match(String(naming.reference), /it uses k, which is defined outside of it/);
  });
});
