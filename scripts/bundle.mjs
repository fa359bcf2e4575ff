// Puts what users load into few files: the library, and the entries of its workers. tsc has compiled them; this
// only joins them, into dist/src/bundle.
//
// Node takes about 0.4 ms to load a module, however small, and the library has some sixty: import and first result
// of a pool take half as long from the bundle. One build for all entries, so that what they have in common stays
// one module: a task that imports the library in a worker must find the `currentTask()` of that worker.
//
// Node's own modules are asked for by `process.getBuiltinModule`, which takes a third of the time that `import` does:
// 2 ms less for the library.
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const compiled = (file) => fileURLToPath(new URL(`../dist/src/${file}.js`, import.meta.url));

const bundle = await rolldown({
  input: {
    index: compiled('index'),
    'thread-worker': compiled('backends/thread/thread-worker'),
    'process-worker': compiled('backends/process/process-worker'),
  },
  platform: 'node',
  // Packages, and what comes with Node.
  external: /^[@a-z]/,
});

/** `import { a as b } from "node:m"` without an import. */
const quickBuiltins = {
  name: 'quick-builtins',
  renderChunk(code) {
    const quick = code.replace(/^import \{(.*)\} from ("node:\w+");$/gm, (_, names, module) => {
      return `const {${names.replaceAll(' as ', ': ')}} = process.getBuiltinModule(${module});`;
    });
    if (/^import\b.*"node:/m.test(quick))
      throw new Error('An import of a builtin module is in the way of quickBuiltins');
    return quick;
  },
};

await bundle.write({
  dir: fileURLToPath(new URL('../dist/src/bundle/', import.meta.url)),
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
  cleanDir: true,
  plugins: [quickBuiltins],
  codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
});
await bundle.close();
