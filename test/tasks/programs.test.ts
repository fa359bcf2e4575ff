// Functions as they come about in whole programs: at the top level of the main module, on the command line,
// inside workers, in bundles, in modules that a build tool runs.
import assert from 'node:assert/strict';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import repl from 'node:repl';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import * as vite from 'vite';
import { referenceTo } from '../../src/tasks/reference.ts';
import { runNode, TestWorker } from './support.ts';

const library = (file: string): string =>
  JSON.stringify(new URL(`../../src/tasks/${file}.js`, import.meta.url).href);
const support = JSON.stringify(new URL('./support.js', import.meta.url).href);

let folder: string;
before(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'manyhands-')));
});
after(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

/** The output of a program, which must end well and say nothing on stderr. */
async function output(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await runNode(args, {
    cwd: folder,
    ...(input === undefined ? {} : { input }),
  });
  assert.equal(stderr, '');
  assert.equal(code, 0);
  return stdout.trim();
}

describe('the main module', () => {
  it('names its own exports while it waits at its top level', async () => {
    const file = await write(
      'main.mjs',
      `import { isMain } from ${library('is-main')};
       const step = 40;
       export function add(n) { return step + n; }
       if (isMain(import.meta)) {
         const { TestWorker } = await import(${support});
         const worker = new TestWorker();
         console.log(await worker.run(add, 2), await worker.run(later, 2));
         await worker[Symbol.asyncDispose]();
       }
       export function later(n) { return step * n; }`,
    );
    assert.equal(await output([file]), '42 80');
  });

  it('names its own exports in CommonJS', async () => {
    const file = await write(
      'main.cjs',
      `const step = 40;
       exports.add = function (n) { return step + n; };
       if (require.main === module) {
         import(${support}).then(async ({ TestWorker }) => {
           const worker = new TestWorker();
           console.log(await worker.run(exports.add, 2));
           await worker[Symbol.asyncDispose]();
         });
       }`,
    );
    assert.equal(await output([file]), '42');
  });
});

describe('code without a file', () => {
  const program = `
    import { TestWorker } from ${support};
    const step = 1;
    export const fib = (n) => n < 2 ? n : fib(n - 1) + fib(n - 2);
    export const add = (n) => n + step;
    const worker = new TestWorker();
    console.log(await worker.run(fib, 10), await worker.run((n) => n * n, 5));
    await worker.run(add, 1).catch((error) => console.log(error.code, /uses step/.test(error.message)));
    await worker[Symbol.asyncDispose]();`;
  it('goes by source from the command line', async () => {
    const expected = '55 25\nMANYHANDS_NOT_SHAREABLE true';
    assert.equal(await output(['--input-type=module', '-e', program]), expected);
  });
  it('goes by source from stdin', async () => {
    const expected = '55 25\nMANYHANDS_NOT_SHAREABLE true';
    assert.equal(await output(['--input-type=module', '-'], program), expected);
  });
  it('goes by source from the REPL', async () => {
    const input = new PassThrough();
    const server = repl.start({ input, output: new PassThrough(), terminal: false });
    const kind = new Promise<string>((resolve) => {
      server.context['report'] = (fn: Function) => resolve(referenceTo(fn).kind);
    });
    input.write('const square = (n) => n * n\nreport(square)\n');
    assert.equal(await kind, 'source');
    server.close();
  });
  it('is importable itself when it is a data URL', async () => {
    const url = 'data:text/javascript,const k = 2; export const twice = (n) => k * n;';
    const { twice } = (await import(url)) as { twice: Function };
    assert.equal(referenceTo(twice).kind, 'module');
    await using worker = new TestWorker();
    assert.equal(await worker.run(twice, 4), 8);
  });
  it('is found in a script that was compiled with an offset', () => {
    const text = '(() => { const k = 1; return [(n) => n + k, (n) => n] })()';
    const options = { filename: 'offset.js', lineOffset: 7, columnOffset: 30 };
    const [capturing, alone] = new Script(text, options).runInThisContext() as [Function, Function];
    assert.throws(() => referenceTo(capturing), /it uses k,/);
    assert.equal(referenceTo(alone).kind, 'source');
  });
});

describe('a function of a module of Node', () => {
  const cases: [string, string][] = [
    ['node:path', 'join'],
    ['node:crypto', 'scryptSync'],
    ['node:zlib', 'gzipSync'],
    ['node:fs', 'readFileSync'],
    ['node:fs/promises', 'readFile'],
    ['node:timers/promises', 'setTimeout'],
  ];
  for (const [module, name] of cases) {
    it(`goes by name: ${module} ${name}`, async () => {
      const exported = (await import(module)) as Record<string, Function>;
      const reference = referenceTo(exported[name] as Function);
      assert.ok(reference.kind === 'module');
      const again = (await import(reference.url)) as Record<string, unknown>;
      assert.equal(again[reference.export], exported[name]);
    });
  }
  it('is refused with what to write when it is a global', () => {
    assert.throws(() => referenceTo(fetch), /fetch\(/);
  });
});

describe('inside a worker', () => {
  it('functions are named in the same way', async () => {
    await write('nested.mjs', 'const k = 2; export const twice = (n) => k * n;');
    const file = await write(
      'outer.mjs',
      `import { Worker, isMainThread } from 'node:worker_threads';
       if (isMainThread) new Worker(new URL(import.meta.url));
       else {
         const { referenceTo } = await import(${library('reference')});
         const { twice } = await import('./nested.mjs');
         console.log(referenceTo(twice).kind, referenceTo((n) => n).kind);
       }`,
    );
    assert.equal(await output([file]), 'module source');
  });
});

describe('build tools', () => {
  const source = `
    import { basename } from 'node:path';
    export function base(path) { return basename(path); }
    export const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
    const inner = (path) => basename(path);
    const importing = async (path) => (await import('node:path')).posix.basename(path);
    const where = () => import.meta.url;
    export const hidden = [inner, importing, where];
    export default (path) => basename(path) + '!';`;

  it('a module that Vite runs names its exports by file', async () => {
    const file = await write('vite.js', source);
    await write('package.json', '{ "type": "module" }');
    const { module } = (await vite.runnerImport(file, {
      root: folder,
      logLevel: 'silent',
      configFile: false,
    })) as {
      module: Record<string, Function> & { hidden: Function[] };
    };
    const { base, fib, hidden, default: whole } = module;
    await using worker = new TestWorker();
    const url = pathToFileURL(file).href;
    assert.deepEqual(referenceTo(base as Function), { kind: 'module', url, export: 'base', label: 'base' });
    assert.equal(await worker.run(base as Function, '/a/b'), 'b');
    assert.deepEqual(referenceTo(whole as Function), {
      kind: 'module',
      url,
      export: 'default',
      label: 'vite.js',
    });
    assert.equal(await worker.run(whole as Function, '/a/b'), 'b!');
    assert.equal(referenceTo(fib as Function).kind, 'source');
    assert.equal(await worker.run(fib as Function, 10), 55);
    assert.throws(() => referenceTo(hidden[0] as Function), /it uses basename \(from 'node:path'\)/);
    assert.equal(referenceTo(hidden[1] as Function).kind, 'source');
    assert.equal(await worker.run(hidden[1] as Function, '/a/b'), 'b');
    assert.throws(() => referenceTo(hidden[2] as Function), /it uses import\.meta/);
  });

  it('a minified module that keeps names has its exports found', async () => {
    const { transform } = createRequire(createRequire(import.meta.url).resolve('tsx'))('esbuild') as {
      transform(code: string, options: object): Promise<{ code: string }>;
    };
    const options = { minify: true, keepNames: true, format: 'esm' };
    const inline =
      'export const inline = [(n) => { const twice = (k) => k * 2; return twice(n) + twice.name; }];';
    const { code } = await transform(source.replace('export default', `${inline} export default`), options);
    assert.doesNotMatch(code, /__name/);
    const module = (await import(pathToFileURL(await write('minified.mjs', code)).href)) as Record<
      string,
      Function
    > & {
      inline: Function[];
    };
    await using worker = new TestWorker();
    for (const name of ['base', 'fib', 'default']) {
      const reference = referenceTo(module[name] as Function);
      assert.ok(reference.kind === 'module' && reference.export === name, name);
    }
    assert.equal(await worker.run(module['base'] as Function, '/a/b'), 'b');
    assert.equal(await worker.run(module.inline[0] as Function, 4), '8twice');
  });

  for (const minify of [false, true]) {
    it(`a bundle${minify ? ', minified,' : ''} finds registered functions and sends inline ones`, async () => {
      await write('helper.js', 'export const step = 40; export const double = (n) => n * 2;');
      const entry = await write(
        'bundled.js',
        `import { isMain } from ${library('is-main')};
         import { defineTasks } from ${library('registry')};
         import { double, step } from './helper.js';
         export const { add } = defineTasks(import.meta.url, { add: (n) => double(n) + step });
         if (isMain(import.meta)) {
           const { TestWorker } = await import(${support});
           const worker = new TestWorker();
           console.log(await worker.run(add, 1), await worker.run(async ({ n, ...rest }) => n ** 2 + Object.keys(rest).length, { n: 5, m: 1 }));
           await worker[Symbol.asyncDispose]();
         }`,
      );
      const { build } = createRequire(createRequire(import.meta.url).resolve('tsx'))('esbuild') as {
        build(options: object): Promise<unknown>;
      };
      const outfile = join(folder, `bundle-${minify}.mjs`);
      await build({
        entryPoints: [entry],
        outfile,
        minify,
        keepNames: !minify,
        bundle: true,
        format: 'esm',
        target: 'es2022',
        // The bundle that is not minified needs a helper: __objRest.
        supported: { 'object-rest-spread': minify },
        external: ['file:*'],
        logLevel: 'error',
      });
      assert.equal(await output([outfile]), '42 26');
    });
  }
});

describe('without an inspector', () => {
  it('functions go by source', async () => {
    const file = await write(
      'bare.mjs',
      `import inspector from 'node:inspector';
       inspector.Session = class { constructor() { throw new Error('no inspector'); } };
       const { referenceTo } = await import(${library('reference')});
       export const exported = (n) => n + 1;
       const k = 1;
       console.log(referenceTo(exported).kind, referenceTo((n) => Math.max(n, 2)).kind);
       try { referenceTo((n) => n + k); } catch (error) { console.log(error.code); }`,
    );
    assert.equal(await output([file]), 'source source\nMANYHANDS_NOT_SHAREABLE');
  });
});
