// Puts what users load into few files: the library, and the entries of its workers. tsc has compiled them; this
// only joins them, into dist/src/bundle.
//
// Node takes about 0.4 ms to load a module, however small, and the library has some sixty: import and first result
// of a pool take half as long from the bundle. One build for all entries, so that what they have in common stays
// one module: a task that imports the library in a worker must find the `currentTask()` of that worker, and a lock is
// the same class whether it came by `manyhands/threading` or by `manyhands/multiprocessing`.
//
// Node's own modules are asked for by `process.getBuiltinModule`, which takes a third of the time that `import` does:
// 2 ms less for the library.
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const compiled = (file) => fileURLToPath(new URL(`../dist/src/${file}.js`, import.meta.url));

/** What workers start with. */
const WORKERS = {
  'thread-worker': compiled('backends/thread/thread-worker'),
  'process-worker': compiled('backends/process/process-worker'),
};

/** What processes start with that no pool starts, and what a pool is given to load; the front door does without them. */
const PROCESSES = {
  'cluster-task': compiled('backends/cluster/cluster-task'),
  'process-main': compiled('multiprocessing/process/process-main'),
  // Imported with the first call that carries a trace.
  'run-span': compiled('opentelemetry/run-span'),
  'remove-leftovers': compiled('multiprocessing/shared-memory/remove-leftovers'),
};

/** Tasks of `manyhands/choose`: workers load them when they get them, and nothing else of that. */
const MEASURED = [compiled('choose/measured-task'), compiled('choose/loop-task')];

/** What users import, by the names that package.json gives to its exports and to the files of the bundle. */
function publicEntries() {
  const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const entries = {};
  for (const { types, default: file } of Object.values(exports)) {
    const [, name] = /^\.\/dist\/src\/bundle\/(.*)\.js$/.exec(file ?? '') ?? [];
    if (name !== undefined) entries[name] = compiled(/^\.\/dist\/src\/(.*)\.d\.ts$/.exec(types)[1]);
  }
  return entries;
}

/** `import { a as b } from "node:m"` without an import. */
const quickBuiltins = {
  name: 'quick-builtins',
  renderChunk(code) {
    const quick = code.replace(/^import \{(.*)\} from ("node:[\w/]+");$/gm, (_, names, module) => {
      return `const {${names.replaceAll(' as ', ': ')}} = process.getBuiltinModule(${module});`;
    });
    if (/^import\b.*"node:/m.test(quick))
      throw new Error(
        `An import of a builtin module is in the way of quickBuiltins: ${/^import\b.*"node:.*/m.exec(quick)}`,
      );
    return quick;
  },
};

/**
 * Joins what the entries import into few files: `shared` is what the workers load; `measured` what they load to measure a task; `programs` what only the front door
 * has in common with others, so that workers, who start by the dozen, do without it; `primitives` what only others have in
 * common, so that nobody loads locks to run tasks.
 *
 * @param {Record<string, string>} entries the compiled modules, by the names of their files in the bundle
 * @param {string} dir
 */
export async function bundle(entries, dir) {
  /** What the workers import, sooner or later in the same tick; and what they or the front door do. */
  const ofWorkers = new Set();
  const front = new Set();
  const ofMeasured = new Set();
  const findFront = {
    name: 'find-front',
    buildEnd() {
      const follow = (id, found) => {
        if (found.has(id)) return;
        found.add(id);
        for (const imported of this.getModuleInfo(id)?.importedIds ?? []) follow(imported, found);
      };
      for (const id of Object.values(WORKERS)) follow(id, ofWorkers);
      for (const id of [compiled('index'), ...ofWorkers]) follow(id, front);
      for (const id of MEASURED) follow(id, ofMeasured);
    },
  };
  const build = await rolldown({
    input: { ...WORKERS, ...PROCESSES, ...entries },
    platform: 'node',
    // Packages, and what comes with Node.
    external: /^[@a-z]/,
    plugins: [findFront],
  });
  await build.write({
    dir,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    cleanDir: true,
    plugins: [quickBuiltins],
    codeSplitting: {
      groups: [
        { name: 'shared', test: (id) => ofWorkers.has(id), minShareCount: 2, priority: 2 },
        { name: 'programs', test: (id) => front.has(id), minShareCount: 2, priority: 1 },
        { name: 'measured', test: (id) => ofMeasured.has(id) && !front.has(id), priority: 1 },
        // What the task of a cluster's worker needs of its own, and no locks beside it.
        { name: 'cluster-common', test: /\/backends\/cluster\//, minShareCount: 2, priority: 1 },
        // Asked for by few, and by its own: a page with a server.
        { name: 'dashboard-common', test: /\/observe\/dashboard\//, minShareCount: 2, priority: 1 },
        // Not what the first group left in `index`: its dependencies would come along.
        { name: 'primitives', test: (id) => !front.has(id), minShareCount: 2 },
      ],
    },
  });
  await build.close();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await bundle(publicEntries(), fileURLToPath(new URL('../dist/src/bundle/', import.meta.url)));
}
