// Looks at the package as its users get it: packed, linted, installed into an empty project, and used there
// from JavaScript, CommonJS and TypeScript. `npm run build` comes first; nothing is built here.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'manyhands-package-'));
// Under another npm (`npm run`, `npm exec`) its settings would come along in the environment, and be for that
// project.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));

try {
  const tarball = pack();
  lint(tarball);
  install(tarball);
  use();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Packs into the folder, and looks at the list of files: all that is needed, and nothing that is only for us.
 */
function pack() {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root),
  );
  const files = packed.files.map(({ path }) => path);
  const allowed = /^(?:dist\/(?:src|ui)\/|src\/|(?:README|CHANGELOG)\.md$|LICENSE$|package\.json$)/;
  expect(
    'only files for users',
    files.filter((file) => !allowed.test(file)),
    [],
  );
  const needed = [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist/src/backends/process/process-worker.js',
    'dist/src/backends/thread/thread-worker.js',
    'dist/src/bundle/cluster-task.js',
    'dist/src/bundle/cluster.js',
    'dist/src/bundle/dashboard.js',
    'dist/src/bundle/index.js',
    'dist/src/bundle/process-main.js',
    'dist/src/bundle/process-worker.js',
    'dist/src/bundle/thread-worker.js',
    'dist/src/cli/main.js',
    'dist/src/index.d.ts',
    'dist/src/index.js',
    'dist/ui/advise.html',
    'dist/ui/dashboard.html',
    'dist/ui/report.html',
    'src/compare/python/lane.py',
    'src/index.ts',
  ];
  expect(
    'all files for users',
    needed.filter((file) => !files.includes(file)),
    [],
  );
  console.log(`packed: ${files.length} files, ${Math.round(packed.size / 1024)} KB`);
  return join(folder, packed.filename);
}

function lint(tarball) {
  const bin = (name) => join(root, 'node_modules/.bin', name);
  run(bin('publint'), ['run', tarball, '--strict'], root);
  console.log('publint: nothing to say');
  run(bin('attw'), [tarball, '--profile', 'esm-only'], root);
  console.log('attw: types resolve');
}

function install(tarball) {
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'user', private: true, type: 'module' }),
  );
  const { typescript, '@types/node': types } = manifest.devDependencies;
  const npm = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm', [...npm, tarball, `typescript@${typescript}`, `@types/node@${types}`], folder);
  console.log('installed into an empty project');
}

function use() {
  write('fib.mjs', 'export const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));');
  write(
    'main.mjs',
    `import { ProcessPoolExecutor, ThreadPoolExecutor } from 'manyhands';
     import { fib } from './fib.mjs';
     const [threads, processes] = [new ThreadPoolExecutor(), new ProcessPoolExecutor()];
     console.log(await threads.submit(fib, 10), await processes.map((x) => x * x, [1, 2, 3]));`,
  );
  expect('JavaScript', run(process.execPath, ['main.mjs'], folder), '55 [ 1, 4, 9 ]\n');

  write(
    'process.mjs',
    `import { isMain } from 'manyhands';
     import { Process } from 'manyhands/multiprocessing';
     export function say(text) { console.log(text); }
     if (isMain(import.meta)) {
       const child = new Process({ target: say, args: ['from a process'] });
       child.start();
       console.log((await child.join()).exitCode);
     }`,
  );
  expect('a process', run(process.execPath, ['process.mjs'], folder), 'from a process\n0\n');

  write(
    'thread.mjs',
    `import { Queue } from 'manyhands/queue';
     import { currentThread, Thread } from 'manyhands/threading';
     import { isMain } from 'manyhands';
     export function say(queue) { queue.putSync('from ' + currentThread().name); }
     if (isMain(import.meta)) {
       const queue = new Queue();
       new Thread({ target: say, args: [queue], name: 'a thread' }).start();
       console.log(await queue.get(), queue.empty());
     }`,
  );
  expect('a thread', run(process.execPath, ['thread.mjs'], folder), 'from a thread true\n');

  write(
    'metrics.mjs',
    `import { EventLoopExecutor } from 'manyhands';
     import { metrics, subscribe } from 'manyhands/observe';
     await metrics();
     subscribe('manyhands:task:settle', ({ name, outcome }) => console.log(name, outcome));
     await new EventLoopExecutor().with({ name: 'one' }).submit(() => 1);
     console.log(/^manyhands_tasks_total.*/m.exec(await metrics())[0]);`,
  );
  expect(
    'metrics',
    run(process.execPath, ['metrics.mjs'], folder),
    'one succeeded\nmanyhands_tasks_total{executor="EventLoopExecutor-0",backend="event-loop",outcome="succeeded"} 1\n',
  );

  write(
    'measured.mjs',
    `import { ThreadPoolExecutor } from 'manyhands';
     import { submitMeasured } from 'manyhands/choose';
     import { fib } from './fib.mjs';
     let costs = 0;
     const pool = new ThreadPoolExecutor();
     console.log(await submitMeasured(pool, 'thread', fib, [10], ({ wall }) => (costs += Number(wall > 0))), costs);`,
  );
  expect('a measured call', run(process.execPath, ['measured.mjs'], folder), '55 1\n');

  write(
    'main.cjs',
    `const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
     module.exports = { fib };
     if (require.main === module) {
       import('manyhands').then(async ({ ThreadPoolExecutor }) => {
         console.log(await new ThreadPoolExecutor().submit(fib, 10));
       });
     }`,
  );
  expect('CommonJS', run(process.execPath, ['main.cjs'], folder), '55\n');

  write(
    'cluster.mjs',
    `import('manyhands/cluster').catch((error) => console.log(error.code, /'bullmq'/.test(error.message)));`,
  );
  const missing = run(process.execPath, ['cluster.mjs'], folder);
  expect('a cluster without its peers', missing, 'ERR_MODULE_NOT_FOUND true\n');

  // As strict as it gets, with declarations of libraries checked as well.
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    types: ['node'],
    outDir: 'out',
  };
  write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['main.ts'] }));
  write(
    'main.ts',
    `import { type Future, isMain, type MapResult, ThreadPoolExecutor, wait } from 'manyhands';
     import { Process } from 'manyhands/multiprocessing';
     import { Queue } from 'manyhands/queue';
     import { Thread } from 'manyhands/threading';

     type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
     const same = <A, B>(_: Same<A, B>): void => undefined;

     export const half = async (n: number): Promise<number> => n / 2;
     export function* letters(text: string): Generator<string> { yield* text; }

     if (isMain(import.meta)) {
       await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
       const future = pool.submit(half, 84);
       const mapped = pool.map((text: string, times: number) => text.repeat(times), ['a', 'b'], [1, 2]);
       same<typeof future, Future<number>>(true);
       same<typeof mapped, MapResult<string>>(true);
       // @ts-expect-error: it takes a number
       void pool.submit(half, 'x').catch(() => undefined);
       // @ts-expect-error: it takes strings
       void pool.map(letters, [1]).catch(() => undefined);
       for (const Worker of [Thread, Process]) {
         const options = { target: half, args: [84] } as const;
         same<typeof options.args, readonly [84]>(true);
         new Worker(options);
         // @ts-expect-error: it takes a number
         new Worker({ target: half, args: ['x'] });
       }
       same<ReturnType<Queue<string>['getSync']>, string>(true);
       for await (const letter of pool.stream(letters, 'xy')) same<typeof letter, string>(true);
       const { done } = await wait([future]);
       same<typeof done, Set<Future<number>>>(true);
       console.log(await future, await mapped);
     }`,
  );
  const compiler = join(folder, 'node_modules/typescript/bin/tsc');
  expect('compiling TypeScript', run(process.execPath, [compiler, '-p', '.'], folder), '');
  expect('TypeScript', run(process.execPath, ['out/main.js'], folder), "42 [ 'a', 'bb' ]\n");

  const version = run(join(folder, 'node_modules/.bin/manyhands'), ['--version'], folder);
  expect('the command', version, `${manifest.version}\n`);
  console.log('works from JavaScript, CommonJS, TypeScript and the command line');
}

function write(file, text) {
  writeFileSync(join(folder, file), text);
}

/** What the command prints. Fails with all of its output when it does. */
function run(command, args, cwd) {
  try {
    return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    console.error(`${[command, ...args].join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
    throw error;
  }
}

function expect(what, actual, expected) {
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}
